// SPDX-License-Identifier: BSD-2-Clause
/*
 * place.c - a memfd with pages at chosen physical addresses.
 *
 * Nothing lets user space ask for a page frame. But what has just been freed is what the allocator
 * gives out next (mm/page_alloc.c, the lists of each CPU): nearly all memory is taken, the page at
 * the wanted address is given back, and the next page of the memfd lands there.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "init.h"

#define TOKEN      0x6b6870
#define SPARE      (6UL << 20) /* of free memory, left to the kernel */
#define LEAST      (1UL << 20) /* the same, when a page is still missing */
#define MOST       16
#define MOST_PAGES (1UL << 20)
#define STEP       256 /* pages taken at once */
#define ATTEMPTS   5
#define TRIES      64
#define LONELY     (1ULL << 40) /* seed of these pages, apart from the others' */

/* A page is wanted in this range: the lowest one that can be taken. */
struct place {
	uint64_t from, to;
};

static size_t parse(const char *text, struct place at[MOST])
{
	size_t n = 0;
	char *end;

	for (; *text && n < MOST; text = *end ? end + 1 : end) {
		at[n].from = strtoull(text, &end, 0);
		if (*end != '-')
			fail("place: '%s' is not a range", text);
		at[n++].to = strtoull(end + 1, &end, 0);
		if (*end && *end != ',')
			fail("place: '%s' is not a range", text);
	}
	return n;
}

static bool within(struct place p, uint64_t frame)
{
	return frame >= p.from && frame < p.to;
}

static void tell(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, value, strlen(value)) != (ssize_t)strlen(value))
		fail("place: %s: %s", path, strerror(errno));
	close(fd);
}

/* Nearly all free memory; in single pages, because the script gives transparent_hugepage=never. */
struct hog {
	uint8_t *at;
	uint64_t *frames; /* physical address of each page */
	size_t pages;
};

static void *map_anonymous(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		fail("place: mmap: %s", strerror(errno));
	return at;
}

/* Bytes of memory that are free for anything: pages of the scratch areas hold no page tables. */
static uint64_t free_memory(void)
{
	char line[100];
	uint64_t n, ret = 0;
	FILE *f = fopen("/proc/meminfo", "r");

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "MemFree: %" SCNu64, &n) == 1)
			ret += n << 10;
		if (sscanf(line, "CmaFree: %" SCNu64, &n) == 1)
			ret -= n << 10;
	}
	if (!f || fclose(f))
		fail("/proc/meminfo: %s", strerror(errno));
	return ret;
}

/*
 * Reading an untouched page costs a page table and no page. Page tables cannot be moved, and the
 * kernel gives them whole blocks of memory; when memory is short, the very blocks that are wanted.
 */
static void make_page_tables(const uint8_t *at, uint64_t bytes)
{
	for (size_t i = 0; i < bytes && i < MOST_PAGES * PAGE; i += PAGE * WORDS)
		(void)*(const volatile uint8_t *)(at + i);
}

static void take(struct hog *all)
{
	uint8_t *at = all->at + all->pages * PAGE;

	for (size_t i = 0; i < STEP; i++)
		at[i * PAGE] = 1;
	physical_pages(at, STEP, all->frames + all->pages);
	all->pages += STEP;
}

/* Index of the lowest page in @wanted; all->pages when there is none. */
static size_t find(const struct hog *all, struct place wanted)
{
	size_t best = all->pages;

	for (size_t i = 0; i < all->pages; i++)
		if (within(wanted, all->frames[i]) &&
		    (best == all->pages || all->frames[i] < all->frames[best]))
			best = i;
	return best;
}

static bool found_all(const struct hog *all, const struct place *wanted, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (find(all, wanted[i]) == all->pages)
			return false;
	return true;
}

/*
 * Takes memory step by step: not all that counts as free can be taken, which only then shows. The
 * last to be given out are blocks that the kernel has meant for itself and hardly uses; early in
 * the boot it picks low ones.
 */
static void take_all(struct hog *all, const struct place *wanted, size_t count)
{
	all->at = map_anonymous(MOST_PAGES * PAGE);
	all->frames = map_anonymous(MOST_PAGES * sizeof(*all->frames));
	all->pages = 0;
	make_page_tables(all->at, free_memory());
	while (free_memory() > SPARE && all->pages + STEP <= MOST_PAGES)
		take(all);
	while (free_memory() > LEAST && all->pages + STEP <= MOST_PAGES &&
	       !found_all(all, wanted, count))
		take(all);
}

static void free_all(struct hog *all)
{
	munmap(all->at, all->pages * PAGE);
	munmap(all->frames, all->pages * sizeof(*all->frames));
}

/* Frees pages in @wanted one by one until the page of @fd mapped at @at lands on one of them. */
static void put(struct hog *all, struct place wanted, int fd, off_t offset, uint64_t *at)
{
	for (int i = 0; i < TRIES; i++) {
		size_t n = find(all, wanted);
		uint64_t frame;

		if (n == all->pages)
			break;
		frame = all->frames[n];
		all->frames[n] = 0;
		munmap(all->at + n * PAGE, PAGE);
		*at = 1;
		if (physical(at) == frame) {
			say("placed=0x%llx", (unsigned long long)frame);
			return;
		}
		fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, PAGE);
	}
	fail("place: no page in 0x%llx-0x%llx", (unsigned long long)wanted.from,
	     (unsigned long long)wanted.to);
}

/* The lists of free pages are those of one CPU. */
static void stay_here(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
}

/*
 * Memory that short makes the kernel compact it, and move pages away again, up to the moment they
 * are preserved. It can be told to leave locked pages alone (mm/compaction.c,
 * isolate_migratepages()); these are locked as they come.
 */
static void keep_in_place(void *at, size_t bytes)
{
	tell("/proc/sys/vm/compact_unevictable_allowed", "0");
	if (mlock2(at, bytes, MLOCK_ONFAULT))
		fail("place: mlock2: %s", strerror(errno));
}

static bool in_place(const uint64_t *at, const struct place *wanted, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t pa = physical(at + i * WORDS);

		if (!within(wanted[i], pa))
			return false;
	}
	return true;
}

/* Fills the memfd with pages in their places. */
static void fill(int fd, uint64_t *at, const struct place *wanted, size_t count, uint64_t seed)
{
	struct hog all;

	take_all(&all, wanted, count);
	for (size_t i = 0; i < count; i++) {
		put(&all, wanted[i], fd, (off_t)(i * PAGE), at + i * WORDS);
		fill_page(at + i * WORDS, seed ^ LONELY, i);
	}
	free_all(&all);
}

void place_preserve(const char *addresses, uint64_t seed)
{
	struct place wanted[MOST];
	size_t count = parse(addresses, wanted);
	int fd = make_memfd("khotest-place", count);
	uint64_t *at = map_memfd(fd, count, PROT_READ | PROT_WRITE);

	stay_here();
	/* Its own reserve, so that LEAST can be reached. */
	tell("/proc/sys/vm/min_free_kbytes", "256");
	keep_in_place(at, count * PAGE);
	for (int i = 0; !in_place(at, wanted, count); i++) {
		if (i == ATTEMPTS)
			fail("place: the kernel moves the pages");
		fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)(count * PAGE));
		fill(fd, at, wanted, count, seed);
	}
	luo_keep(fd, TOKEN);
	if (!in_place(at, wanted, count))
		fail("place: the kernel moved a page at the last moment");
}

void place_check(const char *addresses, uint64_t seed)
{
	struct place wanted[MOST];
	uint64_t *at;
	size_t count = parse(addresses, wanted);

	at = map_memfd(luo_take(TOKEN), count, PROT_READ);
	check_pages(at, count, seed ^ LONELY);
	if (!in_place(at, wanted, count))
		fail("place: a page came back somewhere else");
	say("place_checked=%zu", count);
}
