// SPDX-License-Identifier: BSD-2-Clause
#include <khoboot/diag.h>
#include <khoboot/kho_target.h>

enum kb_status kho_target_check(const struct uki_part *section, const struct kho_root *root,
				struct kb_diag *diag)
{
	uint64_t page = 1ULL << root->page_shift;
	struct uki_kho speaks;
	enum kb_status st;

	if (!section->data)
		return kb_note(diag, KB_KERNEL_UNKNOWN, 0, root->abi);
	st = uki_kho_parse(section->data, section->size, &speaks, diag);
	if (st)
		return st;
	if (!speaks.versions)
		return kb_note(diag, KB_KERNEL_NO_KHO, 0, root->abi);
	if (!(speaks.versions >> root->abi & 1))
		return kb_note(diag, KB_KERNEL_EXPECTS, speaks.versions, root->abi);
	if (speaks.page_size != page)
		return kb_note(diag, KB_PAGE_SIZE, speaks.page_size, page);
	return KB_OK;
}
