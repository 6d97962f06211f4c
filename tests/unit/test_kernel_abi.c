// SPDX-License-Identifier: BSD-2-Clause
/* Which KHO versions a kernel speaks, for kernels packed in each way that Linux packs them. */
#include "unit.h"

#include "../../tools/kernel_abi.h"
#include "../../tools/next_kernel.h"
#include "make_image.h"
#include "pack.h"

#include <fdt/kho.h>
#include <format/pe.h>
#include <format/uki.h>

#include <lz4hc.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#define KERNEL_SIZE (9u << 20) /* more than one block of the LZ4 legacy format */

static uint8_t *kernel;
static struct buffer file, out;

static int setup(void **state)
{
	uint64_t seed = 1;
	(void)state;

	kernel = malloc(KERNEL_SIZE);
	for (size_t i = 0; i < KERNEL_SIZE; i++)
		kernel[i] = i % 64 < 60 ? (uint8_t)(i / 64) : (uint8_t)random_next(&seed);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(kernel);
	buffer_free(&file);
	buffer_free(&out);
	return 0;
}

/* ---- packing as scripts/Makefile.lib does ---------------------------------------------------- */

static void append_size(struct buffer *b)
{
	uint8_t size[4];

	put_u32(size, KERNEL_SIZE);
	buffer_append(b, size, 4);
}

static void pack_gzip(struct buffer *b)
{
	z_stream z = {.next_in = kernel, .avail_in = KERNEL_SIZE};

	buffer_reserve(b, KERNEL_SIZE);
	z.next_out = b->data;
	z.avail_out = KERNEL_SIZE;
	assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	b->size = z.total_out;
	deflateEnd(&z);
}

static void run_lzma(lzma_stream *s, struct buffer *b)
{
	buffer_reserve(b, KERNEL_SIZE);
	s->next_in = kernel;
	s->avail_in = KERNEL_SIZE;
	s->next_out = b->data;
	s->avail_out = KERNEL_SIZE;
	assert_int_equal(lzma_code(s, LZMA_FINISH), LZMA_STREAM_END);
	b->size = s->total_out;
	lzma_end(s);
	append_size(b);
}

/* xz --check=crc32 --x86 --lzma2=$LZMA2OPTS */
static void pack_xz(struct buffer *b)
{
	lzma_stream s = LZMA_STREAM_INIT;
	lzma_options_lzma o;
	lzma_filter f[] = {{LZMA_FILTER_X86, NULL},
			   {LZMA_FILTER_LZMA2, &o},
			   {LZMA_VLI_UNKNOWN, NULL}};

	lzma_lzma_preset(&o, 0);
	assert_int_equal(lzma_stream_encoder(&s, f, LZMA_CHECK_CRC32), LZMA_OK);
	run_lzma(&s, b);
}

static void pack_lzma(struct buffer *b)
{
	lzma_stream s = LZMA_STREAM_INIT;
	lzma_options_lzma o;

	lzma_lzma_preset(&o, 0);
	assert_int_equal(lzma_alone_encoder(&s, &o), LZMA_OK);
	run_lzma(&s, b);
}

static void append_lz4_block(struct buffer *b, const uint8_t *data, int size)
{
	int bound = LZ4_compressBound(size), n;
	uint8_t head[4];

	buffer_reserve(b, b->size + 4 + (size_t)bound);
	n = LZ4_compress_default((const char *)data, (char *)b->data + b->size + 4, size, bound);
	assert_true(n > 0);
	put_u32(head, (uint32_t)n);
	memcpy(b->data + b->size, head, 4);
	b->size += 4 + (size_t)n;
}

/* lz4 -l */
static void pack_lz4(struct buffer *b)
{
	buffer_append(b, "\x02\x21\x4c\x18", 4);
	append_lz4_block(b, kernel, 8 << 20);
	append_lz4_block(b, kernel + (8 << 20), 1 << 20);
	append_size(b);
}

/*
 * Through the streaming interface, which leaves the size out of the frame, as zstd in a pipe does.
 */
static void pack_zstd(struct buffer *b)
{
	ZSTD_CStream *s = ZSTD_createCStream();
	ZSTD_inBuffer in = {kernel, KERNEL_SIZE, 0};
	ZSTD_outBuffer o;

	buffer_reserve(b, KERNEL_SIZE);
	o = (ZSTD_outBuffer){b->data, KERNEL_SIZE, 0};
	ZSTD_initCStream(s, 1);
	while (in.pos < in.size)
		assert_false(ZSTD_isError(ZSTD_compressStream(s, &o, &in)));
	assert_int_equal(ZSTD_endStream(s, &o), 0);
	ZSTD_freeCStream(s);
	b->size = o.pos;
	append_size(b);
}

static void (*const packers[])(struct buffer *b) = {pack_gzip, pack_xz, pack_lzma, pack_lz4,
						    pack_zstd};

/* ---- unpacking ------------------------------------------------------------------------------- */

static enum kb_status unpack_payload(const void *payload, size_t size, struct kb_diag *diag)
{
	enum kb_status st;
	struct bzimage b;

	make_bzimage(&file, payload, size);
	ok(bzimage_parse(file.data, file.size, &b, NULL));
	buffer_free(&out);
	st = kernel_abi_unpack(file.data, &b, &out, diag);
	return st;
}

static void every_packing(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(packers); i++) {
		struct buffer packed = {0};

		packers[i](&packed);
		ok(unpack_payload(packed.data, packed.size, NULL));
		assert_int_equal(out.size, KERNEL_SIZE);
		assert_memory_equal(out.data, kernel, KERNEL_SIZE);
		buffer_free(&packed);
	}
}

/* The size after the packed kernel must be right: neither too large nor too small. */
static void wrong_sizes_are_refused(void **state)
{
	static const uint32_t sizes[] = {0,  1, KERNEL_SIZE - 1, KERNEL_SIZE + 1, (1u << 30) + 1,
					 ~0u};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(packers); i++) {
		struct buffer packed = {0};

		packers[i](&packed);
		for (size_t n = 0; n < ARRAY_SIZE(sizes); n++) {
			struct kb_diag diag = {0};

			put_u32(packed.data + packed.size - 4, sizes[n]);
			assert_int_equal(unpack_payload(packed.data, packed.size, &diag),
					 KB_CTL_UNPACK);
			assert_int_equal(diag.at, TEST_BZ_PAYLOAD);
		}
		buffer_free(&packed);
	}
}

/* zlib knows the size itself, unless something else stands in its place. */
static void gzip_with_a_tail(void **state)
{
	struct buffer packed = {0};
	(void)state;

	pack_gzip(&packed);
	append_size(&packed);
	ok(unpack_payload(packed.data, packed.size, NULL));
	put_u32(packed.data + packed.size - 4, KERNEL_SIZE + 1);
	assert_int_equal(unpack_payload(packed.data, packed.size, NULL), KB_CTL_UNPACK);
	buffer_free(&packed);
}

/* Cut at any place, and then the right size appended. */
static void cut_kernels_are_refused(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(packers); i++) {
		struct buffer packed = {0};
		size_t step;

		packers[i](&packed);
		step = packed.size / 5;
		for (size_t size = packed.size - 5; size > step; size -= step) {
			struct buffer cut = {0};

			buffer_append(&cut, packed.data, size);
			append_size(&cut);
			assert_int_equal(unpack_payload(cut.data, cut.size, NULL), KB_CTL_UNPACK);
			buffer_free(&cut);
		}
		buffer_free(&packed);
	}
}

static void other_packings_have_codes(void **state)
{
	static const struct {
		const char *payload;
		size_t size;
		enum kb_status want;
	} t[] = {
		{"BZh91AY&SY", 10, KB_CTL_BZIP2},
		{"\x89LZO\0\r\n\x1a\n", 9, KB_CTL_LZO},
		{"\x7f"
		 "ELF.....",
		 9, KB_CTL_PACKING},
		{"\x1f", 1, KB_CTL_PACKING},
		{"\x1f\x8b", 2, KB_CTL_UNPACK},
		{"\x1f\x8b\x08\0\0\0\0\0\1\0\0", 11, KB_CTL_UNPACK},
		{"\x02\x21\x4c\x18\1\0\0", 7, KB_CTL_UNPACK},
		{"\x02\x21\x4c\x18\1\0\0\0", 8, KB_CTL_UNPACK},
		{"\x02\x21\x4c\x18\xff\xff\xff\xff\1\0\0\0", 12, KB_CTL_UNPACK},
		{"\x28\xb5\x2f\xfd\1\0\0\0", 8, KB_CTL_UNPACK},
		{"", 0, KB_BZ_PAYLOAD},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct kb_diag diag = {0};

		assert_int_equal(unpack_payload(t[i].payload, t[i].size, &diag), t[i].want);
		assert_int_equal(diag.status, t[i].want);
	}
}

/* ---- versions -------------------------------------------------------------------------------- */

static void versions_are_found(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		uint32_t known;
		const char *unknown;
	} t[] = {
		{"kho-v4", 7, 1u << 4, ""},
		{"\0\0kho-v1\0\0", 10, 1u << 1, ""},
		{"kho-v3\0kho-v4", 14, 1u << 3 | 1u << 4, ""},
		{"\x90kho-v4", 8, 1u << 4, ""},
		{"kho-v4\0kho-v4", 14, 1u << 4, ""},
		{"kho-test-v1\0test-kho-v1", 24, 0, ""}, /* part of another string */
		{"kho-v4 is spoken", 17, 0, ""},
		{"kho-v", 6, 0, ""},
		{"kho-v%u", 8, 0, ""},
		{"kho-v4", 6, 0, ""}, /* no end */
		{"kho-v4;radix-v1", 15, 0, ""},
		{"kho-v", 5, 0, ""},
		{"", 0, 0, ""},
		/* versions to come, and one that no release spoke */
		{"kho-v2", 7, 0, "kho-v2"},
		{"kho-v5", 7, 0, "kho-v5"},
		{"kho-v0", 7, 0, "kho-v0"},
		{"kho-v4x", 8, 0, "kho-v4x"},
		{"kho-v4294967300", 16, 0, "kho-v4294967300"},
		{"kho-v5\0kho-v4\0kho-v6", 21, 1u << 4, "kho-v5"},
		{"kho-v4;radix-v1;vmalloc-v1", 27, 0, "kho-v4;radix-v1;vmalloc-v1"},
		{"kho-v5;89012345678901234567890123456789012345678901234567890123", 64, 0,
		 "kho-v5;89012345678901234567890123456789012345678901234567890123"},
		/* a really unknown one counts before one with more parts */
		{"kho-v4;radix-v1\0kho-v5", 23, 0, "kho-v5"},
		{"kho-v5\0kho-v4;radix-v1", 23, 0, "kho-v5"},
		{"kho-v4\0kho-v4;radix-v1", 23, 1u << 4, "kho-v4;radix-v1"},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		void *copy = malloc(t[i].size ? t[i].size : 1);
		struct kernel_versions got;

		memcpy(copy, t[i].text, t[i].size);
		got = kernel_abi_versions(copy, t[i].size);
		if (got.known != t[i].known || got.unknown.len != strlen(t[i].unknown) ||
		    (got.unknown.len && !text_is(got.unknown, t[i].unknown)))
			fail_msg("%s: %x %.*s", t[i].text, got.known, (int)got.unknown.len,
				 got.unknown.text);
		free(copy);
	}
}

/* Longer than .kho takes: cut, and not where a known version would end. */
static void long_versions_are_unknown(void **state)
{
	char text[UKI_KHO_NAME_MAX + 3] = "kho-v4";
	struct kernel_versions got;
	(void)state;

	for (size_t at = 6; at + 9 <= UKI_KHO_NAME_MAX; at += 9)
		memcpy(text + at, ";radix-v1", 9);
	memset(text + strlen(text), '1', sizeof(text) - 1 - strlen(text));
	got = kernel_abi_versions(text, sizeof(text));
	assert_int_equal(got.known, 0);
	assert_in_range(got.unknown.len, UKI_KHO_NAME_MAX - 9, UKI_KHO_NAME_MAX);
	assert_int_equal(kho_abi_parse(got.unknown, NULL), KHO_ABI_UNKNOWN);
	/* At the border of a part. */
	memset(text, 0, sizeof(text));
	memcpy(text, "kho-v4", 6);
	for (int i = 0; i < 27; i++)
		memcpy(text + strlen(text), i < 3 ? ";vmalloc-v1" : ";block-v1", i < 3 ? 11 : 9);
	assert_int_equal(strlen(text), UKI_KHO_NAME_MAX);
	assert_int_equal(kernel_abi_versions(text, sizeof(text)).unknown.len, UKI_KHO_NAME_MAX);
	text[UKI_KHO_NAME_MAX] = ';';
	got = kernel_abi_versions(text, sizeof(text));
	assert_int_equal(kho_abi_parse(got.unknown, NULL), KHO_ABI_UNKNOWN);
}

/* ---- .kho ------------------------------------------------------------------------------------ */

static enum kb_status look_into(const struct buffer *b, uint16_t machine,
				struct next_kernel_abi *abi, struct kb_diag *diag)
{
	struct next_kernel k;
	enum kb_status st = next_kernel_open(b->data, b->size, machine, &k, diag);

	return st ? st : next_kernel_abi(&k, abi, diag);
}

static void assert_abi(const struct buffer *b, uint16_t machine, const char *text,
		       const char *release)
{
	struct next_kernel_abi abi = {0};
	struct uki_kho parsed;

	ok(look_into(b, machine, &abi, NULL));
	assert_int_equal(abi.kho.size, strlen(text));
	assert_memory_equal(abi.kho.data, text, abi.kho.size);
	ok(uki_kho_parse(abi.kho.data, abi.kho.size, &parsed, NULL)); /* khoboot reads it */
	assert_int_equal(abi.release.size, strlen(release));
	if (*release)
		assert_memory_equal(abi.release.data, release, abi.release.size);
	next_kernel_abi_free(&abi);
}

static void assert_section(const char *text)
{
	struct buffer packed = {0};

	pack_zstd(&packed);
	make_bzimage(&file, packed.data, packed.size);
	assert_abi(&file, PE_MACHINE_AMD64, text, TEST_RELEASE);
	buffer_free(&packed);
}

#define X86 "page=4096\nrelease=" TEST_RELEASE "\n"

static void the_section_says_it(void **state)
{
	static const char strings[] = "\0luo-v1\0luo-flb\0xluo-v2\0luo-v\0luo-session-v2\0luo-v1";
	static const char others[] = "\xffmemfd-v2\0\0reserve-mem-v1\0memblock-v1\0memfd-v";
	(void)state;

	assert_section("kho=none\n" X86);
	memcpy(kernel + KERNEL_SIZE - 8, "\0kho-v4", 8);
	assert_section("kho=kho-v4\n" X86);
	memcpy(kernel + (8 << 20) - 4, "\0kho-v3", 8); /* across a border */
	assert_section("kho=kho-v3 kho-v4\n" X86);
	memcpy(kernel + 0x3000, strings, sizeof(strings));
	memcpy(kernel + 0x2000, others, sizeof(others));
	assert_section("kho=kho-v3 kho-v4\n" X86 "luo=luo-v1 luo-session-v2\n"
		       "abi=luo-v1 luo-session-v2 memfd-v2 memblock-v1 reserve-mem-v1\n");
	memcpy(kernel + KERNEL_SIZE - 18, "\0kho-v4;radix-v1\0", 18);
	memcpy(kernel + (8 << 20) - 4, "\0\0\0\0\0\0\0", 8);
	assert_section("kho=none\n" X86 "luo=luo-v1 luo-session-v2\n"
		       "abi=luo-v1 luo-session-v2 memfd-v2 memblock-v1 reserve-mem-v1\n"
		       "unknown=kho-v4;radix-v1\n");
}

static void assert_names(const char *text, size_t size, const char *want)
{
	struct kernel_names names = {0};
	uint8_t *copy = malloc(size ? size : 1); /* of its own, and aligned */

	memcpy(copy, text, size);
	kernel_abi_names(copy, size, &names);
	if (names.list.size != strlen(want) ||
	    memcmp(names.list.size ? (char *)names.list.data : "", want, names.list.size))
		fail_msg("%.*s, not %s", (int)names.list.size, (char *)names.list.data, want);
	assert_int_equal(names.left_out.len, 0);
	buffer_free(&names.list);
	free(copy);
}

/* Each once; not the end of another string, nor without a number, nor cut off. */
static void sub_blobs_are_named(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		const char *names;
	} t[] = {
		{"luo-v5", 7, "luo-v5"},
		{"luo-v5", 6, ""},
		{"luo-v5\0luo-v5\0luo-v1", 21, "luo-v5 luo-v1"},
		{"luo-v", 6, ""},
		{"luo-5", 6, ""},
		{"luo-", 5, ""},
		{"xluo-v5", 8, ""},
		{"luo-flb-v10\0x\0luo-header", 25, "luo-flb-v10"},
		{"", 0, ""},
		{"\xffmemfd-v1\0luo-v1", 17, "luo-v1 memfd-v1"},
		{"memfd-v2;vmalloc-v1", 20, "memfd-v2;vmalloc-v1"},
		{"memfd-x;vmalloc-v1", 19, ""},
		{"reserve-mem-v1\0memblock-v1\0memblock-x", 38, "memblock-v1 reserve-mem-v1"},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		assert_names(t[i].text, t[i].size, t[i].names);
}

#define ENTRY "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define TABLE "PUVL\1\0\0\0"

/* .liveupdate_versions: instead of other strings of file handlers. */
static void the_table_of_file_handlers_is_read(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		const char *names;
	} t[] = {
		{TABLE "memfd-v3\0" ENTRY "iommu-v1\0" ENTRY "memfd-v1", 113, "memfd-v3 iommu-v1"},
		{TABLE "memfd-v3\0" ENTRY, 56, "memfd-v3"},
		{TABLE "memfd-v3\0" ENTRY, 55, "memfd-v3"},              /* cut off: as a string */
		{"PUVL\2\0\0\0memfd-v3\0" ENTRY "x-v1", 61, "memfd-v3"}, /* another form */
		{"....PUVL\1\0\0\0iommu-v3\0" ENTRY, 60, ""},            /* not aligned */
		{TABLE "........" TABLE "iommu-v1\0" ENTRY, 72, "iommu-v1"},
		{TABLE "memfd-v3 " ENTRY, 56, ""},
		{TABLE, 8, ""},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		assert_names(t[i].text, t[i].size, t[i].names);
}

/* More than .kho takes: the first one left out makes that the kernel takes no handover. */
static void too_many_names_are_not_cut(void **state)
{
	struct kernel_speaks s = {.page_size = 4096, .release = {"x\1y", 3}};
	struct buffer text = {0};
	struct uki_kho parsed;
	char names[200][9];
	(void)state;

	for (unsigned int i = 0; i < 200; i++)
		snprintf(names[i], sizeof(names[i]), "luo-v%03u", i);
	kernel_abi_names(names, sizeof(names), &s.names);
	assert_in_range(s.names.list.size, UKI_KHO_ABI_MAX - 9, UKI_KHO_ABI_MAX);
	assert_int_not_equal(s.names.left_out.len, 0);
	s.versions.known = 1u << KHO_ABI_V4;
	kernel_abi_write(&s, &text);
	ok(uki_kho_parse(text.data, text.size, &parsed, NULL));
	assert_true(text_equal(parsed.unknown, s.names.left_out));
	assert_int_equal(parsed.luo.len, s.names.list.size);
	assert_int_equal(parsed.release.len, 0);
	buffer_free(&text);
	buffer_free(&s.names.list);
}

static void an_image_of_arm64_says_it(void **state)
{
	struct buffer packed = {0};
	(void)state;

	memcpy(kernel + KERNEL_SIZE - 8, "\0kho-v4", 8);
	make_arm64_image(&file, kernel, KERNEL_SIZE);
	assert_abi(&file, PE_MACHINE_ARM64, "kho=kho-v4\npage=16384\nrelease=" TEST_RELEASE "\n",
		   TEST_RELEASE);
	put_u64(file.data + IMG_FLAGS, 8 | 3 << 1);
	pack_gzip_to(&packed, file.data, file.size);
	assert_abi(&packed, PE_MACHINE_ARM64, "kho=kho-v4\npage=65536\nrelease=" TEST_RELEASE "\n",
		   TEST_RELEASE);
	packed.size = 0;
	put_u64(file.data + IMG_FLAGS, 8 | 1 << 1);
	memset(file.data + 0x800, 0, 64); /* the banner */
	pack_zstd_to(&packed, file.data, file.size);
	make_zboot(&file, "zstd", packed.data, packed.size);
	assert_abi(&file, PE_MACHINE_ARM64, "kho=kho-v4\npage=4096\n", "");
	buffer_free(&packed);
}

static void no_page_size_is_refused(void **state)
{
	struct next_kernel_abi abi = {0};
	(void)state;

	make_arm64_image(&file, kernel, 4096);
	put_u64(file.data + IMG_FLAGS, 8);
	assert_int_equal(look_into(&file, PE_MACHINE_ARM64, &abi, NULL), KB_ARM64_PAGES);
	next_kernel_abi_free(&abi);
}

static void the_other_architecture_is_refused(void **state)
{
	struct next_kernel_abi abi = {0};
	struct kb_diag diag = {0};
	(void)state;

	make_arm64_image(&file, kernel, 4096);
	assert_int_equal(look_into(&file, PE_MACHINE_AMD64, &abi, &diag), KB_CTL_ARCH);
	assert_int_equal(diag.status, KB_CTL_ARCH);
	make_bzimage(&file, "packed", 6);
	assert_int_equal(look_into(&file, PE_MACHINE_ARM64, &abi, NULL), KB_CTL_ARCH);
	diag = (struct kb_diag){0};
	file.data[0x202] = 0; /* neither a bzImage nor an Image: each parser names what it misses */
	assert_int_equal(look_into(&file, PE_MACHINE_AMD64, &abi, &diag), KB_BZ_MAGIC);
	assert_int_equal(diag.at, 0x202);
	assert_int_equal(look_into(&file, PE_MACHINE_ARM64, &abi, NULL), KB_ARM64_MAGIC);
}

static void damage_goes_through(void **state)
{
	struct next_kernel_abi abi = {0};
	(void)state;

	make_bzimage(&file, "BZh91AY&SY", 10);
	assert_int_equal(look_into(&file, PE_MACHINE_AMD64, &abi, NULL), KB_CTL_BZIP2);
	make_arm64_image(&out, kernel, 40000);
	file.size = 0;
	pack_gzip_to(&file, out.data, out.size);
	file.size -= 9;
	assert_int_equal(look_into(&file, PE_MACHINE_ARM64, &abi, NULL), KB_UNPACK);
	next_kernel_abi_free(&abi);
}

static void versions_to_come_are_named(void **state)
{
	(void)state;

	make_arm64_image(&file, "\0kho-v5", 8);
	assert_abi(&file, PE_MACHINE_ARM64,
		   "kho=none\npage=16384\nrelease=" TEST_RELEASE "\nunknown=kho-v5\n",
		   TEST_RELEASE);
	make_arm64_image(&file, "\0kho-v4\0kho-v4;radix-v1", 24);
	assert_abi(&file, PE_MACHINE_ARM64,
		   "kho=kho-v4\npage=16384\nrelease=" TEST_RELEASE "\nunknown=kho-v4;radix-v1\n",
		   TEST_RELEASE);
}

/* ---- the banner ------------------------------------------------------------------------------ */

static void banners(void **state)
{
	static const struct {
		const char *text, *release;
	} t[] = {
		{"..Linux version 7.3.4 (a@b) #1", "7.3.4"},
		{"Linux version %s (%s)..Linux version 6.18.15-k (a@b)", "6.18.15-k"},
		{"Linux version Linux version 7.1 x", "7.1"},
		{"Linux version 7.3.4", "7.3.4"},
		{"Linux version ", ""},
		{"Linux versio", ""},
		{"linux version 7", ""},
		{"Linux version 78901234567890123456789012345678901234567890123456789012345678901 "
		 "x",
		 ""},
	};
	struct buffer got = {0};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		size_t size = strlen(t[i].text);
		char *copy = malloc(size);

		memcpy(copy, t[i].text, size);
		got.size = 0;
		kernel_abi_banner(copy, size, &got);
		buffer_append(&got, "", 1);
		assert_string_equal((char *)got.data, t[i].release);
		free(copy);
	}
	buffer_free(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_packing, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_sizes_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(gzip_with_a_tail, setup, teardown),
		cmocka_unit_test_setup_teardown(cut_kernels_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(other_packings_have_codes, setup, teardown),
		cmocka_unit_test(versions_are_found),
		cmocka_unit_test_setup_teardown(the_section_says_it, setup, teardown),
		cmocka_unit_test(long_versions_are_unknown),
		cmocka_unit_test(sub_blobs_are_named),
		cmocka_unit_test(the_table_of_file_handlers_is_read),
		cmocka_unit_test(too_many_names_are_not_cut),
		cmocka_unit_test_setup_teardown(an_image_of_arm64_says_it, setup, teardown),
		cmocka_unit_test_setup_teardown(no_page_size_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(the_other_architecture_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(damage_goes_through, setup, teardown),
		cmocka_unit_test_setup_teardown(versions_to_come_are_named, setup, teardown),
		cmocka_unit_test(banners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
