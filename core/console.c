// SPDX-License-Identifier: BSD-2-Clause
/* console= of the kernel command line; see the header. */
#include <khoboot/console.h>

#include <string.h>

static const uint16_t legacy_port[] = {0x3f8, 0x2f8, 0x3e8, 0x2e8};

struct text {
	const char *s;
	size_t len;
};

static bool skip(struct text *t, const char *prefix)
{
	size_t n = strlen(prefix);

	if (t->len < n || memcmp(t->s, prefix, n))
		return false;
	t->s += n;
	t->len -= n;
	return true;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* A C number up to a comma or the end; false for anything else. */
static bool number(struct text t, uint64_t *ret)
{
	int base = skip(&t, "0x") || skip(&t, "0X") ? 16 : 10;
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < t.len && t.s[i] != ','; i++) {
		int d = digit(t.s[i]);

		if (d >= base || mul_overflow(v, (uint64_t)base, &v) || add_overflow(v, d, &v))
			return false;
	}
	if (!i)
		return false;
	*ret = v;
	return true;
}

static struct uart parse_tty(struct text t)
{
	struct uart none = {UART_NONE, 0};
	uint64_t n;

	if (!number(t, &n) || n >= ARRAY_SIZE(legacy_port))
		return none;
	return (struct uart){UART_IO, legacy_port[n]};
}

static struct uart parse_uart(struct text t)
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
	struct text t = {value, len};

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
