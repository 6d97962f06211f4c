// SPDX-License-Identifier: BSD-2-Clause
/* Will an arm64 kernel keep what is preserved? See <arch/kernel.h>. */
#include <arch/kernel.h>
#include <core/cmdline.h>
#include <fdt/kho_target.h>

/* The image's own header; .kho is only a text beside it. */
enum kb_status kernel_check_kho(const struct kernel *k, const struct kho_root *root, bool uefi,
				struct kb_diag *diag)
{
	uint64_t page = 1ULL << root->page_shift;

	if (k->page_size && k->page_size != page)
		return kb_note(diag, KB_PAGE_SIZE, k->page_size, page);
	return uefi ? kho_target_uefi(k->release, k->release_len, diag) : KB_OK;
}

/*
 * INIT_MEMBLOCK_MEMORY_REGIONS of a kernel with CONFIG_EFI. It lists all RAM, and with it
 * firmware's own memory, of which not all is known here, before it may grow the list
 * (arch/arm64/mm/mmu.c: paging_init).
 */
#define EARLY_REGIONS 1024

/*
 * Counted from address 0. The kernel counts from the first RAM on, and with it what is not mapped
 * and firmware's own memory (memblock_mem_limit_remove_map, efi-init.c:reserve_regions), of which
 * not all is known here. So its end is never below this one.
 */
enum kb_status kernel_check_memory(const struct kernel *k, struct kb_text cmdline, struct mem *m,
				   const struct kho *kho)
{
	enum kb_status st = kho_target_regions(&m->ram, &kho->scratch, EARLY_REGIONS, &m->diag);
	struct kb_text value;
	uint64_t end;

	(void)k;
	if (st)
		return st;
	if (!cmdline_last(cmdline, "mem", &value))
		return KB_OK;
	if (!text_take_size(&value, &end))
		end = 0;
	end = align_down(end, SZ_64K);
	return kho_target_lost(m, kho, (struct range){end, UINT64_MAX - end});
}
