// SPDX-License-Identifier: BSD-2-Clause
/* Preserved vmalloc areas: every entry once, in order, and each way in which a list can be wrong.
 */
#include "kho_test.h"

struct area {
	struct kho_image img;
	uint64_t desc, first;
	uint64_t entries, per_chunk;
	unsigned int order;
	struct kho_vmalloc v;
};

/* Two chunks: one full, one with three entries. Opened. */
static void make(struct area *a, const struct kho_kind *k, unsigned int order)
{
	struct kho_image *img = &a->img;

	kho_image_init(img, k->format, k->page_shift);
	img->hint = k->format == KHO_MAP_V1_PAGE ? KHO_BITMAP_PAGE : KHO_BITMAP_UNKNOWN;
	a->order = order;
	a->per_chunk = img->page / 8 - 1;
	a->entries = a->per_chunk + 3;
	a->desc = kho_image_vmalloc(img, a->entries, order, 16 * SZ_1G);
	kho_image_finish(img);
	assert_code(img, kho_image_open(img), KB_OK);
	assert_code(img, kho_vmalloc_read(&img->mem, phys(a->desc), &a->v), KB_OK);
	a->first = a->v.first.addr;
}

static enum kb_status walk(struct area *a)
{
	return kho_vmalloc_walk(&a->img.mem, &a->img.kho->map, a->img.page_shift, &a->v, NULL,
				NULL);
}

#define assert_walk(a, code) assert_code(&(a)->img, walk(a), code)

struct seen {
	const struct area *a;
	uint64_t entries, chunks;
	bool wrong;
};

static enum kb_status see(void *ctx, bool entry, struct range r)
{
	struct seen *s = ctx;
	uint64_t size = s->a->img.page << (entry ? s->a->order : 0);

	s->wrong |= r.size != size;
	if (entry)
		s->wrong |= r.base != 16 * SZ_1G + s->entries++ * size;
	else
		s->wrong |= s->entries != s->chunks++ * s->a->per_chunk;
	return KB_OK;
}

static void visits_all_in_order(void **state)
{
	for_each_kind(k)
	{
		for (unsigned int order = 0; order < 4; order += 3) {
			struct area a;
			struct seen s = {.a = &a};

			make(&a, k, order);
			assert_int_equal(a.v.total_pages, a.entries << order);
			assert_int_equal(a.v.flags, 1);
			assert_int_equal(a.v.order, order);
			assert_code(&a.img,
				    kho_vmalloc_walk(&a.img.mem, &a.img.kho->map, k->page_shift,
						     &a.v, see, &s),
				    KB_OK);
			assert_false(s.wrong);
			assert_int_equal(s.entries, a.entries);
			assert_int_equal(s.chunks, 2);
			kho_image_free(&a.img);
		}
	}
	(void)state;
}

static enum kb_status stop(void *ctx, bool entry, struct range r)
{
	(void)r;
	*(bool *)ctx = entry;
	return entry ? KB_RANGE_FULL : KB_OK;
}

static void callback_can_stop(void **state)
{
	struct area a;
	bool entry = false;

	make(&a, &kinds[2], 0);
	assert_int_equal(kho_vmalloc_walk(&a.img.mem, NULL, 12, &a.v, stop, &entry), KB_RANGE_FULL);
	assert_true(entry);
	kho_image_free(&a.img);
	(void)state;
}

static void refuses_descriptor_place(void **state)
{
	static const uint64_t bad[] = {3 * SZ_1G, 3 * SZ_1G - 8, UINT64_MAX - 7, KHO_IMAGE_DATA};
	struct kho_vmalloc v;
	struct area a;

	make(&a, &kinds[2], 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_code(&a.img, kho_vmalloc_read(&a.img.mem, phys(bad[i]), &v),
			    KB_KHO_VMALLOC_DESC);
	kho_image_free(&a.img);
	(void)state;
}

static void refuses_descriptor_values(void **state)
{
	struct area a;

	make(&a, &kinds[2], 3);
	a.v.flags = 3;
	assert_walk(&a, KB_OK);
	a.v.flags = 4;
	assert_walk(&a, KB_KHO_VMALLOC_FLAGS);
	a.v.flags = 1;
	a.v.order = 38;
	assert_walk(&a, KB_KHO_VMALLOC_ORDER);
	a.v.order = UINT16_MAX;
	assert_walk(&a, KB_KHO_VMALLOC_ORDER);
	a.v.order = 3;
	a.v.total_pages = 0;
	assert_walk(&a, KB_KHO_VMALLOC_PAGES);
	a.v.total_pages = (uint32_t)(a.entries << 3) + 4; /* half an entry */
	assert_walk(&a, KB_KHO_VMALLOC_PAGES);
	a.v.total_pages = 1U << 31; /* 8 TiB */
	assert_walk(&a, KB_KHO_VMALLOC_PAGES);
	kho_image_free(&a.img);
	(void)state;
}

static void refuses_chunks(void **state)
{
	static const uint64_t bad[] = {3 * SZ_1G, 3 * SZ_1G - 8, 0xffffffffffff0000};

	for_each_kind(k)
	{
		struct area a;
		uint64_t second;

		make(&a, k, 0);
		second = kho_image_get(&a.img, a.first);
		kho_image_put(&a.img, a.first, second + 8);
		assert_walk(&a, KB_KHO_VMALLOC_CHUNK);
		assert_diag(&a.img, a.first, second + 8);
		for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
			kho_image_put(&a.img, a.first, bad[i]);
			assert_walk(&a, KB_KHO_VMALLOC_CHUNK);
			a.v.first.addr = bad[i];
			assert_walk(&a, KB_KHO_VMALLOC_CHUNK);
			a.v.first.addr = a.first;
		}
		a.v.first.addr = 16 * SZ_1G; /* preserved, but the dump lacks it */
		assert_walk(&a, KB_KHO_VMALLOC_CHUNK);
		kho_image_free(&a.img);
	}
	(void)state;
}

static void refuses_entries(void **state)
{
	for_each_kind(k)
	{
		struct area a;
		uint64_t slot, old;

		make(&a, k, 3);
		slot = a.first + 8 * 5;
		old = kho_image_get(&a.img, slot);
		kho_image_put(&a.img, slot, old + a.img.page);
		assert_walk(&a, KB_KHO_VMALLOC_ENTRY);
		assert_diag(&a.img, slot, old + a.img.page);
		kho_image_put(&a.img, slot, 3 * SZ_1G);
		assert_walk(&a, KB_KHO_VMALLOC_ENTRY);
		kho_image_put(&a.img, slot, UINT64_MAX << (k->page_shift + 3));
		assert_walk(&a, KB_KHO_VMALLOC_ENTRY);
		kho_image_put(&a.img, slot, old);
		assert_walk(&a, KB_OK);
		kho_image_free(&a.img);
	}
	(void)state;
}

static void refuses_length(void **state)
{
	for_each_kind(k)
	{
		struct area a;
		uint64_t second;

		make(&a, k, 0);
		second = kho_image_get(&a.img, a.first);
		a.v.total_pages++;
		assert_walk(&a, KB_KHO_VMALLOC_LENGTH);
		a.v.total_pages -= 2;
		assert_walk(&a, KB_KHO_VMALLOC_LENGTH);
		assert_diag(&a.img, second + 8 * 3, 16 * SZ_1G + (a.entries - 1) * a.img.page);
		a.v.total_pages++;
		assert_walk(&a, KB_OK);
		a.v.first.addr = 0; /* no list at all */
		assert_walk(&a, KB_KHO_VMALLOC_LENGTH);
		kho_image_free(&a.img);
	}
	(void)state;
}

static void empty_chunks_only_at_the_end(void **state)
{
	for_each_kind(k)
	{
		struct kho_image *img;
		struct area a;
		uint64_t second;

		make(&a, k, 0);
		img = &a.img;
		second = kho_image_get(img, a.first);
		kho_image_put(img, second + 8, 0);
		a.v.total_pages -= 3;
		assert_walk(&a, KB_OK); /* the last chunk has none: the kernel may write that */
		kho_image_put(img, second, a.first);
		assert_walk(&a, KB_KHO_VMALLOC_EMPTY);
		assert_diag(img, second, a.first);
		kho_image_free(img);
	}
	(void)state;
}

/* Lists that never end: of one full chunk, and of two. */
static void ends_cycles(void **state)
{
	for_each_kind(k)
	{
		struct area a;
		uint64_t second;

		make(&a, k, 0);
		second = kho_image_get(&a.img, a.first);
		kho_image_put(&a.img, second, a.first);
		assert_walk(&a, KB_KHO_VMALLOC_LENGTH);
		a.v.total_pages = (uint32_t)(KHO_IMAGE_PAGES / 2);
		assert_walk(&a, KB_KHO_VMALLOC_LENGTH);
		kho_image_put(&a.img, a.first, a.first);
		assert_walk(&a, KB_KHO_VMALLOC_LENGTH);
		kho_image_free(&a.img);
	}
	(void)state;
}

static void refuses_unpreserved(void **state)
{
	for_each_kind(k)
	{
		struct area a;
		uint64_t slot, other;

		make(&a, k, 0);
		slot = a.first + 8;
		kho_image_put(&a.img, slot, KHO_IMAGE_DATA);
		assert_walk(&a, KB_KHO_VMALLOC_UNPRESERVED);
		assert_diag(&a.img, slot, KHO_IMAGE_DATA);
		/* Nobody asked for the map: the list itself is sound. */
		assert_code(&a.img,
			    kho_vmalloc_walk(&a.img.mem, NULL, k->page_shift, &a.v, NULL, NULL),
			    KB_OK);
		other = kho_image_alloc(&a.img, a.img.page, a.img.page);
		a.v.first.addr = other;
		assert_walk(&a, KB_KHO_VMALLOC_UNPRESERVED);
		kho_image_free(&a.img);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(visits_all_in_order),
		cmocka_unit_test(callback_can_stop),
		cmocka_unit_test(refuses_descriptor_place),
		cmocka_unit_test(refuses_descriptor_values),
		cmocka_unit_test(refuses_chunks),
		cmocka_unit_test(refuses_entries),
		cmocka_unit_test(refuses_length),
		cmocka_unit_test(empty_chunks_only_at_the_end),
		cmocka_unit_test(ends_cycles),
		cmocka_unit_test(refuses_unpreserved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
