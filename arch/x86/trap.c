// SPDX-License-Identifier: BSD-2-Clause
/* Log a fault in khoboot: what, where and with which registers. */
#include <arch/cpu.h>
#include <arch/cpu_x86.h>
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
	case 18:
		return "machine check";
	default:
		return "exception";
	}
}

void trap_describe(const struct trap_frame *f)
{
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
}
