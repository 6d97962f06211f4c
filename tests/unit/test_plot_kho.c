// SPDX-License-Identifier: BSD-2-Clause
/* khoctl plot of KHO data: who has how much of what is preserved, and the RAM of a dump. */
#include "kho_test.h"
#include "luo_kernel.h"

#include "../../tools/plot_kho.h"

#include <libfdt.h>
#include <stdlib.h>

static struct inspect_faults faults;

#define RESERVED (48 * SZ_4K)

static void add_reserved(struct kho_image *img)
{
	_Alignas(8) uint8_t tree[512];
	const uint64_t size = RESERVED, at = kho_image_alloc(img, size, SZ_64K);
	int node;

	kho_image_preserve_range(img, (struct range){at, size});
	fdt_create_empty_tree(tree, sizeof(tree));
	fdt_setprop_string(tree, 0, "compatible", "memblock-v1");
	node = fdt_add_subnode(tree, 0, "guest");
	fdt_setprop_string(tree, node, "compatible", "reserve-mem-v1");
	fdt_setprop(tree, node, "start", &at, 8);
	fdt_setprop(tree, node, "size", &size, 8);
	fdt_pack(tree);
	kho_image_blob(img, "memblock", tree, fdt_totalsize(tree));
}

/* Pages of files without holes, as kernels have them. */
static uint64_t close_holes(struct model *m, uint64_t page)
{
	uint64_t pages = 0;

	for (unsigned int i = 0; i < m->sessions; i++)
		for (unsigned int j = 0; j < m->session[i].files; j++) {
			struct model_file *f = &m->session[i].file[j];

			for (unsigned int n = 0; n < f->folios; n++)
				f->index[n] = n;
			f->size = f->folios * page;
			pages += !strncmp(f->handler, "memfd", 5) ? f->folios : 0;
		}
	return pages;
}

static void read_root(struct kho_image *img, struct kho_root *ret)
{
	memset(&faults, 0, sizeof(faults));
	assert_int_equal(inspect_root(&img->mem, kho_image_at(img, img->h.fdt.addr, img->page),
				      img->h.fdt.addr, img->page, ret, &faults),
			 KB_OK);
	ret->page_shift = img->page_shift;
}

/* What inspect_map() says of the same map. */
static struct inspect_map whole(const struct plot_kho *k)
{
	const struct inspect_lister none = {0};
	struct inspect_faults ignored = {0};
	struct inspect_map ret;

	inspect_map(k->m, k->root, k->hint, k->scratch, &none, &ret, &ignored);
	return ret;
}

static void assert_owners(const struct plot *p, uint64_t all, uint64_t memfd)
{
	uint64_t shown = 0;

	assert_true(memfd);
	assert_int_equal(p->sum[PLOT_MEMFD], memfd);
	assert_int_equal(p->sum[PLOT_RESERVED], RESERVED);
	assert_int_equal(p->sum[PLOT_PRESERVED], all - memfd - RESERVED);
	for (size_t i = 0; i < p->lanes; i++)
		for (size_t c = 0; c < p->lane[i].cells; c++)
			shown += p->lane[i].cell[c].bytes[PLOT_PRESERVED] +
				 p->lane[i].cell[c].bytes[PLOT_MEMFD] +
				 p->lane[i].cell[c].bytes[PLOT_RESERVED];
	assert_int_equal(shown, all);
}

/* Of a dump without RAM of its own nothing is left out of the picture. */
static void owners_are_told_apart(void **state)
{
	struct range none[1];
	const struct range_list scratch = {none, 0, 1};
	uint64_t random = 5;
	(void)state;

	for (unsigned int i = 0; i < 6; i++) {
		struct plot_cover cover = {.count = 0};
		struct plot p = {.lanes = 0};
		struct kho_image img;
		struct kho_root root;
		struct plot_kho k = {&img.mem, &root, KHO_BITMAP_UNKNOWN, &scratch};
		struct inspect_map map;
		struct model *m;
		uint64_t at, size, pages;

		kho_image_init(&img, i % 2 ? KHO_MAP_RADIX : KHO_MAP_V1_SMALL, 12);
		k.hint = img.hint;
		add_reserved(&img);
		m = model_make(&img, &random, 12, 3, i % 2, true);
		pages = close_holes(m, img.page);
		at = linux_write(i % 2 ? LINUX_7_2 : LINUX_6_19, &img, m, &size);
		img.blob[img.blobs++] =
			(struct kho_image_blob){"LUO", at, size, 8, 8, false, false};
		kho_image_preserve(&img, 16 * SZ_1G, 9);
		kho_image_finish(&img);
		read_root(&img, &root);
		map = whole(&k);

		plot_kho_cover(&cover, &k);
		for (size_t n = 0; n < cover.count; n++)
			plot_add(&p, PLOT_RAM, cover.r[n]);
		plot_layout(&p, &plot_text_scale);
		plot_kho_count(&p, &k, &faults);
		assert_int_equal(faults.count, 0);
		assert_true(p.sum[PLOT_META] >= 512);
		plot_finish(&p);
		assert_owners(&p, map.bytes, pages * img.page);
		plot_free(&p);
		model_free(m);
		kho_image_free(&img);
	}
}

/* Without a map nothing is preserved; a sub-blob that cannot be read is a fault. */
static void damage_is_noted(void **state)
{
	struct range none[1];
	const struct range_list scratch = {none, 0, 1};
	struct plot p = {.lanes = 0};
	struct kho_image img;
	struct kho_root root;
	const struct plot_kho k = {&img.mem, &root, KHO_BITMAP_UNKNOWN, &scratch};
	(void)state;

	kho_image_init(&img, KHO_MAP_RADIX, 12);
	kho_image_blob(&img, "LUO", "nonsense", 8);
	kho_image_finish(&img);
	read_root(&img, &root);
	root.map = phys(0);
	plot_add(&p, PLOT_RAM, (struct range){0, 4 * SZ_1G});
	plot_layout(&p, &plot_text_scale);
	plot_kho_count(&p, &k, &faults);
	assert_true(faults.count);
	assert_int_equal(p.sum[PLOT_PRESERVED], 0);
	assert_int_equal(p.sum[PLOT_META], 0);
	plot_free(&p);
	kho_image_free(&img);
}

/* ---- the RAM of a dump ---- */

static bool is_covered(const struct plot_cover *c, struct range r)
{
	for (size_t i = 0; i < c->count; i++)
		if (range_contains(c->r[i], r))
			return true;
	return false;
}

static void assert_sorted(const struct plot_cover *c)
{
	assert_true(c->count <= PLOT_COVER);
	for (size_t i = 1; i < c->count; i++)
		assert_true(c->r[i].base >= range_end(c->r[i - 1]) + SZ_2M);
}

static void a_cover_has_all_and_few(void **state)
{
	static struct range all[400];
	uint64_t random = 6;
	(void)state;

	for (unsigned int i = 0; i < 300; i++) {
		const uint64_t n = 1 + random_below(&random, ARRAY_SIZE(all));
		struct plot_cover c = {.count = 0};

		for (uint64_t k = 0; k < n; k++) {
			all[k] =
				(struct range){random_below(&random, 1 << 20) * SZ_1M,
					       1 + random_below(&random,
								1ULL << random_below(&random, 32))};
			plot_cover_add(&c, all[k]);
			assert_sorted(&c);
		}
		for (uint64_t k = 0; k < n; k++)
			assert_true(is_covered(&c, all[k]));
	}
}

/* What is far apart stays so; the ends of the address space are no trouble. */
static void a_cover_is_not_too_large(void **state)
{
	struct plot_cover c = {.count = 0};
	(void)state;

	plot_cover_add(&c, (struct range){UINT64_MAX - SZ_4K, SZ_4K});
	plot_cover_add(&c, (struct range){0, SZ_4K});
	plot_cover_add(&c, (struct range){UINT64_MAX, 2});
	plot_cover_add(&c, (struct range){SZ_1G, 0});
	assert_int_equal(c.count, 2);
	for (uint64_t i = 1; i < PLOT_COVER - 1; i++)
		plot_cover_add(&c, (struct range){i * SZ_1G, SZ_4K});
	assert_int_equal(c.count, PLOT_COVER);
	/* One too many: it joins its neighbour, which is the nearest. */
	plot_cover_add(&c, (struct range){SZ_1G + 4 * SZ_1M, SZ_4K});
	assert_int_equal(c.count, PLOT_COVER);
	assert_int_equal(c.r[1].base, SZ_1G);
	assert_int_equal(c.r[1].size, 4 * SZ_1M + SZ_4K);
	assert_int_equal(c.r[2].size, SZ_4K);
	plot_cover_add(&c, (struct range){0, UINT64_MAX});
	assert_int_equal(c.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(owners_are_told_apart),
		cmocka_unit_test(damage_is_noted),
		cmocka_unit_test(a_cover_has_all_and_few),
		cmocka_unit_test(a_cover_is_not_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
