/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware zone: memory that firmware may write between a reset and the start of khoboot.
 * Learned by `khoctl calibrate`, or the built-in conservative one for edk2.
 */
#ifndef ROUTE_ZONE_H
#define ROUTE_ZONE_H

#include <core/cmdline.h>
#include <core/range.h>
#include <route/record.h>

/* Ranges that a zone has at most. A zone has to fit into a command line and a variable. */
#define KB_ZONE_MAX 32
/* Longest text of a zone, with the NUL. */
#define KB_ZONE_TEXT_MAX (KB_ZONE_MAX * 34)

/*
 * zone_builtin - the zone that is assumed without calibration
 * @ram: RAM, sorted
 * @ret: cleared; sorted, whole 4 KiB pages
 *
 * x86: [0, 1 MiB), [8 MiB, 32 MiB), and the top 192 MiB of RAM below 4 GiB up to 4 GiB (edk2
 * OvmfPkg/Include/Fdf/MemFd.fdf.inc, PlatformInitLib/MemDetect.c:GetPeiMemoryCap).
 *
 * arm64, from where RAM begins: [0, 2 MiB), which QEMU itself writes at a reset, [64 MiB, 128 MiB)
 * (edk2 ArmVirtPkg, PcdSystemMemoryUefiRegionSize), and the top 192 MiB, both of all RAM and of the
 * lowest memory, which ends at the first hole of 64 MiB or more: firmware begins with one memory
 * node, and its own memory makes smaller holes.
 *
 * Returns KB_OK or KB_RANGE_FULL.
 */
__must_check enum kb_status zone_builtin(enum kb_record_arch arch, const struct range_list *ram,
					 struct range_list *ret);

/*
 * zone_parse - a zone from text: BASE-END[,BASE-END]..., hexadecimal with or without 0x, END
 * exclusive
 *
 * Whole 4 KiB pages, ascending, disjoint, 1 to KB_ZONE_MAX ranges; @ret is sorted and merged.
 * Returns KB_OK, or KB_ZONE_TEXT with @ret untouched, also when it has no room for them.
 */
__must_check enum kb_status zone_parse(struct kb_text text, struct range_list *ret);

/*
 * zone_format - such a text from a zone, NUL-terminated
 *
 * KB_ZONE_TEXT_MAX bytes are enough. Returns KB_OK, or KB_ZONE_TEXT with @buf untouched when the
 * zone is empty or @buf too small.
 */
__must_check enum kb_status zone_format(const struct range_list *zone, char *buf, size_t size);

/*
 * zone_grow - make room for what firmware loads: the heap of its boot services begins lower
 * @ram: RAM, sorted
 * @bytes: of buffers, each of them in one piece
 *
 * The heap is, on x86, the highest range that begins below 4 GiB and not below 1 MiB; on arm64 all
 * ranges larger than 64 MiB, or the highest range when none is. It grows down to where the highest
 * piece of RAM below it has room for @bytes:
 *
 *	RAM      rrrrrrrrrrrrrrrrrr....rr..rrrrrrrrr......rrrrrrrrrrr
 *	zone                               zzzzzzzzz
 *	grown               zzzzzzzzzzzzzzzzzzzzzzzz                     there is room
 *	         zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz          zzzzzzz    there is none
 *
 * Where none has, firmware takes the top of all RAM (edk2 MdeModulePkg/Core/Dxe/Mem/Page.c:
 * FindFreePages, which tries the heap's neighbourhood first); so that is added, too. Returns KB_OK
 * or KB_RANGE_FULL.
 */
__must_check enum kb_status zone_grow(enum kb_record_arch arch, const struct range_list *ram,
				      struct range_list *zone, uint64_t bytes);

/*
 * zone_align - move all edges outwards to multiples of @page, a power of two
 *
 * Kernels with larger pages keep their map in whole pages: one that an edge of the zone cuts could
 * not be read after the reset.
 */
void zone_align(struct range_list *zone, uint64_t page);

/*
 * zone_choose - the zone of one reset: the given one or the built-in one, grown and aligned
 * @given: as for zone_parse(); len 0: none
 * @ram: RAM, sorted
 * @file: bytes of khoboot's file
 * @page: size of the kernel's pages
 * @ret: with room for some ranges more than KB_ZONE_MAX
 *
 * khoctl asks before the jump what the bare-metal door will then do, so both call this. Returns
 * what the functions above do.
 */
__must_check enum kb_status zone_choose(enum kb_record_arch arch, struct kb_text given,
					const struct range_list *ram, uint64_t file, uint64_t page,
					struct range_list *ret);

#endif
