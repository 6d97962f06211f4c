// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door: our own image in memory, the options, the kernel to start. */
#include <arch/cpu.h>
#include <arch/serial.h>
#include <khoboot/console.h>
#include <khoboot/layout.h>
#include <khoboot/log.h>

#include <string.h>

#include "bare.h"

/* A port in memory is left for later: it becomes usable with our page tables. */
static void open_console(const char *cmdline)
{
	struct uart u = console_find(cmdline);

	if (u.kind == UART_IO)
		serial_log_to(u);
}

/* Text behind cmd_line_ptr; the protocol promises a NUL, we believe in KB_CMDLINE_MAX. */
static struct kb_text outside_cmdline(const struct boot_params *bp)
{
	uint64_t at = bp_join(bp->cmd_line_ptr, bp->ext_cmd_line_ptr);
	const char *text = (const char *)(uintptr_t)at;

	if (!at)
		return (struct kb_text){NULL, 0};
	return (struct kb_text){text, strnlen(text, KB_CMDLINE_MAX)};
}

/*
 * An image that cannot be read names no console: speak where the words given at the load say. Where
 * they say nothing, stop() finds a port.
 */
static enum kb_status refuse_image(struct bare *b, enum kb_status st, const struct kb_diag *diag)
{
	struct kb_text words = outside_cmdline(b->bp);

	if (words.len)
		memcpy(b->cmdline, words.text, words.len);
	b->cmdline[words.len] = '\0';
	open_console(b->cmdline);
	return kb_refuse("image", st, diag);
}

/* The image in memory, and behind it the arena: the rest of what init_size reserved for us. */
enum kb_status find_ourselves(struct bare *b)
{
	struct kb_diag diag = {0};
	const uint8_t *loaded = b->image + KB_SETUP_SIZE;
	enum kb_status st;

	b->image_size = uki_flat_size(b->bp); /* not 0, or there would be no stack */
	st = uki_open_loaded(loaded, KB_SETUP_SIZE, b->image_size, &b->uki, &diag);
	if (st)
		return refuse_image(b, st, &diag);
	b->segment = (struct range){(uintptr_t)loaded, b->bp->init_size};
	return KB_OK;
}

/* Not known is not off: then nothing from outside the signed file is trusted either. */
static bool bp_locked(const struct boot_params *bp)
{
	return bp->secure_boot == BP_SECURE_ON || bp->secure_boot == BP_SECURE_UNKNOWN;
}

enum kb_status read_options(struct bare *b)
{
	struct cmdline_in in = {
		.builtin = {b->uki.cmdline.data, b->uki.cmdline.size},
		.outside = outside_cmdline(b->bp),
		.locked = bp_locked(b->bp),
	};
	struct kb_diag diag = {0};
	enum kb_status st = cmdline_split(&in, b->cmdline, sizeof(b->cmdline), &b->options, &diag);

	if (st) {
		/* The log has no console yet: the words may still name one. */
		if (in.builtin.text && in.builtin.len < sizeof(b->cmdline)) {
			memcpy(b->cmdline, in.builtin.text, in.builtin.len);
			b->cmdline[in.builtin.len] = '\0';
			open_console(b->cmdline);
		}
		return kb_refuse("options", st, &diag);
	}
	open_console(b->cmdline);
	return door_obey(&b->options, KB_DOOR_BARE);
}

void late_console(struct bare *b)
{
	serial_log_to(console_find(b->cmdline));
}

enum kb_status read_kernel(struct bare *b)
{
	struct kb_diag diag = {0};
	enum kb_status st;

	if (!b->uki.kernel.data)
		return kb_refuse("kernel", KB_NO_KERNEL, NULL);
	st = bzimage_parse(b->uki.kernel.data, b->uki.kernel.size, &b->kernel, &diag);
	if (!st)
		st = bzimage_check_5level(&b->kernel, cpu_la57());
	return st ? kb_refuse("kernel", st, &diag) : KB_OK;
}
