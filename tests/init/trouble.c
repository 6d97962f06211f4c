// SPDX-License-Identifier: BSD-2-Clause
/*
 * trouble.c - what can be wrong with a machine that is to be reset without losing its memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "init.h"

#define MOR      EFIVARS "/MemoryOverwriteRequestControl-e20939be-32d4-41be-a150-897f85d49829"
#define MOR_LOCK EFIVARS "/MemoryOverwriteRequestControlLock-bb983ccf-151d-40e1-a07b-4a17be168292"

/* NON_VOLATILE | BOOTSERVICE_ACCESS | RUNTIME_ACCESS, before each value */
#define ATTRIBUTES 7

/* QEMU's page of the TPM's physical presence interface; bit 0 at MOVV: clear memory at a reset. */
#define PPI_PAGE 0xfed45000UL
#define MOVV     0x15a

#define FILL_BYTES 1000
#define FILL_MOST  2000

int open_variable(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), flags = 0;

	if (fd >= 0) {
		if (!ioctl(fd, FS_IOC_GETFLAGS, &flags)) {
			flags &= ~FS_IMMUTABLE_FL;
			ioctl(fd, FS_IOC_SETFLAGS, &flags);
		}
		close(fd);
	}
	return open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
}

static int write_variable(const char *path, const void *value, size_t len)
{
	uint8_t data[4 + FILL_BYTES] = {ATTRIBUTES};
	int fd = open_variable(path), ok;

	if (fd < 0)
		return -1;
	memcpy(data + 4, value, len);
	ok = write(fd, data, 4 + len) == (ssize_t)(4 + len);
	close(fd);
	return ok ? 0 : -1;
}

void trouble_mor(int lock)
{
	static const uint8_t one = 1;

	if (write_variable(MOR, &one, 1))
		fail("MemoryOverwriteRequestControl: %s", strerror(errno));
	if (lock && write_variable(MOR_LOCK, &one, 1))
		fail("MemoryOverwriteRequestControlLock: %s", strerror(errno));
	say("mor=%s", lock ? "locked" : "set");
}

void trouble_report_mor(void)
{
	uint8_t value[5];
	int fd = open(MOR, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (read(fd, value, sizeof(value)) == sizeof(value))
		say("mor=%u", value[4]);
	close(fd);
}

void trouble_ppi(void)
{
	int fd = open("/dev/mem", O_RDWR | O_SYNC | O_CLOEXEC);
	volatile uint8_t *page;

	page = mmap(NULL, 0x1000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PPI_PAGE);
	if (page == MAP_FAILED)
		fail("physical presence interface: %s", strerror(errno));
	page[MOVV] = 1;
	if (page[MOVV] != 1)
		fail("there is no physical presence interface");
	say("ppi=clear memory");
}

void trouble_full(void)
{
	static uint8_t value[FILL_BYTES];
	char path[128];
	int n, written = 0;

	/* Smaller and smaller, until not even a few bytes fit. */
	for (size_t bytes = sizeof(value); bytes; bytes /= 4) {
		for (n = 0; n < FILL_MOST; n++, written++) {
			snprintf(path, sizeof(path),
				 EFIVARS "/KhoFill%04d-6f1c0f3e-3c0b-4b1e-9a43-7b4b686f7465",
				 written);
			memset(value, n, bytes);
			if (write_variable(path, value, bytes))
				break;
		}
	}
	say("variables=full, %d written, then %s", written, strerror(errno));
}
