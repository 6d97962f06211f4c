/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * init.h - what the files of the test machines' init share.
 */
#ifndef KHOTEST_INIT_H
#define KHOTEST_INIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Prints one line `khotest: ...` to the kernel log, hence to the serial console. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Where say() writes: each write(2) is a line there. */
int log_fd(void);

/* Prints `khotest: FAIL reason` and powers the machine off. */
_Noreturn void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Says `sum=CRC BYTES` of a file, as cksum(1) counts them, or `sum=none`. */
void sum_report(const char *path);

/* Runs a program to its end; fails unless its status is 0. */
void run(const char *const argv[]);

/*
 * Makes the image of the next kernel of a chain: this one once more, with one of @hops less on the
 * command line @cmdline.
 */
void again_make_image(const char *cmdline, uint64_t hops, const char *out);

/*
 * What the kernel was told of the machine. x86_64: by the zero page (Secure Boot, memory map, ACPI,
 * frame buffer). arm64: by /chosen of the device tree.
 */
void platform_report(void);

/* The log that khoboot left, on arm64; NULL without one. Lives until the end. */
char *platform_log(size_t *len);

/* Bytes in a page of this kernel; words of eight bytes in it. */
#define PAGE  page_size()
#define WORDS (PAGE / sizeof(uint64_t))
size_t page_size(void);

/* Physical address of the page at @at of this process, or of @pages pages from there on. */
uint64_t physical(const void *at);
void physical_pages(const void *at, size_t pages, uint64_t *ret);

/* Makes a memfd of @pages pages; map_memfd() maps it. */
int make_memfd(const char *name, uint64_t pages);
uint64_t *map_memfd(int fd, uint64_t pages, int protection);

/* The pattern of page @number under @seed; no two pages are alike. */
void fill_page(uint64_t *page, uint64_t seed, uint64_t number);

/* Compares @pages pages with their patterns; says which words differ, and fails. */
void check_pages(const uint64_t *at, uint64_t pages, uint64_t seed);

/*
 * Live update sessions (/dev/liveupdate, include/uapi/linux/liveupdate.h). luo_session() makes one,
 * or takes one back on the incoming side. It stays open until the jump: closing it would end the
 * preservation. luo_session_finish() after its last memfd was taken; it also closes it.
 */
int luo_session(const char *name, bool incoming);
void luo_session_keep(int session, int memfd, uint64_t token);
int luo_session_take(int session, uint64_t token);
void luo_session_finish(int session);

/*
 * The session that most tests use, made or taken back at the first call. luo_finish() after the
 * last memfd; then a new session can preserve something.
 */
void luo_keep(int memfd, uint64_t token);
int luo_take(uint64_t token);
void luo_finish(void);

/*
 * Outgoing side: preserves a memfd of @pages order-0 pages that do not touch each other, filled
 * with a pattern of @seed. Incoming side: compares every word of every page.
 */
void luo_preserve(uint64_t pages, uint64_t seed);
void luo_check(uint64_t pages, uint64_t seed);

/*
 * The sets of sessions with these names, separated by commas (sets.c): "plain", "sealed", "large",
 * "huge", and "800x3" for 800 sessions of 3 files of a page. sets_preserve() after sets_check()
 * preserves the files that came back.
 */
void sets_preserve(const char *names, uint64_t seed);
void sets_check(const char *names, uint64_t seed);

/* Shared memory gets huge pages: "always" or "never". */
void allow_huge(const char *when);

/*
 * Like luo_preserve() with a page in each range of physical addresses, as in
 * "0xc00000-0xd00000,...". On the incoming side they have to be there.
 */
void place_preserve(const char *ranges, uint64_t seed);
void place_check(const char *ranges, uint64_t seed);

/*
 * Outgoing side: writes patterns of @seed into pages of the memory of reserve_mem=, and says where
 * it begins, `reserve_filled=ADDR`. Incoming side: finds them there, and says
 * `reserve_checked=ADDR`.
 */
void reserve_fill(uint64_t seed);
void reserve_check(uint64_t seed);

/*
 * Outgoing side: marks a page with a pattern of @seed, and crashes. Incoming side: finds that page
 * in /proc/vmcore, and says `vmcore_marker=ADDR`.
 */
void crash_mark(uint64_t seed);
_Noreturn void crash_now(void);
void crash_check(uint64_t seed);

/*
 * A guest of this machine (/vmm, tests/guest). guest_start() runs a new one, "MIB,CPUS" or
 * "MIB,CPUS,huge"; guest_resume() the one that the last kernel had, and guest_wait() returns when
 * that has found itself right: `guest=right`. guest_check_again() has it find out once more, and
 * returns when it has. guest_stop() has its state written, and keeps its
 * session open until the jump.
 */
void guest_start(const char *what);
void guest_resume(void);
void guest_wait(void);
void guest_check_again(void);
void guest_stop(void);

/* Where the EFI variables are mounted before any of these. */
#define EFIVARS     "/sys/firmware/efi/efivars"
#define CALIBRATION EFIVARS "/KhobootCalibration-7c9b3a52-5f0e-4c1d-9b62-2f8d6a41e0c7"
/* What firmware starts without a boot entry. */
#ifdef __aarch64__
#define BOOT_FILE "\\EFI\\BOOT\\BOOTAA64.EFI"
#else
#define BOOT_FILE "\\EFI\\BOOT\\BOOTX64.EFI"
#endif

/*
 * Asks for memory to be cleared at the next reset, by variable; @lock keeps others from undoing it.
 */
void trouble_mor(int lock);

/*
 * Opens a variable for writing, whether it exists or not. efivarfs makes variables that it does not
 * know immutable; that is undone first.
 */
int open_variable(const char *path);

/* Says `mor=N` when there is such a variable. */
void trouble_report_mor(void);

/* Asks QEMU's TPM for the same. */
void trouble_ppi(void);

/* Writes variables until no more fit. */
void trouble_full(void);

#endif
