/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware zone: memory that firmware may write between a reset and the start of khoboot.
 * Learned by `khoctl calibrate`, or the built-in conservative one for edk2 on x86.
 */
#ifndef KHOBOOT_ZONE_H
#define KHOBOOT_ZONE_H

#include <khoboot/cmdline.h>
#include <khoboot/range.h>

#define KB_ZONE_MAX                                                                                \
	32 /* ranges that a zone has at most; it is a command line word and a variable */

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
 * Whole 4 KiB pages, ascending, disjoint, 1 to KB_ZONE_MAX ranges. Returns KB_OK or KB_ZONE_TEXT,
 * @ret untouched.
 */
__must_check enum kb_status zone_parse(struct kb_text text, struct range_list *ret);

/* The same text from a zone, NUL-terminated. KB_ZONE_TEXT when @buf is too small, untouched. */
__must_check enum kb_status zone_format(const struct range_list *zone, char *buf, size_t size);

/*
 * zone_grow - make room for what firmware loads: the range that holds the heap of the boot services
 * (the highest that begins below 4 GiB and above 1 MiB) begins @bytes lower. Returns KB_OK or
 * KB_RANGE_FULL.
 */
__must_check enum kb_status zone_grow(struct range_list *zone, uint64_t bytes);

#endif
