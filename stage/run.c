// SPDX-License-Identifier: BSD-2-Clause
/* Steps of both doors that depend on the machine: apply the options, open the kernel, leave. */
#include <arch/cpu.h>
#include <core/log.h>
#include <stage/serial.h>
#include <stage/stage.h>
#include <stage/stop.h>

#include <string.h>

/* Nothing that an option asks for is worth the dump. */
static void apply_for_crash(struct kb_options *o)
{
	if (o->wrong)
		kb_warn("options", "crash kernel: %zu wrong or unknown options ignored", o->wrong);
	if (o->via != KB_VIA_DIRECT)
		kb_warn("options", "crash kernel: khoboot.via is ignored");
	o->via = KB_VIA_DIRECT;
}

static enum kb_status apply_options(struct stage *s, enum kb_door door)
{
	struct kb_options *o = &s->options;
	enum kb_status st;

	kb_log_set_level(o->log);
	stop_set_policy(o->on_error);
	if (o->ignored)
		kb_warn("options", "Secure Boot: %zu words from outside the signed file ignored",
			o->ignored);
	if (s->crash) {
		apply_for_crash(o);
		return KB_OK;
	}
	st = cmdline_supported(o, door);
	return st ? kb_refuse("options", st, NULL) : KB_OK;
}

enum kb_status stage_read_options(struct stage *s, struct kb_text outside, bool locked,
				  unsigned int flags, enum kb_door door)
{
	struct cmdline_in in = {
		.builtin = {s->uki.cmdline.data, s->uki.cmdline.size},
		.outside = outside,
		.first = s->crash_words,
		.locked = locked,
		.fallback = s->uki.back.data,
		.flags = flags | (s->crash ? CMDLINE_LENIENT : 0),
	};
	struct kb_diag diag = {0};
	enum kb_status st = cmdline_split(&in, s->cmdline, sizeof(s->cmdline), &s->options, &diag);

	return st ? kb_refuse("options", st, &diag) : apply_options(s, door);
}

/* By the time the kernel is opened, both doors have a console. */
static void report_ignored(const struct uki *u)
{
	const char *name;

	for (unsigned int i = 0; (name = uki_ignored_name(i)); i++)
		if (u->ignored & 1u << i)
			kb_warn("image", "section %s is not used", name);
}

enum kb_status stage_open_kernel(struct stage *s, const uint8_t *data, uint64_t size)
{
	struct kb_diag diag = {0};
	enum kb_status st = kernel_open(data, size, s->kernel_work, &s->kernel, &diag);

	report_ignored(&s->uki);
	if (!st)
		st = cpu_can_start(&s->kernel, (struct kb_text){s->cmdline, strlen(s->cmdline)},
				   s->options.via == KB_VIA_FIRMWARE && s->has_kho, &diag);
	if (!st && !s->kernel.release) {
		s->kernel.release = s->uki.uname.data;
		s->kernel.release_len = s->uki.uname.size;
	}
	return st ? kb_refuse("kernel", st, &diag) : KB_OK;
}

static void report(const struct stage *s)
{
	uint64_t us = cpu_clock_us(cpu_clock() - s->entered);
	const struct kho *k = s->kho;
	char release[80];

	stage_release(&s->kernel, release, sizeof(release));
	if (k)
		kb_info("boot",
			"handing over %s, %" PRIu64 " ranges, %" PRIu64
			" bytes preserved, to %s in %" PRIu64 " us",
			k->root.compatible, k->sum.runs, k->sum.bytes, release, us);
	else
		kb_info("boot", "no KHO data, starting %s in %" PRIu64 " us", release, us);
}

void stage_leave(const struct stage *s)
{
	const char *text;
	size_t len;

	report(s);
	text = kb_log_text(&len);
	boot_set_log(&s->layout, stage_block(s), STAGE_LOG_SIZE, text, len);
	serial_drain();
	/* Kernels may fault before they have handlers of their own. */
	stop_set_memory(STAGE_MEMORY_ENTERED);
	cpu_leave(&s->place, s->initrd, &s->tables, &s->moves, s->stub);
}
