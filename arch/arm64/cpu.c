// SPDX-License-Identifier: BSD-2-Clause
/* The arm64 CPU: exception vectors, page tables, leaving, stopping, the counter. */
#include <arch/cache.h>
#include <arch/cpu.h>
#include <arch/cpu_arm64.h>
#include <arch/granule.h>

#include <string.h>

#define HCR_E2H (1ULL << 34)

/* entry.S, image.lds */
extern char trap_vectors[], cpu_switch_tables_end[], khoboot_leave_end[];
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
	/* Firmware leaves interrupts on, and its handlers go with its vectors. */
	asm volatile("msr daifset, #0xf");
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

void cpu_relax(void)
{
	asm volatile("yield" : : : "memory");
}

uint64_t cpu_clock(void)
{
	uint64_t v;

	asm volatile("isb; mrs %0, cntvct_el0" : "=r"(v) : : "memory");
	return v;
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
	/* The switch runs with the MMU off for a moment, and is then fetched from memory. */
	cache_flush_range((const void *)cpu_switch_tables,
			  (uintptr_t)cpu_switch_tables_end - (uintptr_t)cpu_switch_tables);
	cpu_switch_tables(pt->pool_addr);
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

bool cpu_may_encrypt(void)
{
	return false;
}

enum kb_status cpu_can_start(struct kernel *k, struct kb_text cmdline, bool reset,
			     struct kb_diag *diag)
{
	uint64_t mmfr0;

	(void)cmdline;
	(void)reset;
	(void)diag;
	asm volatile("mrs %0, id_aa64mmfr0_el1" : "=r"(mmfr0));
	return granule_check(mmfr0, k->page_size);
}

static void flush(struct range r)
{
	cache_flush_range((const void *)(uintptr_t)r.base, r.size);
}

/*
 * Flushes what the kernel reads with its MMU off; and, for whoever debugs the kernel, all else that
 * we wrote.
 */
void cpu_leave(const struct boot_placement *place, struct range initrd, const struct pagetable *pt,
	       const struct kb_moves *moves, uint64_t stub)
{
	size_t size = (uintptr_t)khoboot_leave_end - (uintptr_t)khoboot_leave;
	__typeof__(&khoboot_leave) leave = khoboot_leave;

	(void)pt; /* in use already, and turned off at the end */
	/* Evacuated pages may be put back where we lie ourselves: run a copy in @stub. */
	if (moves->count)
		leave = (__typeof__(leave))(uintptr_t)memcpy((void *)(uintptr_t)stub,
							     (void *)(uintptr_t)leave, size);
	flush(place->window);
	flush(place->block);
	flush(initrd);
	flush((struct range){(uintptr_t)leave, size});
	asm volatile("ic iallu; dsb nsh; isb" : : : "memory");
	leave(moves->m, moves->count, place->entry, place->block.base);
}
