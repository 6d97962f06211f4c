// SPDX-License-Identifier: BSD-2-Clause
/* The check sum of a file, as cksum(1) prints it (POSIX). */
#include <fcntl.h>
#include <unistd.h>

#include "init.h"

static uint32_t crc_byte(uint32_t crc, uint8_t byte)
{
	crc ^= (uint32_t)byte << 24;
	for (int bit = 0; bit < 8; bit++)
		crc = crc & 0x80000000 ? crc << 1 ^ 0x04c11db7 : crc << 1;
	return crc;
}

void sum_report(const char *path)
{
	static uint8_t block[1 << 16];
	uint32_t crc = 0;
	size_t total = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		say("sum=none");
		return;
	}
	while ((n = read(fd, block, sizeof(block))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			crc = crc_byte(crc, block[i]);
		total += (size_t)n;
	}
	close(fd);
	for (size_t left = total; left; left >>= 8)
		crc = crc_byte(crc, left & 0xff);
	say("sum=%u %zu", ~crc, total);
}
