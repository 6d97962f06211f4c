// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door: the options, the console that they name, the kernel to start. */
#include <arch/bare.h>
#include <arch/cpu.h>
#include <arch/serial.h>
#include <khoboot/log.h>

#include <string.h>

/* A port in memory is left for later: it becomes usable with our page tables. */
void early_console(const char *cmdline)
{
	struct uart u = serial_named(cmdline);

	if (u.kind == UART_IO)
		serial_log_to(u);
}

void late_console(struct bare *b)
{
	serial_log_to(serial_named(b->cmdline));
}

static void use_words(struct bare *b, const char *text, size_t len)
{
	if (len >= sizeof(b->cmdline))
		return;
	if (len)
		memcpy(b->cmdline, text, len);
	b->cmdline[len] = '\0';
	early_console(b->cmdline);
}

/* Where they say nothing, stop() finds a port. */
enum kb_status refuse_image(struct bare *b, enum kb_status st, const struct kb_diag *diag)
{
	struct kb_text words = bare_outside(b);

	use_words(b, words.text, words.len);
	return kb_refuse("image", st, diag);
}

enum kb_status read_options(struct bare *b)
{
	struct cmdline_in in = {
		.builtin = {b->uki.cmdline.data, b->uki.cmdline.size},
		.outside = bare_outside(b),
		.locked = bare_locked(b),
	};
	struct kb_diag diag = {0};
	enum kb_status st = cmdline_split(&in, b->cmdline, sizeof(b->cmdline), &b->options, &diag);

	if (st) {
		/* The log has no console yet: the words may still name one. */
		use_words(b, in.builtin.text, in.builtin.len);
		return kb_refuse("options", st, &diag);
	}
	early_console(b->cmdline);
	return door_obey(&b->options, KB_DOOR_BARE);
}

enum kb_status read_kernel(struct bare *b)
{
	const struct uki_part *k = &b->uki.kernel;

	if (!k->data)
		return kb_refuse("kernel", KB_NO_KERNEL, NULL);
	return door_open_kernel(k->data, k->size, &b->uki, b->kernel_work, &b->kernel);
}
