// SPDX-License-Identifier: BSD-2-Clause
/*
 * The bare-metal door. bare_main() is the table of contents: gather what the outgoing kernel left,
 * plan every placement, commit.
 *
 * Until kho_open() has proven that nothing preserved lies in scratch, only our own segment is
 * written: all other memory is mapped read-only. After that scratch is writable, and nothing else
 * ever is, so a stray write faults instead of destroying a preserved byte.
 */
#include <arch/bare.h>
#include <arch/cpu.h>
#include <arch/stop.h>
#include <khoboot/layout.h>
#include <khoboot/log.h>

#include <string.h>

#include "bare.h"

static enum kb_status gather(struct bare *b)
{
	enum kb_status st = find_ourselves(b);

	if (!st)
		st = read_options(b);
	if (!st)
		st = open_arena(b);
	if (!st)
		st = read_memory_map(b);
	if (!st)
		st = own_page_tables(b);
	if (st)
		return st;
	late_console(b);
	st = open_log(b);
	if (st)
		return st;
	kb_info("start", "khoboot " KB_VERSION ", bare-metal door, %u-level paging",
		b->tables.levels);
	st = read_setup_data(b);
	if (!st)
		st = read_e820_nodes(b);
	if (!st)
		st = read_kernel(b);
	if (!st)
		st = gather_kho(b);
	return st ? st : list_busy(b);
}

uint64_t bare_stack(const struct boot_params *bp, const uint8_t *image_base)
{
	static char early_log[1024];
	uint64_t size = memcmp(bp->hdrs, "HdrS", 4) ? 0 : uki_flat_size(bp);

	kb_log_buffer(early_log, sizeof(early_log));
	if (!size)
		stop(kb_refuse("image", KB_BOOT_PARAMS, NULL));
	size = align_down(size + SZ_4K - 1, SZ_4K);
	return (uintptr_t)image_base + KB_SETUP_SIZE + size + KB_STACK_SIZE;
}

void bare_main(const struct boot_params *bp, const uint8_t *image_base)
{
	struct bare b = {0};
	enum kb_status st;

	b.entered = read_tsc();
	b.bp = bp;
	b.image = image_base;
	cpu_init();
	st = gather(&b);
	if (!st)
		st = plan(&b);
	if (!st)
		route_or_direct(&b);
	arena_lock(&b.arena);
	if (!st)
		st = map_for_jump(&b);
	if (st)
		stop(st);
	commit(&b);
}
