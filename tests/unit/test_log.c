// SPDX-License-Identifier: BSD-2-Clause
/* Formatting against libc's, the log, the table of codes, console=, the arena. */
#include "../../tools/status.h"
#include "unit.h"

#include <core/arena.h>
#include <core/console.h>
#include <core/fmt.h>
#include <core/log.h>

#include <stdio.h>

/* ---- fmt ------------------------------------------------------------------------------------ */

#define SAME(fmt, ...)                                                                             \
	do {                                                                                       \
		char want[128], got[128];                                                          \
		int n = snprintf(want, sizeof(want), fmt, __VA_ARGS__);                            \
		assert_int_equal(kb_snprintf(got, sizeof(got), fmt, __VA_ARGS__), n);              \
		assert_string_equal(got, want);                                                    \
	} while (0)

static void numbers_print_as_in_libc(void **state)
{
	uint64_t seed = 11;
	(void)state;

	SAME("%s|%5s|%s", "a", "bc", "");
	SAME("%c%%%d", 'x', 0);
	SAME("%d %i %ld %lld", INT32_MIN, -1, INT64_MIN, (long long)INT64_MAX);
	SAME("%016llx %08x %3u", 0xabcdefULL, 0x1234u, 7u);
	SAME("%05d %5d %02d", -42, -42, -4200);
	SAME("%zu %lu", (size_t)-1, ~0UL);
	for (int i = 0; i < 2000; i++) {
		uint64_t v = random_next(&seed) >> random_below(&seed, 64);

		SAME("%llu %llx %lld", (unsigned long long)v, (unsigned long long)v, (long long)v);
		SAME("%012llu|%20llx|%d", (unsigned long long)v, (unsigned long long)v, (int)v);
	}
}

static void long_text_is_cut_and_counted(void **state)
{
	char buf[8] = "zzzzzzz";
	(void)state;

	assert_int_equal(kb_snprintf(buf, 5, "%s", "123456"), 6);
	assert_string_equal(buf, "1234");
	assert_int_equal(buf[5], 'z');
	assert_int_equal(kb_snprintf(NULL, 0, "%d", 12345), 5);
}

/* ---- log ------------------------------------------------------------------------------------ */

static char heard[4][300];
static int lines;

static void sink(const char *line)
{
	snprintf(heard[lines++ % 4], sizeof(heard[0]), "%s", line);
}

static void the_log_keeps_what_it_prints(void **state)
{
	char small[200], large[4096];
	const char *text;
	size_t len;
	(void)state;

	kb_log_buffer(small, sizeof(small));
	kb_log_add_sink(sink);
	kb_info("area", "first %d", 1);
	kb_debug("area", "not at this level");
	assert_int_equal(lines, 1);
	assert_string_equal(heard[0], "khoboot: area: first 1");
	kb_log_buffer(large, sizeof(large));
	kb_log_set_level(KB_DEBUG);
	kb_debug("area", "second");
	text = kb_log_text(&len);
	assert_int_equal(len, strlen("khoboot: area: first 1\nkhoboot: area: second\n"));
	assert_memory_equal(text, "khoboot: area: first 1\nkhoboot: area: second\n", len);
	kb_log_set_level(KB_INFO);
	kb_log_remove_sink(sink);
	kb_info("area", "third");
	assert_int_equal(lines, 2);
}

static void a_passing_line_is_shown_and_not_kept(void **state)
{
	char buf[400];
	size_t len;
	(void)state;

	kb_log_buffer(NULL, 0);
	kb_log_buffer(buf, sizeof(buf));
	kb_log_add_sink(sink);
	lines = 0;
	kb_log_show("seal", "%d %% of %s", 37, "all");
	assert_int_equal(lines, 1);
	assert_string_equal(heard[0], "khoboot: seal: 37 % of all");
	kb_log_text(&len);
	assert_int_equal(len, 0);
	kb_log_set_level(KB_WARN);
	kb_log_show("seal", "not at this level");
	kb_log_set_level(KB_INFO);
	assert_int_equal(lines, 1);
	kb_log_remove_sink(sink);
	kb_log_buffer(NULL, 0);
}

static void a_late_sink_gets_the_earlier_lines(void **state)
{
	char buf[400];
	(void)state;

	kb_log_buffer(NULL, 0);
	kb_log_buffer(buf, sizeof(buf));
	assert_false(kb_log_has_sink());
	kb_info("area", "one");
	kb_info("area", "two");
	lines = 0;
	kb_log_replay(sink);
	assert_int_equal(lines, 2);
	assert_string_equal(heard[0], "khoboot: area: one");
	assert_string_equal(heard[1], "khoboot: area: two");
	kb_log_add_sink(sink);
	assert_true(kb_log_has_sink());
	kb_log_remove_sink(sink);
	assert_false(kb_log_has_sink());
	kb_log_buffer(NULL, 0);
}

static void a_full_log_says_so(void **state)
{
	static const char last[] = "khoboot: log: buffer full, later lines dropped\n";
	char buf[160];
	const char *text;
	size_t len;
	(void)state;

	kb_log_buffer(buf, sizeof(buf));
	for (int i = 0; i < 100; i++)
		kb_warn("area", "line %d", i);
	text = kb_log_text(&len);
	assert_true(len <= sizeof(buf) && len > strlen(last));
	assert_memory_equal(text + len - strlen(last), last, strlen(last));
	kb_log_buffer(NULL, 0);
}

static void long_lines_are_cut(void **state)
{
	char name[600];
	(void)state;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	lines = 0;
	kb_log_add_sink(sink);
	kb_info("area", "%s", name);
	kb_log_remove_sink(sink);
	assert_int_equal(strlen(heard[0]), 254);
}

static void a_refusal_names_code_cause_and_remedy(void **state)
{
	struct kb_diag diag = {KB_SETUP_RAM, 0x1000, 7};
	(void)state;

	lines = 0;
	kb_log_add_sink(sink);
	assert_int_equal(kb_refuse("setup_data", KB_SETUP_RAM, &diag), KB_SETUP_RAM);
	kb_log_remove_sink(sink);
	assert_int_equal(lines, 2);
	assert_non_null(strstr(heard[0], "khoboot: setup_data: KB-310 "));
	assert_non_null(strstr(heard[0], "(at 0x1000, value 0x7)"));
	assert_non_null(strstr(heard[1], "KB-310 remedy: "));
}

/* ---- codes ---------------------------------------------------------------------------------- */

static const struct code {
	int number;
	bool ctl;
} codes[] = {
#define KB(name, number, cause, remedy)     {number, false},
#define KB_CTL(name, number, cause, remedy) {number, true},
#include <khoboot/status.def>
#undef KB
#undef KB_CTL
};

static void every_code_is_its_own_and_has_its_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		enum kb_status st = (enum kb_status)codes[i].number;

		assert_in_range(codes[i].number, 1, 999);
		assert_string_not_equal(ctl_cause(st), ctl_cause((enum kb_status)9999));
		/* A line of the log, with its prefix, must hold it. */
		assert_in_range(strlen(ctl_cause(st)), 10, 160);
		assert_in_range(strlen(ctl_remedy(st)), 10, 200);
		/* The image has no room for texts that it never says. */
		assert_string_equal(kb_cause(st), codes[i].ctl ? "unknown status" : ctl_cause(st));
		/* The table is in the order of the numbers, so that a new one finds its place. */
		assert_true(!i || codes[i - 1].number < codes[i].number);
	}
	assert_string_equal(kb_cause(KB_OK), "no error");
	assert_string_equal(kb_remedy(KB_OK), "nothing to do");
}

/* ---- console= ------------------------------------------------------------------------------- */

static void assert_uart(const char *cmdline, enum uart_kind kind, uint64_t base)
{
	struct uart u = console_find(cmdline);

	assert_int_equal(u.kind, kind);
	if (kind != UART_NONE)
		assert_int_equal(u.base, base);
}

static void console_names_are_understood(void **state)
{
	(void)state;
	assert_uart("console=ttyS0", UART_IO, 0x3f8);
	assert_uart("quiet console=ttyS1,115200n8 root=/dev/vda", UART_IO, 0x2f8);
	assert_uart("console=ttyS3", UART_IO, 0x2e8);
	assert_uart("console=ttyS4", UART_NONE, 0);
	assert_uart("console=ttyS", UART_NONE, 0);
	assert_uart("console=ttyS0x", UART_NONE, 0);
	assert_uart("console=ttyS0 console=tty0", UART_IO, 0x3f8);
	assert_uart("console=ttyS0 console=ttyS1", UART_IO, 0x2f8);
	assert_uart("console=uart8250,io,0x3e8,9600n8", UART_IO, 0x3e8);
	assert_uart("console=uart,io,1016", UART_IO, 0x3f8);
	assert_uart("console=uart8250,io,0xffff", UART_NONE, 0);
	assert_uart("console=uart8250,mmio,0xfe030000", UART_MMIO, 0xfe030000);
	assert_uart("console=uart,mmio32,0xFE031000,115200", UART_MMIO32, 0xfe031000);
	assert_uart("console=uart,mmio32,0x10000000000000000", UART_NONE, 0);
	assert_uart("console=uart,mmio32,", UART_NONE, 0);
	assert_uart("console=uart,mmio16,0x1000", UART_NONE, 0);
	assert_uart("console=hvc0", UART_NONE, 0);
	/* White space and quotes as the kernel has them. */
	assert_uart("quiet\tconsole=ttyS1\n", UART_IO, 0x2f8);
	assert_uart("\"console=ttyS1\"", UART_IO, 0x2f8);
	assert_uart("init=\"/bin/x console=ttyS0\" console=ttyS1", UART_IO, 0x2f8);
	assert_uart("console=ttyS1 init=\"/bin/x console=ttyS0\"", UART_IO, 0x2f8);
	assert_uart("xconsole=ttyS0 console", UART_NONE, 0);
	assert_uart("", UART_NONE, 0);
}

static void earlycon_helps_out(void **state)
{
	(void)state;
	assert_uart("console=ttyAMA0", UART_NONE, 0);
	assert_uart("console=ttyAMA0 earlycon=pl011,0x9000000", UART_PL011, 0x9000000);
	assert_uart("earlycon=pl011,mmio32,0x9000000 console=ttyAMA0", UART_PL011, 0x9000000);
	assert_uart("earlycon=pl011,mmio,0x10009000,115200n8", UART_PL011, 0x10009000);
	assert_uart("earlycon=pl011,0x1000 earlycon=pl011,0x2000", UART_PL011, 0x2000);
	assert_uart("earlycon=uart8250,mmio32,0xfe031000", UART_MMIO32, 0xfe031000);
	assert_uart("earlycon=pl011,0x1000 console=ttyS0", UART_IO, 0x3f8);
	assert_uart("earlycon=pl011,0x1000 console=tty0", UART_PL011, 0x1000);
	assert_uart("earlycon=pl011,", UART_NONE, 0);
	assert_uart("earlycon=pl011,mmio16,0x1000", UART_NONE, 0);
	assert_uart("earlycon=ttyS0", UART_NONE, 0);
	assert_uart("console=pl011,0x1000", UART_NONE, 0);
	assert_uart("earlycon", UART_NONE, 0);
}

static void assert_outside(enum uart_kind kind, uint64_t base, bool outside)
{
	static struct range r[] = {{0x1000, 0x8ff800}, {0x100000000, 0x1000}};
	const struct range_list ram = {r, 2, 2};
	struct uart u = console_outside((struct uart){kind, base}, &ram);

	assert_int_equal(u.kind, outside ? kind : UART_NONE);
}

/* Bytes for a console must never end up in memory. */
static void a_console_in_ram_is_none(void **state)
{
	(void)state;
	assert_outside(UART_NONE, 0x2000, true);
	assert_outside(UART_IO, 0x2f8, true);
	assert_outside(UART_MMIO, 0x2000, false);
	assert_outside(UART_MMIO32, 0x8fffff, false); /* RAM ends in that page */
	assert_outside(UART_PL011, 0x100000fff, false);
	assert_outside(UART_PL011, 0x100001000, true);
	assert_outside(UART_MMIO, 0xfe030000, true);
	assert_outside(UART_MMIO, 0xfff, true);
	assert_outside(UART_MMIO, UINT64_MAX, false);
	assert_int_equal(console_registers((struct uart){UART_IO, 0x3f8}).size, 0);
	assert_int_equal(console_registers((struct uart){UART_MMIO, 0x12345}).base, 0x12000);
}

/* ---- arena ---------------------------------------------------------------------------------- */

static void the_arena_gives_zeroed_aligned_memory_until_it_is_locked(void **state)
{
	static _Alignas(4096) uint8_t memory[8192];
	struct arena a = {.base = memory, .size = sizeof(memory)};
	uint8_t *p, *q;
	(void)state;

	memset(memory, 0xaa, sizeof(memory));
	p = arena_alloc(&a, 10, 16);
	q = arena_alloc(&a, 100, 256);
	assert_non_null(p);
	assert_non_null(q);
	assert_int_equal((uintptr_t)q % 256, 0);
	assert_true(q >= p + 10);
	for (int i = 0; i < 100; i++)
		assert_int_equal(q[i], 0);
	assert_null(arena_alloc(&a, sizeof(memory), 1));
	assert_null(arena_alloc(&a, UINT64_MAX, 16));
	assert_null(arena_alloc(&a, 1, 1ULL << 63));
	assert_non_null(arena_alloc(&a, 1, 1));
	p = arena_take(&a, 2, 1);
	assert_non_null(p);
	assert_int_equal(p[0], 0xaa);
	arena_lock(&a);
	assert_null(arena_take(&a, 1, 1));
	assert_null(arena_alloc(&a, 1, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_print_as_in_libc),
		cmocka_unit_test(long_text_is_cut_and_counted),
		cmocka_unit_test(the_log_keeps_what_it_prints),
		cmocka_unit_test(a_passing_line_is_shown_and_not_kept),
		cmocka_unit_test(a_late_sink_gets_the_earlier_lines),
		cmocka_unit_test(a_full_log_says_so),
		cmocka_unit_test(long_lines_are_cut),
		cmocka_unit_test(a_refusal_names_code_cause_and_remedy),
		cmocka_unit_test(every_code_is_its_own_and_has_its_texts),
		cmocka_unit_test(console_names_are_understood),
		cmocka_unit_test(earlycon_helps_out),
		cmocka_unit_test(a_console_in_ram_is_none),
		cmocka_unit_test(the_arena_gives_zeroed_aligned_memory_until_it_is_locked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
