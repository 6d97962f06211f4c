// SPDX-License-Identifier: BSD-2-Clause
/* khoctl report: facts out of khoboot's log, and what they come to. */
#include "unit.h"

#include "../../tools/report.h"
#include "fake_root.h"

#include <stdio.h>
#include <stdlib.h>

static struct kb_text text_of(const char *s)
{
	return (struct kb_text){s, strlen(s)};
}

static void assert_text(struct kb_text t, const char *want)
{
	assert_true(text_is(t, want));
}

static void assert_number(struct log_number n, uint64_t want)
{
	assert_true(n.known);
	assert_int_equal(n.value, want);
}

static const char direct[] =
	"khoboot: start: khoboot 0.1, bare-metal door, 4-level paging\n"
	"khoboot: kho: kho-v3, 12 ranges, 3145728 bytes preserved, 7 pages of map\n"
	"khoboot: kho: from Linux 7.1.13, kexec number 3\n"
	"khoboot: bridge: from kho-v3 to kho-v4\n"
	"khoboot: plan: scratch has 1 bytes (areas: 1), 1 taken\n"
	"khoboot: boot: handing over kho-v4, 12 ranges, 3145728 bytes preserved, to 7.3.4-x in "
	"62001 us\n";

static const char sealed[] =
	"[    9.1] kexec_core: Starting new kernel\r\n"
	"khoboot: start: khoboot 0.1, bare-metal door, 4-level paging\r\n"
	"khoboot: kho: from Linux 7.3.4, kexec number 0\r\n"
	"khoboot: route: firmware zone in 3 pieces; 4096 bytes evacuated in 1 pieces\r\n"
	"khoboot: route: sealed 8192 bytes with 9 digests, record at 0x200000, in 1450000 us\r\n"
	"khoboot: route: resetting into firmware\r\n";

static const char verified[] =
	"\x1b[2Jkhoboot: start: khoboot 0.1, UEFI door, Secure Boot off\r\n"
	"khoboot: route: record at 0x200000, attempt 1, 8192 bytes preserved\r\n"
	"khoboot: claim: 4096 bytes in 9 calls, 1234 us\r\n"
	"khoboot: kho: 4096 bytes of scratch are the firmware's now and were left out\r\n"
	"khoboot: route: verified in 1330000 us: nothing changed\r\n"
	"khoboot: boot: handing over kho-v4, 2 ranges, 8192 bytes preserved, to 7.3.4 in 1400000 "
	"us\r\n"
	"[    0.0] Linux version 7.3.4\n";

static void a_direct_handover(void **state)
{
	struct report r = {.has_log = true};
	(void)state;

	report_log_parse(text_of(direct), &r.facts, NULL, NULL);
	assert_text(r.facts.version, "0.1");
	assert_text(r.facts.start, "4-level paging");
	assert_text(r.facts.given, "kho-v3");
	assert_text(r.facts.taken, "kho-v4");
	assert_text(r.facts.from, "7.1.13");
	assert_text(r.facts.to, "7.3.4-x");
	assert_number(r.facts.kexecs, 3);
	assert_number(r.facts.ranges, 12);
	assert_number(r.facts.bytes, 3145728);
	assert_number(r.facts.us, 62001);
	assert_false(r.facts.reset || r.facts.uefi || r.facts.proven || r.facts.sealed.known);
	assert_int_equal(r.facts.warnings, 0);
	assert_int_equal(r.facts.lines, 6);
	assert_int_equal(report_outcome(&r), REPORT_DONE);
}

/* Both doors in the log of a serial port, and only the second in what B gets. */
static void through_a_reset(void **state)
{
	struct report r = {.has_log = true};
	char all[sizeof(sealed) + sizeof(verified)];
	(void)state;

	snprintf(all, sizeof(all), "%s%s", sealed, verified);
	report_log_parse(text_of(all), &r.facts, NULL, NULL);
	assert_true(r.facts.reset && r.facts.uefi && r.facts.proven);
	assert_text(r.facts.from, "7.3.4");
	assert_number(r.facts.evacuated, 4096);
	assert_number(r.facts.sealed_us, 1450000);
	assert_number(r.facts.verified_us, 1330000);
	assert_number(r.facts.claimed_us, 1234);
	assert_int_equal(r.facts.warnings, 0);
	assert_int_equal(report_log_last(text_of(all)), strchr(all, '\n') + 1 - all);
	report_log_parse(text_of(verified), &r.facts, NULL, NULL);
	assert_true(r.facts.reset && r.facts.proven && !r.facts.sealed_us.known);
	assert_number(r.facts.attempt, 1);
	assert_number(r.facts.sealed, 8192);
	assert_int_equal(report_outcome(&r), REPORT_DONE);
}

/* Of a chain only the last hop counts. */
static void the_last_of_several(void **state)
{
	struct log_facts f;
	char all[2 * sizeof(direct) + sizeof(verified)];
	(void)state;

	snprintf(all, sizeof(all), "%s%s", verified, direct);
	assert_int_equal(report_log_last(text_of(all)), strlen(verified));
	report_log_parse(text_of(all), &f, NULL, NULL);
	assert_false(f.reset || f.uefi || f.proven);
	assert_int_equal(f.lines, 6);
	assert_int_equal(report_log_last(text_of("nothing of khoboot")), 18);
	assert_int_equal(report_log_last(text_of("")), 0);
}

struct seen {
	char text[512];
};

static void see(void *ctx, struct kb_text line, bool harmless)
{
	struct seen *s = ctx;

	if (!harmless)
		snprintf(s->text + strlen(s->text), sizeof(s->text) - strlen(s->text), "%.*s|",
			 (int)line.len, line.text);
}

/* A line that nobody knows is a warning, word by word. */
static void what_is_not_known_is_a_warning(void **state)
{
	struct seen seen = {""};
	struct log_facts f;
	(void)state;

	report_log_parse(
		text_of("khoboot: start: khoboot 9, bare-metal door, x\n"
			"khoboot: warp: something new\n"
			"khoboot: plan: scratch has 1 bytes (areas: 1), 1 taken, and more\n"
			"not ours: KB-100 x\n"
			"khoboot: \n"
			"khoboot: kho: KB-103 the KHO FDT is damaged (at 0x1, value 0x2)\n"
			"khoboot: kho: KB-103 remedy: do something"),
		&f, see, &seen);
	assert_string_equal(seen.text, "warp: something new|"
				       "plan: scratch has 1 bytes (areas: 1), 1 taken, and more||"
				       "kho: KB-103 the KHO FDT is damaged (at 0x1, value 0x2)|"
				       "kho: KB-103 remedy: do something|");
	assert_int_equal(f.refused, KB_KHO_FDT_BAD);
	assert_int_equal(f.warnings, 5);
}

static enum report_outcome outcome_of(const char *log, bool asked, struct log_facts *ret)
{
	struct report r = {.has_log = *log, .asked = asked};

	report_log_parse(text_of(log), &r.facts, NULL, NULL);
	*ret = r.facts;
	return report_outcome(&r);
}

#define START "khoboot: start: khoboot 0.1, bare-metal door, x\n"
#define END   "khoboot: boot: handing over kho-v4, 1 ranges, 1 bytes preserved, to b in 1 us\n"
#define COLD  "khoboot: boot: no KHO data, starting b in 1 us\n"

static void how_it_may_end(void **state)
{
	struct log_facts f;
	(void)state;

	assert_int_equal(outcome_of(START
				    "khoboot: kho: KB-331 x\nkhoboot: kho: KB-331 remedy: y\n"
				    "khoboot: fallback: KB-331 refuses 7.3, the second kernel of "
				    "the image is tried: 7.1\n" END,
				    true, &f),
			 REPORT_FALLBACK);
	assert_int_equal(f.fallback, 331);
	assert_int_equal(f.refused, KB_OK);
	assert_int_equal(outcome_of(START "khoboot: route: KB-734 x; taking the direct route\n"
					  "khoboot: route: KB-734 remedy: y\n" END,
				    true, &f),
			 REPORT_DIRECT);
	assert_int_equal(f.direct, KB_ROUTE_RESET);
	assert_int_equal(f.refused, KB_OK);
	assert_int_equal(outcome_of(START
				    "khoboot: kho: KB-103 x\n"
				    "khoboot: kho: going on without KHO: preserved memory will "
				    "be reused\n" COLD,
				    true, &f),
			 REPORT_DISCARDED);
	assert_int_equal(outcome_of("khoboot: start: khoboot 0.1, UEFI door, x\n"
				    "khoboot: route: KB-725 x\n" COLD,
				    false, &f),
			 REPORT_LOST);
	assert_int_equal(f.refused, 725);
	assert_int_equal(outcome_of("khoboot: start: khoboot 0.1, UEFI door, x\n" COLD, false, &f),
			 REPORT_NONE);
	assert_int_equal(outcome_of("khoboot: start: khoboot 0.1, UEFI door, x\n" COLD, true, &f),
			 REPORT_LOST);
	assert_int_equal(outcome_of("", true, &f), REPORT_LOST);
	assert_int_equal(outcome_of("", false, &f), REPORT_NONE);
	assert_int_equal(outcome_of(START, false, &f), REPORT_UNKNOWN);
	assert_int_equal(report_outcome(&(struct report){.came = true}), REPORT_PAST);
	assert_int_equal(report_outcome(&(struct report){.came = true, .asked = true}),
			 REPORT_PAST);
}

static void time_by_the_wall_clock(void **state)
{
	struct report r = {.asked = true,
			   .a = {.jumps = true, .time_us = 1000000},
			   .now_us = {true, 9000000},
			   .up_us = {true, 5500000}};
	(void)state;

	assert_number(report_away(&r), 2500000);
	r.a.time_us = 4000000; /* a clock was set */
	assert_false(report_away(&r).known);
	r.a.time_us = 1000000;
	r.now_us.value = 48 * 3600 * 1000000ULL;
	assert_false(report_away(&r).known);
	r.now_us.value = 9000000;
	r.a.jumps = false;
	assert_false(report_away(&r).known);
	r.a.jumps = true;
	r.up_us.value = 9000001;
	assert_false(report_away(&r).known);
}

/* Not from the log's lines, nor from what is taken out of them. */
static void nothing_controls_the_terminal(void **state)
{
	static const char log[] =
		"khoboot: start: khoboot 0.\033[2J1, bare-metal door, \033]0;x\a\n"
		"khoboot: kho: from Linux 7.1\033[31m, kexec number 3\n"
		"khoboot: \2335n\n"
		"khoboot: boot: handing over kho-\033v4, 1 ranges, 1 bytes, to x in 1 us\n";
	struct report r = {.has_log = true, .log = text_of(log), .source = "a file"};
	char *text = NULL;
	size_t size = 0, i = 0;
	FILE *out = open_memstream(&text, &size);
	(void)state;

	assert_non_null(out);
	report_log_parse(r.log, &r.facts, NULL, NULL);
	report_text(&r, out);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text, "from:      Linux 7.1?[31m, kexec number 3\n"));
	while (i < size && (text[i] == '\n' || (text[i] >= ' ' && text[i] <= '~')))
		i++;
	assert_int_equal(i, size);
	free(text);
}

/* ---- what stays on disk ---------------------------------------------------------------------- */

static struct running running;

static void set_boot(const char *id)
{
	char text[64];

	snprintf(text, sizeof(text), "%s\n", id);
	fake_file("/proc/sys/kernel/random/boot_id", text);
	fake_file("/proc/sys/kernel/osrelease", "7.3.4\n");
}

static struct json_object *new_hop(const char *boot)
{
	struct json_object *o = json_new("khoboot/hop/1");

	json_add_text(o, "boot", boot);
	return o;
}

static void save(const char *boot)
{
	struct json_object *report = json_new("khoboot/report/1");

	assert_int_equal(history_save(&running, report, new_hop(boot)), 0);
	json_free(report);
}

static void a_switch_belongs_to_one_boot(void **state)
{
	struct history_switch a = {.file = "u.efi", .reset = true, .load_us = 7}, got;
	(void)state;

	running.root = fake_root();
	fake_dirs("/var/lib/");
	set_boot("boot-a");
	history_now(&running, &a);
	assert_string_equal(a.boot, "boot-a");
	assert_int_equal(history_write(&running, &a), 0);
	assert_false(history_read(&running, &got)); /* it has not come yet */
	set_boot("boot-b");
	assert_true(history_read(&running, &got));
	assert_string_equal(got.release, "7.3.4");
	assert_string_equal(got.file, "u.efi");
	assert_true(got.reset);
	assert_int_equal(got.load_us, 7);
	assert_int_equal(got.time_us, a.time_us);
	save("boot-b");
	assert_true(history_read(&running, &got));
	save("boot-b");
	set_boot("boot-c"); /* a cold boot later */
	assert_false(history_read(&running, &got));
	/* Power was lost while it was marked. */
	assert_int_equal(history_write(&running, &a), 0);
	assert_false(history_read(&running, &got));
	history_forget(&running);
	set_boot("boot-b");
	assert_true(history_read(&running, &got));
}

static void hops_are_counted(void **state)
{
	struct json_object *list;
	char boot[HISTORY_ID];
	(void)state;

	running.root = fake_root();
	fake_dirs("/var/lib/");
	for (int i = 0; i < 20; i++) {
		snprintf(boot, sizeof(boot), "hop-%d", i);
		set_boot(boot);
		save(boot);
		save(boot);
	}
	list = history_hops(&running);
	assert_int_equal(json_object_array_length(list), HISTORY_HOPS);
	assert_true(json_get_text(json_object_array_get_idx(list, 0), "boot", boot, sizeof(boot)));
	assert_string_equal(boot, "hop-4");
	json_free(list);
	fake_file("/var/lib/khoboot/hops.json", "{\"schema\":\"khoboot/hops/1\",\"hops\":7}");
	assert_null(history_hops(&running));
	fake_file("/var/lib/khoboot/hops.json", "[");
	assert_null(history_hops(&running));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_direct_handover),
		cmocka_unit_test(through_a_reset),
		cmocka_unit_test(the_last_of_several),
		cmocka_unit_test(what_is_not_known_is_a_warning),
		cmocka_unit_test(how_it_may_end),
		cmocka_unit_test(time_by_the_wall_clock),
		cmocka_unit_test(nothing_controls_the_terminal),
		cmocka_unit_test_teardown(a_switch_belongs_to_one_boot, fake_root_remove),
		cmocka_unit_test_teardown(hops_are_counted, fake_root_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
