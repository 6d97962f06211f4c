// SPDX-License-Identifier: BSD-2-Clause
/* Early allocations of the next kernel; see early.h. */
#include "early.h"

#include <core/bits.h>
#include <core/cmdline.h>

#include <string.h>

/* ---- helpers --------------------------------------------------------------------------------- */

#define STRUCT_PAGE 64u /* bytes; include/linux/mm_types.h */

uint64_t early_ram(const struct early_machine *m)
{
	return range_list_bytes(m->ram);
}

uint64_t early_sum(const struct early_item *item, size_t n, bool low)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		if (item[i].low == low)
			sum += item[i].bytes;
	return sum;
}

static uint64_t up_to_power(uint64_t v)
{
	return v > 1 ? 2ULL << highest_bit(v - 1) : 1;
}

/* A size of the kernel's command line; 0: it does not say. */
static uint64_t word_size(const struct early_machine *m, const char *name)
{
	struct kb_text value;
	uint64_t v;

	return cmdline_last(m->cmdline, name, &value) && text_take_size(&value, &v) ? v : 0;
}

/* ---- memory's own structures ----------------------------------------------------------------- */

/* Sections that hold RAM: mm/sparse.c:memblocks_present. */
static uint64_t sections(const struct early_machine *m)
{
	const uint64_t size = early_section(m->page_size);
	uint64_t n = 0, next = 0; /* first section not counted yet */

	for (size_t i = 0; i < m->ram->count; i++) {
		const uint64_t first = max_u64(m->ram->r[i].base / size, next);
		const uint64_t end = (range_end(m->ram->r[i]) + size - 1) / size;

		n += end > first ? end - first : 0;
		next = max_u64(next, end);
	}
	return n;
}

static struct early_item struct_pages(const struct early_machine *m)
{
	const uint64_t section = early_section(m->page_size);

	return (struct early_item){
		.name = "struct pages",
		.why = "64 bytes for each page, in whole sections of memory",
		.bytes = sections(m) * (section / m->page_size * STRUCT_PAGE),
		.piece = min_u64(SZ_2M, section / m->page_size * STRUCT_PAGE),
		.nodes = true,
	};
}

/* mem_section and its roots, and a usage map for each section (mm/sparse.c); pgdat of each node. */
static struct early_item section_table(const struct early_machine *m)
{
	return (struct early_item){
		.name = "sections, nodes",
		.why = "1 MiB, 256 bytes for each section, 64 KiB for each node",
		.bytes = SZ_1M + sections(m) * 256 + m->nodes * SZ_64K,
		.piece = SZ_4K,
	};
}

/* ---- processors ------------------------------------------------------------------------------ */

static struct early_item per_cpu(const struct early_machine *m)
{
	struct early_item ret = {.name = "per-CPU data",
				 .why = "for all processors that may be",
				 .nodes = true};
	const uint64_t share = (m->cpus + m->nodes - 1) / m->nodes;

	ret.bytes = m->nodes * early_percpu(share, m->page_size, &ret.piece);
	return ret;
}

/* kernel/printk/printk.c: a buffer that grows with processors has 4 KiB for each of them. */
#define LOG_BUF 0x40000u
#define LOG_CPU 0x1000u

static struct early_item log_buffer(const struct early_machine *m)
{
	const uint64_t more = m->cpus ? (m->cpus - 1) * LOG_CPU : 0;
	uint64_t text = word_size(m, "log_buf_len");

	if (!text && more > LOG_BUF / 4)
		text = LOG_BUF + more;
	text = text ? up_to_power(text) : 0;
	return (struct early_item){
		.name = "log",
		.why = "log_buf_len=, or 4 KiB for each processor; 3.5 times that to describe it",
		.bytes = text * 9 / 2,
		.align = SZ_4K,
	};
}

/* ---- hash tables ----------------------------------------------------------------------------- */

/*
 * mm/mm_init.c:alloc_large_system_hash: an entry of 8 bytes for each 2^@scale bytes of RAM; above
 * 64 GiB the table doubles when RAM grows fourfold.
 */
static uint64_t hash_table(uint64_t ram, unsigned int scale)
{
	for (uint64_t adapt = 64 * SZ_1G; adapt < ram && adapt < 1ULL << 62; adapt <<= 2)
		scale++;
	return 8 * up_to_power(ram >> scale);
}

/* Those of file names and inodes; with several nodes they come later (hashdist, fs/dcache.c). */
static struct early_item hash_tables(const struct early_machine *m)
{
	const uint64_t ram = m->nodes > 1 ? 0 : early_ram(m);

	return (struct early_item){
		.name = "hash tables",
		.why = "of names and inodes: 8 bytes for each 8 KiB and for each 16 KiB",
		.bytes = ram ? hash_table(ram, 13) + hash_table(ram, 14) : 0,
		.piece = SZ_4K,
	};
}

/* ---- what the command line asks for ---------------------------------------------------------- */

/* "1G-4G:160M,4G-:256M" (kernel/crash_reserve.c:parse_crashkernel_mem) */
static uint64_t crash_by_range(struct kb_text t, uint64_t ram)
{
	uint64_t from, to, size;

	while (text_take_size(&t, &from) && t.len && *t.text == '-') {
		t = (struct kb_text){t.text + 1, t.len - 1};
		if (!text_take_size(&t, &to))
			to = UINT64_MAX;
		if (!t.len || *t.text != ':')
			return 0;
		t = (struct kb_text){t.text + 1, t.len - 1};
		if (!text_take_size(&t, &size))
			return 0;
		if (ram >= from && ram < to)
			return size;
		if (!t.len || *t.text != ',')
			return 0;
		t = (struct kb_text){t.text + 1, t.len - 1};
	}
	return 0;
}

static bool ends_in(struct kb_text t, const char *end)
{
	const struct kb_text e = {end, strlen(end)};

	return t.len >= e.len && !memcmp(t.text + t.len - e.len, end, e.len);
}

/* Below 4 GiB if it can be; with ",high" above, and a piece below. */
static size_t crash_kernel(const struct early_machine *m, struct early_item *ret)
{
	struct early_item item = {.name = "crashkernel=",
				  .why = "in one piece; without it the kernel goes on",
				  .align = EARLY_CRASH_ALIGN,
				  .low = true,
				  .optional = true};
	struct kb_text value, t;
	size_t n = 0;

	if (!cmdline_last(m->cmdline, "crashkernel", &value))
		return 0;
	t = value;
	if (memchr(value.text, ':', value.len))
		item.bytes = crash_by_range(value, early_ram(m));
	else if (!text_take_size(&t, &item.bytes))
		return 0;
	if (!item.bytes)
		return 0;
	if (ends_in(value, ",high")) {
		ret[n] = item;
		ret[n++].low = false;
		item.bytes = EARLY_CRASH_LOW;
	}
	ret[n++] = item;
	return n;
}

static size_t cma(const struct early_machine *m, struct early_item *ret)
{
	const uint64_t bytes = word_size(m, "cma"), huge = word_size(m, "hugetlb_cma");

	*ret = (struct early_item){.name = "cma=, hugetlb_cma=",
				   .why = "without them the kernel goes on",
				   .bytes = bytes + huge,
				   .piece = SZ_4K,
				   .optional = true};
	return bytes + huge > 0;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static struct early_item bounce(const struct early_machine *m)
{
	const uint64_t size = early_bounce(m);

	return (struct early_item){
		.name = "swiotlb",
		.why = "bounce buffers, and 1/80 of them to keep account",
		.bytes = size + size / 80,
		.piece = SZ_4K,
		.low = true,
	};
}

#define SPARE_LEAST (4 * SZ_1M)
#define SPARE_SHARE 8  /* of what is estimated */
#define SPARE_PAGES 64 /* of struct pages, whose number is known */

/* What is estimated so far, optional items excepted. */
static uint64_t estimated(const struct early_item *item, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		if (!item[i].optional)
			sum += item[i].bytes;
	return sum;
}

/* What else there is: EFI's tables, KFENCE, firmware's tables, and what versions to come want. */
static struct early_item spare(const struct early_machine *m, uint64_t sum, uint64_t pages)
{
	const uint64_t more = m->measured > sum ? m->measured - sum : 0;
	const uint64_t share = SPARE_LEAST + (sum - pages) / SPARE_SHARE + pages / SPARE_PAGES;

	if (more > share)
		return (struct early_item){
			.name = "others",
			.why = "the running kernel kept so much more for itself",
			.bytes = more,
			.piece = SZ_4K,
			.measured = true,
		};
	return (struct early_item){
		.name = "others",
		.why = "4 MiB, 1/64 of the struct pages and 1/8 of the other estimates",
		.bytes = share,
		.piece = SZ_4K,
	};
}

size_t early_list(const struct early_machine *m, struct early_item ret[EARLY_ITEMS])
{
	const struct early_item pages = struct_pages(m);
	size_t n = 0;

	ret[n++] = early_tables(m);
	n += crash_kernel(m, &ret[n]);
	n += cma(m, &ret[n]);
	ret[n++] = section_table(m);
	ret[n++] = pages;
	ret[n++] = log_buffer(m);
	ret[n++] = per_cpu(m);
	ret[n++] = hash_tables(m);
	ret[n++] = bounce(m);
	ret[n] = spare(m, estimated(ret, n), pages.bytes);
	return n + 1;
}
