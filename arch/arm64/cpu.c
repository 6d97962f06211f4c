// SPDX-License-Identifier: BSD-2-Clause
/* Exception vectors, page tables, stopping, the counter. */
#include <arch/cpu.h>
#include <arch/early.h>
#include <arch/reset.h>

#define HCR_E2H (1ULL << 34)

/* entry.S, image.lds */
extern char image_base[], trap_vectors[], cpu_switch_tables_end[];
void cpu_switch_tables(uint64_t ttbr);

unsigned int cpu_level(void)
{
	uint64_t level;

	asm volatile("mrs %0, CurrentEL" : "=r"(level));
	return level >> 2 & 3;
}

bool cpu_one_level(void)
{
	uint64_t hcr;

	if (cpu_level() != 2)
		return false;
	asm volatile("mrs %0, hcr_el2" : "=r"(hcr));
	return !(hcr & HCR_E2H);
}

void cpu_init(void)
{
	if (cpu_level() == 2)
		asm volatile("msr vbar_el2, %0; isb" : : "r"(trap_vectors) : "memory");
	else
		asm volatile("msr vbar_el1, %0; isb" : : "r"(trap_vectors) : "memory");
}

void cpu_halt(void)
{
	asm volatile("msr daifset, #0xf");
	for (;;)
		asm volatile("wfi");
}

uint64_t cpu_clock_us(uint64_t ticks)
{
	uint64_t hz;

	asm volatile("mrs %0, cntfrq_el0" : "=r"(hz));
	return hz ? ticks / hz * 1000000 + ticks % hz * 1000000 / hz : 0;
}

/* ---- page tables ----------------------------------------------------------------------------- */

struct pagetable cpu_tables(void *pool, size_t pages)
{
	return (struct pagetable){
		.pool = pool,
		.pool_addr = (uintptr_t)pool,
		.pages = pages,
		.levels = 4,
		.one_level = cpu_one_level(),
	};
}

void cpu_use_tables(const struct pagetable *pt)
{
	/* The switch runs with the MMU off for a moment: from memory, not from caches. */
	flush_range((const void *)cpu_switch_tables,
		    (uintptr_t)cpu_switch_tables_end - (uintptr_t)cpu_switch_tables);
	cpu_switch_tables(pt->pool_addr);
}

/* The tables of entry.S lie at the end of the memory that the Image header asked for. */
static struct pagetable *early_tables(void)
{
	static struct pagetable early;
	uint64_t end = (uintptr_t)image_base + get_u64(image_base + 16);

	if (early.pool)
		return &early;
	early = cpu_tables((void *)(uintptr_t)(end - EARLY_TABLES_SIZE), EARLY_TABLES_PAGES);
	early.used = EARLY_TABLES_FILLED;
	return &early;
}

void cpu_edit_tables(void)
{
	cpu_use_tables(early_tables());
}

enum kb_status cpu_map_early(struct range r, enum pt_flags flags)
{
	enum kb_status st = pt_map(early_tables(), r, flags);

	asm volatile("dsb ishst; isb" : : : "memory");
	return st;
}
