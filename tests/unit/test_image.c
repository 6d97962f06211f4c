// SPDX-License-Identifier: BSD-2-Clause
/* Laying out images: what comes out starts through both doors and holds what went in. */
#include "unit.h"

#include "../../tools/image.h"
#include "make_image.h"

#include <format/bzimage.h>
#include <format/uki.h>
#include <khoboot/layout.h>

#include <stdio.h>
#include <sys/mman.h>

static struct buffer stub, out, again;
static uint8_t content[0x4800]; /* what parts are cut from */

static void (*make)(struct buffer *b) = make_stub; /* of the architecture under test */

static int setup(void **state)
{
	(void)state;
	make(&stub);
	memcpy(content, stub.data + 0x2000, sizeof(content));
	return 0;
}

static int setup_arm64(void **state)
{
	make = make_arm64_stub;
	return setup(state);
}

static int teardown(void **state)
{
	(void)state;
	make = make_stub;
	buffer_free(&stub);
	buffer_free(&out);
	buffer_free(&again);
	return 0;
}

static enum kb_status layout(const struct buffer *from, const struct image_part *parts,
			     size_t count, struct buffer *to, struct kb_diag *diag)
{
	enum kb_status st;
	struct pe pe;

	to->size = 0;
	st = image_open(from->data, from->size, &pe, diag);
	return st ? st : image_layout(&pe, parts, count, to, diag);
}

/* Section @name of @b, read by hand; NULL when there is none. */
static const uint8_t *entry_of(const struct buffer *b, const char *name)
{
	uint32_t count = get_u16(b->data + stub_at(b, STUB_COFF + 6));

	for (uint32_t i = 0; i < count; i++)
		if (!strncmp((char *)b->data + stub_at(b, STUB_SECTION(i)), name, 8))
			return b->data + stub_at(b, STUB_SECTION(i));
	return NULL;
}

static void assert_section(const struct buffer *b, const char *name, const void *data, size_t size)
{
	const uint8_t *e = entry_of(b, name);

	assert_non_null(e);
	assert_int_equal(get_u32(e + SEC_VSIZE), size);
	assert_int_equal(get_u32(e + SEC_RAW), get_u32(e + SEC_VA));
	assert_true(get_u32(e + SEC_RAW_SIZE) >= size);
	assert_true(get_u32(e + SEC_RAW) + get_u32(e + SEC_RAW_SIZE) <= b->size);
	assert_memory_equal(b->data + get_u32(e + SEC_RAW), data, size);
}

/* The numbers that firmware, kexec and the bare-metal door read must all give the same size. */
static void assert_sizes(const struct buffer *b)
{
	uint32_t flat = (uint32_t)b->size - KB_SETUP_SIZE_X86;

	assert_int_equal(b->size % 0x1000, 0);
	assert_int_equal(get_u32(b->data + stub_at(b, STUB_OPT + 56)), b->size);
	assert_int_equal(get_u32(b->data + stub_at(b, STUB_OPT + 64)), 0);
	if (make == make_arm64_stub) {
		assert_int_equal(get_u64(b->data + IMG_SIZE), b->size + KB_ARENA_SIZE);
		return;
	}
	assert_int_equal(get_u32(b->data + 0x1f4) * 16, flat);
	assert_int_equal(get_u32(b->data + 0x260), flat + KB_ARENA_SIZE);
	assert_int_equal(uki_flat_size(b->data, b->data + KB_SETUP_SIZE_X86), flat);
}

static void assert_stable(const struct buffer *b)
{
	ok(layout(b, NULL, 0, &again, NULL));
	assert_int_equal(again.size, b->size);
	assert_memory_equal(again.data, b->data, b->size);
}

/* ---- making ---------------------------------------------------------------------------------- */

static void parts_are_added(void **state)
{
	const struct image_part parts[] = {{".cmdline", "quiet", 5}, {".linux", content, 0x1801}};
	const uint32_t begin = make == make_stub ? 0x2000 : 0x1000;
	struct pe pe;
	(void)state;

	ok(layout(&stub, parts, 2, &out, NULL));
	ok(image_check(out.data, out.size, &pe, NULL));
	assert_int_equal(pe.sections, 7);
	assert_int_equal(out.size, STUB_SIZE + 0x1000 + 0x2000);
	assert_sizes(&out);
	assert_section(&out, ".cmdline", "quiet", 5);
	assert_section(&out, ".linux", content, 0x1801);
	assert_section(&out, ".text", stub.data + begin, 0x3000 - begin);
	assert_section(&out, ".rodata", stub.data + 0x3000, 0xf00);
	assert_section(&out, ".sbat", stub.data + 0x6000, 0x80);
	assert_stable(&out);
}

/* New sections are data that nobody writes to or executes. */
static void new_sections_are_read_only(void **state)
{
	const struct image_part part = {".linux", "x", 1};
	(void)state;

	ok(layout(&stub, &part, 1, &out, NULL));
	assert_int_equal(get_u32(entry_of(&out, ".linux") + SEC_FLAGS), 0x40000040);
	assert_int_equal(get_u32(entry_of(&out, ".text") + SEC_FLAGS), 0x60000020);
	assert_int_equal(get_u32(entry_of(&out, ".data") + SEC_FLAGS), 0xc0000040);
}

static void a_part_is_replaced_in_its_place(void **state)
{
	struct image_part parts[] = {{".osrel", "one", 3}, {".linux", "two", 3}};
	uint32_t at;
	(void)state;

	ok(layout(&stub, parts, 2, &out, NULL));
	at = get_u32(entry_of(&out, ".osrel") + SEC_VA);
	parts[0] = (struct image_part){".osrel", content, 0x1234};
	ok(layout(&out, parts, 1, &again, NULL));
	assert_section(&again, ".osrel", content, 0x1234);
	assert_section(&again, ".linux", "two", 3);
	assert_int_equal(get_u32(entry_of(&again, ".osrel") + SEC_VA), at);
	assert_sizes(&again);
}

static void an_empty_part_is_taken_out(void **state)
{
	struct image_part parts[] = {{".osrel", "one", 3}, {".linux", "two", 3}};
	(void)state;

	ok(layout(&stub, parts, 2, &out, NULL));
	parts[0].size = 0;
	ok(layout(&out, parts, 1, &again, NULL));
	assert_null(entry_of(&again, ".osrel"));
	assert_section(&again, ".linux", "two", 3);
	ok(layout(&stub, &parts[1], 1, &out, NULL));
	assert_int_equal(again.size, out.size);
	assert_memory_equal(again.data, out.data, out.size);
	ok(layout(&stub, parts, 1, &out, NULL)); /* and of a stub that has none */
	assert_null(entry_of(&out, ".osrel"));
}

/*
 * A ready kernel begins at a multiple of 2 MiB of the loaded file, whatever is before it. The gap
 * is a section of its own, which is made anew each time.
 */
static void a_ready_kernel_is_aligned(void **state)
{
	struct image_part parts[] = {{".initrd", content, 0x1801}, {".linux", NULL, 0}};
	struct buffer kernel = {0};
	const uint8_t *gap;
	uint32_t at;
	(void)state;

	make_ready(&kernel, false);
	parts[1].data = kernel.data;
	parts[1].size = kernel.size;
	ok(layout(&stub, parts, 2, &out, NULL));
	assert_sizes(&out);
	assert_section(&out, ".linux", kernel.data, kernel.size);
	at = get_u32(entry_of(&out, ".linux") + SEC_VA);
	assert_int_equal((at + TEST_READY_IMAGE - KB_SETUP_SIZE_X86) % SZ_2M, 0);
	assert_int_equal(get_u32(out.data + 0x230), SZ_2M);
	gap = entry_of(&out, ".align");
	assert_non_null(gap);
	assert_int_equal(get_u32(gap + SEC_VA) + get_u32(gap + SEC_VSIZE), at);
	assert_int_equal(get_u32(gap + SEC_FLAGS), 0x40000040);
	assert_stable(&out);
	parts[0].size = 0x4000; /* the kernel stays as it is */
	ok(layout(&out, parts, 1, &again, NULL));
	assert_section(&again, ".linux", kernel.data, kernel.size);
	assert_int_equal(get_u32(entry_of(&again, ".linux") + SEC_VA), at);
	parts[1] = (struct image_part){".linux", "packed", 6};
	ok(layout(&out, parts, 2, &again, NULL));
	assert_null(entry_of(&again, ".align"));
	assert_int_equal(get_u32(again.data + 0x230), SZ_4K);
	buffer_free(&kernel);
}

/* ---- mending --------------------------------------------------------------------------------- */

/* What a tool that knows only firmware makes: packed in the file, spread in memory. */
static void ukify_layout_is_mended(void **state)
{
	struct pe pe;
	(void)state;

	make_section(&stub, ".osrel", "ID=x", 4);
	make_section(&stub, ".cmdline", "quiet", 5);
	make_section(&stub, ".linux", content, 0x2345);
	assert_int_equal(image_check(stub.data, stub.size, &pe, NULL), KB_PE_VA_RAW);
	ok(layout(&stub, NULL, 0, &out, NULL));
	assert_sizes(&out);
	assert_section(&out, ".osrel", "ID=x", 4);
	assert_section(&out, ".cmdline", "quiet", 5);
	assert_section(&out, ".linux", content, 0x2345);
	assert_stable(&out);
}

/* VirtualSize beyond the bytes in the file means zeros, which kexec has to find in the file. */
static void zeros_are_written_out(void **state)
{
	const uint8_t *e;
	(void)state;

	make_section(&stub, ".bss2", "abc", 3);
	put_u32(stub.data + stub_at(&stub, STUB_SECTION(5) + SEC_VSIZE), 0x1801);
	put_u32(stub.data + stub_at(&stub, STUB_OPT + 56), STUB_SIZE + 0x2000);
	ok(layout(&stub, NULL, 0, &out, NULL));
	e = entry_of(&out, ".bss2");
	assert_int_equal(get_u32(e + SEC_VSIZE), 0x1801);
	assert_int_equal(get_u32(e + SEC_RAW_SIZE), 0x2000);
	assert_memory_equal(out.data + get_u32(e + SEC_RAW), "abc", 4);
	for (size_t i = 3; i < 0x2000; i++)
		assert_int_equal(out.data[get_u32(e + SEC_RAW) + i], 0);
	assert_stable(&out);
}

/* A symbol table that a linker left is dropped; its bytes in the file go with it. */
static void junk_behind_the_sections_goes(void **state)
{
	(void)state;

	put_u32(stub.data + stub_at(&stub, STUB_COFF + 12), STUB_SIZE);
	ok(layout(&stub, NULL, 0, &out, NULL));
	buffer_append(&stub, "symbols", 7);
	ok(layout(&stub, NULL, 0, &again, NULL));
	assert_int_equal(get_u32(again.data + stub_at(&again, STUB_COFF + 8)), 0);
	assert_int_equal(get_u32(again.data + stub_at(&again, STUB_COFF + 12)), 0);
	assert_int_equal(again.size, out.size);
	assert_memory_equal(again.data, out.data, out.size);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static void each_foreign_file_is_refused(void **state)
{
	static const struct {
		uint32_t at, value;
		uint8_t bytes;
	} t[] = {
		{0x3c, 0x1410, 4},          /* PE header elsewhere */
		{0x1fe, 0, 2},              /* no boot flag */
		{0x202, 0, 4},              /* no HdrS */
		{0x1f1, 8, 1},              /* more setup sectors */
		{0x20e, 0x101, 2},          /* another release */
		{0x20e, 0xffff, 2},         /* a release outside of the file */
		{STUB_OPT + 60, 0x1f00, 4}, /* shorter headers */
	};
	struct pe pe = {.entry = 77};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct kb_diag diag = {0};

		setup(state);
		memcpy(stub.data + t[i].at, &t[i].value, t[i].bytes);
		assert_int_equal(image_open(stub.data, stub.size, &pe, &diag), KB_CTL_NOT_STUB);
		assert_int_equal(diag.status, KB_CTL_NOT_STUB);
		assert_int_equal(image_check(stub.data, stub.size, &pe, NULL), KB_CTL_NOT_STUB);
	}
	assert_int_equal(pe.entry, 77);
	assert_int_equal(image_open(stub.data, 0x2000, &pe, NULL), KB_CTL_NOT_STUB);
	assert_int_equal(image_open("MZ", 2, &pe, NULL), KB_PE_TRUNCATED);
}

/* Code refers to data by distance: neither may have been moved, nor may there be a gap. */
static void moved_code_is_refused(void **state)
{
	(void)state;

	put_u32(stub.data + stub_at(&stub, STUB_SECTION(2) + SEC_VA), 0x7000);
	put_u32(stub.data + stub_at(&stub, STUB_OPT + 56), 0x8000);
	assert_int_equal(layout(&stub, NULL, 0, &out, NULL), KB_CTL_NOT_STUB);
	put_u32(stub.data + stub_at(&stub, STUB_SECTION(2) + SEC_RAW), 0x7000);
	buffer_append(&stub, content, 0x1000);
	assert_int_equal(layout(&stub, NULL, 0, &out, NULL), KB_CTL_NOT_STUB);
}

static void a_signed_stub_is_refused(void **state)
{
	struct pe pe;
	(void)state;

	put_u32(stub.data + stub_at(&stub, STUB_OPT + 112 + 32), STUB_SIZE);
	put_u32(stub.data + stub_at(&stub, STUB_OPT + 112 + 36), 64);
	buffer_append(&stub, content, 64);
	assert_int_equal(image_open(stub.data, stub.size, &pe, NULL), KB_CTL_SIGNED);
	/* It starts all the same. */
	ok(image_check(stub.data, stub.size, &pe, NULL));
	assert_int_equal(pe.cert_size, 64);
}

/* x86_64: 70 sections, then the first section begins. arm64: 87, then the version. */
static void headers_have_room(void **state)
{
	const size_t most = make == make_stub ? 65 : 82;
	struct image_part parts[92];
	char names[92][9];
	(void)state;

	for (size_t i = 0; i <= most; i++) {
		snprintf(names[i], sizeof(names[i]), ".part%zu", i);
		parts[i] = (struct image_part){names[i], "x", 1};
	}
	assert_int_equal(layout(&stub, parts, most + 1, &out, NULL), KB_CTL_ROOM);
	ok(layout(&stub, parts, most, &out, NULL));
	assert_stable(&out);
}

/* Nothing is read before it is known to be small enough. */
static void what_pe_cannot_say_is_refused(void **state)
{
	struct image_part part = {".initrd", content, IMAGE_FILE_MAX - STUB_SIZE + 1};
	(void)state;

	assert_int_equal(layout(&stub, &part, 1, &out, NULL), KB_CTL_FILE_SIZE);
	part.size = SIZE_MAX;
	assert_int_equal(layout(&stub, &part, 1, &out, NULL), KB_CTL_FILE_SIZE);
}

/* The size that counts for kexec includes the arena. */
static void a_gigabyte_is_for_firmware(void **state)
{
	const size_t room = IMAGE_MAX - KB_ARENA_SIZE - STUB_SIZE;
	void *zeros = mmap(NULL, IMAGE_MAX, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			   -1, 0);
	struct image_part part = {".initrd", zeros, room};
	struct pe pe;
	(void)state;

	assert_true(zeros != MAP_FAILED);
	ok(layout(&stub, &part, 1, &out, NULL));
	ok(image_check(out.data, out.size, &pe, NULL));
	part.size++;
	ok(layout(&stub, &part, 1, &out, NULL));
	assert_int_equal(image_check(out.data, out.size, &pe, NULL), KB_CTL_TOO_BIG);
	assert_int_equal(get_u32(out.data + BZ_INIT_SIZE), 0);
	munmap(zeros, IMAGE_MAX);
}

static void wrong_sizes_are_refused(void **state)
{
	struct pe pe = {.entry = 77};
	(void)state;

	ok(image_check(stub.data, stub.size, &pe, NULL));
	pe.entry = 77;
	/* ukify leaves it as it is in the stub. */
	put_u32(stub.data + 0x1f4, get_u32(stub.data + 0x1f4) + 1);
	ok(image_check(stub.data, stub.size, &pe, NULL));
	pe.entry = 77;
	setup(NULL);
	put_u32(stub.data + 0x260, get_u32(stub.data + 0x260) - 1);
	assert_int_equal(image_check(stub.data, stub.size, &pe, NULL), KB_PE_SIZES);
	setup(NULL);
	stub.data[0x234] = 0; /* what kexec refuses is refused here */
	assert_int_equal(image_check(stub.data, stub.size, &pe, NULL), KB_BZ_FIXED);
	assert_int_equal(pe.entry, 77);
}

static void each_foreign_file_of_arm64_is_refused(void **state)
{
	static const struct {
		uint32_t at, value;
		uint8_t bytes;
		enum kb_status want;
	} t[] = {
		{0x3c, 0x1400, 4, KB_CTL_NOT_STUB},     /* PE header elsewhere */
		{IMG_MAGIC, 0, 4, KB_CTL_NOT_STUB},     /* not an Image */
		{0xf00, 0, 1, KB_CTL_NOT_STUB},         /* another release */
		{0x44, 0x8664, 2, KB_PE_MACHINE},       /* headers of two machines */
		{0x58 + 60, 0xf00, 4, KB_CTL_NOT_STUB}, /* shorter headers */
	};
	struct pe pe = {.entry = 77};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		setup(state);
		memcpy(stub.data + t[i].at, &t[i].value, t[i].bytes);
		assert_int_equal(image_open(stub.data, stub.size, &pe, NULL), t[i].want);
		assert_int_equal(image_check(stub.data, stub.size, &pe, NULL), t[i].want);
	}
	assert_int_equal(pe.entry, 77);
}

static void wrong_sizes_of_arm64_are_refused(void **state)
{
	struct pe pe;
	(void)state;

	ok(image_check(stub.data, stub.size, &pe, NULL));
	assert_int_equal(pe.machine, PE_MACHINE_ARM64);
	put_u64(stub.data + IMG_SIZE, STUB_SIZE + KB_ARENA_SIZE - 1);
	assert_int_equal(image_check(stub.data, stub.size, &pe, NULL), KB_PE_SIZES);
	put_u64(stub.data + IMG_SIZE, 0);
	assert_int_equal(image_check(stub.data, stub.size, &pe, NULL), KB_ARM64_OLD);
	/* A tool that knows only PE files does not update it; khoctl does. */
	ok(layout(&stub, NULL, 0, &out, NULL));
	assert_sizes(&out);
}

/* ---- property -------------------------------------------------------------------------------- */

#define PARTS 6

static const char *const names[PARTS] = {".linux",   ".initrd", ".osrel",
					 ".cmdline", ".uname",  ".kho"};

/* Random content, of random size, of the parts in @set. */
static size_t random_parts(uint64_t *seed, unsigned int set, struct image_part *parts)
{
	size_t count = 0;

	for (int i = 0; i < PARTS; i++) {
		size_t size = 1 + random_below(seed, 0x2400);

		if (!(set >> i & 1))
			continue;
		if (random_below(seed, 4) == 0)
			size = 0x1000;
		parts[count++] =
			(struct image_part){names[i], content + random_below(seed, 0x2000), size};
	}
	return count;
}

static const struct image_part *find(const struct image_part *parts, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(parts[i].name, name))
			return &parts[i];
	return NULL;
}

/* The same parts added by another tool, or in two steps, give the same file. */
static void any_parts_any_way(void **state)
{
	uint64_t seed = 9;

	for (int i = 0; i < 400; i++) {
		unsigned int set = (unsigned int)random_below(&seed, 64);
		struct image_part parts[PARTS];
		struct buffer foreign = {0};
		size_t count;

		setup(state);
		count = random_parts(&seed, set, parts);
		ok(layout(&stub, parts, count, &out, NULL));
		assert_sizes(&out);
		for (int n = 0; n < PARTS; n++) {
			const struct image_part *p = find(parts, count, names[n]);

			if (p)
				assert_section(&out, names[n], p->data, p->size);
			else
				assert_null(entry_of(&out, names[n]));
		}
		assert_stable(&out);
		buffer_append(&foreign, stub.data, stub.size);
		for (size_t n = 0; n < count; n++)
			make_section(&foreign, parts[n].name, parts[n].data, parts[n].size);
		ok(layout(&foreign, NULL, 0, &again, NULL));
		assert_int_equal(again.size, out.size);
		assert_memory_equal(again.data, out.data, out.size);
		buffer_free(&foreign);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(parts_are_added, setup, teardown),
		cmocka_unit_test_setup_teardown(new_sections_are_read_only, setup, teardown),
		cmocka_unit_test_setup_teardown(a_part_is_replaced_in_its_place, setup, teardown),
		cmocka_unit_test_setup_teardown(a_ready_kernel_is_aligned, setup, teardown),
		cmocka_unit_test_setup_teardown(an_empty_part_is_taken_out, setup, teardown),
		cmocka_unit_test_setup_teardown(ukify_layout_is_mended, setup, teardown),
		cmocka_unit_test_setup_teardown(zeros_are_written_out, setup, teardown),
		cmocka_unit_test_setup_teardown(junk_behind_the_sections_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(each_foreign_file_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(moved_code_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_signed_stub_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(headers_have_room, setup, teardown),
		cmocka_unit_test_setup_teardown(what_pe_cannot_say_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_gigabyte_is_for_firmware, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_sizes_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(any_parts_any_way, setup, teardown),
		cmocka_unit_test_setup_teardown(parts_are_added, setup_arm64, teardown),
		cmocka_unit_test_setup_teardown(ukify_layout_is_mended, setup_arm64, teardown),
		cmocka_unit_test_setup_teardown(a_signed_stub_is_refused, setup_arm64, teardown),
		cmocka_unit_test_setup_teardown(headers_have_room, setup_arm64, teardown),
		cmocka_unit_test_setup_teardown(what_pe_cannot_say_is_refused, setup_arm64,
						teardown),
		cmocka_unit_test_setup_teardown(each_foreign_file_of_arm64_is_refused, setup_arm64,
						teardown),
		cmocka_unit_test_setup_teardown(wrong_sizes_of_arm64_are_refused, setup_arm64,
						teardown),
		cmocka_unit_test_setup_teardown(any_parts_any_way, setup_arm64, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
