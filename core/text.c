// SPDX-License-Identifier: BSD-2-Clause
/* Pieces of text, and the only parser of numbers. */
#include <core/text.h>

#include <string.h>

bool text_is(struct kb_text t, const char *word)
{
	return t.len == strlen(word) && !memcmp(t.text, word, t.len);
}

bool text_equal(struct kb_text a, struct kb_text b)
{
	return a.len == b.len && !memcmp(a.text, b.text, a.len);
}

bool text_skip(struct kb_text *t, const char *prefix)
{
	size_t n = strlen(prefix);

	if (t->len < n || memcmp(t->text, prefix, n))
		return false;
	t->text += n;
	t->len -= n;
	return true;
}

struct kb_text text_cut(struct kb_text *t, char sep)
{
	struct kb_text piece = {t->text, 0};

	while (piece.len < t->len && piece.text[piece.len] != sep)
		piece.len++;
	t->text += piece.len;
	t->len -= piece.len;
	if (t->len) {
		t->text++;
		t->len--;
	}
	return piece;
}

bool text_lists(struct kb_text list, struct kb_text word)
{
	while (list.len)
		if (text_equal(text_cut(&list, ' '), word))
			return true;
	return false;
}

unsigned int text_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned int)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned int)(c - 'A') + 10;
	return 16;
}

bool text_take_number(struct kb_text *t, unsigned int base, uint64_t *ret)
{
	size_t digits = 0;
	bool fits = true;
	uint64_t v = 0;

	for (; digits < t->len && text_digit(t->text[digits]) < base; digits++)
		fits = fits && !mul_overflow(v, (uint64_t)base, &v) &&
		       !add_overflow(v, (uint64_t)text_digit(t->text[digits]), &v);
	t->text += digits;
	t->len -= digits;
	if (!digits || !fits)
		return false;
	*ret = v;
	return true;
}

/* How often 1024, by the letter; 0 for any other character. */
static unsigned int kibis(char c)
{
	static const char letters[] = "KMGTPE";
	const char *at = memchr(letters, c & ~0x20, sizeof(letters) - 1);

	return at ? (unsigned int)(at - letters) + 1 : 0;
}

bool text_take_size(struct kb_text *t, uint64_t *ret)
{
	unsigned int base = 10, times;
	uint64_t v;

	if (text_skip(t, "0x") || text_skip(t, "0X"))
		base = 16;
	else if (t->len > 1 && t->text[0] == '0')
		base = 8;
	if (!text_take_number(t, base, &v))
		return false;
	times = t->len ? kibis(t->text[0]) : 0;
	if (times) {
		t->text++;
		t->len--;
	}
	return !mul_overflow(v, 1ULL << 10 * times, ret);
}

bool text_number(struct kb_text t, uint64_t *ret)
{
	unsigned int base = text_skip(&t, "0x") || text_skip(&t, "0X") ? 16 : 10;
	uint64_t v;

	if (!text_take_number(&t, base, &v) || t.len)
		return false;
	*ret = v;
	return true;
}
