// SPDX-License-Identifier: BSD-2-Clause
/* Exception vectors, page tables, leaving, stopping, the counter. */
#include <arch/cpu.h>
#include <arch/door.h>
#include <arch/early.h>
#include <arch/granule.h>
#include <arch/kernel.h>
#include <arch/reset.h>

#include <string.h>

#define HCR_E2H (1ULL << 34)

/* entry.S, image.lds */
extern char image_base[], trap_vectors[], cpu_switch_tables_end[], khoboot_leave_end[];
void cpu_switch_tables(uint64_t ttbr);
__noreturn void khoboot_leave(const struct kb_move *moves, uint64_t count, uint64_t entry,
			      uint64_t block);

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

bool cpu_may_write(uint64_t addr)
{
	uint64_t par;

	if (cpu_level() == 2)
		asm volatile("at s1e2w, %1; isb; mrs %0, par_el1" : "=r"(par) : "r"(addr));
	else
		asm volatile("at s1e1w, %1; isb; mrs %0, par_el1" : "=r"(par) : "r"(addr));
	return !(par & 1);
}

/* ---- leaving --------------------------------------------------------------------------------- */

const char *cpu_mode(void)
{
	if (cpu_level() != 2)
		return "EL1";
	return cpu_one_level() ? "EL2" : "EL2 with E2H";
}

enum kb_status cpu_can_start(const struct kernel *k)
{
	uint64_t mmfr0;

	asm volatile("mrs %0, id_aa64mmfr0_el1" : "=r"(mmfr0));
	return granule_check(mmfr0, k->page_size);
}

/* The code that runs last, where it is, or in the page that is nobody's home. */
static void *last_code(const struct door_exit *e, size_t size)
{
	void *code = (void *)(uintptr_t)khoboot_leave;

	if (!e->moves)
		return code;
	return memcpy((void *)(uintptr_t)e->stub, code, size);
}

void cpu_leave(const struct door_exit *e)
{
	size_t size = (uintptr_t)khoboot_leave_end - (uintptr_t)khoboot_leave;
	const struct range *window = &e->place->window, *block = &e->place->block;
	__typeof__(&khoboot_leave) leave = (__typeof__(leave))(uintptr_t)last_code(e, size);

	/* All that is read with the MMU off; and what else we wrote, for whoever debugs the kernel.
	 */
	flush_range((const void *)(uintptr_t)window->base, window->size);
	flush_range((const void *)(uintptr_t)block->base, block->size);
	flush_range((const void *)(uintptr_t)e->initrd.base, e->initrd.size);
	flush_range((const void *)(uintptr_t)leave, size);
	asm volatile("ic iallu; dsb nsh; isb" : : : "memory");
	leave(e->moves ? e->moves->m : NULL, e->moves ? e->moves->count : 0, e->place->entry,
	      block->base);
}
