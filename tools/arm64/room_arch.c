// SPDX-License-Identifier: BSD-2-Clause
/* arm64: what kexec loads, and the block that khoboot then needs; see room.h. */
#include "../room.h"

#include <arch/early.h>
#include <stage/stage.h>

#include <libfdt.h>

/* Linux arch/arm64/kernel/machine_kexec_file.c; drivers/of/kexec.c adds to the tree. */
#define SCRATCH_ALIGN 0x10000u
#define IMAGE_ALIGN   SZ_2M
#define TREE_EXTRA    0x1000u

bool room_always_gbpages(void)
{
	return true;
}

void room_image(const uint8_t *file, const struct pe *pe, const struct uki *u,
		struct room_image *ret)
{
	*ret = (struct room_image){
		.flat_size = pe->image_size,
		.size = get_u64(file + ARM64_IMAGE_SIZE),
		.align = IMAGE_ALIGN,
		.tree = true,
	};
	ret->arena =
		ret->size - min_u64(ret->size, align_up_page(ret->flat_size) + EARLY_TABLES_SIZE);
	if (u->initrd.data)
		ret->initrd = (struct range){u->initrd.offset, u->initrd.size};
	if (u->ucode.data)
		ret->ucode = (struct range){u->ucode.offset, u->ucode.size};
	ret->kernel = (struct range){u->kernel.offset, u->kernel.size};
}

static uint64_t tree_bytes(const struct room_question *q)
{
	return (q->fdt ? fdt_totalsize(q->fdt) : 0) + q->words + 1 + TREE_EXTRA;
}

size_t room_segments(const struct room_question *q, struct room_segment ret[ROOM_SEGMENTS])
{
	ret[0] = (struct room_segment){"scratch array",
				       q->areas->count * sizeof(struct range),
				       SCRATCH_ALIGN,
				       0,
				       true,
				       true};
	ret[1] = (struct room_segment){"image", q->image.size, IMAGE_ALIGN, 0, false, true};
	ret[2] = (struct room_segment){"device tree", tree_bytes(q), IMAGE_ALIGN, 0, true, true};
	return 3;
}

/* The image at the lowest place, the tree above it; the next place while that does not fit. */
enum kb_status room_load_all(struct room_plan *p, const struct room_question *q,
			     struct range *image)
{
	struct room_segment segments[ROOM_SEGMENTS];
	const size_t n = room_segments(q, segments);
	struct room_segment array = segments[0], self = segments[1], tree = segments[n - 1];
	enum kb_status st = room_load(p, &array, image);
	struct range at, ignored;

	while (!st) {
		st = room_load(p, &self, &at);
		tree.lowest = st ? 0 : range_end(at);
		if (st || !room_load(p, &tree, &ignored))
			break;
		/* kexec gives the place back and takes the next one. */
		p->busy.count--;
		self.lowest = range_end(at);
		st = range_list_add(&p->free, at);
		range_list_sort(&p->free);
	}
	if (!st)
		*image = at;
	return st;
}

/* What kexec adds to the tree is counted with the log, which lies there, too. */
enum kb_status room_choose(struct kernel *k, const char *cmdline, bool la57, bool reset,
			   struct kb_diag *diag)
{
	(void)k;
	(void)cmdline;
	(void)la57;
	(void)reset;
	(void)diag;
	return KB_OK;
}

void room_describe(const struct room_question *q, bool most, struct boot *b)
{
	b->fdt = most ? q->fdt : NULL;
	if (most)
		b->log_max += q->words + 1 + TREE_EXTRA;
}
