// SPDX-License-Identifier: BSD-2-Clause
/* console= and earlycon= of the kernel command line; see the header. */
#include <khoboot/cmdline.h>
#include <khoboot/console.h>

#include <string.h>

static const uint16_t legacy_port[] = {0x3f8, 0x2f8, 0x3e8, 0x2e8};

static bool skip(struct kb_text *t, const char *prefix)
{
	size_t n = strlen(prefix);

	if (t->len < n || memcmp(t->text, prefix, n))
		return false;
	t->text += n;
	t->len -= n;
	return true;
}

/* A number up to a comma or the end; false for anything else. */
static bool number(struct kb_text t, uint64_t *ret)
{
	size_t len = 0;

	while (len < t.len && t.text[len] != ',')
		len++;
	return cmdline_number((struct kb_text){t.text, len}, ret);
}

static struct uart parse_tty(struct kb_text t)
{
	struct uart none = {UART_NONE, 0};
	uint64_t n;

	if (!number(t, &n) || n >= ARRAY_SIZE(legacy_port))
		return none;
	return (struct uart){UART_IO, legacy_port[n]};
}

static struct uart parse_uart(struct kb_text t)
{
	struct uart u = {UART_NONE, 0};
	enum uart_kind kind;

	if (skip(&t, "io,"))
		kind = UART_IO;
	else if (skip(&t, "mmio,"))
		kind = UART_MMIO;
	else if (skip(&t, "mmio32,"))
		kind = UART_MMIO32;
	else
		return u;
	if (number(t, &u.base) && (kind != UART_IO || u.base <= 0xfff8))
		u.kind = kind;
	return u;
}

/* pl011,ADDR, pl011,mmio,ADDR, pl011,mmio32,ADDR: registers of 32 bits in any case. */
static struct uart parse_pl011(struct kb_text t)
{
	struct uart u = {UART_NONE, 0};

	if (!skip(&t, "mmio,"))
		skip(&t, "mmio32,");
	if (number(t, &u.base))
		u.kind = UART_PL011;
	return u;
}

struct uart console_parse(const char *value, size_t len)
{
	struct kb_text t = {value, len};

	if (skip(&t, "ttyS"))
		return parse_tty(t);
	if (skip(&t, "uart8250,") || skip(&t, "uart,"))
		return parse_uart(t);
	return (struct uart){UART_NONE, 0};
}

struct uart earlycon_parse(const char *value, size_t len)
{
	struct kb_text t = {value, len};

	if (skip(&t, "pl011,"))
		return parse_pl011(t);
	if (skip(&t, "uart8250,") || skip(&t, "uart,"))
		return parse_uart(t);
	return (struct uart){UART_NONE, 0};
}

/* What the last word of @cmdline that begins with @key names. */
static struct uart find_last(const char *cmdline, const char *key,
			     struct uart (*parse)(const char *value, size_t len))
{
	struct uart found = {UART_NONE, 0};

	for (const char *p = cmdline; *p;) {
		struct kb_text word;
		struct uart u;

		while (*p == ' ')
			p++;
		word = (struct kb_text){p, 0};
		while (p[word.len] && p[word.len] != ' ')
			word.len++;
		p += word.len;
		if (!skip(&word, key))
			continue;
		u = parse(word.text, word.len);
		if (u.kind != UART_NONE)
			found = u;
	}
	return found;
}

struct uart console_find(const char *cmdline)
{
	struct uart u = find_last(cmdline, "console=", console_parse);

	return u.kind == UART_NONE ? find_last(cmdline, "earlycon=", earlycon_parse) : u;
}
