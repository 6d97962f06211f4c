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

/* Where the first @amount bytes of @ram end. */
static uint64_t end_of(const struct range_list *ram, uint64_t amount)
{
	for (size_t i = 0; i < ram->count; i++) {
		if (amount <= ram->r[i].size)
			return ram->r[i].base + amount;
		amount -= ram->r[i].size;
	}
	return UINT64_MAX;
}

enum kb_status kernel_check_memory(const struct kernel *k, struct kb_text cmdline, struct mem *m,
				   const struct kho *kho)
{
	struct kb_text value;
	uint64_t amount, end = 0;

	(void)k;
	if (!cmdline_last(cmdline, "mem", &value))
		return KB_OK;
	if (text_take_size(&value, &amount))
		end = end_of(&m->ram, amount & ~(uint64_t)(SZ_64K - 1));
	return kho_target_lost(m, kho, (struct range){end, UINT64_MAX - end});
}
