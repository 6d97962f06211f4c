/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel to be started. struct kernel is the architecture's (<arch/kernel_types.h>); on both it
 * has file, size, window_size, window_align, release and release_len.
 */
#ifndef ARCH_KERNEL_H
#define ARCH_KERNEL_H

#include <arch/kernel_types.h>
#include <core/text.h>
#include <fdt/kho.h>

/*
 * kernel_open - read and check the headers of the kernel in @size bytes at @file
 * @work: KERNEL_WORK_SIZE bytes, mapped 1:1 for reading and writing; its content is lost
 * @ret: points into @file, which has to stay until kernel_load(); untouched on failure. arm64:
 *	 release is NULL, as the file does not say it.
 *
 * x86: a bzImage, which unpacks itself, or a ready kernel; returns what bzimage_parse() and
 * ready_open() return. arm64: an Image,
 * packed or not; returns what arm64_kernel_open() returns.
 */
__must_check enum kb_status kernel_open(const void *file, uint64_t size, struct range work,
					struct kernel *ret, struct kb_diag *diag);

/*
 * The memory that @k lies in is of no other use, and mapped 1:1: boot_place() may let the kernel
 * run there, if it is ready to.
 */
void kernel_let_stay(struct kernel *k);

/*
 * Take the lowest place for the window from now on, or the one that the kernel lies in. False if
 * that was so already.
 */
bool kernel_fix_place(struct kernel *k);

/*
 * kernel_check_kho - what the kernel's headers and release say of the data of @root
 * @uefi: it gets UEFI's memory map
 *
 * Returns KB_OK or KB_PAGE_SIZE; arm64: what kho_target_uefi() returns.
 */
__must_check enum kb_status kernel_check_kho(const struct kernel *k, const struct kho_root *root,
					     bool uefi, struct kb_diag *diag);

/*
 * kernel_check_memory - will the kernel take all RAM that is preserved, and scratch?
 * @cmdline: the kernel's
 *
 * x86: for mem=, for memmap= that takes away, and above 64 TiB for a kernel that will use 4-level
 * paging (Linux arch/x86/kernel/e820.c). arm64: for mem=, which is an amount
 * (arch/arm64/mm/init.c) and here taken for an address, which refuses too much rather than too
 * little; how much a kernel maps (VA_BITS, PA_BITS) is not in its header. Returns
 * KB_OK, KB_MEM_LOST, or what kho_target_regions() returns; @m has the diagnosis.
 */
__must_check enum kb_status kernel_check_memory(const struct kernel *k, struct kb_text cmdline,
						struct mem *m, const struct kho *kho);

/* efi_asks_overwrite() of the kernel's stub, which is not in a ready kernel. */
bool kernel_asks_overwrite(const struct kernel *k);

/* Bytes that kernel_load() will copy or unpack. */
uint64_t kernel_copies(const struct kernel *k, struct range window);

/*
 * kernel_load - put the kernel into @window, window_size bytes at a multiple of window_align
 *
 * Writes only to the window and @work. Flushing caches is left to the caller. Returns KB_OK; arm64:
 * what arm64_kernel_load() returns; after a failure the kernel must not be started.
 */
__must_check enum kb_status kernel_load(const struct kernel *k, void *window, struct range work);

#endif
