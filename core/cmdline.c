// SPDX-License-Identifier: BSD-2-Clause
/* The command line: split into words, with khoboot's own taken out. */
#include <core/cmdline.h>
#include <core/diag.h>

#include <string.h>

/* ---- words ----------------------------------------------------------------------------------- */

#define NBSP ((char)0xa0)

/*
 * ASCII white space. The kernel's isspace() also accepts 0xa0, which is part of many UTF-8 letters.
 * Words are copied unchanged, so the kernel can still split at 0xa0.
 */
static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* @also: another character that counts as white space */
static bool next_word(struct cmdline_iter *it, char also, struct cmdline_word *ret)
{
	bool quoted = false;
	size_t at = it->pos;
	size_t end;

	while (at < it->len && (is_space(it->text[at]) || it->text[at] == also))
		at++;
	for (end = at; end < it->len && it->text[end]; end++) {
		if (it->text[end] == '"')
			quoted = !quoted;
		else if ((is_space(it->text[end]) || it->text[end] == also) && !quoted)
			break;
	}
	it->pos = end;
	if (end == at)
		return false;
	*ret = (struct cmdline_word){it->text + at, end - at, at};
	return true;
}

bool cmdline_next(struct cmdline_iter *it, struct cmdline_word *ret)
{
	return next_word(it, ' ', ret);
}

/* In the names of parameters, dash and underscore are the same. */
static char fold(char c)
{
	return c == '-' ? '_' : c;
}

static bool names_equal(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (fold(a[i]) != fold(b[i]))
			return false;
	return true;
}

/* Everything after this word belongs to init. */
static bool is_end(const struct cmdline_word *w)
{
	return text_is((struct kb_text){w->text, w->len}, "--");
}

/* Removes a quote at the start and one at the end, which may be missing, as in the kernel. */
static struct kb_text unquote(struct kb_text t)
{
	if (!t.len || t.text[0] != '"')
		return t;
	t.text++;
	t.len--;
	if (t.len && t.text[t.len - 1] == '"')
		t.len--;
	return t;
}

bool cmdline_value(const struct cmdline_word *w, const char *name, struct kb_text *ret)
{
	struct kb_text all = unquote((struct kb_text){w->text, w->len});
	size_t len = strlen(name);

	if (all.len <= len || all.text[len] != '=' || !names_equal(all.text, name, len))
		return false;
	*ret = unquote((struct kb_text){all.text + len + 1, all.len - len - 1});
	return true;
}

bool cmdline_is(const struct cmdline_word *w, const char *name)
{
	struct kb_text all = unquote((struct kb_text){w->text, w->len});

	return all.len == strlen(name) && names_equal(all.text, name, all.len);
}

bool cmdline_next_param(struct cmdline_iter *it, struct cmdline_word *ret)
{
	struct cmdline_word w;

	if (!next_word(it, NBSP, &w) || is_end(&w))
		return false;
	*ret = w;
	return true;
}

bool cmdline_last(struct kb_text text, const char *name, struct kb_text *ret)
{
	struct cmdline_iter it = {text.text, text.len, 0};
	struct cmdline_word w;
	bool found = false;

	while (cmdline_next_param(&it, &w))
		found |= cmdline_value(&w, name, ret);
	return found;
}

bool cmdline_true(struct kb_text value)
{
	if (value.len > 1 && (value.text[0] | 0x20) == 'o')
		return (value.text[1] | 0x20) == 'n';
	return value.len && memchr("1eEyYtT", value.text[0], 7);
}

bool cmdline_take_address(struct kb_text *t, const char *name, uint64_t *ret)
{
	struct kb_text rest = *t, word = text_cut(&rest, ' ');

	if (!text_skip(&word, name) || !text_skip(&word, "=") || !text_number(word, ret))
		return false;
	*t = rest;
	return true;
}

/* ---- the program's name ---------------------------------------------------------------------- */

/* What follows the last slash, backslash or colon. */
static struct kb_text last_component(struct kb_text t)
{
	for (size_t i = t.len; i-- > 0;)
		if (t.text[i] == '/' || t.text[i] == '\\' || t.text[i] == ':')
			return (struct kb_text){t.text + i + 1, t.len - i - 1};
	return t;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* File names of FAT: capital letters are the same. */
static bool same_file(struct kb_text a, struct kb_text b)
{
	if (!a.len || a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.text[i]) != lower(b.text[i]))
			return false;
	return true;
}

static bool ends_in_efi(struct kb_text t)
{
	struct kb_text end = {t.text + t.len - 4, 4};

	return t.len >= 4 && same_file(end, (struct kb_text){".efi", 4});
}

static bool has_equals_sign(const struct cmdline_word *w)
{
	for (size_t i = 0; i < w->len; i++)
		if (w->text[i] == '=')
			return true;
	return false;
}

/* A word like "uki", all alone, is no option of a kernel, but what iPXE calls the image. */
static bool is_last(struct cmdline_iter rest)
{
	struct cmdline_word other;

	return !cmdline_next(&rest, &other);
}

static bool is_program(const struct cmdline_start *start, const struct cmdline_word *w,
		       const struct cmdline_iter *rest)
{
	struct kb_text name = last_component(unquote((struct kb_text){w->text, w->len}));

	if (start->shell)
		return true;
	/* Not BOOT_IMAGE=/uki.efi, the first word of GRUB. */
	if (has_equals_sign(w))
		return false;
	return same_file(name, last_component(start->file)) || ends_in_efi(name) ||
	       (start->net && is_last(*rest));
}

struct kb_text cmdline_skip_program(struct kb_text t, const struct cmdline_start *start)
{
	struct cmdline_iter it = {t.text, t.len, 0};
	struct cmdline_word w;

	if (!t.text || !cmdline_next(&it, &w) || !is_program(start, &w, &it))
		return t;
	return (struct kb_text){t.text + it.pos, t.len - it.pos};
}

/* ---- options --------------------------------------------------------------------------------- */

/* Index of @value in the list @choices, separated by '|'; -1 if it is not in the list. */
static int choose(struct kb_text value, const char *choices)
{
	struct kb_text rest = {choices, strlen(choices)};

	for (int i = 0; rest.len; i++) {
		struct kb_text choice = text_cut(&rest, '|');

		if (value.len == choice.len && !memcmp(value.text, choice.text, choice.len))
			return i;
	}
	return -1;
}

/* "ADDR,SIZE" */
static bool parse_range(struct kb_text t, struct range *ret)
{
	struct kb_text base = text_cut(&t, ',');
	struct range r;

	if (!text_number(base, &r.base) || !text_number(t, &r.size) || !r.size || range_wraps(r))
		return false;
	*ret = r;
	return true;
}

bool cmdline_nonce(struct kb_text t, uint8_t ret[KB_NONCE_SIZE])
{
	uint8_t nonce[KB_NONCE_SIZE] = {0};

	if (t.len != KB_NONCE_DIGITS)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		unsigned int d = text_digit(t.text[i]);

		if (d == 16)
			return false;
		nonce[i / 2] = (uint8_t)(nonce[i / 2] << 4 | d);
	}
	memcpy(ret, nonce, sizeof(nonce));
	return true;
}

/* A number from 1 to @max. */
static bool parse_count(struct kb_text t, uint64_t max, unsigned int *ret)
{
	uint64_t v;

	if (!text_number(t, &v) || !v || v > max)
		return false;
	*ret = (unsigned int)v;
	return true;
}

struct option {
	const char *name;
	const char *choices; /* NULL: set_value() parses the value */
	bool outside;        /* also taken from outside a locked image */
};

enum {
	OPT_VIA,
	OPT_KHO,
	OPT_BRIDGE,
	OPT_ON_ERROR,
	OPT_LOG,
	OPT_KHO_FDT,
	OPT_KHO_SCRATCH,
	OPT_SEAL,
	OPT_ZONE,
	OPT_NONCE,
	OPT_FENCE,
	OPT_CALIBRATE,
	OPT_CPUS,
	OPT_MAX
};

/* The choices are in the order of the enumerations in the header. */
static const struct option options[OPT_MAX] = {
	[OPT_VIA] = {"khoboot.via", "direct|firmware", true},
	[OPT_KHO] = {"khoboot.kho", "auto|off|park", false},
	[OPT_BRIDGE] = {"khoboot.bridge", "auto|off", false},
	[OPT_ON_ERROR] = {"khoboot.on_error", "halt|discard|reset|fallback", false},
	[OPT_LOG] = {"khoboot.log", "error|warn|info|debug", true},
	[OPT_KHO_FDT] = {"khoboot.kho-fdt", NULL, false},
	[OPT_KHO_SCRATCH] = {"khoboot.kho-scratch", NULL, false},
	[OPT_SEAL] = {"khoboot.seal", "all|zone|meta", false},
	[OPT_ZONE] = {"khoboot.zone", NULL, false},
	[OPT_NONCE] = {"khoboot.nonce", NULL, false},
	[OPT_FENCE] = {"khoboot.fence", "off|on", false},
	[OPT_CALIBRATE] = {"khoboot.calibrate", NULL, false},
	[OPT_CPUS] = {"khoboot.cpus", NULL, false},
};

static void set_choice(struct kb_options *o, int option, int choice)
{
	switch (option) {
	case OPT_VIA:
		o->via = (enum kb_via)choice;
		break;
	case OPT_KHO:
		o->kho = (enum kb_kho)choice;
		break;
	case OPT_BRIDGE:
		o->bridge = (enum kb_bridge)choice;
		break;
	case OPT_ON_ERROR:
		o->on_error = (enum kb_on_error)choice;
		break;
	case OPT_SEAL:
		o->seal = (enum kb_digest)choice;
		break;
	case OPT_FENCE:
		o->fence = choice;
		break;
	default:
		o->log = (enum kb_log_level)choice;
	}
}

static bool set_value(struct kb_options *o, int option, struct kb_text value)
{
	uint8_t nonce[KB_NONCE_SIZE];

	switch (option) {
	case OPT_KHO_FDT:
		return parse_range(value, &o->kho_fdt);
	case OPT_KHO_SCRATCH:
		return parse_range(value, &o->kho_scratch);
	case OPT_CALIBRATE:
		return parse_count(value, KB_ROUNDS_MAX, &o->calibrate);
	case OPT_CPUS:
		return parse_count(value, KB_CPUS_MAX, &o->cpus);
	case OPT_NONCE:
		o->nonce = value;
		return cmdline_nonce(value, nonce);
	default:
		o->zone = value;
		return value.len != 0;
	}
}

static enum kb_status set_option(struct kb_options *o, int option, struct kb_text value)
{
	int choice;

	if (!options[option].choices)
		return set_value(o, option, value) ? KB_OK : KB_CMD_VALUE;
	choice = choose(value, options[option].choices);
	if (choice < 0)
		return KB_CMD_VALUE;
	set_choice(o, option, choice);
	return KB_OK;
}

static bool is_ours(const struct cmdline_word *w)
{
	struct kb_text t = unquote((struct kb_text){w->text, w->len});

	return text_skip(&t, "khoboot.");
}

/* The option that @w sets; OPT_MAX if there is no such option. */
static int find_option(const struct cmdline_word *w, struct kb_text *ret)
{
	int i = 0;

	while (i < OPT_MAX && !cmdline_value(w, options[i].name, ret))
		i++;
	return i;
}

/* ---- splitting ------------------------------------------------------------------------------- */

struct split {
	const struct cmdline_in *in;
	struct kb_options opts;
	struct kb_diag *diag;
	bool outside;  /* which text is being read */
	bool for_init; /* after "--" */
};

/* May words of this text do more than choose the route and the log level? */
static bool trusted(const struct split *s)
{
	return !s->outside || !s->in->locked;
}

static enum kb_status refuse(const struct split *s, enum kb_status st, const struct cmdline_word *w)
{
	return kb_note(s->diag, st, w->pos, s->outside);
}

/* An option that cannot be taken. */
static enum kb_status wrong(struct split *s, enum kb_status st, const struct cmdline_word *w)
{
	if (!(s->in->flags & CMDLINE_LENIENT))
		return refuse(s, st, w);
	s->opts.wrong++;
	return KB_OK;
}

static enum kb_status take_option(struct split *s, const struct cmdline_word *w)
{
	struct kb_text value = {NULL, 0};
	int i = find_option(w, &value);

	if (!trusted(s) && (i == OPT_MAX || !options[i].outside)) {
		s->opts.ignored++;
		return KB_OK;
	}
	if (i == OPT_MAX)
		return wrong(s, KB_CMD_UNKNOWN, w);
	return set_option(&s->opts, i, value) ? wrong(s, KB_CMD_VALUE, w) : KB_OK;
}

/* Takes linux= and initrd= at the UEFI door. False if @w is neither. */
static bool take_path(struct split *s, const struct cmdline_word *w, enum kb_status *st)
{
	struct kb_text value;

	if (!s->outside || !(s->in->flags & CMDLINE_PATHS))
		return false;
	if (cmdline_value(w, "linux", &value)) {
		s->opts.kernel = value;
		return true;
	}
	if (!cmdline_value(w, "initrd", &value))
		return false;
	if (s->opts.initrds == KB_INITRD_MAX)
		*st = refuse(s, KB_CMD_PATHS, w);
	else
		s->opts.initrd[s->opts.initrds++] = value;
	return true;
}

/*
 * True if khoboot takes @w, false if the kernel gets it. Each text is read twice, first for the
 * options and then for the copy. Both times the same words are taken.
 */
static bool take_word(struct split *s, const struct cmdline_word *w, enum kb_status *st)
{
	if (s->for_init)
		return false;
	if (is_ours(w)) {
		*st = take_option(s, w);
		return true;
	}
	s->for_init = is_end(w);
	return trusted(s) && take_path(s, w, st);
}

/* BOOT_IMAGE=, which boot loaders add, does not count as a word. */
static bool counts(const struct cmdline_word *w)
{
	struct kb_text value;

	return !cmdline_value(w, "BOOT_IMAGE", &value);
}

/* Read the options of one text. @ret_words: how many words for the kernel count. */
static enum kb_status read_text(struct split *s, bool outside, size_t *ret_words)
{
	struct kb_text t = outside ? s->in->outside : s->in->builtin;
	struct cmdline_iter it = {t.text, t.len, 0};
	enum kb_status st = KB_OK;
	struct cmdline_word w;
	size_t words = 0;

	s->outside = outside;
	s->for_init = false;
	while (!st && t.text && cmdline_next(&it, &w))
		if (!take_word(s, &w, &st))
			words += counts(&w);
	if (!st)
		*ret_words = words;
	return st;
}

/*
 * Length of the words for the kernel, which are also written to @buf unless it is NULL. The options
 * were read before and are correct: here they are taken again, into a copy that is thrown away.
 */
static size_t copy_words(const struct split *from, bool outside, char *buf)
{
	struct split s = *from;
	struct kb_text t = outside ? s.in->outside : s.in->builtin;
	struct cmdline_iter it = {t.text, t.len, 0};
	enum kb_status st = KB_OK;
	struct cmdline_word w;
	size_t len = 0;

	s.outside = outside;
	s.for_init = false;
	s.opts.initrds = 0;
	while (t.text && cmdline_next(&it, &w)) {
		if (take_word(&s, &w, &st))
			continue;
		if (len && buf)
			buf[len] = ' ';
		len += len ? 1 : 0;
		if (buf)
			memcpy(buf + len, w.text, w.len);
		len += w.len;
	}
	if (buf)
		buf[len] = '\0';
	return len;
}

/* The same with @in->first in front. @buf is NULL, or has room for all of it. */
static size_t copy_all(const struct split *s, bool outside, char *buf)
{
	struct kb_text first = s->in->first;
	size_t len = copy_words(s, outside, NULL), at = first.len + (first.len && len);

	if (buf && first.len)
		memcpy(buf, first.text, first.len);
	if (buf && at > first.len)
		buf[first.len] = ' ';
	if (buf)
		copy_words(s, outside, buf + at);
	return at + len;
}

enum kb_status cmdline_split(const struct cmdline_in *in, char *buf, size_t size,
			     struct kb_options *ret, struct kb_diag *diag)
{
	struct split s = {.in = in,
			  .opts = {.log = KB_INFO, .fallback = in->fallback},
			  .diag = diag};
	size_t builtin, outside;
	enum kb_status st;
	size_t len;

	if (in->fallback)
		s.opts.on_error = KB_ON_ERROR_FALLBACK;
	st = read_text(&s, false, &builtin);
	if (!st)
		st = read_text(&s, true, &outside);
	if (st)
		return st;
	if (in->locked)
		s.opts.ignored += outside;
	s.opts.from_outside = outside && !in->locked;
	len = copy_all(&s, s.opts.from_outside, NULL);
	if (len >= size)
		return kb_note(diag, KB_CMD_LONG, size, len);
	copy_all(&s, s.opts.from_outside, buf);
	*ret = s.opts;
	return KB_OK;
}

enum kb_status cmdline_supported(const struct kb_options *o, enum kb_door door)
{
	if (o->kho == KB_KHO_PARK)
		return KB_NO_PARK;
	if (o->on_error == KB_ON_ERROR_FALLBACK && !o->fallback)
		return KB_NO_FALLBACK;
	if (door == KB_DOOR_BARE && (o->kho_fdt.size || o->kho_scratch.size))
		return KB_NO_CARRIER;
	return KB_OK;
}
