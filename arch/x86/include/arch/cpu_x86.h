/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control registers, ports, CPUID: thin wrappers around instructions. And the two ways into the
 * next kernel, which are in entry.S.
 */
#ifndef ARCH_CPU_X86_H
#define ARCH_CPU_X86_H

#include <khoboot/compiler.h>
#include <khoboot/status.h>

#define CR4_MCE  (1ULL << 6)
#define CR4_LA57 (1ULL << 12)

static inline void outb(uint16_t port, uint8_t v)
{
	asm volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static inline void outw(uint16_t port, uint16_t v)
{
	asm volatile("outw %0, %1" : : "a"(v), "Nd"(port));
}

static inline uint8_t inb(uint16_t port)
{
	uint8_t v;

	asm volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline uint64_t read_cr0(void)
{
	uint64_t v;

	asm volatile("mov %%cr0, %0" : "=r"(v));
	return v;
}

static inline void write_cr0(uint64_t v)
{
	asm volatile("mov %0, %%cr0" : : "r"(v) : "memory");
}

static inline uint64_t read_cr2(void)
{
	uint64_t v;

	asm volatile("mov %%cr2, %0" : "=r"(v));
	return v;
}

static inline uint64_t read_cr4(void)
{
	uint64_t v;

	asm volatile("mov %%cr4, %0" : "=r"(v));
	return v;
}

static inline void write_cr4(uint64_t v)
{
	asm volatile("mov %0, %%cr4" : : "r"(v) : "memory");
}

static inline void write_cr3(uint64_t v)
{
	asm volatile("mov %0, %%cr3" : : "r"(v) : "memory");
}

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t lo, hi;

	asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (uint64_t)hi << 32 | lo;
}

struct cpuid {
	uint32_t a, b, c, d;
};

static inline struct cpuid cpuid(uint32_t leaf)
{
	struct cpuid r;

	asm volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(0));
	return r;
}

static inline bool cpu_la57(void)
{
	return read_cr4() & CR4_LA57;
}

static inline bool cpu_gbpages(void)
{
	return cpuid(0x80000000).a >= 0x80000001 && (cpuid(0x80000001).d & (1u << 26));
}

#define CPUID_HYPERVISOR (1u << 31) /* leaf 1, c */
#define CPUID_ENCRYPTION 0x8000001fu
#define CPUID_SME        (1u << 0) /* of that leaf, a */
#define MSR_SYSCFG       0xc0010010
#define SYSCFG_SME       (1u << 23)

/* Fill @ret with what this CPU says; what it does not have stays as it is. */
struct route_cpu;
void cpu_encryption(struct route_cpu *ret);

/* Descriptor tables, and stacks for faults, of a CPU that is not the first one. */
#define CPU_TASK_STATE 104
#define CPU_GDT        48

struct cpu_own {
	uint64_t gdt[CPU_GDT / 8];
	uint8_t task_state[CPU_TASK_STATE] __attribute__((aligned(8)));
	uint8_t trap_stack[128] __attribute__((aligned(16)));
	uint8_t nmi_stack[128] __attribute__((aligned(16)));
};

/* Use them: after a fault this CPU stays where it is, and no other one hears of it. */
void cpu_init_other(struct cpu_own *own);

/* Enter the next kernel with the tables at @cr3. */
__noreturn void khoboot_jump(uint64_t entry, uint64_t boot_params, uint64_t cr3);

/* The same through a copy of restore_stub at @stub, which first puts @count moves back. */
struct kb_move;
__noreturn void khoboot_restore(uint64_t stub, const struct kb_move *moves, uint64_t count,
				uint64_t entry, uint64_t boot_params, uint64_t cr3);

#endif
