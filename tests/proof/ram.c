// SPDX-License-Identifier: BSD-2-Clause
/*
 * ram.c - guest RAM as a file, and the comparison of two moments of it.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proof.h"

#define GIB      (1ULL << 30)
#define PAGE     4096ULL
#define LOW_MOST 0xb0000000ULL

/* Changed bytes that are printed, one of each page. */
#define MOST_SHOWN 16

static uint8_t *map_ram(int fd, uint64_t size, int flags)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (at == MAP_FAILED)
		die("cannot map %llu bytes", (unsigned long long)size);
	return at;
}

void ram_create(struct ram *r, enum ram_at at, uint64_t size)
{
	r->base = at == RAM_VIRT ? GIB : 0;
	/* q35 puts 2 GiB below the hole as soon as RAM would reach its PCIe window. */
	r->low = at == RAM_Q35 && size >= LOW_MOST ? 2 * GIB : size;
	r->size = size;
	r->copy = NULL;
	r->fd = memfd_create("guest-ram", 0);
	if (r->fd < 0 || ftruncate(r->fd, (off_t)size))
		die("cannot make %llu bytes of guest RAM", (unsigned long long)size);
	r->live = map_ram(r->fd, size, MAP_SHARED);
}

uint64_t ram_offset(const struct ram *r, uint64_t pa, uint64_t len)
{
	uint64_t high = r->size - r->low;

	if (pa >= r->base && pa - r->base < r->low && len <= r->low - (pa - r->base))
		return pa - r->base;
	if (pa >= 4 * GIB && pa - 4 * GIB < high && len <= high - (pa - 4 * GIB))
		return pa - 4 * GIB + r->low;
	die("0x%llx, %llu bytes: not RAM", (unsigned long long)pa, (unsigned long long)len);
}

const uint8_t *ram_get(const struct ram *r, uint64_t pa, uint64_t len)
{
	return r->live + ram_offset(r, pa, len);
}

uint64_t ram_u64(const struct ram *r, uint64_t pa)
{
	uint64_t v;

	memcpy(&v, ram_get(r, pa, sizeof(v)), sizeof(v));
	return v;
}

uint32_t ram_u32(const struct ram *r, uint64_t pa)
{
	uint32_t v;

	memcpy(&v, ram_get(r, pa, sizeof(v)), sizeof(v));
	return v;
}

/* Pages the guest never touched are holes of the file: they stay holes of the copy. */
void ram_snapshot(struct ram *r)
{
	off_t data = 0, hole;

	r->copy = map_ram(-1, r->size, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
	while ((data = lseek(r->fd, data, SEEK_DATA)) >= 0) {
		hole = lseek(r->fd, data, SEEK_HOLE);
		memcpy(r->copy + data, r->live + data, (size_t)(hole - data));
		data = hole;
	}
}

void ram_forget(struct ram *r)
{
	munmap(r->copy, r->size);
	r->copy = NULL;
}

void ram_restore(struct ram *r)
{
	off_t data = 0, hole;

	while ((data = lseek(r->fd, data, SEEK_DATA)) >= 0) {
		hole = lseek(r->fd, data, SEEK_HOLE);
		memcpy(r->live + data, r->copy + data, (size_t)(hole - data));
		data = hole;
	}
}

static void show(uint64_t pa, uint8_t was, uint8_t is)
{
	static unsigned shown;

	if (shown++ < MOST_SHOWN)
		fprintf(stderr, "proof: 0x%llx was 0x%02x, is 0x%02x\n", (unsigned long long)pa,
			was, is);
}

static uint64_t changed_in_page(const struct ram *r, uint64_t pa, uint64_t at, uint64_t len)
{
	uint64_t changed = 0;

	for (uint64_t i = 0; i < len; i++)
		if (r->live[at + i] != r->copy[at + i] && !changed++)
			show(pa + i, r->copy[at + i], r->live[at + i]);
	return changed;
}

uint64_t ram_changed(const struct ram *r, uint64_t pa, uint64_t len)
{
	uint64_t at = ram_offset(r, pa, len), changed = 0, n;

	for (uint64_t i = 0; i < len; i += n) {
		n = len - i < PAGE ? len - i : PAGE;
		if (memcmp(r->live + at + i, r->copy + at + i, n))
			changed += changed_in_page(r, pa + i, at + i, n);
	}
	return changed;
}

static uint64_t physical(const struct ram *r, uint64_t offset)
{
	return offset < r->low ? r->base + offset : offset - r->low + 4 * GIB;
}

static bool is_spared(uint64_t pa, const struct piece *spared, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (pa >= spared[i].pa && pa - spared[i].pa < spared[i].len)
			return true;
	return false;
}

uint64_t ram_changed_elsewhere(const struct ram *r, const struct piece *spared, size_t count)
{
	uint64_t changed = 0;
	off_t data = 0, hole;

	while ((data = lseek(r->fd, data, SEEK_DATA)) >= 0) {
		hole = lseek(r->fd, data, SEEK_HOLE);
		for (; data < hole; data += PAGE) {
			uint64_t pa = physical(r, (uint64_t)data);

			if (!is_spared(pa, spared, count))
				changed += ram_changed(r, pa, PAGE);
		}
	}
	return changed;
}
