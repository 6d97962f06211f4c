// SPDX-License-Identifier: BSD-2-Clause
/*
 * Unpacks kernels, and looks for versions and release in them. Linux scripts/Makefile.lib packs
 * with the usual tools and appends the unpacked size as 32 bits (size_append); gzip ends with it
 * anyway.
 */
#include <core/diag.h>
#include <fdt/kho.h>

#include "kernel_abi.h"

#define ZLIB_CONST /* inflate() does not write to its input */
#include <lz4.h>
#include <lzma.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define UNPACKED_MAX SZ_1G
#define LZ4_BLOCK    (8u << 20) /* unpacked bytes of each block of the legacy format but the last */
#define LZMA_MEMORY  SZ_1G

/* Unpack all of @in into exactly @out_size bytes at @out. */
typedef bool unpack_fn(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size);

/* ---- formats --------------------------------------------------------------------------------- */

static bool unpack_gzip(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size)
{
	z_stream z = {
		.next_in = in,
		.avail_in = (uInt)in_size,
		.next_out = out,
		.avail_out = (uInt)out_size,
	};
	int ret;

	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return false;
	ret = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	return ret == Z_STREAM_END && !z.avail_out;
}

static bool run_lzma(lzma_stream *s, const uint8_t *in, size_t in_size, uint8_t *out,
		     size_t out_size)
{
	lzma_ret ret;

	s->next_in = in;
	s->avail_in = in_size;
	s->next_out = out;
	s->avail_out = out_size;
	ret = lzma_code(s, LZMA_FINISH);
	lzma_end(s);
	return ret == LZMA_STREAM_END && !s->avail_out;
}

static bool unpack_xz(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size)
{
	lzma_stream s = LZMA_STREAM_INIT;

	return lzma_stream_decoder(&s, LZMA_MEMORY, 0) == LZMA_OK &&
	       run_lzma(&s, in, in_size, out, out_size);
}

static bool unpack_lzma(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size)
{
	lzma_stream s = LZMA_STREAM_INIT;

	return lzma_alone_decoder(&s, LZMA_MEMORY) == LZMA_OK &&
	       run_lzma(&s, in, in_size, out, out_size);
}

/* The legacy format has no end mark: a magic, then blocks, each after its packed size. */
static bool unpack_lz4(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size)
{
	size_t at = 4, done = 0;

	while (in_size - at >= 4) {
		uint32_t packed = get_u32(in + at);
		size_t room = out_size - done;
		int n;

		at += 4;
		if (packed > in_size - at || packed > INT32_MAX)
			return false;
		n = LZ4_decompress_safe((const char *)in + at, (char *)out + done, (int)packed,
					(int)(room < LZ4_BLOCK ? room : LZ4_BLOCK));
		if (n < 0)
			return false;
		at += packed;
		done += (size_t)n;
	}
	return at == in_size && done == out_size;
}

static bool unpack_zstd(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size)
{
	return ZSTD_decompress(out, out_size, in, in_size) == out_size;
}

static const struct format {
	const char *magic;
	uint8_t magic_size;
	uint8_t trailer; /* bytes after the packed data: the unpacked size */
	enum kb_status refusal;
	unpack_fn *unpack;
} formats[] = {
	{"\x1f\x8b", 2, 0, KB_OK, unpack_gzip},
	{"\xfd\x37zXZ\0", 6, 4, KB_OK, unpack_xz},
	{"\x5d\0\0", 3, 4, KB_OK, unpack_lzma},
	{"\x02\x21\x4c\x18", 4, 4, KB_OK, unpack_lz4},
	{"\x28\xb5\x2f\xfd", 4, 4, KB_OK, unpack_zstd},
	{"BZh", 3, 4, KB_CTL_BZIP2, NULL},
	{"\x89LZO", 4, 4, KB_CTL_LZO, NULL},
};

static const struct format *find_format(const uint8_t *in, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (size >= formats[i].magic_size &&
		    !memcmp(in, formats[i].magic, formats[i].magic_size))
			return &formats[i];
	return NULL;
}

static enum kb_status unpack(const struct format *f, const uint8_t *in, size_t size,
			     struct buffer *out)
{
	uint32_t promised;

	if (size < (size_t)f->magic_size + 4)
		return KB_CTL_UNPACK;
	promised = get_u32(in + size - 4);
	if (!promised || promised > UNPACKED_MAX)
		return KB_CTL_UNPACK;
	buffer_reserve(out, promised);
	out->size = promised;
	return f->unpack(in, size - f->trailer, out->data, promised) ? KB_OK : KB_CTL_UNPACK;
}

enum kb_status kernel_abi_unpack(const void *image, const struct bzimage *b, struct buffer *out,
				 struct kb_diag *diag)
{
	const struct format *f;
	uint64_t offset, size;
	const uint8_t *in;
	enum kb_status st;

	st = bzimage_payload(b, &offset, &size);
	if (st)
		return kb_note(diag, st, BZ_PAYLOAD_OFFSET, b->payload_offset);
	in = (const uint8_t *)image + offset;
	f = find_format(in, size);
	if (!f)
		return kb_note(diag, KB_CTL_PACKING, offset, size < 4 ? 0 : get_u32(in));
	st = f->refusal ? f->refusal : unpack(f, in, size, out);
	return st ? kb_note(diag, st, offset, size) : KB_OK;
}

/* ---- versions -------------------------------------------------------------------------------- */

static const char prefix[] = "kho-v";

static bool is_graphic(uint8_t c)
{
	return c > ' ' && c < 0x7f;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

#define STRING_MAX 4096

/* The string at @at, if it is one of its own; else len 0. */
static struct kb_text own_string(const uint8_t *data, size_t size, size_t at)
{
	size_t len = 0;

	if (at && is_graphic(data[at - 1]))
		return (struct kb_text){0};
	while (len <= STRING_MAX && at + len < size && is_graphic(data[at + len]))
		len++;
	if (len > STRING_MAX || at + len == size || data[at + len])
		return (struct kb_text){0};
	return (struct kb_text){(const char *)data + at, len};
}

/* Has @t, which begins with the prefix, a digit after it? */
static bool is_version(struct kb_text t)
{
	const size_t len = sizeof(prefix) - 1;

	return t.len > len && is_digit((uint8_t)t.text[len]);
}

/* What is too long is cut, and is never taken for a known one. */
static struct kb_text cut_version(struct kb_text name)
{
	if (name.len <= UKI_KHO_NAME_MAX)
		return name;
	name.len = UKI_KHO_NAME_MAX;
	while (kho_abi_parse(name, NULL))
		name.len--;
	return name;
}

/* Of those that have no number to be written as, a really unknown one counts. */
static void add_version(struct kernel_versions *v, struct kb_text name)
{
	const enum kho_abi abi = kho_abi_parse(name, NULL);

	if (abi && text_is(name, kho_abi_name(abi)))
		v->known |= 1u << abi;
	else if (!v->unknown.len || (!abi && kho_abi_parse(v->unknown, NULL)))
		v->unknown = name;
}

struct kernel_versions kernel_abi_versions(const void *data, size_t size)
{
	const uint8_t *base = data, *p = data;
	struct kernel_versions v = {0};

	while ((p = memmem(p, size - (size_t)(p - base), prefix, sizeof(prefix) - 1))) {
		struct kb_text name = cut_version(own_string(base, size, (size_t)(p - base)));

		if (is_version(name))
			add_version(&v, name);
		p++;
	}
	return v;
}

/* ---- names of what lies in sub-blobs --------------------------------------------------------- */

/* Is it one like "luo-session-v2", or with more parts "memfd-v2;vmalloc-v1"? */
static bool is_name(struct kb_text t)
{
	const struct kb_text first = text_cut(&t, ';');
	size_t len = first.len;

	while (len && is_digit((uint8_t)first.text[len - 1]))
		len--;
	return len < first.len && len >= 2 && !memcmp(first.text + len - 2, "-v", 2);
}

static struct kb_text listed(const struct kernel_names *n)
{
	return (struct kb_text){(const char *)n->list.data, n->list.size};
}

static void add_name(struct kernel_names *n, struct kb_text name)
{
	if (!is_name(name) || text_lists(listed(n), name))
		return;
	if (n->list.size + name.len + 1 > UKI_KHO_ABI_MAX) {
		if (!n->left_out.len)
			n->left_out = cut_version(name);
		return;
	}
	if (n->list.size)
		buffer_append(&n->list, " ", 1);
	buffer_append(&n->list, name.text, name.len);
}

static void add_strings(struct kernel_names *n, const uint8_t *data, size_t size, const char *kind)
{
	const uint8_t *p = data;

	while ((p = memmem(p, size - (size_t)(p - data), kind, strlen(kind))))
		add_name(n, own_string(data, size, (size_t)(p++ - data)));
}

/*
 * The table of live update's file handlers: a magic, the number of the form, then strings of 48
 * bytes, padded with NULs ("liveupdate: list all file handler versions in vmlinux section",
 * December 2025; its section is .liveupdate_versions). It is found by the magic: an Image has no
 * sections, and in the kernel that a bzImage packs it lies at the same alignment.
 */
#define TABLE_ALIGN 8
#define TABLE_NAME  48

static const uint8_t table_magic[] = {'P', 'U', 'V', 'L', 1, 0, 0, 0};

/* The name in the @TABLE_NAME bytes at @p; len 0: this is none. */
static struct kb_text table_name(const uint8_t *p)
{
	struct kb_text name = {(const char *)p, 0};

	while (name.len < TABLE_NAME && is_graphic(p[name.len]))
		name.len++;
	for (size_t i = name.len; i < TABLE_NAME; i++)
		if (p[i])
			return (struct kb_text){0};
	if (name.len == TABLE_NAME || !is_name(name))
		name.len = 0;
	return name;
}

/* How many names the table at @p has; 0: it is none. */
static size_t table_count(const uint8_t *p, size_t size)
{
	size_t n = 0;

	while ((n + 1) * TABLE_NAME <= size && table_name(p + n * TABLE_NAME).len)
		n++;
	return n;
}

/* True when there is a table. */
static bool add_table(struct kernel_names *n, const uint8_t *data, size_t size)
{
	const uint8_t *p = data;
	size_t count = 0;

	while (!count &&
	       (p = memmem(p, size - (size_t)(p - data), table_magic, sizeof(table_magic)))) {
		const bool aligned = !((size_t)(p - data) % TABLE_ALIGN);

		p += sizeof(table_magic);
		count = aligned ? table_count(p, size - (size_t)(p - data)) : 0;
	}
	for (size_t i = 0; i < count; i++)
		add_name(n, table_name(p + i * TABLE_NAME));
	return count;
}

void kernel_abi_names(const void *data, size_t size, struct kernel_names *ret)
{
	add_strings(ret, data, size, "luo-");
	if (!add_table(ret, data, size))
		add_strings(ret, data, size, "memfd-");
	add_strings(ret, data, size, "memblock-");
	add_strings(ret, data, size, "reserve-mem-");
}

/* ---- texts ----------------------------------------------------------------------------------- */

#define RELEASE_MAX 64 /* the kernel's own limit (__NEW_UTS_LEN) */

void kernel_abi_banner(const void *data, size_t size, struct buffer *out)
{
	static const char banner[] = "Linux version ";
	const uint8_t *p = data, *end = p + size;

	while ((p = memmem(p, (size_t)(end - p), banner, sizeof(banner) - 1))) {
		const uint8_t *word = p + sizeof(banner) - 1;
		size_t len = 0;

		while (len <= RELEASE_MAX && len < (size_t)(end - word) && is_graphic(word[len]))
			len++;
		/* A format string ("Linux version %s") begins like the banner. */
		if (len && len <= RELEASE_MAX && *word >= '0' && *word <= '9') {
			buffer_append(out, word, len);
			return;
		}
		p = word;
	}
}

static void write_known(uint32_t versions, struct buffer *out)
{
	const char *separator = "";
	char word[32];

	for (int n = 1; n < 32; n++) {
		if (!(versions >> n & 1))
			continue;
		buffer_append(out, word,
			      (size_t)snprintf(word, sizeof(word), "%s%s%d", separator, prefix, n));
		separator = " ";
	}
	if (!versions)
		buffer_append(out, "none", 4);
}

static void write_line(const char *key, struct kb_text value, struct buffer *out)
{
	if (!value.len)
		return;
	buffer_append(out, key, strlen(key));
	buffer_append(out, value.text, value.len);
	buffer_append(out, "\n", 1);
}

/* Those of live update have a line of their own, which older images of khoboot read. */
static void write_luo(struct kb_text names, struct buffer *out)
{
	const char *separator = "luo=";

	while (names.len) {
		const struct kb_text name = text_cut(&names, ' ');

		if (memcmp(name.text, "luo-", min_u64(name.len, 4)))
			continue;
		buffer_append(out, separator, strlen(separator));
		buffer_append(out, name.text, name.len);
		separator = " ";
	}
	if (*separator == ' ')
		buffer_append(out, "\n", 1);
}

static bool is_release(struct kb_text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (!is_graphic((uint8_t)t.text[i]))
			return false;
	return t.len <= UKI_KHO_RELEASE_MAX;
}

static struct kb_text unknown(const struct kernel_speaks *s)
{
	const struct kb_text name = s->versions.unknown, left_out = s->names.left_out;

	return left_out.len && (!name.len || kho_abi_parse(name, NULL)) ? left_out : name;
}

void kernel_abi_write(const struct kernel_speaks *s, struct buffer *out)
{
	char word[32];

	buffer_append(out, "kho=", 4);
	write_known(s->versions.known, out);
	buffer_append(out, word, (size_t)snprintf(word, sizeof(word), "\npage=%u\n", s->page_size));
	if (is_release(s->release))
		write_line("release=", s->release, out);
	write_luo(listed(&s->names), out);
	write_line("abi=", listed(&s->names), out);
	write_line("unknown=", unknown(s), out);
}
