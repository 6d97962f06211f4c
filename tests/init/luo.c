// SPDX-License-Identifier: BSD-2-Clause
/*
 * luo.c - memory preserved by user space: a memfd in a live update session, in as many separate
 * pieces as it has pages.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../guest/liveupdate.h"
#include "init.h"

#define SESSION "khotest"
#define TOKEN   0x6b686f

/* Damaged words that are printed one by one. */
#define MOST_SHOWN 16

size_t page_size(void)
{
	static size_t ret;

	if (!ret)
		ret = (size_t)sysconf(_SC_PAGESIZE);
	return ret;
}

/* The word at @index of the whole memfd (splitmix64): no two pages are alike. */
static uint64_t pattern(uint64_t seed, uint64_t index)
{
	uint64_t z = seed + (index + 1) * 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

void fill_page(uint64_t *page, uint64_t seed, uint64_t number)
{
	for (uint64_t i = 0; i < WORDS; i++)
		page[i] = pattern(seed, number * WORDS + i);
}

int make_memfd(const char *name, uint64_t pages)
{
	int fd = (int)syscall(SYS_memfd_create, name, 0);

	if (fd < 0 || ftruncate(fd, (off_t)(pages * PAGE)))
		fail("memfd: %s", strerror(errno));
	return fd;
}

uint64_t *map_memfd(int fd, uint64_t pages, int protection)
{
	void *at = mmap(NULL, pages * PAGE, protection, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		fail("mmap memfd: %s", strerror(errno));
	return at;
}

int luo_session(const char *name, bool incoming)
{
	unsigned long request = incoming ? LUO_RETRIEVE_SESSION : LUO_CREATE_SESSION;
	struct luo_session s = {.size = sizeof(s), .fd = -1};
	int fd = open(LUO_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		fail(LUO_DEVICE ": %s (is liveupdate=on?)", strerror(errno));
	snprintf((char *)s.name, sizeof(s.name), "%s", name);
	if (ioctl(fd, request, &s))
		fail("live update session '%s': %s", name, strerror(errno));
	close(fd);
	return s.fd;
}

void luo_session_keep(int session, int memfd, uint64_t token)
{
	struct luo_fd p = {.size = sizeof(p), .fd = memfd, .token = token};

	if (ioctl(session, LUO_PRESERVE_FD, &p))
		fail("preserve memfd: %s", strerror(errno));
}

int luo_session_take(int session, uint64_t token)
{
	struct luo_fd r = {.size = sizeof(r), .token = token};

	if (ioctl(session, LUO_RETRIEVE_FD, &r))
		fail("retrieve memfd: %s", strerror(errno));
	return r.fd;
}

void luo_session_finish(int session)
{
	struct luo_finish f = {.size = sizeof(f)};

	if (ioctl(session, LUO_FINISH, &f))
		fail("finish live update: %s", strerror(errno));
	close(session);
}

static int session_fd = -1;

/* The session, made or taken back at the first call. */
static int session(bool incoming)
{
	if (session_fd < 0)
		session_fd = luo_session(SESSION, incoming);
	return session_fd;
}

void luo_keep(int memfd, uint64_t token)
{
	luo_session_keep(session(false), memfd, token);
}

int luo_take(uint64_t token)
{
	return luo_session_take(session(true), token);
}

void luo_finish(void)
{
	luo_session_finish(session(true));
	session_fd = -1;
}

void physical_pages(const void *at, size_t pages, uint64_t *ret)
{
	static int fd = -1;
	off_t where = (off_t)((uintptr_t)at / PAGE * sizeof(*ret));
	ssize_t bytes = (ssize_t)(pages * sizeof(*ret));

	if (fd < 0)
		fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (pread(fd, ret, (size_t)bytes, where) != bytes)
		fail("/proc/self/pagemap: %s", strerror(errno));
	for (size_t i = 0; i < pages; i++)
		ret[i] = (ret[i] & ((1ULL << 55) - 1)) * PAGE;
}

uint64_t physical(const void *at)
{
	uint64_t ret;

	physical_pages(at, 1, &ret);
	return ret;
}

/* In how many physical pieces the memfd is: the claim that it is fragmented, measured. */
static uint64_t count_runs(const uint64_t *at, uint64_t pages)
{
	uint64_t runs = 0, last = 0;

	for (uint64_t i = 0; i < pages; i++) {
		uint64_t phys = physical(at + i * WORDS);

		runs += phys != last + PAGE && phys != last - PAGE;
		last = phys;
	}
	return runs;
}

/*
 * The page allocator hands out neighbours. Filling two memfds by turns gives each of them every
 * second page, so that preserving one leaves a gap after every page.
 */
static void fill_by_turns(uint64_t *kept, uint64_t *gap, uint64_t pages, uint64_t seed)
{
	for (uint64_t i = 0; i < pages; i++) {
		fill_page(kept + i * WORDS, seed, i);
		gap[i * WORDS] = i;
	}
}

void luo_preserve(uint64_t pages, uint64_t seed)
{
	int kept = make_memfd("khotest", pages);
	int gap = make_memfd("khotest-gap", pages);
	uint64_t *at = map_memfd(kept, pages, PROT_READ | PROT_WRITE);

	fill_by_turns(at, map_memfd(gap, pages, PROT_READ | PROT_WRITE), pages, seed);
	luo_keep(kept, TOKEN);
	say("luo_preserved=%llu", (unsigned long long)pages);
	say("luo_runs=%llu", (unsigned long long)count_runs(at, pages));
}

void check_pages(const uint64_t *at, uint64_t pages, uint64_t seed)
{
	uint64_t bad = 0;

	for (uint64_t i = 0; i < pages * WORDS; i++) {
		if (at[i] == pattern(seed, i) || bad++ >= MOST_SHOWN)
			continue;
		say("luo_bad=page %llu, physical 0x%llx: 0x%llx, not 0x%llx",
		    (unsigned long long)(i / WORDS),
		    (unsigned long long)(physical(at + i) + i % WORDS * sizeof(*at)),
		    (unsigned long long)at[i], (unsigned long long)pattern(seed, i));
	}
	if (bad)
		fail("luo: %llu words differ", (unsigned long long)bad);
}

void luo_check(uint64_t pages, uint64_t seed)
{
	check_pages(map_memfd(luo_take(TOKEN), pages, PROT_READ), pages, seed);
	say("luo_checked=%llu", (unsigned long long)pages);
}
