// SPDX-License-Identifier: BSD-2-Clause
/* A small vsnprintf; the header lists what it supports. */
#include <core/fmt.h>

struct out {
	char *buf;
	size_t size;
	size_t len; /* of the whole text, even if it does not fit */
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void put_padded(struct out *o, const char *s, size_t len, size_t width, char pad)
{
	for (size_t i = len; i < width; i++)
		put(o, pad);
	for (size_t i = 0; i < len; i++)
		put(o, s[i]);
}

static void put_string(struct out *o, const char *s, size_t width)
{
	size_t len = 0;

	if (!s)
		s = "(null)";
	while (s[len])
		len++;
	put_padded(o, s, len, width, ' ');
}

static void put_number(struct out *o, uint64_t v, bool negative, unsigned int base, size_t width,
		       char pad)
{
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	if (negative && pad == '0') {
		put(o, '-');
		width -= width ? 1 : 0;
	} else if (negative) {
		digits[--at] = '-';
	}
	put_padded(o, digits + at, sizeof(digits) - at, width, pad);
}

/* One conversion of the format string. */
struct spec {
	char pad;
	size_t width;
	int longs; /* 0 int, 1 long and size_t, 2 long long */
	char conv;
};

static const char *parse_spec(const char *f, struct spec *s)
{
	*s = (struct spec){.pad = ' '};
	if (*f == '0') {
		s->pad = '0';
		f++;
	}
	for (; *f >= '0' && *f <= '9'; f++)
		s->width = s->width * 10 + (size_t)(*f - '0');
	for (; *f == 'l' || *f == 'z'; f++)
		s->longs++;
	s->conv = *f;
	return *f ? f + 1 : f;
}

/* In a struct, because va_list may be an array type, which changes when passed as a parameter. */
struct args {
	va_list ap;
};

static uint64_t next_unsigned(struct args *a, int longs)
{
	return longs ? va_arg(a->ap, unsigned long) : va_arg(a->ap, unsigned int);
}

static int64_t next_signed(struct args *a, int longs)
{
	return longs ? va_arg(a->ap, long) : va_arg(a->ap, int);
}

static void put_signed(struct out *o, int64_t v, const struct spec *s)
{
	put_number(o, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, v < 0, 10, s->width, s->pad);
}

static void put_conversion(struct out *o, const struct spec *s, struct args *a)
{
	switch (s->conv) {
	case 's':
		put_string(o, va_arg(a->ap, const char *), s->width);
		break;
	case 'c':
		put(o, (char)va_arg(a->ap, int));
		break;
	case 'd':
	case 'i':
		put_signed(o, next_signed(a, s->longs), s);
		break;
	case 'u':
		put_number(o, next_unsigned(a, s->longs), false, 10, s->width, s->pad);
		break;
	case 'x':
		put_number(o, next_unsigned(a, s->longs), false, 16, s->width, s->pad);
		break;
	default:
		put(o, '%');
		if (s->conv && s->conv != '%')
			put(o, s->conv);
	}
}

size_t kb_vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	struct out o = {buf, size, 0};
	struct args a;
	struct spec s;

	va_copy(a.ap, args);
	while (*fmt) {
		if (*fmt != '%') {
			put(&o, *fmt++);
			continue;
		}
		fmt = parse_spec(fmt + 1, &s);
		put_conversion(&o, &s, &a);
	}
	va_end(a.ap);
	if (size)
		buf[o.len < size ? o.len : size - 1] = '\0';
	return o.len;
}

size_t kb_snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	size_t len;

	va_start(args, fmt);
	len = kb_vsnprintf(buf, size, fmt, args);
	va_end(args);
	return len;
}
