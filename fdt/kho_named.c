// SPDX-License-Identifier: BSD-2-Clause
/* Memory that words on the next kernel's command line name by address, to write to it. */
#include <core/cmdline.h>
#include <core/diag.h>
#include <fdt/kho_target.h>

#include "internal.h"

/* What is asked about the memory of each word. */
struct named {
	struct mem *m;
	const struct kho *kho; /* NULL: only whether it is RAM */
	enum kb_status st;
	bool ram;
};

static const struct kb_text page_size = {"4K", 2};

static void ask(struct named *n, struct range r)
{
	n->ram = n->ram || range_list_overlap(&n->m->ram, r);
	if (n->kho && !n->st)
		n->st = kho_target_meets(n->m, n->kho, r, KB_KERNEL_WRITES);
}

/* What cannot be read may be anywhere. */
static void ask_sized(struct named *n, struct kb_text base, struct kb_text size)
{
	struct range r = {0, UINT64_MAX};

	if (text_take_size(&base, &r.base) && text_take_size(&size, &r.size))
		r.size = min_u64(r.size, UINT64_MAX - r.base);
	else
		r = (struct range){0, UINT64_MAX};
	ask(n, r);
}

/* fs/pstore/ram.c: clears what does not look like its own. Without a size it does not start. */
static void ask_ramoops(struct named *n, struct kb_text cmdline)
{
	struct kb_text base, size;

	if (cmdline_last(cmdline, "ramoops.mem_address", &base) &&
	    cmdline_last(cmdline, "ramoops.mem_size", &size))
		ask_sized(n, base, size);
}

/* drivers/mtd/devices/phram.c: NAME,START,LENGTH[,ERASESIZE] */
static void ask_phram(struct named *n, struct kb_text v)
{
	struct kb_text base;

	text_cut(&v, ',');
	base = text_cut(&v, ',');
	ask_sized(n, base, text_cut(&v, ','));
}

/* drivers/mtd/devices/slram.c: NAME,START,END or NAME,START,+LENGTH, and more of them */
static void ask_slram(struct named *n, struct kb_text v)
{
	while (v.len) {
		struct kb_text base, size;

		text_cut(&v, ',');
		base = text_cut(&v, ',');
		size = text_cut(&v, ',');
		if (text_skip(&size, "+")) {
			ask_sized(n, base, size);
		} else {
			uint64_t at = 0, end = UINT64_MAX;

			if (!text_take_size(&base, &at) || !text_take_size(&size, &end))
				at = 0, end = UINT64_MAX;
			ask(n, (struct range){at, end > at ? end - at : 0});
		}
	}
}

/* kernel/trace/trace.c: NAME[^FLAG]...@ADDRESS:SIZE[,EVENT]...; after @ may be another name. */
static void ask_trace(struct named *n, struct kb_text v)
{
	struct kb_text where = text_cut(&v, ','), base;

	text_cut(&where, '@');
	if (!where.len || where.text[0] < '0' || where.text[0] > '9')
		return;
	base = text_cut(&where, ':');
	ask_sized(n, base, where);
}

/* A page of registers. @v: mmio,ADDRESS or mmio32,ADDRESS and the like; or, if @bare, 0xADDRESS */
static void ask_registers(struct named *n, struct kb_text v, bool bare)
{
	struct kb_text hex = v;

	if (text_skip(&v, "mmio"))
		text_cut(&v, ',');
	else if (!bare || !text_skip(&hex, "0x"))
		return;
	ask_sized(n, v, page_size);
}

/*
 * drivers/tty/serial/earlycon.c, serial_core.c: NAME,... Nobody asks whether it is RAM. For both
 * words: console= is tried as earlycon= first (init/main.c:do_early_param).
 */
static void ask_earlycon(struct named *n, struct kb_text v)
{
	text_cut(&v, ',');
	ask_registers(n, v, true);
}

/* arch/x86/kernel/early_printk.c looks for its words at every byte. */
static void ask_earlyprintk(struct named *n, struct kb_text v)
{
	for (; v.len; v.text++, v.len--)
		ask_registers(n, v, false);
}

static const struct {
	const char *name;
	void (*ask)(struct named *n, struct kb_text value);
} words[] = {
	{"phram.phram", ask_phram}, {"slram", ask_slram},       {"trace_instance", ask_trace},
	{"console", ask_earlycon},  {"earlycon", ask_earlycon}, {"earlyprintk", ask_earlyprintk},
};

static void ask_word(struct named *n, const struct cmdline_word *w)
{
	struct kb_text value;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (cmdline_value(w, words[i].name, &value))
			words[i].ask(n, value);
}

static void ask_all(struct named *n, struct kb_text cmdline)
{
	struct cmdline_iter it = {cmdline.text, cmdline.len, 0};
	struct cmdline_word w;

	ask_ramoops(n, cmdline);
	while (cmdline_next_param(&it, &w))
		ask_word(n, &w);
}

enum kb_status kho_target_named(struct mem *m, const struct kho *k, struct kb_text cmdline)
{
	struct named n = {.m = m, .kho = k};

	ask_all(&n, cmdline);
	return n.st;
}

bool kho_target_names_ram(struct mem *m, struct kb_text cmdline)
{
	struct named n = {.m = m};

	ask_all(&n, cmdline);
	return n.ram;
}
