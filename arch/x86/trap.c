// SPDX-License-Identifier: BSD-2-Clause
/* A fault in khoboot: say what, where and with which registers, then follow the error policy. */
#include <arch/cpu.h>
#include <arch/stop.h>
#include <khoboot/log.h>

extern char image_base[];

/* As trap_common in entry.S leaves it. */
struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector, code;
	uint64_t rip, cs, rflags, rsp, ss;
};

void trap_report(const struct trap_frame *f);
void __stack_chk_fail(void);

/* Called by code with a stack protector (ours, Debian's libfdt.a) when a guard was overwritten. */
void __stack_chk_fail(void)
{
	stop(kb_refuse("fault", KB_STACK_GUARD, NULL));
}

static const char *name(uint64_t vector)
{
	switch (vector) {
	case 0:
		return "divide error";
	case 2:
		return "non-maskable interrupt";
	case 6:
		return "invalid opcode";
	case 8:
		return "double fault";
	case 13:
		return "general protection";
	case 14:
		return "page fault";
	case 18:
		return "machine check";
	default:
		return "exception";
	}
}

void trap_report(const struct trap_frame *f)
{
	static bool again;

	if (again)
		cpu_halt();
	again = true;
	kb_error("fault", "%s (%llu) in khoboot at image+0x%llx, address 0x%llx, code 0x%llx",
		 name(f->vector), (unsigned long long)f->vector,
		 (unsigned long long)(f->rip - (uintptr_t)image_base),
		 (unsigned long long)(f->vector == 14 ? read_cr2() : 0),
		 (unsigned long long)f->code);
	kb_error("fault", "rip %016llx rsp %016llx rflags %llx", (unsigned long long)f->rip,
		 (unsigned long long)f->rsp, (unsigned long long)f->rflags);
	kb_error("fault", "rax %016llx rbx %016llx rcx %016llx rdx %016llx",
		 (unsigned long long)f->rax, (unsigned long long)f->rbx, (unsigned long long)f->rcx,
		 (unsigned long long)f->rdx);
	kb_error("fault", "rsi %016llx rdi %016llx rbp %016llx r8  %016llx",
		 (unsigned long long)f->rsi, (unsigned long long)f->rdi, (unsigned long long)f->rbp,
		 (unsigned long long)f->r8);
	stop(kb_refuse("fault", KB_CPU_FAULT, NULL));
}
