// SPDX-License-Identifier: BSD-2-Clause
/* khoboot's log, line by line; see report_log.h. */
#include "report_log.h"

#include <string.h>

static const char prefix[] = "khoboot: ";

/* ---- patterns -------------------------------------------------------------------------------- */

#define HOLES 6

static bool begins(struct kb_text t, const char *with, size_t len)
{
	return t.len >= len && !memcmp(t.text, with, len);
}

/* Bytes of @t before the first @with; t.len + 1 when it is not there. */
static size_t before(struct kb_text t, const char *with, size_t len)
{
	for (size_t i = 0; i + len <= t.len; i++)
		if (!memcmp(t.text + i, with, len))
			return i;
	return t.len + 1;
}

/*
 * Does @line fit @pattern? Each '*' is a hole, as short as what follows allows, the last one takes
 * the rest of the line if nothing follows.
 */
static bool fits(struct kb_text line, const char *pattern, struct kb_text hole[HOLES])
{
	size_t n = 0, len = strcspn(pattern, "*"), skip;

	if (!begins(line, pattern, len))
		return false;
	line = (struct kb_text){line.text + len, line.len - len};
	pattern += len;
	while (*pattern && n < HOLES) {
		len = strcspn(++pattern, "*");
		skip = len ? before(line, pattern, len) : line.len;
		if (skip > line.len)
			return false;
		hole[n++] = (struct kb_text){line.text, skip};
		line = (struct kb_text){line.text + skip + len, line.len - skip - len};
		pattern += len;
	}
	return !line.len && !*pattern;
}

static void set_number(struct log_number *ret, struct kb_text digits)
{
	uint64_t v;

	if (text_number(digits, &v))
		*ret = (struct log_number){true, v};
}

/* "KB-nnn": KB_OK unless it has a number of three digits. */
static enum kb_status code_of(struct kb_text digits)
{
	uint64_t v = 0;

	return digits.len == 3 && text_take_number(&digits, 10, &v) && !digits.len
		       ? (enum kb_status)v
		       : KB_OK;
}

/* ---- lines ----------------------------------------------------------------------------------- */

typedef void take_fn(struct log_facts *f, const struct kb_text hole[HOLES]);

static void take_bare(struct log_facts *f, const struct kb_text hole[HOLES])
{
	*f = (struct log_facts){.version = hole[0], .start = hole[1]};
}

/* After a reset that the other door made, the facts go on. */
static void take_uefi(struct log_facts *f, const struct kb_text hole[HOLES])
{
	if (!f->reset || f->started)
		take_bare(f, hole);
	f->version = hole[0];
	f->start = hole[1];
	f->uefi = true;
}

static void take_data(struct log_facts *f, const struct kb_text hole[HOLES])
{
	f->given = hole[0];
}

static void take_from(struct log_facts *f, const struct kb_text hole[HOLES])
{
	f->from = hole[0];
	set_number(&f->kexecs, hole[1]);
}

static void take_nothing(struct log_facts *f, const struct kb_text hole[HOLES])
{
	(void)hole;
	f->nothing = true;
}

static void take_carrier(struct log_facts *f, const struct kb_text hole[HOLES])
{
	f->carrier = hole[0];
}

static void take_evacuated(struct log_facts *f, const struct kb_text hole[HOLES])
{
	set_number(&f->evacuated, hole[1]);
}

static void take_sealed(struct log_facts *f, const struct kb_text hole[HOLES])
{
	set_number(&f->sealed, hole[0]);
	set_number(&f->sealed_us, hole[3]);
}

/* A CPU that was done without: a warning, but nothing was refused. */
static void take_late(struct log_facts *f, const struct kb_text *hole)
{
	(void)f;
	(void)hole;
}

static void take_reset(struct log_facts *f, const struct kb_text hole[HOLES])
{
	(void)hole;
	f->reset = true;
}

static void take_record(struct log_facts *f, const struct kb_text hole[HOLES])
{
	f->reset = true;
	set_number(&f->attempt, hole[1]);
	set_number(&f->sealed, hole[2]);
}

static void take_verified(struct log_facts *f, const struct kb_text hole[HOLES])
{
	f->proven = true;
	set_number(&f->verified_us, hole[0]);
}

static void take_claim(struct log_facts *f, const struct kb_text hole[HOLES])
{
	set_number(&f->claimed_us, hole[2]);
}

static void take_end(struct log_facts *f, const struct kb_text hole[HOLES])
{
	f->started = true;
	f->taken = hole[0];
	set_number(&f->ranges, hole[1]);
	set_number(&f->bytes, hole[2]);
	f->to = hole[3];
	set_number(&f->us, hole[4]);
}

static void take_cold_end(struct log_facts *f, const struct kb_text hole[HOLES])
{
	f->started = true;
	f->taken = (struct kb_text){NULL, 0};
	f->to = hole[0];
	set_number(&f->us, hole[1]);
}

static void take_fallback(struct log_facts *f, const struct kb_text hole[HOLES])
{
	f->fallback = code_of(hole[0]);
	f->refused = KB_OK;
}

static void take_direct(struct log_facts *f, const struct kb_text hole[HOLES])
{
	f->direct = code_of(hole[0]);
	f->refused = KB_OK;
	f->reset = false;
}

static void take_discarded(struct log_facts *f, const struct kb_text hole[HOLES])
{
	(void)hole;
	f->discarded = true;
}

/* The first that matches counts. */
static const struct line {
	const char *pattern;
	bool harmless;
	take_fn *take; /* NULL: it is only known */
} lines[] = {
	/* clang-format off */
	{"start: khoboot *, bare-metal door, *", true, take_bare},
	{"start: khoboot *, UEFI door, *", true, take_uefi},
	{"image: the boot loader has left out the PE header, reading it", true, NULL},
	{"initrd: * of them are put together, * bytes", true, NULL},
	{"initrd: the boot loader gives one of * bytes", true, NULL},
	{"crash: the outgoing kernel has crashed, and left * bytes of *", true, NULL},
	{"kho: carried by: *", true, take_carrier},
	{"kho: nothing handed over by the outgoing kernel", true, take_nothing},
	{"kho: from Linux *, kexec number *", true, take_from},
	{"kho: *, * ranges, * bytes preserved, * pages of map", true, take_data},
	{"kho: going on without KHO: preserved memory will be reused", false, take_discarded},
	/* A warning in the sources, for which nobody has to do anything: firmware keeps some. */
	{"kho: * bytes of scratch are the firmware's now and were left out", true, NULL},
	{"luo: * sessions, * files, as *", true, NULL},
	{"bridge: from * to *", true, NULL},
	/* kho_target_change_text() */
	{"bridge: the root FDT is written anew", true, NULL},
	{"bridge: the map of preserved memory is written in another form", true, NULL},
	{"bridge: blocks of 2 GiB and more are split", true, NULL},
	{"bridge: live update data are converted", true, NULL},
	{"bridge: records of preserved memfds are converted", true, NULL},
	{"bridge: kexec-metadata, which the older kernel does not know, are left out or made", true,
	 NULL},
	{"bridge: * parts of the map move out of scratch", true, NULL},
	{"bridge: * new pages, * entries of the map change", true, NULL},
	{"plan: khoboot at 0x*, kernel at 0x*, block at 0x*", true, NULL},
	{"plan: bytes copied: kernel *, initrd *", true, NULL},
	{"plan: scratch has * bytes (areas: *), * taken", true, NULL},
	{"route: no calibration of this firmware: using the built-in zone", true, NULL},
	{"route: firmware zone in * pieces; * bytes evacuated in * pieces", true, take_evacuated},
	{"route: sealed * bytes with * digests, record at 0x*, in * us", true, take_sealed},
	{"route: digests: *", true, NULL},
	{"route: resetting into firmware", true, take_reset},
	{"route: record at 0x*, attempt *, * bytes preserved", true, take_record},
	{"route: digests by * of * CPUs", true, NULL},
	{"route: KB-763 *", false, take_late},
	{"route: verified in * us: nothing changed", true, take_verified},
	{"route: KB-* remedy: *", false, NULL},
	{"route: KB-* *; taking the direct route", false, take_direct},
	{"claim: * bytes in * calls, * us", true, take_claim},
	{"fallback: KB-* refuses *, the second kernel of * is tried: *", false, take_fallback},
	{"efi: memory is to be cleared at the next reset, as the kernel asks", true, NULL},
	{"efi: firmware has no random numbers, no seed for the kernel", true, NULL},
	{"tpm: event log of * bytes handed to the kernel", true, NULL},
	{"fence: * ranges, * bytes kept from the kernel (* zone)", true, NULL},
	{"calibrate: reset * of *: * pages touched, * of them silently, * not before", true, NULL},
	{"calibrate: zone 0x*-0x*", true, NULL},
	{"calibrate: done: * ranges, margin * bytes", true, NULL},
	{"calibrate: filling memory and resetting, * of *", true, NULL},
	{"boot: handing over *, * ranges, * bytes preserved, to * in * us", true, take_end},
	{"boot: no KHO data, starting * in * us", true, take_cold_end},
	{"boot: UEFI memory map of * bytes", true, NULL},
	/* clang-format on */
};

/* "area: KB-nnn cause" */
static void take_refusal(struct log_facts *f, struct kb_text line)
{
	struct kb_text hole[HOLES];

	if (fits(line, "*: KB-* *", hole) && !f->refused && !fits(line, "*: KB-* remedy: *", hole))
		f->refused = code_of(hole[1]);
}

static bool take_line(struct log_facts *f, struct kb_text line)
{
	struct kb_text hole[HOLES];
	bool harmless = false;
	size_t i = 0;

	while (i < ARRAY_SIZE(lines) && !fits(line, lines[i].pattern, hole))
		i++;
	if (i < ARRAY_SIZE(lines) && lines[i].take)
		lines[i].take(f, hole);
	else
		take_refusal(f, line);
	if (i < ARRAY_SIZE(lines))
		harmless = lines[i].harmless;
	f->lines++;
	f->warnings += !harmless;
	return harmless;
}

/* Cut the next line off @log; false when there is none. *@ret: after the prefix, if it has one. */
static bool next_line(struct kb_text *log, struct kb_text *ret, bool *ours)
{
	struct kb_text line;
	size_t at;

	if (!log->len)
		return false;
	line = text_cut(log, '\n');
	while (line.len && (line.text[line.len - 1] == '\r' || !line.text[line.len - 1]))
		line.len--;
	at = before(line, prefix, sizeof(prefix) - 1);
	*ours = at <= line.len;
	if (*ours) {
		at += sizeof(prefix) - 1;
		line = (struct kb_text){line.text + at, line.len - at};
	}
	*ret = line;
	return true;
}

void report_log_parse(struct kb_text log, struct log_facts *ret, log_line *tell, void *ctx)
{
	struct kb_text line;
	bool ours, harmless;

	*ret = (struct log_facts){.lines = 0};
	while (next_line(&log, &line, &ours)) {
		if (!ours)
			continue;
		harmless = take_line(ret, line);
		if (tell)
			tell(ctx, line, harmless);
	}
}

size_t report_log_last(struct kb_text log)
{
	struct log_facts f = {.lines = 0};
	const char *begin = log.text;
	size_t all = log.len, ret = log.len, at;
	struct kb_text line, hole[HOLES];
	bool ours;

	for (at = 0; next_line(&log, &line, &ours); at = (size_t)(log.text - begin)) {
		if (!ours)
			continue;
		if (fits(line, lines[0].pattern, hole) ||
		    (fits(line, lines[1].pattern, hole) && (!f.reset || f.started)))
			ret = at;
		take_line(&f, line);
	}
	return ret < all ? ret : all;
}
