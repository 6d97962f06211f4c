/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware zone: memory that firmware may write between a reset and the start of khoboot.
 * Learned by `khoctl calibrate`, or the built-in conservative one for edk2 on x86.
 */
#ifndef KHOBOOT_ZONE_H
#define KHOBOOT_ZONE_H

#include <khoboot/cmdline.h>
#include <khoboot/range.h>

/* Ranges that a zone has at most; it is a command line word and a variable. */
#define KB_ZONE_MAX 32
/* Longest text of a zone, with the NUL. */
#define KB_ZONE_TEXT_MAX (KB_ZONE_MAX * 34)

/*
 * zone_builtin - the zone that is believed without calibration
 * @ram: RAM, sorted
 * @ret: cleared; sorted, whole 4 KiB pages
 *
 * x86: [0, 1 MiB), [8 MiB, 32 MiB), and the top 192 MiB of RAM below 4 GiB up to 4 GiB (edk2
 * OvmfPkg/Include/Fdf/MemFd.fdf.inc, PlatformInitLib/MemDetect.c:GetPeiMemoryCap). Returns KB_OK or
 * KB_RANGE_FULL.
 */
__must_check enum kb_status zone_builtin(const struct range_list *ram, struct range_list *ret);

/*
 * zone_parse - a zone from text: BASE-END[,BASE-END]..., hexadecimal with or without 0x, END
 * exclusive
 *
 * Whole 4 KiB pages, ascending, disjoint, 1 to KB_ZONE_MAX ranges; @ret is sorted and merged.
 * Returns KB_OK, or KB_ZONE_TEXT with @ret untouched, also when it has no room for them.
 */
__must_check enum kb_status zone_parse(struct kb_text text, struct range_list *ret);

/*
 * The same text from a zone, NUL-terminated. KB_ZONE_TEXT when it is empty or @buf, which is then
 * untouched, too small; KB_ZONE_TEXT_MAX bytes are enough.
 */
__must_check enum kb_status zone_format(const struct range_list *zone, char *buf, size_t size);

/*
 * zone_grow - make room for what firmware loads: the range that holds the heap of the boot services
 * (the highest that begins below 4 GiB and not below 1 MiB) begins @bytes lower.
 */
void zone_grow(struct range_list *zone, uint64_t bytes);

#endif
