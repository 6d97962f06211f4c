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

/* The string at @at, if it is one of its own, of @max characters at most; else len 0. */
static struct kb_text own_string(const uint8_t *data, size_t size, size_t at, size_t max)
{
	size_t len = 0;

	if (at && is_graphic(data[at - 1]))
		return (struct kb_text){0};
	while (len <= max && at + len < size && is_graphic(data[at + len]))
		len++;
	if (len > max || at + len == size || data[at + len])
		return (struct kb_text){0};
	return (struct kb_text){(const char *)data + at, len};
}

/* Has @t, which begins with the prefix, a digit after it? */
static bool is_version(struct kb_text t)
{
	const size_t len = sizeof(prefix) - 1;

	return t.len > len && is_digit((uint8_t)t.text[len]);
}

static const struct {
	const char *name;
	enum kho_abi abi;
} known[] = {{"kho-v1", KHO_ABI_V1}, {"kho-v3", KHO_ABI_V3}, {"kho-v4", KHO_ABI_V4}};

static void add_version(struct kernel_versions *v, struct kb_text name)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (text_is(name, known[i].name)) {
			v->known |= 1u << known[i].abi;
			return;
		}
	}
	if (!v->unknown.len)
		v->unknown = name;
}

struct kernel_versions kernel_abi_versions(const void *data, size_t size)
{
	const uint8_t *base = data, *p = data;
	struct kernel_versions v = {0};

	while ((p = memmem(p, size - (size_t)(p - base), prefix, sizeof(prefix) - 1))) {
		struct kb_text name = own_string(base, size, (size_t)(p - base), UKI_KHO_NAME_MAX);

		if (is_version(name))
			add_version(&v, name);
		p++;
	}
	return v;
}

/* Is it one like "luo-session-v2"? */
static bool is_luo(struct kb_text t)
{
	size_t len = t.len;

	while (len && is_digit((uint8_t)t.text[len - 1]))
		len--;
	return len < t.len && len >= 2 && !memcmp(t.text + len - 2, "-v", 2);
}

void kernel_abi_luo(const void *data, size_t size, struct buffer *out)
{
	static const char luo[] = "luo-";
	const uint8_t *base = data, *p = data;
	size_t from = out->size;

	while ((p = memmem(p, size - (size_t)(p - base), luo, sizeof(luo) - 1))) {
		struct kb_text name = own_string(base, size, (size_t)(p++ - base), UKI_KHO_LUO_MAX);
		struct kb_text so_far = {(const char *)out->data + from, out->size - from};

		if (!is_luo(name) || text_lists(so_far, name))
			continue;
		if (out->size > from)
			buffer_append(out, " ", 1);
		buffer_append(out, name.text, name.len);
	}
	if (out->size - from > UKI_KHO_LUO_MAX)
		out->size = from;
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

void kernel_abi_write(const struct kernel_versions *v, uint32_t page_size, const struct buffer *luo,
		      struct buffer *out)
{
	char word[32];

	buffer_append(out, "kho=", 4);
	write_known(v->known, out);
	buffer_append(out, word, (size_t)snprintf(word, sizeof(word), "\npage=%u\n", page_size));
	if (luo->size) {
		buffer_append(out, "luo=", 4);
		buffer_append(out, luo->data, luo->size);
		buffer_append(out, "\n", 1);
	}
	if (v->unknown.len) {
		buffer_append(out, "unknown=", 8);
		buffer_append(out, v->unknown.text, v->unknown.len);
		buffer_append(out, "\n", 1);
	}
}
