// SPDX-License-Identifier: BSD-2-Clause
/* Live update data that the next kernel can read, and such that it would panic on. */
#include "kho_test.h"

#include <fdt/kho_target.h>
#include <libfdt.h>

static const char raw[32] = "luo-v5";

static void put_string(void *fdt, const char *text)
{
	assert_int_equal(fdt_property(fdt, "compatible", text, (int)strlen(text) + 1), 0);
}

/* A tree as of 7.1; without @flb as of 6.19. */
static void make_tree(void *fdt, int size, const char *version, const char *session, bool flb)
{
	assert_int_equal(fdt_create(fdt, size), 0);
	assert_int_equal(fdt_finish_reservemap(fdt), 0);
	assert_int_equal(fdt_begin_node(fdt, ""), 0);
	if (version)
		put_string(fdt, version);
	assert_int_equal(fdt_begin_node(fdt, "luo-session"), 0);
	put_string(fdt, session);
	assert_int_equal(fdt_end_node(fdt), 0);
	if (flb) {
		assert_int_equal(fdt_begin_node(fdt, "luo-flb"), 0);
		put_string(fdt, "luo-flb-v1");
		assert_int_equal(fdt_end_node(fdt), 0);
	}
	assert_int_equal(fdt_end_node(fdt), 0);
	assert_int_equal(fdt_finish(fdt), 0);
}

/* Only the names count here: a kernel that reads the core as it is. */
static enum kb_status bridge_off(const struct kho_image *img, const struct uki_part *part,
				 struct kb_diag *diag)
{
	const struct kho_offer offer = kho_target_offer(&img->mem, img->kho);
	struct uki_kho k = {.abi = {NULL, 0}};
	struct kho_dialect to = {.abi = KHO_ABI_V4,
				 .compatible = {"kho-v4", 6},
				 .format = KHO_MAP_RADIX,
				 .page_shift = 12};
	unsigned int changes;
	enum kb_status st;

	if (part->data && !uki_kho_parse(part->data, part->size, &k, NULL))
		to.names = k.abi;
	st = kho_target_bridge(&offer, &to, true, &changes, diag);
	assert_int_equal(changes & ~(unsigned int)KHO_CHANGE_LUO, 0);
	assert_int_equal(changes != 0, st != KB_OK);
	return st;
}

static enum kb_status ask(const char *name, const void *data, size_t size, const char *section)
{
	struct uki_part part = {section, 0, section ? strlen(section) : 0};
	struct kb_diag diag = {0};
	struct kho_image img;
	enum kb_status st;

	kho_image_init(&img, KHO_MAP_RADIX, 12);
	if (name)
		(void)kho_image_blob(&img, name, data, size);
	kho_image_finish(&img);
	assert_int_equal(kho_image_open(&img), KB_OK);
	st = bridge_off(&img, &part, &diag);
	assert_int_equal(diag.status, st);
	if (st)
		assert_int_equal(diag.value, size);
	kho_image_free(&img);
	return st;
}

#define V5   "kho=kho-v4\npage=4096\nluo=luo-v5\n"
#define V1   "kho=kho-v3\npage=4096\nluo=luo-v1 luo-session-v2 luo-flb-v1\n"
#define V619 "kho=kho-v1\npage=4096\nluo=luo-session-v2 luo-v1\n"
#define NONE "kho=kho-v4\npage=4096\n"

static void what_the_kernel_reads_is_passed_on(void **state)
{
	_Alignas(8) char fdt[4096] = {0};
	(void)state;

	assert_int_equal(ask("LUO", raw, sizeof(raw), V5), KB_OK);
	assert_int_equal(ask("LUO", raw, sizeof(raw), "kho=none\npage=4096\nluo=x-v1 luo-v5\n"),
			 KB_OK);
	make_tree(fdt, sizeof(fdt), "luo-v1", "luo-session-v2", true);
	assert_int_equal(ask("LUO", fdt, sizeof(fdt), V1), KB_OK);
	assert_int_equal(ask("LUO", fdt, sizeof(fdt), V619), KB_KERNEL_LUO); /* luo-flb */
	make_tree(fdt, sizeof(fdt), "luo-v1", "luo-session-v2", false);
	assert_int_equal(ask("LUO", fdt, sizeof(fdt), V619), KB_OK);
}

static void kernels_without_live_update_leave_it_alone(void **state)
{
	static const char *const sections[] = {NONE, NULL, "", "malformed"};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		assert_int_equal(ask("LUO", raw, sizeof(raw), sections[i]), KB_OK);
	assert_int_equal(ask(NULL, NULL, 0, V1), KB_OK);
	assert_int_equal(ask("LUO1", raw, sizeof(raw), V1), KB_OK);
}

static void what_makes_it_panic_is_refused(void **state)
{
	static const char other[32] = "luo-v6", longer[32] = "luo-v5xy", same[8] = "luo-v5";
	_Alignas(8) char fdt[4096] = {0};
	(void)state;

	assert_int_equal(ask("LUO", raw, sizeof(raw), V1), KB_KERNEL_LUO);
	assert_int_equal(ask("LUO", other, sizeof(other), V5), KB_KERNEL_LUO);
	assert_int_equal(ask("LUO", longer, sizeof(longer), V5), KB_KERNEL_LUO);
	assert_int_equal(ask("LUO", same, sizeof(same), V5), KB_KERNEL_LUO); /* cut off */
	make_tree(fdt, sizeof(fdt), "luo-v1", "luo-session-v2", true);
	assert_int_equal(ask("LUO", fdt, sizeof(fdt), V5), KB_KERNEL_LUO);
	make_tree(fdt, sizeof(fdt), "luo-v1", "luo-session-v3", true);
	assert_int_equal(ask("LUO", fdt, sizeof(fdt), V1), KB_KERNEL_LUO);
	make_tree(fdt, sizeof(fdt), NULL, "luo-session-v2", true);
	assert_int_equal(ask("LUO", fdt, sizeof(fdt), V1), KB_KERNEL_LUO);
	/* 7.1 panics without the node that 6.19 does not write. */
	make_tree(fdt, sizeof(fdt), "luo-v1", "luo-session-v2", false);
	assert_int_equal(ask("LUO", fdt, sizeof(fdt), V1), KB_KERNEL_LUO);
	/* A tree that is cut off. */
	make_tree(fdt, sizeof(fdt), "luo-v1", "luo-session-v2", true);
	assert_int_equal(ask("LUO", fdt, 64, V1), KB_KERNEL_LUO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_kernel_reads_is_passed_on),
		cmocka_unit_test(kernels_without_live_update_leave_it_alone),
		cmocka_unit_test(what_makes_it_panic_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
