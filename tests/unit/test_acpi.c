// SPDX-License-Identifier: BSD-2-Clause
/* The reset register, from tables that are built here, sound and damaged. */
#include "unit.h"

#include "fake_mem.h"

#include <format/acpi.h>

#define RSDP (FAKE_BASE + 0x100)
#define RSDT (FAKE_BASE + 0x200)
#define XSDT (FAKE_BASE + 0x300)
#define FADT (FAKE_BASE + 0x1000)
#define MADT (FAKE_BASE + 0x2000)

#define FADT_SIZE 276 /* of ACPI 6 */

static struct fake_mem f;

static void sum(uint64_t at, uint32_t len, size_t where)
{
	uint8_t *p = fake_at(&f, at), s = 0;

	p[where] = 0;
	for (uint32_t i = 0; i < len; i++)
		s = (uint8_t)(s + p[i]);
	p[where] = (uint8_t)-s;
}

static void table(uint64_t at, const char *signature, uint32_t len)
{
	memcpy(fake_at(&f, at), signature, 4);
	put_u32(fake_at(&f, at + 4), len);
	sum(at, len, 9);
}

static void rsdp(uint8_t revision)
{
	uint8_t *p = fake_at(&f, RSDP);

	memset(p, 0, 36);
	memcpy(p, "RSD PTR ", 8);
	p[15] = revision;
	put_u32(p + 16, (uint32_t)RSDT);
	put_u32(p + 20, 36);
	put_u64(p + 24, revision >= 2 ? XSDT : 0);
	sum(RSDP, 20, 8);
	sum(RSDP, 36, 32);
}

static void fadt(uint32_t flags, uint32_t len)
{
	uint8_t *p = fake_at(&f, FADT);

	put_u32(p + 112, flags);
	p[116] = ACPI_PORT;
	p[117] = 8;
	put_u64(p + 120, 0xcf9);
	p[128] = 0x0f;
	table(FADT, "FACP", len);
}

/* Both root tables name the MADT first. */
static int setup(void **state)
{
	(void)state;
	fake_init(&f);
	put_u32(fake_at(&f, RSDT + 36), (uint32_t)MADT);
	put_u32(fake_at(&f, RSDT + 40), (uint32_t)FADT);
	put_u64(fake_at(&f, XSDT + 36), MADT);
	put_u64(fake_at(&f, XSDT + 44), FADT);
	table(MADT, "APIC", 44);
	table(RSDT, "RSDT", 44);
	table(XSDT, "XSDT", 52);
	fadt(1u << 10, FADT_SIZE);
	rsdp(2);
	return 0;
}

static void expect_reset(void)
{
	struct acpi_reset r = {0};

	ok(acpi_find_reset(&f.m, RSDP, &r));
	assert_true(r.found);
	assert_int_equal(r.space, ACPI_PORT);
	assert_int_equal(r.address, 0xcf9);
	assert_int_equal(r.value, 0x0f);
}

static void expect_none(void)
{
	struct acpi_reset r = {true, 1, 2, 3};

	ok(acpi_find_reset(&f.m, RSDP, &r));
	assert_false(r.found);
	assert_int_equal(r.address, 0);
}

/* The result is untouched by a refusal. */
static void expect_refused(enum kb_status st)
{
	struct acpi_reset r = {true, 1, 2, 3};

	assert_int_equal(acpi_find_reset(&f.m, RSDP, &r), st);
	assert_int_equal(r.address, 2);
}

static void by_xsdt(void **state)
{
	(void)state;
	memset(fake_at(&f, RSDT), 0xff, 44);
	expect_reset();
}

static void by_rsdt(void **state)
{
	(void)state;
	rsdp(0);
	memset(fake_at(&f, XSDT), 0xff, 52);
	expect_reset();
	/* A root pointer of ACPI 2 that has no XSDT. */
	rsdp(2);
	put_u64(fake_at(&f, RSDP + 24), 0);
	sum(RSDP, 36, 32);
	expect_reset();
}

static void no_reset_register(void **state)
{
	(void)state;
	fadt(~(1u << 10), FADT_SIZE);
	expect_none();
	fadt(1u << 10, 116); /* ACPI 1.0 ends before it */
	expect_none();
	fadt(1u << 10, 128);
	expect_none();
	fadt(1u << 10, 129);
	expect_reset();
}

static void no_fadt(void **state)
{
	(void)state;
	table(XSDT, "XSDT", 44);
	expect_none();
	table(XSDT, "XSDT", 36);
	expect_none();
	/* Other tables are not looked at, so one that cannot be read does no harm. */
	put_u64(fake_at(&f, XSDT + 36), 0xfffffffffffffff0ULL);
	table(XSDT, "XSDT", 52);
	expect_reset();
}

static void refuses_root_pointer(void **state)
{
	struct acpi_reset r;

	(void)state;
	*fake_at(&f, RSDP + 10) ^= 1;
	expect_refused(KB_ACPI_RSDP);
	rsdp(2);
	*fake_at(&f, RSDP + 33) ^= 1; /* covered by the second checksum only */
	expect_refused(KB_ACPI_RSDP);
	rsdp(2);
	memcpy(fake_at(&f, RSDP), "RSD PTR!", 8);
	sum(RSDP, 20, 8);
	expect_refused(KB_ACPI_RSDP);
	assert_int_equal(acpi_find_reset(&f.m, FAKE_BASE - 8, &r), KB_ACPI_RSDP);
	assert_int_equal(acpi_find_reset(&f.m, FAKE_BASE + FAKE_SIZE - 8, &r), KB_ACPI_RSDP);
	assert_int_equal(acpi_find_reset(&f.m, UINT64_MAX, &r), KB_ACPI_RSDP);
}

static void refuses_tables(void **state)
{
	(void)state;
	*fake_at(&f, XSDT + 50) ^= 1;
	expect_refused(KB_ACPI_TABLE);
	setup(NULL);
	*fake_at(&f, FADT + 275) ^= 1;
	expect_refused(KB_ACPI_TABLE);
	/* Too short, too long, beyond RAM. */
	setup(NULL);
	table(FADT, "FACP", 35);
	expect_refused(KB_ACPI_TABLE);
	put_u32(fake_at(&f, FADT + 4), 0);
	expect_refused(KB_ACPI_TABLE);
	put_u32(fake_at(&f, FADT + 4), 0xffffffff);
	expect_refused(KB_ACPI_TABLE);
	put_u32(fake_at(&f, FADT + 4), FAKE_SIZE);
	expect_refused(KB_ACPI_TABLE);
	setup(NULL);
	memcpy(fake_at(&f, XSDT), "RSDT", 4);
	expect_refused(KB_ACPI_TABLE);
	table(XSDT, "XSDT", 35);
	expect_refused(KB_ACPI_TABLE);
}

static void arm_flags(void **state)
{
	uint32_t flags = 99;

	(void)state;
	put_u16(fake_at(&f, FADT + 129), ACPI_ARM_PSCI | ACPI_ARM_HVC | 0x100);
	table(FADT, "FACP", FADT_SIZE);
	ok(acpi_arm_boot(&f.m, RSDP, &flags));
	assert_int_equal(flags, 0x103);
	table(FADT, "FACP", 131);
	ok(acpi_arm_boot(&f.m, RSDP, &flags));
	assert_int_equal(flags, 0x103);
	table(FADT, "FACP", 130); /* before ACPI 5.1 */
	ok(acpi_arm_boot(&f.m, RSDP, &flags));
	assert_int_equal(flags, 0);
	table(XSDT, "XSDT", 44);
	flags = 99;
	ok(acpi_arm_boot(&f.m, RSDP, &flags));
	assert_int_equal(flags, 0);
	/* Refused: untouched. */
	flags = 99;
	setup(NULL);
	*fake_at(&f, FADT + 275) ^= 1;
	assert_int_equal(acpi_arm_boot(&f.m, RSDP, &flags), KB_ACPI_TABLE);
	*fake_at(&f, RSDP + 10) ^= 1;
	assert_int_equal(acpi_arm_boot(&f.m, RSDP, &flags), KB_ACPI_RSDP);
	assert_int_equal(flags, 99);
}

#define SPCR_SIZE 80

/* Put an SPCR (serial console) in the place of the MADT. */
static void spcr(uint8_t type, uint8_t space, uint8_t width, uint64_t base, uint32_t len)
{
	uint8_t *p = fake_at(&f, MADT);

	memset(p, 0, SPCR_SIZE);
	p[8] = 2; /* revision */
	p[36] = type;
	p[40] = space;
	p[41] = width;
	put_u64(p + 44, base);
	table(MADT, "SPCR", len);
}

static void expect_console(enum uart_kind kind, uint64_t base)
{
	struct uart u = {UART_IO, 99};

	ok(acpi_console(&f.m, RSDP, &u));
	assert_int_equal(u.kind, kind);
	assert_int_equal(u.base, kind == UART_NONE ? 0 : base);
}

static void console(void **state)
{
	struct uart u = {UART_IO, 99};

	(void)state;
	expect_console(UART_NONE, 0);
	spcr(3, ACPI_MEMORY, 32, 0x9000000, SPCR_SIZE);
	expect_console(UART_PL011, 0x9000000);
	spcr(14, ACPI_MEMORY, 8, 0x1000000000, 52);
	expect_console(UART_PL011, 0x1000000000);
	spcr(13, ACPI_MEMORY, 32, 0x9000000, SPCR_SIZE);
	expect_console(UART_PL011, 0x9000000);
	spcr(0, ACPI_MEMORY, 8, 0x9000000, SPCR_SIZE);
	expect_console(UART_MMIO, 0x9000000);
	spcr(18, ACPI_MEMORY, 32, 0x9000000, SPCR_SIZE);
	expect_console(UART_MMIO32, 0x9000000);
	/* An unsupported width, an I/O port, another device, address 0, a table cut short. */
	spcr(1, ACPI_MEMORY, 16, 0x9000000, SPCR_SIZE);
	expect_console(UART_NONE, 0);
	spcr(0, ACPI_PORT, 8, 0x3f8, SPCR_SIZE);
	expect_console(UART_NONE, 0);
	spcr(2, ACPI_MEMORY, 8, 0x9000000, SPCR_SIZE);
	expect_console(UART_NONE, 0);
	spcr(3, ACPI_MEMORY, 32, 0, SPCR_SIZE);
	expect_console(UART_NONE, 0);
	spcr(3, ACPI_MEMORY, 32, 0x9000000, 51);
	expect_console(UART_NONE, 0);
	spcr(3, ACPI_MEMORY, 32, 0x9000000, SPCR_SIZE);
	*fake_at(&f, MADT + 36) ^= 1;
	assert_int_equal(acpi_console(&f.m, RSDP, &u), KB_ACPI_TABLE);
	assert_int_equal(u.base, 99);
}

/* ---- CPUs ---- */

static uint64_t ids[8];
static unsigned int id_count;

static void note_cpu(void *ctx, uint64_t id)
{
	(void)ctx;
	assert_in_range(id_count, 0, ARRAY_SIZE(ids) - 1);
	ids[id_count++] = id;
}

static enum kb_status cpus(enum acpi_cpus kind)
{
	id_count = 0;
	return acpi_each_cpu(&f.m, RSDP, kind, note_cpu, NULL);
}

/* Adds an entry of @len bytes, with flags and name at these offsets; returns the end. */
static uint32_t entry(uint32_t at, uint8_t type, uint8_t len, uint8_t flags_at, uint32_t flags,
		      uint8_t id_at, uint64_t id)
{
	uint8_t *p = fake_at(&f, MADT + at);

	memset(p, 0, len);
	p[0] = type;
	p[1] = len;
	if (flags_at)
		put_u32(p + flags_at, flags);
	for (unsigned int i = 0; id_at && i < 8 && id >> 8 * i; i++)
		p[id_at + i] = (uint8_t)(id >> 8 * i);
	return at + len;
}

static uint32_t fill_madt(void)
{
	uint32_t at = 44;

	at = entry(at, 0, 8, 4, 1, 3, 0);
	at = entry(at, 1, 12, 0, 0, 0, 0); /* an I/O APIC */
	at = entry(at, 0, 8, 4, 0, 3, 1);  /* not enabled */
	at = entry(at, 0, 8, 4, 2, 3, 2);  /* may be plugged in */
	at = entry(at, 0, 8, 4, 1, 3, 200);
	at = entry(at, 9, 16, 8, 1, 4, 0x12345678);
	at = entry(at, 0x0b, 80, 12, 1, 68, 0x0000000100020003);
	at = entry(at, 0x0b, 76, 12, 0, 68, 0x3);
	table(MADT, "APIC", at);
	return at;
}

static void lists_cpus(void **state)
{
	(void)state;
	fill_madt();
	ok(cpus(ACPI_APIC));
	assert_int_equal(id_count, 3);
	assert_int_equal(ids[0], 0);
	assert_int_equal(ids[1], 200);
	assert_int_equal(ids[2], 0x12345678);
	ok(cpus(ACPI_MPIDR));
	assert_int_equal(id_count, 1);
	assert_int_equal(ids[0], 0x0000000100020003);
	table(MADT, "APIC", 44);
	ok(cpus(ACPI_APIC));
	assert_int_equal(id_count, 0);
	table(MADT, "WHAT", 44);
	ok(cpus(ACPI_APIC));
	*fake_at(&f, RSDP + 10) ^= 1;
	assert_int_equal(cpus(ACPI_APIC), KB_ACPI_RSDP);
}

static void refuses_entries(void **state)
{
	uint32_t end = fill_madt();

	(void)state;
	table(MADT, "APIC", end - 1); /* the last one is cut */
	assert_int_equal(cpus(ACPI_APIC), KB_ACPI_TABLE);
	table(MADT, "APIC", 45);
	assert_int_equal(cpus(ACPI_APIC), KB_ACPI_TABLE);
	fake_at(&f, MADT + 45)[0] = 0; /* it would go on for ever */
	table(MADT, "APIC", end);
	assert_int_equal(cpus(ACPI_APIC), KB_ACPI_TABLE);
	end = entry(44, 0, 7, 0, 0, 0, 0);
	table(MADT, "APIC", end);
	assert_int_equal(cpus(ACPI_APIC), KB_ACPI_TABLE);
	ok(cpus(ACPI_MPIDR)); /* of no concern to it */
	end = entry(44, 0x0b, 75, 12, 1, 0, 0);
	table(MADT, "APIC", end);
	assert_int_equal(cpus(ACPI_MPIDR), KB_ACPI_TABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(lists_cpus, setup),
		cmocka_unit_test_setup(refuses_entries, setup),
		cmocka_unit_test_setup(by_xsdt, setup),
		cmocka_unit_test_setup(by_rsdt, setup),
		cmocka_unit_test_setup(no_reset_register, setup),
		cmocka_unit_test_setup(no_fadt, setup),
		cmocka_unit_test_setup(refuses_root_pointer, setup),
		cmocka_unit_test_setup(refuses_tables, setup),
		cmocka_unit_test_setup(arm_flags, setup),
		cmocka_unit_test_setup(console, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
