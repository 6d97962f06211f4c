// SPDX-License-Identifier: BSD-2-Clause
/* console= of the kernel command line; see the header. */
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

struct uart console_parse(const char *value, size_t len)
{
	struct kb_text t = {value, len};

	if (skip(&t, "ttyS"))
		return parse_tty(t);
	if (skip(&t, "uart8250,") || skip(&t, "uart,"))
		return parse_uart(t);
	return (struct uart){UART_NONE, 0};
}

struct uart console_find(const char *cmdline)
{
	static const char key[] = "console=";
	struct uart found = {UART_NONE, 0};

	for (const char *p = cmdline; *p;) {
		size_t len = 0;
		struct uart u;

		while (*p == ' ')
			p++;
		while (p[len] && p[len] != ' ')
			len++;
		if (len > strlen(key) && !memcmp(p, key, strlen(key))) {
			u = console_parse(p + strlen(key), len - strlen(key));
			if (u.kind != UART_NONE)
				found = u;
		}
		p += len;
	}
	return found;
}
