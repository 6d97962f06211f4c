// SPDX-License-Identifier: BSD-2-Clause
/* console= and earlycon= of the kernel command line; see the header. */
#include <core/cmdline.h>
#include <core/console.h>

#include <string.h>

static const uint16_t legacy_port[] = {0x3f8, 0x2f8, 0x3e8, 0x2e8};

/* The number before the options, which begin with a comma. */
static bool address(struct kb_text t, uint64_t *ret)
{
	return text_number(text_cut(&t, ','), ret);
}

static struct uart parse_tty(struct kb_text t)
{
	struct uart none = {UART_NONE, 0};
	uint64_t n;

	if (!address(t, &n) || n >= ARRAY_SIZE(legacy_port))
		return none;
	return (struct uart){UART_IO, legacy_port[n]};
}

static struct uart parse_uart(struct kb_text t)
{
	struct uart u = {UART_NONE, 0};
	enum uart_kind kind;

	if (text_skip(&t, "io,"))
		kind = UART_IO;
	else if (text_skip(&t, "mmio,"))
		kind = UART_MMIO;
	else if (text_skip(&t, "mmio32,"))
		kind = UART_MMIO32;
	else
		return u;
	if (address(t, &u.base) && (kind != UART_IO || u.base <= 0xfff8))
		u.kind = kind;
	return u;
}

/* pl011,ADDR, pl011,mmio,ADDR, pl011,mmio32,ADDR: all have registers of 32 bits. */
static struct uart parse_pl011(struct kb_text t)
{
	struct uart u = {UART_NONE, 0};

	if (!text_skip(&t, "mmio,"))
		text_skip(&t, "mmio32,");
	if (address(t, &u.base))
		u.kind = UART_PL011;
	return u;
}

struct uart console_parse(const char *value, size_t len)
{
	struct kb_text t = {value, len};

	if (text_skip(&t, "ttyS"))
		return parse_tty(t);
	if (text_skip(&t, "uart8250,") || text_skip(&t, "uart,"))
		return parse_uart(t);
	return (struct uart){UART_NONE, 0};
}

struct uart console_parse_earlycon(const char *value, size_t len)
{
	struct kb_text t = {value, len};

	if (text_skip(&t, "pl011,"))
		return parse_pl011(t);
	if (text_skip(&t, "uart8250,") || text_skip(&t, "uart,"))
		return parse_uart(t);
	return (struct uart){UART_NONE, 0};
}

/* The port of the last word @name= of @cmdline that names a port. */
static struct uart find_last(const char *cmdline, const char *name,
			     struct uart (*parse)(const char *value, size_t len))
{
	struct cmdline_iter it = {cmdline, strlen(cmdline), 0};
	struct uart found = {UART_NONE, 0};
	struct cmdline_word w;
	struct kb_text value;

	while (cmdline_next(&it, &w)) {
		struct uart u = {UART_NONE, 0};

		if (cmdline_value(&w, name, &value))
			u = parse(value.text, value.len);
		if (u.kind != UART_NONE)
			found = u;
	}
	return found;
}

struct uart console_find(const char *cmdline)
{
	struct uart u = find_last(cmdline, "console", console_parse);

	return u.kind == UART_NONE ? find_last(cmdline, "earlycon", console_parse_earlycon) : u;
}

struct range console_registers(struct uart u)
{
	if (u.kind == UART_NONE || u.kind == UART_IO)
		return (struct range){0, 0};
	return (struct range){align_down(u.base, SZ_4K), SZ_4K};
}

struct uart console_outside(struct uart u, const struct range_list *ram)
{
	struct range r = console_registers(u);

	/* The page tables refuse what lies in the last page, so it must not be used either. */
	if (r.size && range_wraps(r))
		return (struct uart){UART_NONE, 0};
	for (size_t i = 0; i < ram->count; i++)
		if (ranges_overlap(ram->r[i], r))
			return (struct uart){UART_NONE, 0};
	return u;
}
