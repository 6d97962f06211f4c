/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Will the next kernel take what was handed over? A kernel that does not know the version string
 * boots cold, over the preserved memory (Linux kernel/liveupdate/kexec_handover.c:kho_populate), so
 * this is asked before anything is given up.
 */
#ifndef FDT_KHO_TARGET_H
#define FDT_KHO_TARGET_H

#include <fdt/kho.h>
#include <format/uki.h>

/*
 * kho_target_check - compare the image's .kho section with the data
 * @section: data NULL when the image has none
 * @diag: at = versions that the kernel speaks (bit N for kho-vN), value = version of the data; for
 *	  KB_PAGE_SIZE the two page sizes
 *
 * Returns KB_OK, KB_KHO_VERSION (unknown version of the data), KB_KERNEL_UNKNOWN (no section),
 * KB_UKI_KHO (malformed), KB_KERNEL_NEW, KB_KERNEL_NO_KHO, KB_KERNEL_EXPECTS, KB_PAGE_SIZE.
 */
__must_check enum kb_status kho_target_check(const struct uki_part *section,
					     const struct kho_root *root, struct kb_diag *diag);

/* The unknown version that KB_KERNEL_NEW is about, in the section; len 0: there is none. */
struct kb_text kho_target_name(const struct uki_part *section);

/*
 * kho_target_luo - can the next kernel read the live update data (the node "LUO")?
 * @section: .kho of the image that contains the kernel
 * @diag: at = physical address of the data, value = their size
 *
 * Kernels without live update leave it alone, and its memory stays reserved: that is KB_OK, as is a
 * section that does not say. Returns KB_OK or KB_KERNEL_LUO.
 */
__must_check enum kb_status kho_target_luo(const struct uki_part *section, const struct mem *m,
					   const struct kho_root *root, struct kb_diag *diag);

/*
 * Does a kernel read these @size bytes of live update data as they are? @names: of its versions, as
 * in <fdt/kho_dialect.h>. False if none of them is one of live update.
 */
bool kho_target_luo_reads(const void *data, uint64_t size, struct kb_text names);

/* The same for these @size bytes of live update data; @data NULL: they cannot be read. */
__must_check enum kb_status kho_target_luo_data(const struct uki_part *section, const void *data,
						uint64_t size);

/*
 * kho_target_blocks - will the next kernel, which speaks the version of the data, reserve them all?
 * @sum: of kho_walk(); its blocks are counted by their order
 * @diag: at = the smallest order that is too large, value = how many blocks have it
 *
 * Receivers of kho-v1 and kho-v3 lose blocks of 2 GiB and more, and say nothing. Returns KB_OK or
 * KB_BLOCK_HUGE.
 */
__must_check enum kb_status kho_target_blocks(const struct kho_root *root,
					      const struct kho_summary *sum, struct kb_diag *diag);

/*
 * kho_target_lost - is anything preserved, or scratch, where the next kernel will have no RAM?
 * @lost: memory that it leaves out
 * @m: its diag gets the beginning of @lost, and the first RAM there that is preserved; or, if none
 * is, scratch
 *
 * Scratch is all that the kernel has until it has read the map. Returns KB_OK or KB_MEM_LOST.
 */
__must_check enum kb_status kho_target_lost(struct mem *m, const struct kho *k, struct range lost);

/*
 * kho_target_regions - can the next kernel list its memory before it has read the map?
 * @ram: sorted and merged
 * @most: entries of its list
 *
 * The list grows only once there is memory to grow into; before, a piece that finds no entry is a
 * panic, or is left out without a word (Linux mm/memblock.c: memblock_double_array). To mark a
 * piece takes two free entries (memblock_isolate_range). An area of scratch cuts the RAM around it:
 *
 *	RAM	|--------|		|-----------|		two entries
 *	scratch	     |---|		   |----|		five
 *
 * Returns KB_OK, or KB_KERNEL_REGIONS with the most and the number in @diag.
 */
__must_check enum kb_status kho_target_regions(const struct range_list *ram,
					       const struct range_list *scratch, uint64_t most,
					       struct kb_diag *diag);

/* kho_target_lost() with another @refusal, for any memory @r. Returns KB_OK or @refusal. */
__must_check enum kb_status kho_target_meets(struct mem *m, const struct kho *k, struct range r,
					     enum kb_status refusal);

/*
 * kho_target_named - would the next kernel write to what is preserved, or to scratch, because words
 * of its command line name that memory?
 * @m: its diag gets the beginning of what a word names, and the first RAM there that must be kept
 *
 * ramoops.mem_address= with ramoops.mem_size=, phram.phram=, slram=, trace_instance=NAME@ADDRESS:,
 * and serial ports in memory: earlycon=, console= and earlyprintk= with mmio. None of these drivers
 * asks whether the memory is in use. Returns KB_OK or KB_KERNEL_WRITES.
 */
__must_check enum kb_status kho_target_named(struct mem *m, const struct kho *k,
					     struct kb_text cmdline);

/* Does one of these words name RAM of @m at all? */
bool kho_target_names_ram(struct mem *m, struct kb_text cmdline);

/*
 * kho_target_words - would the next kernel lose what is preserved, by a word of its command line?
 * @may_encrypt: the CPU could encrypt memory by page tables, cpu_may_encrypt()
 * @diag: at = where the word is in @cmdline, value = its length
 *
 * KB_KERNEL_DUMP: elfcorehdr=. Kernels of 7.2 and later with CONFIG_CRASH_DUMP then boot cold over
 * the preserved memory (Linux kernel/liveupdate/kexec_handover.c:kho_memory_init). Older ones do
 * not, but nobody needs the word in a handover.
 *
 * KB_KERNEL_WRITES: what a kernel does in its first moments with any memory that nobody has
 * reserved; what is preserved it reserves only later, in mm_core_init(). memtest writes patterns,
 * memory_corruption_check_size= zeros; cma= and initrd= with an address give memory away.
 *
 * KB_KERNEL_ENCRYPTS: mem_encrypt=on, where @may_encrypt. What is preserved was written without
 * encryption (khoctl refuses where the outgoing kernel has it on), and would be read with it.
 *
 * Returns KB_OK or one of these.
 */
__must_check enum kb_status kho_target_words(struct kb_text cmdline, bool may_encrypt,
					     struct kb_diag *diag);

/*
 * kho_target_uefi - can an arm64 kernel take KHO data and UEFI's memory map?
 * @release: as for kho_target_bitmaps()
 *
 * 6.16 and 6.17 clear all memory for the map, scratch included, and cannot allocate any more
 * (drivers/firmware/efi/efi-init.c:reserve_regions; mended in 6.18): they stop before they have a
 * console. Returns KB_OK, also when the release is not known, or KB_KERNEL_UEFI.
 */
__must_check enum kb_status kho_target_uefi(const char *release, size_t len, struct kb_diag *diag);

/*
 * kho_target_bitmaps - the bitmaps that a kernel reads in a kho-v1 map
 * @release: its release, @len characters, not NUL-terminated; NULL when it is not known
 *
 * Two sizes have the same version string (see kho_map_open_v1()), and a kernel reads the wrong one
 * without noticing. Given as the hint of kho_open() this refuses data that the next kernel would
 * misread, and decides where a map can be read both ways. KHO_BITMAP_UNKNOWN between 6.17.8
 * and 6.18: the change was proposed for the stable series, too.
 */
enum kho_bitmap_hint kho_target_bitmaps(const char *release, size_t len);

#endif
