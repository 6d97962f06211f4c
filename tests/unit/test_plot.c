// SPDX-License-Identifier: BSD-2-Clause
/* khoctl plot: lanes, cells and labels of random machines, and what they count. */
#include "unit.h"

#include "../../tools/plot.h"

#include <khoboot/compiler.h>

#include <stdio.h>
#include <stdlib.h>

static struct range random_range(uint64_t *r, struct range in)
{
	const uint64_t pages = in.size / SZ_4K;
	const uint64_t first = random_below(r, pages);
	const uint64_t n = 1 + random_below(r, pages - first);

	return (struct range){in.base + first * SZ_4K,
			      (random_below(r, 2) ? n : 1 + random_below(r, n)) * SZ_4K};
}

/* RAM in pieces with holes between them, nodes of some of them, and things in RAM. */
static void random_scene(struct plot *p, uint64_t *r)
{
	const unsigned int pieces = 1 + (unsigned int)random_below(r, 12);
	uint64_t at = random_below(r, 4) * SZ_1M;

	for (unsigned int i = 0; i < pieces; i++) {
		const struct range ram = {at, SZ_4K << random_below(r, 31)};

		plot_add(p, PLOT_RAM, ram);
		if (random_below(r, 2))
			plot_add_node(p, ram);
		for (uint64_t n = random_below(r, 8); n; n--)
			plot_add(p, (enum plot_kind)(1 + random_below(r, PLOT_META - 1)),
				 random_range(r, ram));
		at = range_end(ram) + (random_below(r, 3) ? SZ_4K << random_below(r, 30) : 0);
	}
}

static void assert_cells(const struct plot *p, const struct plot_lane *lane)
{
	unsigned int x = 0;

	for (size_t i = 0; i < lane->cells; i++) {
		const struct plot_cell *c = &lane->cell[i];

		assert_int_equal(c->x, x);
		assert_true(c->width >= (c->gap ? p->scale.gap : p->scale.least));
		assert_true(c->r.size);
		if (i)
			assert_int_equal(c->r.base, range_end(c[-1].r));
		x += c->width;
	}
	assert_true(x <= p->scale.width);
}

static void assert_labels(const struct plot *p, const struct plot_label *l, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(l[i].width, strlen(l[i].text) * p->scale.character);
		assert_true(l[i].x + l[i].width <= p->scale.width);
		assert_true(l[i].row < PLOT_ROWS);
		for (size_t k = 0; k < i; k++)
			assert_true(l[i].row != l[k].row || l[i].x + l[i].width <= l[k].x ||
				    l[k].x + l[k].width <= l[i].x);
	}
}

static void assert_stacks(const struct plot_lane *lane)
{
	for (size_t i = 0; i < lane->cells; i++)
		for (enum plot_time t = PLOT_BEFORE; t < PLOT_TIMES; t++) {
			unsigned int part[PLOT_KINDS], sum = 0;

			plot_stack(&lane->cell[i], t, 30, part);
			for (enum plot_kind k = 0; k < PLOT_KINDS; k++) {
				sum += part[k];
				assert_true(!part[k] || plot_kind_at(k, t));
			}
			assert_int_equal(sum, lane->cell[i].gap ? 0 : 30);
		}
}

/* Bytes of all cells, where the lanes do not lie on one another and hold all features. */
static uint64_t count_cells(const struct plot *p, enum plot_kind kind)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < p->lanes; i++)
		for (size_t c = 0; c < p->lane[i].cells; c++)
			sum += p->lane[i].cell[c].bytes[kind];
	return sum;
}

static void random_machines(void **state)
{
	uint64_t r = 20261130;
	(void)state;

	for (unsigned int i = 0; i < 400; i++) {
		struct plot p = {.lanes = 0};
		uint64_t preserved;

		random_scene(&p, &r);
		plot_layout(&p, i % 2 ? &plot_svg_scale : &plot_text_scale);
		for (unsigned int n = 0; n < 50; n++)
			plot_count(&p, PLOT_PRESERVED,
				   random_range(&r, p.lane[random_below(&r, p.lanes)].span));
		preserved = count_cells(&p, PLOT_PRESERVED);
		if (p.lanes == 1 && !p.nodes)
			assert_int_equal(preserved, p.sum[PLOT_PRESERVED]);
		plot_finish(&p);
		for (size_t l = 0; l < p.lanes; l++) {
			assert_cells(&p, &p.lane[l]);
			assert_labels(&p, p.lane[l].label, p.lane[l].labels);
			assert_labels(&p, p.lane[l].mark, p.lane[l].marks);
			assert_stacks(&p.lane[l]);
		}
		plot_free(&p);
	}
}

static void small_things_are_seen(void **state)
{
	struct plot p = {.lanes = 0};
	unsigned int part[PLOT_KINDS];
	const struct plot_cell *found = NULL;
	(void)state;

	plot_add(&p, PLOT_RAM, (struct range){SZ_1M, 12288 * SZ_1G});
	plot_add(&p, PLOT_SCRATCH, (struct range){SZ_1G, 40 * SZ_1M});
	plot_layout(&p, &plot_svg_scale);
	plot_count(&p, PLOT_META, (struct range){5000 * SZ_1G, SZ_4K});
	plot_finish(&p);
	for (size_t i = 0; i < p.lane[0].cells; i++)
		if (p.lane[0].cell[i].bytes[PLOT_META])
			found = &p.lane[0].cell[i];
	assert_non_null(found);
	plot_stack(found, PLOT_BEFORE, 30, part);
	assert_int_equal(part[PLOT_META], 1);
	assert_int_equal(part[PLOT_RAM], 29);
	for (size_t i = 0; i < p.lane[0].cells; i++)
		if (p.lane[0].cell[i].bytes[PLOT_SCRATCH])
			assert_true(p.lane[0].cell[i].width > 30);
	plot_free(&p);
}

static void owners_are_taken_out(void **state)
{
	struct plot p = {.lanes = 0};
	(void)state;

	plot_add(&p, PLOT_RAM, (struct range){0, SZ_1G});
	plot_layout(&p, &plot_text_scale);
	plot_count(&p, PLOT_PRESERVED, (struct range){0, 8 * SZ_1M});
	plot_count(&p, PLOT_MEMFD, (struct range){0, 2 * SZ_1M});
	plot_count(&p, PLOT_RESERVED, (struct range){4 * SZ_1M, SZ_1M});
	plot_finish(&p);
	assert_int_equal(p.sum[PLOT_PRESERVED], 5 * SZ_1M);
	assert_int_equal(p.sum[PLOT_MEMFD], 2 * SZ_1M);
	assert_false(p.after);
	plot_free(&p);
}

static void sizes(void **state)
{
	char text[24];
	(void)state;

	assert_string_equal(plot_size(0, text), "0 KiB");
	assert_string_equal(plot_size(4096, text), "4 KiB");
	assert_string_equal(plot_size(72 * 1024, text), "72 KiB");
	assert_string_equal(plot_size(40 * SZ_1M, text), "40 MiB");
	assert_string_equal(plot_size(SZ_1M * 3 / 2, text), "1.5 MiB");
	assert_string_equal(plot_size(12288 * SZ_1G, text), "12 TiB");
	assert_string_equal(plot_size(UINT64_MAX, text), "15.9 EiB");
}

static void nothing_at_all(void **state)
{
	struct plot p = {.lanes = 0};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	(void)state;

	plot_add(&p, PLOT_RAM, (struct range){0, 0});
	plot_add(&p, PLOT_RAM, (struct range){UINT64_MAX, 2});
	plot_layout(&p, &plot_svg_scale);
	plot_count(&p, PLOT_META, (struct range){UINT64_MAX, 2});
	plot_finish(&p);
	plot_svg(&p, "a & b <c>", out);
	plot_text(&p, "nothing", out);
	fclose(out);
	assert_non_null(strstr(text, "a &amp; b &lt;c>"));
	free(text);
	plot_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_machines),      cmocka_unit_test(small_things_are_seen),
		cmocka_unit_test(owners_are_taken_out), cmocka_unit_test(sizes),
		cmocka_unit_test(nothing_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
