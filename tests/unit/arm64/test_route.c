// SPDX-License-Identifier: BSD-2-Clause
/* What rules out a reset, and how the reset is done. */
#include "make_tree.h"

#include "../fake_mem.h"

#include <arch/reset_how.h>
#include <arch/route_check.h>
#include <format/acpi.h>

/* ---- may it be done? ------------------------------------------------------------------------- */

static void realms_lose_their_memory(void **state)
{
	struct route_cpu cpu = {ROUTE_UNKNOWN_CALL};
	(void)state;

	assert_int_equal(route_cpu_check(&cpu), KB_OK);
	/* As firmware answers that sets only the lower 32 bits. */
	cpu.rsi = 0xffffffff;
	assert_int_equal(route_cpu_check(&cpu), KB_OK);
	/* Firmware accepts the version, or offers another one. */
	cpu.rsi = 0;
	assert_int_equal(route_cpu_check(&cpu), KB_ROUTE_CONFIDENTIAL);
	cpu.rsi = 1;
	assert_int_equal(route_cpu_check(&cpu), KB_ROUTE_CONFIDENTIAL);
}

/* ---- how it is done -------------------------------------------------------------------------- */

#define RSDP (FAKE_BASE + 0x100)
#define XSDT (FAKE_BASE + 0x200)
#define FADT (FAKE_BASE + 0x1000)
#define TREE (FAKE_BASE + 0x4000)

static struct fake_mem fake;
static struct tree t;

static void sum(uint64_t at, uint32_t len, size_t where)
{
	uint8_t *p = fake_at(&fake, at), s = 0;

	p[where] = 0;
	for (uint32_t i = 0; i < len; i++)
		s = (uint8_t)(s + p[i]);
	p[where] = (uint8_t)-s;
}

static void put_table(uint64_t at, const char *signature, uint32_t len)
{
	memcpy(fake_at(&fake, at), signature, 4);
	put_u32(fake_at(&fake, at + 4), len);
	sum(at, len, 9);
}

static void put_acpi(uint16_t flags)
{
	uint8_t *p = fake_at(&fake, RSDP);

	memcpy(p, "RSD PTR ", 8);
	p[15] = 2;
	put_u64(p + 24, XSDT);
	sum(RSDP, 20, 8);
	sum(RSDP, 36, 32);
	put_u64(fake_at(&fake, XSDT + 36), FADT);
	put_table(XSDT, "XSDT", 44);
	put_u16(fake_at(&fake, FADT + 129), flags);
	put_table(FADT, "FACP", 276);
}

static void put_tree(const char *method)
{
	tree_init(&t, 2, 2);
	if (method) {
		tree_text(&t, "/psci", "compatible", "arm,psci-1.0");
		tree_text(&t, "/psci", "method", method);
	}
	memcpy(fake_at(&fake, TREE), t.fdt, sizeof(t.fdt));
}

static int fresh(void **state)
{
	(void)state;
	fake_init(&fake);
	return 0;
}

static void check_reset(uint64_t rsdp, uint64_t fdt, enum psci_conduit want)
{
	struct reset_how how = {(enum psci_conduit)9};

	ok(reset_find(&fake.m, rsdp, fdt, &how));
	assert_int_equal(how.psci, want);
}

static void psci_is_found(void **state)
{
	(void)state;
	check_reset(0, 0, PSCI_NONE);
	put_tree("smc");
	check_reset(0, TREE, PSCI_SMC);
	put_acpi(ACPI_ARM_PSCI | ACPI_ARM_HVC);
	check_reset(RSDP, 0, PSCI_HVC);
	check_reset(RSDP, TREE, PSCI_SMC);
	/* A tree that only leads to ACPI says nothing about PSCI. */
	put_tree(NULL);
	check_reset(RSDP, TREE, PSCI_HVC);
	put_acpi(ACPI_ARM_PSCI);
	check_reset(RSDP, TREE, PSCI_SMC);
	put_acpi(ACPI_ARM_HVC);
	check_reset(RSDP, TREE, PSCI_NONE);
}

static void check_refused(uint64_t rsdp, uint64_t fdt, enum kb_status want, enum psci_conduit left)
{
	struct reset_how how = {(enum psci_conduit)9};

	assert_int_equal(reset_find(&fake.m, rsdp, fdt, &how), want);
	assert_int_equal(how.psci, left);
}

/* When one source is damaged that is reported, and the other one is used. */
static void damaged_tables_are_told(void **state)
{
	(void)state;
	put_acpi(ACPI_ARM_PSCI);
	put_tree("hvc");
	*fake_at(&fake, TREE) ^= 1;
	check_refused(RSDP, TREE, KB_DTB_TREE, PSCI_SMC);
	check_refused(0, TREE, KB_DTB_TREE, PSCI_NONE);
	check_refused(0, TREE + 4, KB_DTB_TREE, PSCI_NONE);
	put_tree("hvc");
	tree_cells(&t, "/", "#address-cells", 1, 3u);
	memcpy(fake_at(&fake, TREE), t.fdt, sizeof(t.fdt));
	check_refused(RSDP, TREE, KB_DTB_CELLS, PSCI_SMC);
	put_tree("hvc");
	*fake_at(&fake, RSDP + 9) ^= 1;
	check_reset(RSDP, TREE, PSCI_HVC);
	check_refused(RSDP, 0, KB_ACPI_RSDP, PSCI_NONE);
	put_acpi(ACPI_ARM_PSCI);
	*fake_at(&fake, FADT + 50) ^= 1;
	check_refused(RSDP, 0, KB_ACPI_TABLE, PSCI_NONE);
}

static void trees_lie_in_memory(void **state)
{
	struct kb_diag diag = {0};
	const void *fdt = NULL;
	(void)state;

	put_tree("smc");
	ok(dtb_get(&fake.m, TREE, &fdt, &diag));
	assert_ptr_equal(fdt, fake_at(&fake, TREE));
	fdt = NULL;
	assert_int_equal(dtb_get(&fake.m, FAKE_BASE + FAKE_SIZE - 32, &fdt, &diag), KB_DTB_TREE);
	/* The header is there, the rest is not. */
	memcpy(fake_at(&fake, FAKE_BASE + FAKE_SIZE - 64), t.fdt, 64);
	assert_int_equal(dtb_get(&fake.m, FAKE_BASE + FAKE_SIZE - 64, &fdt, &diag), KB_DTB_TREE);
	fdt_set_totalsize(t.fdt, (uint32_t)DTB_MAX + 8);
	memcpy(fake_at(&fake, TREE), t.fdt, sizeof(t.fdt));
	assert_int_equal(dtb_get(&fake.m, TREE, &fdt, &diag), KB_DTB_BIG);
	assert_null(fdt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(realms_lose_their_memory),
		cmocka_unit_test_setup(psci_is_found, fresh),
		cmocka_unit_test_setup(damaged_tables_are_told, fresh),
		cmocka_unit_test_setup(trees_lie_in_memory, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
