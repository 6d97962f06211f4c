// SPDX-License-Identifier: BSD-2-Clause
/*
 * Headers of dumps that hold anything: ELF cores, kdump, flattened files. Opening, reading and
 * searching end, and what was said to be memory is within the addresses that there are.
 *
 *	offset 0   which of them the file shall begin like
 *	       1   the rest of the file, after that
 */
#include "tools/dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put(int fd, const void *bytes, size_t size)
{
	if (write(fd, bytes, size) != (ssize_t)size)
		abort();
}

static void put_begin(int fd, unsigned int what)
{
	static const uint8_t elf[] = {0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0,
				      0,    0,   0,   0,   0, 0, 0, 4, 0};
	static const uint8_t kdump[] = "KDUMP   \6";
	uint8_t flat[4096] = "makedumpfile";

	flat[23] = flat[31] = 1;
	if (what % 4 == 3)
		put(fd, flat, sizeof(flat));
	else if (what % 4 == 1)
		put(fd, elf, sizeof(elf));
	else if (what % 4 == 2)
		put(fd, kdump, sizeof(kdump));
}

static void use(struct dump *d)
{
	struct dump_found f;

	for (size_t i = 0; i < d->mem.ram.count; i++) {
		struct range r = d->mem.ram.r[i];

		if (range_wraps(r))
			abort();
		mem_get(&d->mem, phys(r.base), min_u64(r.size, SZ_4K));
		mem_get(&d->mem, phys(range_end(r) - 1), 1);
	}
	dump_scan(d, &f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("dump", 0);
	struct dump d = {0};
	char path[32];

	if (fd < 0 || !size)
		return 0;
	put_begin(fd, data[0]);
	put(fd, data + 1, size - 1);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!dump_add(&d, path, 0, false, NULL))
		use(&d);
	dump_close(&d);
	close(fd);
	return 0;
}
