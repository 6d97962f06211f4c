// SPDX-License-Identifier: BSD-2-Clause
/* The UEFI door in the model: each flow, with each call failing, and with every kind of map. */
#include "../unit/unit.h"

#include <arch/const.h>
#include <core/cmdline.h>

#include <stdio.h>

#include "model.h"

#define LOW (ARCH_LOW_MEMORY > 0)

static char with_nonce[300], carried[300], carried_discard[300];

struct flow {
	const char *name;
	struct model_setup setup;
	enum model_end end; /* without a failure */
	unsigned int code;  /* then; 0: none */
	bool handed_over;
};

static const struct flow flows[] = {
	{"cold boot", {.options = NULL}, END_LEAVE, 0, false},
	{"cold boot, fence", {.options = "khoboot.fence=on"}, END_LEAVE, 0, false},
	{"headers left out", {.no_headers = true, .read_max = 1000}, END_LEAVE, 0, false},
	{"headers left out, no volume",
	 {.no_headers = true, .no_volume = true},
	 LOW ? END_RETURN : END_LEAVE,
	 LOW ? KB_FW_VOLUME : 0,
	 false},
	{"headers left out, Secure Boot",
	 {.no_headers = true, .secure = true},
	 LOW ? END_RETURN : END_LEAVE,
	 LOW ? KB_PE_MAGIC : 0,
	 false},
	{"headers left out, another file",
	 {.no_headers = true, .other_file = true},
	 LOW ? END_RETURN : END_LEAVE,
	 LOW ? KB_PE_MAGIC : 0,
	 false},
	{"headers left out, nonce",
	 {.options = with_nonce, .no_headers = true, .sealed = true},
	 LOW ? END_HALT : END_LEAVE,
	 LOW ? KB_PE_MAGIC : 0,
	 !LOW},
	{"headers left out, carrier",
	 {.no_headers = true, .carrier = CARRIER_TABLE},
	 LOW ? END_HALT : END_LEAVE,
	 LOW ? KB_PE_MAGIC : 0,
	 !LOW},
	{"headers left out, load options",
	 {.options = carried, .no_headers = true, .carrier = CARRIER_OPTIONS},
	 LOW ? END_HALT : END_LEAVE,
	 LOW ? KB_PE_MAGIC : 0,
	 !LOW},
	{"files",
	 {.options = "linux=\\vmlinuz initrd=\\initrd initrd=\\second quiet",
	  .bare_stub = true,
	  .read_max = 1000},
	 END_LEAVE,
	 0,
	 false},
	{"files, Secure Boot",
	 {.options = "linux=\\vmlinuz", .bare_stub = true, .secure = true},
	 END_RETURN,
	 KB_FW_SECURE,
	 false},
	{"file that shrinks",
	 {.options = "linux=\\vmlinuz", .bare_stub = true, .read_max = 1000, .shrinks = true},
	 END_RETURN,
	 KB_FW_FILE,
	 false},
	{"loader's initrd, screen, TPM",
	 {.loader = LOADER_OFFERS, .screen = true, .tpm = TPM_NEW, .tree = true},
	 END_LEAVE,
	 0,
	 false},
	{"loader's initrd, kernel file, old TPM",
	 {.options = "linux=\\vmlinuz initrd=\\initrd",
	  .bare_stub = true,
	  .loader = LOADER_OFFERS,
	  .tpm = TPM_OLD},
	 END_LEAVE,
	 0,
	 false},
	{"loader without initrd",
	 {.options = "initrd=\\initrd", .loader = LOADER_EMPTY},
	 END_LEAVE,
	 0,
	 false},
	{"loader's initrd grows",
	 {.options = "linux=\\vmlinuz", .bare_stub = true, .loader = LOADER_GROWS},
	 END_RETURN,
	 KB_FW_FILE,
	 false},
	{"record, loader's initrd, screen, TPM",
	 {.options = with_nonce,
	  .sealed = true,
	  .loader = LOADER_OFFERS,
	  .screen = true,
	  .tpm = TPM_NEW,
	  .tree = true},
	 END_LEAVE,
	 0,
	 true},
	{"record", {.options = with_nonce, .sealed = true}, END_LEAVE, 0, true},
	{"record, damaged data",
	 {.options = with_nonce, .sealed = true, .damaged = true},
	 END_HALT,
	 KB_SEAL_DATA,
	 false},
	{"record, damaged data, reset",
	 {.options = with_nonce, .sealed = true, .damaged = true, .policy = KB_ON_ERROR_RESET},
	 END_RESET,
	 KB_SEAL_DATA,
	 false},
	{"record, damaged data, discard",
	 {.options = with_nonce, .sealed = true, .damaged = true, .policy = KB_ON_ERROR_DISCARD},
	 END_LEAVE,
	 KB_SEAL_DATA,
	 false},
	{"record without room",
	 {.options = with_nonce, .sealed = true, .no_room = true},
	 END_LEAVE,
	 0,
	 true},
	{"carrier: options", {.options = carried, .carrier = CARRIER_OPTIONS}, END_LEAVE, 0, true},
	{"carrier: table", {.carrier = CARRIER_TABLE}, END_LEAVE, 0, true},
	{"carrier: device tree", {.carrier = CARRIER_TREE}, END_LEAVE, 0, true},
	{"carrier: device tree, Secure Boot",
	 {.carrier = CARRIER_TREE, .secure = true},
	 END_LEAVE,
	 KB_CARRIER_SECURE,
	 false},
	{"carrier: fw_cfg", {.carrier = CARRIER_FWCFG}, END_LEAVE, 0, true},
	{"carrier, discard",
	 {.options = carried_discard, .carrier = CARRIER_OPTIONS},
	 END_LEAVE,
	 0,
	 true},
	{"taken record", {.options = with_nonce, .taken = true}, END_LEAVE, KB_REC_TAKEN, false},
	{"taken record, carrier",
	 {.options = with_nonce, .taken = true, .carrier = CARRIER_TABLE},
	 END_LEAVE,
	 KB_REC_TAKEN,
	 true},
	{"nonce without record", {.options = with_nonce}, END_LEAVE, KB_REC_NONE, false},
};

/* ---- what must hold, however it ends --------------------------------------------------------- */

static char why[400];

static bool wrong(const char *what, uint64_t at)
{
	snprintf(why, sizeof(why), "%s (0x%" PRIx64 ")", what, at);
	return true;
}

/* Nothing preserved was lost: not while the record lives, nor with a kernel that gets the data. */
static bool lost(const struct model_setup *s, const struct model_result *r)
{
	uint64_t at = 0;

	if (!(s->sealed || s->carrier) || (!r->sealed && !r->handed_over))
		return false;
	if (r->handed_over)
		at = sealed_changed(true);
	else
		at = sealed_changed(false);
	if (at)
		return wrong("a preserved page has changed", at);
	if (!r->handed_over && sealed_copies_changed())
		return wrong("record or copies have changed", 0);
	return false;
}

static bool variable_failed(const struct model_result *r)
{
	return r->failed == SERVICE_GET_VARIABLE || r->failed == SERVICE_SET_VARIABLE;
}

static bool may_discard(const struct model_setup *s)
{
	return s->policy == KB_ON_ERROR_DISCARD || s->options == carried_discard;
}

static bool broken(const struct model_setup *s, const struct model_result *r)
{
	const char *complaint = model_complaint();

	if (complaint)
		return wrong(complaint, 0);
	if (r->end == END_RETURN && r->sealed)
		return wrong("returned to firmware with sealed data in memory", r->answer);
	if (r->end == END_RETURN && !r->answer)
		return wrong("returned success", 0);
	if (r->end != END_LEAVE && !r->code)
		return wrong("ended without a code", r->end);
	if (r->end == END_LEAVE && r->sealed)
		return wrong("left with a record that can be used again", 0);
	if (r->end == END_LEAVE && r->boot_next && !s->fail_at)
		return wrong("left with BootNext", 0);
	if (r->end == END_RETURN && r->boot_next && !variable_failed(r) && !s->fail_on)
		return wrong("returned with BootNext", 0);
	if (r->boot_next && !s->sealed)
		return wrong("BootNext without a record", r->end);
	/* Another entry would be started, and its kernel would use all memory. */
	if (r->end == END_RESET && r->sealed && !r->boot_next && !variable_failed(r) && !s->fail_on)
		return wrong("a reset that does not come back", 0);
	if (r->end == END_HALT && r->exiting && screen_is_dark() &&
	    (!r->failed || r->failed == SERVICE_EXIT || r->failed == SERVICE_MAP))
		return wrong("stopped after boot services without a picture", 0);
	if (s->sealed && r->watchdog && r->failed != SERVICE_WATCHDOG &&
	    r->failed != SERVICE_HANDLE && !s->fail_on)
		return wrong("the watchdog still runs", 0);
	/* A locked machine believes no carrier. */
	if (s->carrier && (s->secure || r->failed == SERVICE_GET_VARIABLE))
		return false;
	if ((s->sealed || s->carrier) && !may_discard(s) && r->end == END_LEAVE && !r->handed_over)
		return wrong("another kernel got the memory of the sealed data", 0);
	return lost(s, r);
}

/* The codes that a failure of @s may end with. */
static bool code_fits(enum model_service s, unsigned int code)
{
	switch (s) {
	case SERVICE_ALLOC_ANY:
		return code == KB_FW_MEMORY || code == KB_BRIDGE_WORK;
	case SERVICE_POOL:
	case SERVICE_INSTALL:
		return code == KB_FW_MEMORY;
	case SERVICE_ALLOC_AT:
		return code == KB_FW_MEMORY || code == KB_CLAIM;
	case SERVICE_MAP:
		return code == KB_FW_MAP;
	case SERVICE_EXIT:
		return code == KB_FW_EXIT;
	case SERVICE_HANDLE:
		return code == KB_FW_PROTOCOL || code == KB_FW_VOLUME;
	case SERVICE_VOLUME:
		return code == KB_FW_VOLUME;
	case SERVICE_OPEN:
	case SERVICE_READ:
	case SERVICE_SEEK:
	case SERVICE_LOADER:
		return code == KB_FW_FILE;
	case SERVICE_GET_VARIABLE:
		/* Headers that were left out are not read either if Secure Boot may be on. */
		return code == KB_FW_SECURE || code == KB_ROUTE_SECURE || code == KB_CAL_VARIABLE ||
		       code == KB_PE_MAGIC;
	case SERVICE_SET_VARIABLE:
		return code == KB_CAL_VARIABLE;
	default:
		return false;
	}
}

static void run(const struct flow *f, const struct model_setup *s, struct model_result *r)
{
	model_start(s);
	firmware_start();
	model_run(r);
	if (broken(s, r))
		fail_msg("%s, call %u%s (service %d): %s\n%s", f->name, s->fail_at,
			 s->fail_on ? " on" : "", r->failed, why, model_log_text());
}

static struct model_setup plain(const struct flow *f)
{
	struct model_setup s = f->setup;

	s.desc_size = s.desc_size ? s.desc_size : 48;
	return s;
}

static void expect(const struct flow *f, const struct model_result *r)
{
	if (r->end != f->end || r->code != f->code || r->handed_over != f->handed_over)
		fail_msg("%s: end %d, KB-%03u, handed over %d\n%s", f->name, r->end, r->code,
			 r->handed_over, model_log_text());
}

static void each_flow_ends_as_it_should(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(flows); i++) {
		struct model_setup s = plain(&flows[i]);
		struct model_result r;

		run(&flows[i], &s, &r);
		expect(&flows[i], &r);
	}
	(void)state;
}

static void an_initrd_that_is_dropped_is_not_read(void **state)
{
	static const struct flow f = {
		"initrd of a boot loader", {.loader = LOADER_OFFERS}, END_LEAVE, 0, false};
	struct model_setup s = plain(&f);
	struct model_result r;

	(void)state;
	run(&f, &s, &r);
	expect(&f, &r);
	assert_int_equal(r.initrd_reads, 1);
	s.secure = true;
	run(&f, &s, &r);
	expect(&f, &r);
	assert_int_equal(r.initrd_reads, 0);
	assert_non_null(strstr(model_log_text(), "(8195 bytes) is dropped"));
}

/* ---- every call fails once, and every call fails for good ------------------------------------ */

/* A failure that stops the boot is said by its own code, or by that of the flow. */
static void judge(const struct flow *f, const struct model_setup *s, const struct model_result *r)
{
	if (r->end == END_LEAVE || s->fail_on || r->code == f->code)
		return;
	if (!code_fits(r->failed, r->code))
		fail_msg("%s, call %u (service %d): KB-%03u\n%s", f->name, s->fail_at, r->failed,
			 r->code, model_log_text());
}

static void fail_each(const struct flow *f, bool on)
{
	struct model_setup s = plain(f);
	struct model_result r;
	unsigned int ends[4] = {0}, failed = 0;

	s.fail_on = on;
	for (s.fail_at = 1;; s.fail_at++) {
		run(f, &s, &r);
		if (!r.failed)
			break;
		judge(f, &s, &r);
		ends[r.end]++;
		failed++;
	}
	expect(f, &r);
	print_message("  %s, %s: %u calls, %u returned, %u halted, %u reset, %u booted\n", f->name,
		      on ? "from k on" : "k alone", failed, ends[END_RETURN], ends[END_HALT],
		      ends[END_RESET], ends[END_LEAVE]);
	assert_true(failed > 3);
}

static void one_call_fails(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(flows); i++)
		fail_each(&flows[i], false);
	(void)state;
}

static void all_calls_fail_from_one_on(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(flows); i++)
		fail_each(&flows[i], true);
	(void)state;
}

/* ---- maps ------------------------------------------------------------------------------------ */

static void shape(const struct flow *f, struct model_setup s)
{
	struct model_result r;

	run(f, &s, &r);
	expect(f, &r);
}

#define SHAPES 9

/* Each size of descriptors in each order. */
static void shape_map(struct model_setup *s, unsigned int n)
{
	static const uint64_t sizes[] = {40, 48, 64};

	s->desc_size = sizes[n % 3];
	s->order = (enum model_order)(n / 3);
}

static void maps_of_every_shape(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(flows); i++)
		for (unsigned int n = 0; n < SHAPES; n++) {
			struct model_setup s = plain(&flows[i]);

			shape_map(&s, n);
			s.own_pages = n % 2;
			shape(&flows[i], s);
		}
	(void)state;
}

static void maps_that_change_at_the_exit(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(flows); i++)
		for (unsigned int n = 1; n <= 2; n++) {
			struct model_setup s = plain(&flows[i]);

			s.at_exit = n;
			s.grows = 12;
			shape(&flows[i], s);
		}
	(void)state;
}

/* Boot services may be partly down: no kernel, no way back, but the next reset comes back here. */
static void a_map_that_never_settles(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(flows); i++) {
		struct model_setup s = plain(&flows[i]);
		struct model_result r;

		if (flows[i].end != END_LEAVE)
			continue;
		s.at_exit = 3;
		s.grows = 1;
		run(&flows[i], &s, &r);
		assert_int_equal(r.end, END_HALT);
		assert_int_equal(r.code, KB_FW_EXIT);
		assert_int_equal(r.boot_next, s.sealed && flows[i].handed_over);
	}
	(void)state;
}

static void a_descriptor_that_wraps(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(flows); i++) {
		struct model_setup s = plain(&flows[i]);

		s.wraps = true;
		shape(&flows[i], s);
	}
	(void)state;
}

static void a_descriptor_inside_another(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(flows); i++)
		for (unsigned int n = 0; n < SHAPES; n += 4) {
			struct model_setup s = plain(&flows[i]);

			shape_map(&s, n);
			s.overlaps = true;
			shape(&flows[i], s);
		}
	(void)state;
}

/* What is wrong with the map is found while there is a way back. */
static void unaccepted_memory_is_refused_before_the_exit(void **state)
{
	struct flow f = flows[0];
	struct model_result r;

	f.setup = plain(&f);
	f.setup.unaccepted = true;
	run(&f, &f.setup, &r);
	if (ARCH_RECORD == KB_RECORD_X86_64) {
		assert_int_equal(r.end, END_RETURN);
		assert_int_equal(r.code, KB_EFI_UNACCEPTED);
	}
	(void)state;
}

/* A refusal, and what was asked of firmware for the next reset is taken back. */
static void refused_at_last(struct model_setup s, const struct flow *f, unsigned int code)
{
	bool live = s.sealed && f->handed_over;

	s.overwrite = 0x10;
	s.grows = 1;
	for (s.at_exit = 0; s.at_exit <= 2; s.at_exit++) {
		struct model_result r;

		run(f, &s, &r);
		if (r.end != (s.policy == KB_ON_ERROR_RESET ? END_RESET : END_HALT) ||
		    r.code != code || r.boot_next != live || r.overwrite != 0x10 ||
		    (live && !r.sealed))
			fail_msg("%s, spoil %d, exit %u: end %d, KB-%03u, BootNext %d, "
				 "overwrite 0x%x, live %d\n%s",
				 f->name, s.spoil, s.at_exit, r.end, r.code, r.boot_next,
				 r.overwrite, r.sealed, model_log_text());
	}
}

/* Whatever is wrong with the last map of all, boot services have not ended when it is found. */
static void a_map_that_is_useless_at_last(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(flows); i++) {
		struct model_setup s = plain(&flows[i]);

		if (flows[i].end != END_LEAVE)
			continue;
		s.spoil = SPOIL_LARGE;
		refused_at_last(s, &flows[i], KB_FW_MAP);
		s.spoil = SPOIL_SCRATCH;
		if (flows[i].handed_over)
			refused_at_last(s, &flows[i], KB_CLAIM_SCRATCH);
		s.spoil = SPOIL_UNACCEPTED;
		if (ARCH_RECORD == KB_RECORD_X86_64)
			refused_at_last(s, &flows[i], KB_EFI_UNACCEPTED);
	}
	(void)state;
}

/* 4000 descriptors of 64 bytes are what a kernel is given; arm64: see large_maps(). */
static void a_map_that_is_too_large_at_last(void **state)
{
	struct model_setup s = {.desc_size = 64, .spoil = SPOIL_UNFIT, .pieces = 1975};
	struct flow f = {"large map", s, END_LEAVE, 0, false};

	refused_at_last(s, &f, KB_EFI_MAP_UNFIT);
	if (LOW) {
		s.options = with_nonce;
		s.sealed = f.handed_over = true;
		refused_at_last(s, &f, KB_EFI_MAP_UNFIT);
	}
	(void)state;
}

/* The reset comes back here, and the next attempt has the data. */
static void a_reset_after_a_map_that_is_useless(void **state)
{
	struct model_setup s = {.desc_size = 48,
				.options = with_nonce,
				.sealed = true,
				.spoil = SPOIL_SCRATCH,
				.policy = KB_ON_ERROR_RESET};
	struct flow f = {"reset", s, END_LEAVE, 0, true};
	struct model_result r;

	refused_at_last(s, &f, KB_CLAIM_SCRATCH);
	s.spoil = SPOIL_NONE;
	model_restart(&s);
	model_run(&r);
	assert_null(model_complaint());
	expect(&f, &r);
	(void)state;
}

/*
 * arm64 has no memory for a large map before the claim but firmware's stack. Then it refuses: with
 * a nonce it does not go back.
 */
static void large_maps(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(flows); i++) {
		struct flow f = flows[i];

		f.setup = plain(&f);
		f.setup.pieces = 100;
		shape(&f, f.setup);
		f.setup.pieces = 1000;
		shape_map(&f.setup, (unsigned int)(i * 4 % SHAPES));
		f.setup.at_exit = 1 + i % 2;
		f.setup.grows = 12;
		if (!LOW &&
		    (f.setup.options == with_nonce || (f.setup.carrier && !f.setup.secure))) {
			f.end = f.setup.options == carried_discard ? END_LEAVE : END_HALT;
			f.code = KB_FW_MAP;
			f.handed_over = false;
		}
		shape(&f, f.setup);
	}
	(void)state;
}

/* 124 KiB in one piece. */
static void little_low_memory(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(flows); i++) {
		struct model_setup s = plain(&flows[i]);

		s.no_low = true;
		shape(&flows[i], s);
	}
	(void)state;
}

/* ---- over resets ----------------------------------------------------------------------------- */

/* Each reset comes back to the same entry; after three attempts another kernel is started. */
static void three_attempts_and_a_cold_boot(void **state)
{
	struct model_setup s = {.desc_size = 48,
				.options = with_nonce,
				.sealed = true,
				.damaged = true,
				.policy = KB_ON_ERROR_RESET};
	struct model_result r;

	model_start(&s);
	firmware_start();
	for (unsigned int i = 0; i < 3; i++) {
		model_restart(&s);
		model_run(&r);
		assert_null(model_complaint());
		assert_int_equal(r.end, END_RESET);
		assert_int_equal(r.code, KB_SEAL_DATA);
		assert_true(r.boot_next && !r.watchdog && r.sealed);
	}
	model_restart(&s);
	model_run(&r);
	assert_null(model_complaint());
	assert_int_equal(r.end, END_LEAVE);
	assert_int_equal(r.code, KB_REC_ATTEMPTS);
	assert_true(!r.boot_next && !r.handed_over && !r.sealed);
	(void)state;
}

/* As firmware starts it again and again, from the state that a failure has left. */
static void judge_restarts(struct model_setup s, unsigned int k)
{
	struct model_result r;
	unsigned int starts = 0;

	s.fail_at = 0;
	do {
		model_restart(&s);
		model_run(&r);
		if (model_complaint())
			fail_msg("call %u, start %u: %s", k, starts, model_complaint());
	} while (r.end == END_RESET && r.boot_next && ++starts < 10);
	assert_int_equal(r.end, END_LEAVE);
	assert_int_equal(r.code, KB_REC_ATTEMPTS);
	assert_true(!r.boot_next && !r.handed_over && !r.sealed);
	/* The failed start may have ended before it was counted. */
	assert_in_range(starts, 2, 3);
}

/* A reset comes back here, whichever call has failed before it, until no attempt is left. */
static void resets_come_back_until_no_attempt_is_left(void **state)
{
	struct model_setup s = {.desc_size = 48,
				.options = with_nonce,
				.sealed = true,
				.damaged = true,
				.policy = KB_ON_ERROR_RESET};
	unsigned int resets = 0;
	struct model_result r;

	do {
		s.fail_at++;
		model_start(&s);
		firmware_start();
		model_run(&r);
		/* Without the variable, what comes next is for BootOrder to say. */
		if (r.failed && r.end == END_RESET && !variable_failed(&r)) {
			if (!r.boot_next)
				fail_msg("call %u (service %d): a reset that does not come back",
					 s.fail_at, r.failed);
			judge_restarts(s, s.fail_at);
			resets++;
		}
	} while (r.failed);
	assert_true(resets > 10);
	(void)state;
}

/* ---- a reset at any moment ------------------------------------------------------------------- */

static void start_at(const struct model_setup *s, struct model_result *r)
{
	model_restart(s);
	model_run(r);
	if (model_complaint())
		fail_msg("reset at step %u: %s\n%s", s->reset_at, model_complaint(),
			 model_log_text());
}

/* The same reset again and again, then none: whoever boots, either gets all the data, or none. */
static void judge_after_reset(struct model_setup s, struct model_result *r)
{
	unsigned int starts = 1;

	while (r->end == END_RESET && r->sealed && r->boot_next) {
		assert_false(r->overwrite & 1); /* firmware would clear memory */
		assert_int_equal(sealed_changed(false), 0);
		if (++starts > 4)
			fail_msg("step %u: resets without end", s.reset_at);
		start_at(&s, r);
	}
	s.reset_at = 0;
	if (r->end == END_RESET)
		start_at(&s, r);
	assert_int_equal(r->end, END_LEAVE);
	assert_true(!r->sealed && !r->boot_next);
	if (r->handed_over)
		assert_int_equal(sealed_changed(true), 0);
}

/* What a single reset at this step leads to. */
static void reset_once(struct model_setup s, bool live)
{
	struct model_result r;

	s.reset_at = 0;
	start_at(&s, &r);
	assert_int_equal(r.end, END_LEAVE);
	assert_true(!r.sealed && !r.boot_next);
	if (r.handed_over != live)
		fail_msg("handed over: %d, but the record was %s", r.handed_over,
			 live ? "live" : "not");
	if (live)
		assert_int_equal(sealed_changed(true), 0);
}

static void begin_at(const struct model_setup *s, struct model_result *r)
{
	model_start(s);
	firmware_start();
	start_at(s, r);
}

/*
 *	start   claim, BootNext     record suspended   BootNext deleted   exit, taken   kernel
 *	  |-----------|---------------------|-----------------|----------------|----------|
 *	   another     khoboot, with the data: it is live       not live
 *	   entry boots
 */
static void a_reset_at_each_step(struct model_setup s)
{
	unsigned int steps[3] = {0};
	struct model_result r;

	for (s.reset_at = 1;; s.reset_at++) {
		unsigned int phase;

		begin_at(&s, &r);
		if (r.end != END_RESET)
			break;
		phase = !r.sealed ? 2 : r.boot_next;
		if (phase < 2 && steps[2])
			fail_msg("step %u: live again", s.reset_at);
		/* Before the claim firmware must not be asked to write a variable. */
		if (!phase && steps[1])
			fail_msg("step %u: live, but a reset starts another entry", s.reset_at);
		steps[phase]++;
		if (!phase)
			continue;
		reset_once(s, r.sealed);
		begin_at(&s, &r);
		judge_after_reset(s, &r);
	}
	assert_int_equal(r.end, END_LEAVE);
	assert_true(r.handed_over);
	print_message("  %s reset: %u steps before BootNext, %u live, %u taken\n",
		      s.cold ? "cold" : "warm", steps[0], steps[1], steps[2]);
	assert_true(steps[0] > 5 && steps[1] > 20 && steps[2] > 4);
}

static void no_live_record_when_another_entry_boots(void **state)
{
	struct model_setup s = {.desc_size = 48,
				.options = with_nonce,
				.sealed = true,
				.overwrite = 0x10};

	a_reset_at_each_step(s);
	s.cold = true;
	a_reset_at_each_step(s);
	(void)state;
}

/* ExitBootServices fails for good: the record is live again, once a reset leads here. */
static void resets_after_a_failed_exit(void **state)
{
	struct model_setup s = {.desc_size = 48,
				.options = with_nonce,
				.sealed = true,
				.overwrite = 0x10,
				.at_exit = 3,
				.grows = 1,
				.cold = true,
				.policy = KB_ON_ERROR_RESET};
	bool led_here = false;
	struct model_result r;

	do {
		s.reset_at++;
		begin_at(&s, &r);
		led_here = led_here || r.boot_next;
		if (led_here && r.sealed && (!r.boot_next || r.overwrite & 1))
			fail_msg("step %u: a live record is lost at a reset", s.reset_at);
	} while (r.code != KB_FW_EXIT || r.steps >= s.reset_at);
	assert_int_equal(r.end, END_RESET);
	assert_true(r.sealed && r.boot_next && sealed_is_flushed());
	s.at_exit = 0;
	reset_once(s, true);
	(void)state;
}

/*
 * A record that nobody asks for is wiped, behind the caches, too. Its data are given up: that
 * firmware may give them to arm64's list of memory before that is no complaint.
 */
static void an_unasked_record_is_wiped(void **state)
{
	struct model_setup s = {.desc_size = 48, .sealed = true};
	struct model_result r;

	model_start(&s);
	firmware_start();
	model_run(&r);
	assert_int_equal(r.end, END_LEAVE);
	assert_int_equal(r.code, KB_REC_UNASKED);
	assert_true(!r.sealed && !r.handed_over && sealed_is_flushed());
	(void)state;
}

/* ---- the memory overwrite request ------------------------------------------------------------ */

static void each_flow_leaves_request(uint8_t before, bool exits, uint8_t after)
{
	for (size_t i = 0; i < ARRAY_SIZE(flows); i++) {
		struct model_setup s = plain(&flows[i]);
		struct model_result r;

		s.overwrite = before;
		s.at_exit = exits ? 0 : 3;
		s.grows = 1;
		run(&flows[i], &s, &r);
		assert_int_equal(r.overwrite, flows[i].end == END_LEAVE ? after : before);
	}
}

static void memory_is_cleared_as_the_kernel_asks(void **state)
{
	each_flow_leaves_request(0x10, true, 0x11);
	each_flow_leaves_request(0x11, true, 0x11);
	each_flow_leaves_request(0x10, false, 0x10); /* withdrawn */
	each_flow_leaves_request(0x11, false, 0x11); /* not ours to withdraw */
	each_flow_leaves_request(0, true, 0);        /* no such variable */
	image_set_overwrite(false);
	each_flow_leaves_request(0x10, true, 0x10);
	image_set_overwrite(true);
	(void)state;
}

/* ---- calibration ----------------------------------------------------------------------------- */

#define PASSES 3 /* of khoboot.calibrate=2 */

/*
 * Passes before @last without a failure, then that one; with each shape of map, that changes at the
 * exit, too, and with one that is large.
 */
static void calibrate(unsigned int last, unsigned int fail_at, struct model_result *r)
{
	struct model_setup s = {.desc_size = 48, .options = "khoboot.calibrate=2", .small = true};

	shape_map(&s, fail_at % SHAPES);
	s.at_exit = fail_at % 3;
	s.grows = 12;
	s.pieces = fail_at % 4 == 3 ? 1000 : 0;
	model_start(&s);
	firmware_start();
	for (unsigned int pass = 0; pass <= last; pass++) {
		s.fail_at = pass == last ? fail_at : 0;
		model_restart(&s);
		model_run(r);
		if (model_complaint())
			fail_msg("pass %u, call %u: %s", pass, fail_at, model_complaint());
	}
}

/* A pass resets, or goes back to firmware with a code; the last one goes back without. */
static void judge_pass(unsigned int pass, unsigned int k, const struct model_result *r)
{
	bool last = pass == PASSES - 1;

	if (!r->code && r->end == (last ? END_RETURN : END_RESET)) {
		assert_true(r->boot_next == !last || variable_failed(r));
		return;
	}
	/* Under Secure Boot nobody may ask for it: the machine boots. */
	if (r->end == END_LEAVE && r->failed == SERVICE_GET_VARIABLE)
		return;
	if (r->end == END_LEAVE || !r->failed || !code_fits(r->failed, r->code))
		fail_msg("pass %u, call %u (service %d): end %d, KB-%03u\n%s", pass, k, r->failed,
			 r->end, r->code, model_log_text());
}

static void calibration(void **state)
{
	for (unsigned int pass = 0; pass < PASSES; pass++)
		for (unsigned int k = 0;; k++) {
			struct model_result r;

			calibrate(pass, k, &r);
			judge_pass(pass, k, &r);
			if (k && !r.failed)
				break;
		}
	(void)state;
}

static int setup(void **state)
{
	(void)state;
	model_map_memory();
	image_make();
	model_start(&(struct model_setup){.desc_size = 48});
	sealed_make();
	snprintf(with_nonce, sizeof(with_nonce), "khoboot.nonce=%s", sealed_key());
	snprintf(carried, sizeof(carried), "%s", sealed_words());
	snprintf(carried_discard, sizeof(carried_discard), "%s khoboot.on_error=discard",
		 sealed_words());
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_flow_ends_as_it_should),
		cmocka_unit_test(an_initrd_that_is_dropped_is_not_read),
		cmocka_unit_test(one_call_fails),
		cmocka_unit_test(all_calls_fail_from_one_on),
		cmocka_unit_test(maps_of_every_shape),
		cmocka_unit_test(maps_that_change_at_the_exit),
		cmocka_unit_test(a_map_that_never_settles),
		cmocka_unit_test(a_descriptor_that_wraps),
		cmocka_unit_test(a_descriptor_inside_another),
		cmocka_unit_test(unaccepted_memory_is_refused_before_the_exit),
		cmocka_unit_test(a_map_that_is_useless_at_last),
		cmocka_unit_test(a_map_that_is_too_large_at_last),
		cmocka_unit_test(a_reset_after_a_map_that_is_useless),
		cmocka_unit_test(large_maps),
		cmocka_unit_test(little_low_memory),
		cmocka_unit_test(three_attempts_and_a_cold_boot),
		cmocka_unit_test(resets_come_back_until_no_attempt_is_left),
		cmocka_unit_test(no_live_record_when_another_entry_boots),
		cmocka_unit_test(resets_after_a_failed_exit),
		cmocka_unit_test(an_unasked_record_is_wiped),
		cmocka_unit_test(memory_is_cleared_as_the_kernel_asks),
		cmocka_unit_test(calibration),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
