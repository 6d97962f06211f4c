// SPDX-License-Identifier: BSD-2-Clause
/* The next kernel: a bzImage, which unpacks itself. */
#include <arch/kernel.h>

#include <string.h>

enum kb_status kernel_open(const void *file, uint64_t size, struct range work, struct kernel *ret,
			   struct kb_diag *diag)
{
	struct kernel k = {.file = file, .size = size};
	enum kb_status st = bzimage_parse(file, size, &k.bz, diag);

	(void)work; /* nothing is unpacked here */
	if (st)
		return st;
	k.window_size = align_up_page(k.bz.init_size);
	k.window_align = max_u64(k.bz.kernel_alignment, SZ_4K);
	k.release = k.bz.release;
	k.release_len = k.bz.release_len;
	*ret = k;
	return KB_OK;
}

enum kb_status kernel_load(const struct kernel *k, void *window, struct range work)
{
	(void)work; /* the kernel unpacks itself */
	memcpy(window, k->file + k->bz.load_offset, k->bz.load_size);
	return KB_OK;
}
