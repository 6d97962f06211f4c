// SPDX-License-Identifier: BSD-2-Clause
/* What a kernel reads by its .kho section, and whether that is what is handed over. */
#include "kho_test.h"

#include <fdt/kho_target.h>

#include <stdio.h>

#define assert_ok(call) assert_int_equal(call, KB_OK)

static struct kb_text text(const char *t)
{
	return (struct kb_text){t, t ? strlen(t) : 0};
}

/* ---- what a version string names ------------------------------------------------------------- */

static void versions_are_compared_part_by_part(void **state)
{
	static const struct {
		const char *name;
		enum kho_abi abi;
		const char *unknown;
	} t[] = {
		{"kho-v1", KHO_ABI_V1, ""},
		{"kho-v3", KHO_ABI_V3, ""},
		{"kho-v4", KHO_ABI_V4, ""},
		{"kho-v4;radix-v1", KHO_ABI_V4, ""},
		{"kho-v4;radix-v1;vmalloc-v1", KHO_ABI_V4, ""},
		{"kho-v4;block-v1;radix-v1;vmalloc-v1", KHO_ABI_V4, ""},
		{"kho-v4;radix-v2;vmalloc-v1", 0, "radix-v2"},
		{"kho-v4;radix-v1;new-v1", 0, "new-v1"},
		{"kho-v5;radix-v1", 0, "kho-v5"},
		{"kho-v3;radix-v1", 0, "radix-v1"}, /* no kernel had both */
		{"kho-v1;radix-v1", 0, "radix-v1"},
		{"kho-v2", 0, "kho-v2"},
		{"kho-v4;", 0, "kho-v4;"},
		{"kho-v4;;radix-v1", 0, "kho-v4;;radix-v1"},
		{";kho-v4", 0, ";kho-v4"},
		{"", 0, ""},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct kb_text unknown = {0};

		if (kho_abi_parse(text(t[i].name), &unknown) != t[i].abi ||
		    (!t[i].abi && !text_is(unknown, t[i].unknown)))
			fail_msg("%s: %.*s", t[i].name, (int)unknown.len, unknown.text);
		assert_int_equal(kho_abi_parse(text(t[i].name), NULL), t[i].abi);
	}
	assert_string_equal(kho_abi_name(KHO_ABI_V3), "kho-v3");
	assert_string_equal(kho_abi_name(KHO_ABI_UNKNOWN), "");
}

/* ---- the dialect ----------------------------------------------------------------------------- */

static enum kb_status dialect(const char *section, const char *release, enum kho_abi abi,
			      unsigned int page_shift, struct kho_dialect *to, struct kb_diag *diag)
{
	struct kho_root root = {.abi = abi, .page_shift = page_shift};
	struct uki_part part = {section, 0, section ? strlen(section) : 0};

	*diag = (struct kb_diag){0};
	return kho_target_dialect(&part, text(release), &root, NULL, NULL, to, diag);
}

static void the_version_of_the_data_is_preferred(void **state)
{
	static const struct {
		const char *section;
		enum kho_abi data, abi;
		const char *compatible;
		enum kho_map_format format;
	} t[] = {
		{"kho=kho-v4\npage=4096\n", KHO_ABI_V4, KHO_ABI_V4, "kho-v4", KHO_MAP_RADIX},
		{"kho=kho-v1\npage=4096\n", KHO_ABI_V1, KHO_ABI_V1, "kho-v1", KHO_MAP_V1_PAGE},
		{"kho=kho-v3 kho-v4\npage=4096\n", KHO_ABI_V3, KHO_ABI_V3, "kho-v3", KHO_MAP_RADIX},
		{"kho=kho-v3 kho-v4\npage=4096\n", KHO_ABI_V1, KHO_ABI_V4, "kho-v4", KHO_MAP_RADIX},
		{"kho=kho-v1 kho-v3\npage=4096\n", KHO_ABI_V4, KHO_ABI_V3, "kho-v3", KHO_MAP_RADIX},
		{"kho=kho-v1\npage=4096\n", KHO_ABI_V4, KHO_ABI_V1, "kho-v1", KHO_MAP_V1_PAGE},
		{"kho=kho-v1\npage=4096\nrelease=6.17.8\n", KHO_ABI_V4, KHO_ABI_V1, "kho-v1",
		 KHO_MAP_V1_SMALL},
		/* Newer than khoboot: not one that it can write. */
		{"kho=kho-v3 kho-v9\npage=4096\n", KHO_ABI_V1, KHO_ABI_V3, "kho-v3", KHO_MAP_RADIX},
		{"kho=none\npage=4096\nunknown=kho-v4;radix-v1\n", KHO_ABI_V3, KHO_ABI_V4,
		 "kho-v4;radix-v1", KHO_MAP_RADIX},
		{"kho=kho-v4\npage=4096\nunknown=kho-v4;radix-v1\n", KHO_ABI_V4, KHO_ABI_V4,
		 "kho-v4", KHO_MAP_RADIX},
		{"kho=kho-v3\npage=4096\nunknown=kho-v4;radix-v1\n", KHO_ABI_V3, KHO_ABI_V3,
		 "kho-v3", KHO_MAP_RADIX},
	};
	struct kho_dialect to;
	struct kb_diag diag;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		assert_ok(dialect(t[i].section, "6.18.15", t[i].data, 12, &to, &diag));
		assert_int_equal(to.abi, t[i].abi);
		assert_true(text_is(to.compatible, t[i].compatible));
		assert_int_equal(to.format, t[i].format);
		assert_int_equal(to.page_shift, 12);
	}
	assert_ok(dialect("kho=kho-v3\npage=65536\nabi=luo-v1 memfd-v2\n", "", KHO_ABI_V1, 16, &to,
			  &diag));
	assert_int_equal(to.page_shift, 16);
	assert_true(text_is(to.names, "luo-v1 memfd-v2"));
	assert_true(to.whole);
	assert_ok(dialect("kho=kho-v3\npage=4096\nluo=luo-v1\n", "", KHO_ABI_V1, 12, &to, &diag));
	assert_true(text_is(to.names, "luo-v1"));
	assert_false(to.whole);
}

static void what_cannot_be_written_is_refused(void **state)
{
	static const struct {
		const char *section;
		enum kho_abi data;
		enum kb_status st;
		uint64_t at, value;
	} t[] = {
		{NULL, KHO_ABI_V4, KB_KERNEL_UNKNOWN, 0, 4},
		{"kho=none\npage=4096\n", KHO_ABI_V4, KB_KERNEL_NO_KHO, 0, 4},
		{"kho=kho-v2\npage=4096\n", KHO_ABI_V4, KB_KERNEL_EXPECTS, 1 << 2, 4},
		{"kho=kho-v4\npage=16384\n", KHO_ABI_V4, KB_PAGE_SIZE, 16384, 4096},
		{"kho=kho-v3\npage=16384\n", KHO_ABI_V4, KB_PAGE_SIZE, 16384, 4096},
		{"kho\n", KHO_ABI_V4, KB_UKI_KHO, 0, 3},
		{"kho=kho-v4\npage=4096\n", KHO_ABI_UNKNOWN, KB_KHO_VERSION, 0, 0},
		{"kho=kho-v4\npage=4096\nunknown=kho-v5\n", KHO_ABI_V4, KB_KERNEL_NEW, 1 << 4, 4},
		{"kho=none\npage=4096\nunknown=kho-v5\n", KHO_ABI_V4, KB_KERNEL_NEW, 0, 4},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct kho_dialect to = {.page_shift = 77};
		struct kb_diag diag;

		assert_int_equal(dialect(t[i].section, "7.3", t[i].data, 12, &to, &diag), t[i].st);
		assert_int_equal(diag.status, t[i].st);
		assert_int_equal(diag.at, t[i].at);
		assert_int_equal(diag.value, t[i].value);
		assert_int_equal(to.page_shift, 77);
	}
}

static void versions_to_come_are_named(void **state)
{
	static const struct {
		const char *section, *name;
	} t[] = {
		{"kho=none\npage=4096\nunknown=kho-v5\n", "kho-v5"},
		{"kho=none\npage=4096\nunknown=kho-v4;radix-v2;vmalloc-v1\n", "radix-v2"},
		{"kho=none\npage=4096\nunknown=kho-v4;radix-v1\n", ""},
		{"kho=kho-v4\npage=4096\n", ""},
		{"unknown=x\n", ""},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct uki_part part = {t[i].section, 0, strlen(t[i].section)};

		assert_int_equal(kho_target_name(&part).len, strlen(t[i].name));
		assert_memory_equal(kho_target_name(&part).text, t[i].name, strlen(t[i].name));
	}
	assert_int_equal(kho_target_name(&(struct uki_part){0}).len, 0);
}

/* ---- kho-v1 of a release that does not tell its bitmaps -------------------------------------- */

#define V1 "kho=kho-v1\npage=%u\n"

static enum kb_status ask_image(struct kho_image *img, const char *release,
				enum kho_map_format *format)
{
	struct kb_diag diag = {0};
	struct uki_part part = {0};
	struct kho_dialect to;
	char section[64];
	enum kb_status st;

	part.data = section;
	part.size = (size_t)snprintf(section, sizeof(section), V1, 1u << img->page_shift);
	st = kho_target_dialect(&part, text(release), &img->kho->root, &img->mem, &img->kho->map,
				&to, &diag);
	assert_int_equal(diag.status, st);
	if (!st)
		*format = to.format;
	return st;
}

/* Bits after the 4096th are not seen as a small bitmap. */
static void both_readings_of_a_map(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const uint64_t page = 1ULL << kinds[i].page_shift;
		const enum kho_map_format is = kinds[i].format;

		for (unsigned int far = 0; far < 2; far++) {
			enum kho_map_format format = is;
			struct kho_image img;
			enum kb_status st;

			kho_image_init(&img, is, kinds[i].page_shift);
			img.hint = is == KHO_MAP_V1_SMALL ? KHO_BITMAP_SMALL : KHO_BITMAP_PAGE;
			kho_image_preserve(&img, KHO_IMAGE_DATA + far * 4096 * page, 0);
			kho_image_finish(&img);
			assert_ok(kho_image_open(&img));
			st = ask_image(&img, far ? NULL : "6.17.9", &format);
			assert_int_equal(format, is);
			/*
			 * The small bitmaps of the image share a page; with larger pages its FDT
			 * is far within its bitmap.
			 */
			if (is != KHO_MAP_V1_PAGE || far || kinds[i].page_shift > 12)
				assert_int_equal(st, KB_KERNEL_BITMAPS);
			else
				assert_ok(st);
			assert_ok(ask_image(&img, "6.17.8", &format));
			assert_int_equal(format, KHO_MAP_V1_SMALL);
			assert_ok(ask_image(&img, "6.18", &format));
			assert_int_equal(format, KHO_MAP_V1_PAGE);
			kho_image_free(&img);
		}
	}
}

/* ---- the same? ------------------------------------------------------------------------------- */

struct asked {
	struct kho_root root;
	struct kho_offer from;
	struct kho_dialect to;
	uint64_t blocks[KHO_ORDERS];
};

static void ask(struct asked *a, enum kho_abi from, enum kho_map_format is, const char *to,
		enum kho_map_format reads, const char *names)
{
	*a = (struct asked){
		.root = {.abi = from, .page_shift = 12},
		.from = {.root = &a->root, .map_known = true, .format = is, .blocks = a->blocks},
		.to = {.abi = kho_abi_parse(text(to), NULL),
		       .compatible = text(to),
		       .format = reads,
		       .page_shift = 12,
		       .names = text(names)},
	};
}

static void assert_changes(struct asked *a, unsigned int want, enum kb_status off)
{
	struct kb_diag diag = {0};
	unsigned int changes = 77;

	assert_int_equal(kho_target_changes(&a->from, &a->to), want);
	assert_int_equal(kho_target_bridge(&a->from, &a->to, true, &changes, &diag), off);
	assert_int_equal(diag.status, off);
	assert_int_equal(changes, want);
}

#define SMALL KHO_MAP_V1_SMALL
#define PAGE  KHO_MAP_V1_PAGE
#define RADIX KHO_MAP_RADIX

static void the_core_and_the_map(void **state)
{
	static const unsigned int across = KHO_CHANGE_CORE | KHO_CHANGE_MAP | KHO_CHANGE_METADATA;
	static const struct {
		enum kho_abi from;
		enum kho_map_format is;
		const char *to;
		enum kho_map_format reads;
		unsigned int changes;
		enum kb_status off;
	} t[] = {
		{KHO_ABI_V1, SMALL, "kho-v1", SMALL, 0, KB_OK},
		{KHO_ABI_V1, PAGE, "kho-v1", PAGE, 0, KB_OK},
		{KHO_ABI_V3, RADIX, "kho-v3", RADIX, 0, KB_OK},
		{KHO_ABI_V4, RADIX, "kho-v4", RADIX, 0, KB_OK},
		{KHO_ABI_V1, SMALL, "kho-v1", PAGE, KHO_CHANGE_MAP, KB_KHO_V1_HINT},
		{KHO_ABI_V1, PAGE, "kho-v1", SMALL, KHO_CHANGE_MAP, KB_KHO_V1_HINT},
		{KHO_ABI_V1, PAGE, "kho-v4", RADIX, across, KB_KERNEL_EXPECTS},
		{KHO_ABI_V4, RADIX, "kho-v1", SMALL, across, KB_KERNEL_EXPECTS},
		{KHO_ABI_V3, RADIX, "kho-v4", RADIX, KHO_CHANGE_CORE, KB_KERNEL_EXPECTS},
		{KHO_ABI_V4, RADIX, "kho-v3", RADIX, KHO_CHANGE_CORE, KB_KERNEL_EXPECTS},
		{KHO_ABI_V4, RADIX, "kho-v4;radix-v1", RADIX, KHO_CHANGE_CORE, KB_KERNEL_EXPECTS},
	};
	struct asked a;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		ask(&a, t[i].from, t[i].is, t[i].to, t[i].reads, "");
		assert_changes(&a, t[i].changes, t[i].off);
	}
	/* The form of a kho-v1 map may not be known; with the other version it is another one. */
	ask(&a, KHO_ABI_V1, PAGE, "kho-v1", SMALL, "");
	a.from.map_known = false;
	assert_changes(&a, 0, KB_OK);
	ask(&a, KHO_ABI_V4, RADIX, "kho-v4;radix-v1", RADIX, "");
	a.root.version = text("kho-v4;radix-v1");
	assert_changes(&a, 0, KB_OK);
	a.root.version = text("kho-v4;block-v1");
	assert_changes(&a, KHO_CHANGE_CORE, KB_KERNEL_EXPECTS);
}

/* Of each page size: the largest order whose bytes an int holds, and the next one. */
static void blocks_that_old_receivers_lose(void **state)
{
	static const struct {
		unsigned int page_shift, largest;
	} t[] = {{12, 18}, {14, 16}, {16, 14}};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		for (unsigned int order = 0; order < kho_orders(t[i].page_shift); order++) {
			bool huge = order > t[i].largest;
			struct kb_diag diag = {0};
			unsigned int changes;
			struct asked a;

			ask(&a, KHO_ABI_V4, RADIX, "kho-v4", RADIX, "");
			a.root.page_shift = a.to.page_shift = t[i].page_shift;
			a.blocks[0] = 1;
			a.blocks[order] = 3;
			assert_changes(&a, 0, KB_OK);
			ask(&a, KHO_ABI_V3, RADIX, "kho-v3", RADIX, "");
			a.root.page_shift = a.to.page_shift = t[i].page_shift;
			a.blocks[order] = 3;
			assert_changes(&a, huge ? KHO_CHANGE_BLOCKS : 0,
				       huge ? KB_BLOCK_HUGE : KB_OK);
			(void)!kho_target_bridge(&a.from, &a.to, true, &changes, &diag);
			assert_int_equal(diag.at, huge ? order : 0);
			assert_int_equal(diag.value, huge ? 3 : 0);
			a.from.blocks = NULL;
			assert_changes(&a, 0, KB_OK);
		}
	}
}

/* ---- live update ----------------------------------------------------------------------------- */

static const char raw[32] = "luo-v5", later[32] = "luo-v6";

static void assert_luo(const char *data, const char *names, unsigned int want, enum kb_status on)
{
	struct kb_diag diag = {0};
	unsigned int changes;
	struct asked a;

	ask(&a, KHO_ABI_V4, RADIX, "kho-v4", RADIX, names);
	a.from.luo = data;
	a.from.luo_size = sizeof(raw);
	assert_changes(&a, want, want ? KB_KERNEL_LUO : KB_OK);
	assert_int_equal(kho_target_bridge(&a.from, &a.to, false, &changes, &diag), on);
	assert_int_equal(diag.status, on);
	assert_int_equal(changes, want);
}

static void live_update_of_another_form(void **state)
{
	(void)state;

	assert_luo(raw, "luo-v5 memfd-v2", 0, KB_OK);
	assert_luo(raw, "memfd-v2", 0, KB_OK); /* without live update nobody reads it */
	assert_luo(raw, "luo-v1 luo-session-v2 luo-flb-v1", KHO_CHANGE_LUO, KB_OK);
	assert_luo(raw, "luo-session-v2 luo-v1", KHO_CHANGE_LUO, KB_OK);
	/* Forms that are not known, there or here. */
	assert_luo(raw, "luo-v6", KHO_CHANGE_LUO, KB_KERNEL_LUO);
	assert_luo(raw, "luo-v1 luo-session-v3", KHO_CHANGE_LUO, KB_KERNEL_LUO);
	assert_luo(raw, "luo-v1 luo-session-v2 luo-flb-v2", KHO_CHANGE_LUO, KB_KERNEL_LUO);
	assert_luo(later, "luo-v5", KHO_CHANGE_LUO, KB_KERNEL_LUO);
	assert_luo(NULL, "luo-v5", KHO_CHANGE_LUO, KB_KERNEL_LUO);
}

static void files_of_live_update(void **state)
{
	static const struct {
		unsigned int memfd;
		const char *names;
		unsigned int changes;
	} t[] = {
		{2, "luo-v5 memfd-v2", 0},
		{1, "luo-v5 memfd-v2", KHO_CHANGE_MEMFD},
		{2, "luo-v5 memfd-v1", KHO_CHANGE_MEMFD},
		{2, "luo-v5", KHO_CHANGE_MEMFD},
		{2, "memfd-v1", 0}, /* no live update */
		{0, "luo-v5 memfd-v1", 0},
	};
	struct asked a;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		ask(&a, KHO_ABI_V4, RADIX, "kho-v4", RADIX, t[i].names);
		a.from.luo = raw;
		a.from.luo_size = sizeof(raw);
		a.from.memfd = t[i].memfd;
		assert_changes(&a, t[i].changes, KB_OK); /* the kernel itself refuses such a file */
	}
}

static void an_offer_is_what_was_opened(void **state)
{
	struct kho_offer offer;
	struct kho_image img;
	(void)state;

	kho_image_init(&img, KHO_MAP_V1_SMALL, 12);
	kho_image_preserve(&img, KHO_IMAGE_DATA, 4);
	(void)kho_image_blob_fdt(&img, "LUO", "luo-v1");
	kho_image_finish(&img);
	assert_ok(kho_image_open(&img));
	offer = kho_target_offer(&img.mem, img.kho);
	assert_ptr_equal(offer.root, &img.kho->root);
	assert_true(offer.map_known);
	assert_int_equal(offer.format, KHO_MAP_V1_SMALL);
	assert_int_equal(offer.blocks[4], 1);
	assert_non_null(offer.luo);
	assert_int_equal(offer.luo_size, kho_root_blob(&img.kho->root, "LUO")->size);
	kho_image_free(&img);
}

static void each_change_has_words(void **state)
{
	(void)state;

	for (unsigned int bit = 1; bit <= KHO_CHANGE_METADATA; bit <<= 1)
		assert_true(strlen(kho_target_change_text((enum kho_change)bit)) > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_are_compared_part_by_part),
		cmocka_unit_test(the_version_of_the_data_is_preferred),
		cmocka_unit_test(what_cannot_be_written_is_refused),
		cmocka_unit_test(versions_to_come_are_named),
		cmocka_unit_test(both_readings_of_a_map),
		cmocka_unit_test(the_core_and_the_map),
		cmocka_unit_test(blocks_that_old_receivers_lose),
		cmocka_unit_test(live_update_of_another_form),
		cmocka_unit_test(files_of_live_update),
		cmocka_unit_test(an_offer_is_what_was_opened),
		cmocka_unit_test(each_change_has_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
