// SPDX-License-Identifier: BSD-2-Clause
/*
 * The bare-metal door of arm64: the page tables of entry.S, which map our own memory and what was
 * added here. They are in use until we have our own, and while our own are changed.
 */
#include <arch/cpu.h>
#include <arch/early.h>
#include <bare/bare.h>
#include <stage/pagetable.h>

extern char image_base[];

/* They lie at the end of the memory that the Image header asked for. */
static struct pagetable *early_tables(void)
{
	static struct pagetable early;
	uint64_t end = (uintptr_t)image_base + get_u64(image_base + IMAGE_MEMORY);

	if (early.pool)
		return &early;
	early = cpu_tables((void *)(uintptr_t)(end - EARLY_TABLES_SIZE), EARLY_TABLES_PAGES);
	early.used = EARLY_TABLES_FILLED;
	return &early;
}

void bare_edit_tables(void)
{
	cpu_use_tables(early_tables());
}

enum kb_status bare_map_early(struct range r, enum pt_flags flags)
{
	enum kb_status st = pt_map(early_tables(), r, flags);

	asm volatile("dsb ishst; isb" : : : "memory");
	return st;
}
