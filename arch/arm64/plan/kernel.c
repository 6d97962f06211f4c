// SPDX-License-Identifier: BSD-2-Clause
/* The next kernel: an arm64 Image, packed or not. */
#include <arch/kernel.h>

enum kb_status kernel_open(const void *file, uint64_t size, struct range work, struct kernel *ret,
			   struct kb_diag *diag)
{
	struct kernel k = {.file = file, .size = size, .window_align = ARM64_KERNEL_ALIGN};
	const struct arm64_image *image = &k.image.image;
	enum kb_status st = arm64_kernel_open(file, size, work, &k.image, diag);

	if (st)
		return st;
	/* No overflow: arm64_image_parse() has limited both. */
	k.window_size = align_up_page(image->text_offset + image->image_size);
	k.text_offset = image->text_offset;
	k.page_size = image->page_size;
	*ret = k;
	return KB_OK;
}

enum kb_status kernel_load(const struct kernel *k, void *window, struct range work)
{
	uint64_t size;

	return arm64_kernel_load(&k->image, (uint8_t *)window + k->text_offset, work, &size, NULL);
}
