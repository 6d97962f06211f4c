// SPDX-License-Identifier: BSD-2-Clause
/* The next kernel: an arm64 Image, packed or not. */
#include <arch/kernel.h>
#include <format/overwrite.h>

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

/* What khoctl has made ready has all of .bss behind it in the file. */
void kernel_let_stay(struct kernel *k)
{
	const struct packed *p = &k->image.packed;

	if (!p->packing && !k->text_offset && p->size >= k->image.image.image_size)
		k->own = (struct range){(uintptr_t)p->data, k->window_size};
}

static bool stays(const struct kernel *k, const void *window)
{
	return !k->image.packed.packing && window == k->image.packed.data;
}

bool kernel_fix_place(struct kernel *k)
{
	(void)k; /* no place is random */
	return false;
}

bool kernel_asks_overwrite(const struct kernel *k)
{
	return efi_asks_overwrite(k->file, k->size);
}

uint64_t kernel_copies(const struct kernel *k, struct range window)
{
	const struct packed *p = &k->image.packed;
	uint64_t size = k->image.image.image_size;

	if (stays(k, (const void *)(uintptr_t)window.base))
		return 0;
	return p->packing ? size : min_u64(p->size, size);
}

enum kb_status kernel_load(const struct kernel *k, void *window, struct range work)
{
	uint64_t size;

	if (stays(k, window))
		return KB_OK;
	return arm64_kernel_load(&k->image, (uint8_t *)window + k->text_offset, work, &size, NULL);
}
