// SPDX-License-Identifier: BSD-2-Clause
/* What khoctl says of the pages that the bridge takes, and what it takes. */
#include "bridge_rig.h"
#include "kho_test.h"

#include "../../tools/verdict.h"

#define SETS 400

/* All is to be written anew, also where the form is the same. */
static struct kho_dialect dialect(const struct rig *rig, enum kho_map_format format)
{
	return (struct kho_dialect){
		.abi = format == KHO_MAP_RADIX ? KHO_ABI_V3 : KHO_ABI_V1,
		.compatible = {"", 0},
		.format = format,
		.page_shift = rig->img.kho->root.page_shift,
	};
}

/* All that khoctl knows of the machine; of what is preserved, the largest block. */
static uint64_t foreseen(const struct rig *rig, const struct kho_dialect *to)
{
	const struct kho *k = rig->img.kho;
	const struct kho_offer from = kho_target_offer(&rig->img.mem, k);
	struct facts f = {.ram = rig->img.mem.ram};
	struct bridge_plan plan;

	for (unsigned int order = 0; order < KHO_ORDERS; order++)
		if (k->sum.blocks[order])
			f.reserve_maybe = 1ULL << (order + to->page_shift);
	verdict_plan(&f, &from, to, &plan);
	assert_true(plan.known && plan.changes);
	return plan.pages;
}

/* Returns the pages that were taken. */
static uint64_t one_set(uint64_t seed, const struct kho_kind *from, enum kho_map_format format)
{
	uint64_t random = seed * 0x9e3779b97f4a7c15ULL, most;
	struct kho_dialect to;
	const char *differs;
	struct rig rig;

	rig_init(&rig, from->format, from->page_shift);
	rig_fill(&rig, &random, from->page_shift != 12 || random_below(&random, 8));
	rig_finish(&rig);
	to = dialect(&rig, format);
	most = foreseen(&rig, &to);
	differs = rig_convert(&rig, format, kho_dialect_orders(&to));
	if (differs)
		fail_msg("set %llu: %s", (unsigned long long)seed, differs);
	if (!rig.st && rig.taken > most)
		fail_msg("set %llu: %llu pages, foreseen %llu", (unsigned long long)seed,
			 (unsigned long long)rig.taken, (unsigned long long)most);
	rig_free(&rig);
	return rig.st ? 0 : rig.taken;
}

static void no_more_pages_than_foreseen(void **state)
{
	static const enum kho_map_format to[] = {KHO_MAP_V1_SMALL, KHO_MAP_V1_PAGE, KHO_MAP_RADIX};
	uint64_t taken = 0;
	(void)state;

	for (uint64_t seed = 1; seed <= SETS; seed++) {
		const struct kho_kind *k = &kinds[seed % ARRAY_SIZE(kinds)];

		for (size_t i = 0; i < ARRAY_SIZE(to); i++)
			taken += one_set(seed, k, to[i]);
	}
	assert_true(taken > SETS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_more_pages_than_foreseen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
