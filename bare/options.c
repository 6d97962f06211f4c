// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door: the image, the options, the console that they name, the kernel to start. */
#include <arch/uart.h>
#include <bare/bare.h>
#include <core/log.h>
#include <stage/serial.h>

#include <string.h>

/* A port in memory has to wait until our page tables map it. */
static void early_console(const char *cmdline)
{
	struct uart u = uart_named(cmdline);

	if (u.kind == UART_IO)
		serial_log_to(u);
}

struct uart bare_console(const struct bare *b)
{
	return console_outside(uart_named(b->s.cmdline), &b->s.mem.ram);
}

void bare_late_console(struct bare *b)
{
	struct uart u = bare_console(b);

	if (u.kind != UART_NONE)
		serial_log_to(u);
	else if (uart_named(b->s.cmdline).kind != UART_NONE)
		kb_warn("options", "the console that is named lies in RAM; not used");
}

/* So far a refusal was logged without a console: this command line may name one. */
static void try_cmdline(struct bare *b, const char *text, size_t len)
{
	if (len >= sizeof(b->s.cmdline))
		return;
	if (len)
		memcpy(b->s.cmdline, text, len);
	b->s.cmdline[len] = '\0';
	early_console(b->s.cmdline);
}

/* If no console is named at all, stop_refused() takes a fallback. */
enum kb_status bare_read_image(struct bare *b)
{
	struct kb_diag diag = {0};
	enum kb_status st = bare_find_image(b, &diag);
	struct kb_text words;

	if (!st)
		return KB_OK;
	words = bare_outside(b);
	try_cmdline(b, words.text, words.len);
	return kb_refuse("image", st, &diag);
}

enum kb_status bare_read_options(struct bare *b)
{
	enum kb_status st =
		stage_read_options(&b->s, bare_outside(b), bare_locked(b), 0, KB_DOOR_BARE);

	if (st && !b->s.cmdline[0])
		try_cmdline(b, b->s.uki.cmdline.data, b->s.uki.cmdline.size);
	early_console(b->s.cmdline);
	return st;
}

enum kb_status bare_read_kernel(struct bare *b)
{
	const struct uki_part *k = &b->s.uki.kernel;
	enum kb_status st;

	if (!k->data)
		return kb_refuse("kernel", KB_NO_KERNEL, NULL);
	st = stage_open_kernel(&b->s, k->data, k->size);
	if (!st)
		kernel_let_stay(&b->s.kernel);
	return st;
}
