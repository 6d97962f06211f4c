// SPDX-License-Identifier: BSD-2-Clause
/*
 * reserve.c - memory of reserve_mem= on the command line, which the kernel itself hands over.
 *
 * Where it is says the tree "memblock" among the KHO data (Linux include/linux/kho/abi/memblock.h):
 * a node for each reservation, with its start and size as numbers of the CPU. The memory itself is
 * reached through /dev/mem.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "init.h"

#define TREE     "/sys/kernel/debug/kho/%s/sub_fdts/memblock"
#define FDT_PROP 3
#define PAGES    256 /* of the reserved memory */

/* include/linux/kernel-page-flags.h */
#define KPF_BUDDY (1ULL << 10)

/* The tree is one page at most. */
static unsigned char tree[1 << 16];

static uint32_t be32(size_t at)
{
	return (uint32_t)tree[at] << 24 | (uint32_t)tree[at + 1] << 16 |
	       (uint32_t)tree[at + 2] << 8 | tree[at + 3];
}

static ssize_t read_tree(const char *side)
{
	char path[100];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), TREE, side);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, tree, sizeof(tree) - 1);
	if (n < 40)
		fail("reserve: %s: %s", path, n < 0 ? strerror(errno) : "too short");
	close(fd);
	return n;
}

/* The first property of this name that has eight bytes: these tests reserve once. */
static uint64_t number(ssize_t size, const char *name)
{
	uint32_t strings = be32(12), token;
	uint64_t ret;

	for (size_t at = be32(8); at + 20 <= (size_t)size && at < strings; at += 4) {
		token = be32(at);
		if (token != FDT_PROP || be32(at + 4) != sizeof(ret) ||
		    strings + be32(at + 8) >= (size_t)size ||
		    strcmp((const char *)tree + strings + be32(at + 8), name))
			continue;
		memcpy(&ret, tree + at + 12, sizeof(ret));
		return ret;
	}
	fail("reserve: no %s in the KHO data", name);
}

static void check_page(uint64_t *page, uint64_t seed)
{
	check_pages(page, 1, seed);
}

static void write_page(uint64_t *page, uint64_t seed)
{
	fill_page(page, seed, 0);
}

static void with_page(int mem, uint64_t at, uint64_t seed, void (*fn)(uint64_t *, uint64_t))
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, mem, (off_t)at);

	if (page == MAP_FAILED)
		fail("reserve: mmap of 0x%llx: %s", (unsigned long long)at, strerror(errno));
	fn(page, seed + at);
	munmap(page, PAGE);
}

/* A page that the allocator has could be anyone's a moment later. */
static void check_flags(const uint64_t *flags, uint64_t count, uint64_t first)
{
	for (uint64_t i = 0; i < count; i++)
		if (flags[i] & KPF_BUDDY)
			fail("reserve: page 0x%llx is free",
			     (unsigned long long)((first + i) * PAGE));
}

/* Of all pages, not only of those that are compared. */
static void check_none_is_free(uint64_t start, uint64_t size)
{
	static uint64_t flags[4096];
	uint64_t end = (start + size) / PAGE, n;
	int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);

	for (uint64_t at = start / PAGE; at < end; at += n) {
		ssize_t bytes;

		n = end - at < 4096 ? end - at : 4096;
		bytes = (ssize_t)(n * sizeof(*flags));
		if (pread(fd, flags, (size_t)bytes, (off_t)(at * sizeof(*flags))) != bytes)
			fail("/proc/kpageflags: %s", strerror(errno));
		check_flags(flags, n, at);
	}
	close(fd);
}

/*
 * Some pages, evenly spread, and the last one: the machine's own host gives only memory that was
 * written.
 *
 *   |p      |p      |p      |      ...      |p     p|
 */
static uint64_t each_page(const char *side, uint64_t seed, void (*fn)(uint64_t *, uint64_t))
{
	ssize_t length = read_tree(side);
	uint64_t start = number(length, "start"), size = number(length, "size");
	int mem = open("/dev/mem", O_RDWR | O_CLOEXEC);

	if (mem < 0)
		fail("/dev/mem: %s", strerror(errno));
	for (uint64_t i = 0; i < PAGES; i++)
		with_page(mem, start + size / PAGES / PAGE * PAGE * i, seed, fn);
	with_page(mem, start + size - PAGE, seed, fn);
	close(mem);
	check_none_is_free(start, size);
	return start;
}

void reserve_fill(uint64_t seed)
{
	uint64_t start = each_page("out", seed, write_page);

	say("reserve_filled=0x%llx", (unsigned long long)start);
}

void reserve_check(uint64_t seed)
{
	uint64_t start = each_page("in", seed, check_page);

	say("reserve_checked=0x%llx", (unsigned long long)start);
}
