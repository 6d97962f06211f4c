/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guest.h - what the files of the guest's init share.
 */
#ifndef KHOTEST_GUEST_H
#define KHOTEST_GUEST_H

#include <stdint.h>

/* Prints one line `khotest: ...` to the kernel log, hence to the serial console. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Prints `khotest: FAIL reason` and powers the machine off. */
_Noreturn void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* What the zero page says of the machine: Secure Boot, memory map, ACPI, frame buffer. */
void platform_report(void);

/*
 * Outgoing side: preserves a memfd of @pages order-0 pages that do not touch each other, filled
 * with a pattern of @seed, through /dev/liveupdate (include/uapi/linux/liveupdate.h). The session
 * stays open until the jump: closing it takes the preservation back.
 */
void luo_preserve(uint64_t pages, uint64_t seed);

/* Incoming side: takes the memfd back and compares every word of every page. */
void luo_check(uint64_t pages, uint64_t seed);

#endif
