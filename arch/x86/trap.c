// SPDX-License-Identifier: BSD-2-Clause
/* Log a fault in khoboot: what, where and with which registers. */
#include <arch/cpu.h>
#include <arch/cpu_x86.h>
#include <arch/mce.h>
#include <arch/trap.h>
#include <core/log.h>

extern char image_base[];

/* The layout is that of trap_common in entry.S. */
struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector, code;
	uint64_t rip, cs, rflags, rsp, ss;
};

static const char *name(uint64_t vector)
{
	switch (vector) {
	case 0:
		return "divide error";
	case 6:
		return "invalid opcode";
	case 8:
		return "double fault";
	case 13:
		return "general protection";
	case 14:
		return "page fault";
	case MCE_VECTOR:
		return "machine check";
	default:
		return "exception";
	}
}

#define CPUID_MCA (1u << 14) /* leaf 1, edx */

/* Intel SDM 4: IA32_MCG_CAP; of bank N IA32_MCN_STATUS and IA32_MCN_ADDR, 4 N further on */
#define MSR_MCG_CAP   0x179
#define MSR_MC_STATUS 0x401
#define MSR_MC_ADDR   0x402

static uint64_t bank_address(uint32_t at, uint64_t status)
{
	return status & MCE_VALID && status & MCE_ADDRV ? rdmsr(MSR_MC_ADDR + at) : 0;
}

static void describe_machine_check(void)
{
	struct mce_bank bank[MCE_BANKS_MAX];
	const struct mce_bank *b;
	uint32_t count = 0;

	if (cpuid(1).d & CPUID_MCA)
		count = (uint32_t)min_u64(rdmsr(MSR_MCG_CAP) & 0xff, MCE_BANKS_MAX);
	for (uint32_t i = 0; i < count; i++) {
		bank[i].status = rdmsr(MSR_MC_STATUS + 4 * i);
		bank[i].addr = bank_address(4 * i, bank[i].status);
	}
	b = trap_bank(bank, count);
	if (b)
		kb_error("fault", "memory at 0x%" PRIx64 ", bank %u, status 0x%" PRIx64, b->addr,
			 (unsigned int)(b - bank), b->status);
}

enum kb_status trap_describe(const struct trap_frame *f, const struct range_list *ram)
{
	(void)ram; /* the vector says enough */
	kb_error("fault",
		 "%s (%" PRIu64 ") in khoboot at image+0x%" PRIx64 ", address 0x%" PRIx64
		 ", code 0x%" PRIx64,
		 name(f->vector), f->vector, f->rip - (uintptr_t)image_base,
		 f->vector == 14 ? read_cr2() : 0, f->code);
	kb_error("fault", "rip %016" PRIx64 " rsp %016" PRIx64 " rflags %" PRIx64, f->rip, f->rsp,
		 f->rflags);
	kb_error("fault",
		 "rax %016" PRIx64 " rbx %016" PRIx64 " rcx %016" PRIx64 " rdx %016" PRIx64, f->rax,
		 f->rbx, f->rcx, f->rdx);
	kb_error("fault",
		 "rsi %016" PRIx64 " rdi %016" PRIx64 " rbp %016" PRIx64 " r8  %016" PRIx64, f->rsi,
		 f->rdi, f->rbp, f->r8);
	/* Last, as reading the banks may fault itself. */
	if (f->vector == MCE_VECTOR)
		describe_machine_check();
	return trap_status(f->vector, f->code, false);
}
