// SPDX-License-Identifier: BSD-2-Clause
/* Log a fault in khoboot: what, where and with which registers. */
#include <arch/cpu.h>
#include <arch/trap.h>
#include <core/log.h>
#include <core/range.h>

extern char image_base[];

/* The layout is that of trap_common in entry.S. */
struct trap_frame {
	uint64_t x[31], sp;
	uint64_t vector, elr;
	uint64_t esr, far;
	uint64_t spsr;
};

/* The exception class of a synchronous exception. */
static const char *class_name(unsigned int ec)
{
	switch (ec) {
	case 0x00:
		return "undefined instruction";
	case 0x07:
		return "vector instruction";
	case 0x21:
		return "instruction abort";
	case 0x22:
		return "misaligned program counter";
	case 0x25:
		return "data abort";
	case 0x26:
		return "misaligned stack";
	case 0x3c:
		return "breakpoint instruction";
	default:
		return "exception";
	}
}

/* There are four vectors for each of four origins. */
static const char *name(const struct trap_frame *f)
{
	static const char *const other[] = {NULL, "interrupt", "fast interrupt", "system error"};
	const char *n = other[f->vector & 3];

	return n ? n : class_name(f->esr >> 26 & 0x3f);
}

enum kb_status trap_describe(const struct trap_frame *f, const struct range_list *ram)
{
	kb_error("fault",
		 "%s (vector %" PRIu64 ") in khoboot at image+0x%" PRIx64 ", address 0x%" PRIx64
		 ", syndrome 0x%" PRIx64,
		 name(f), f->vector, f->elr - (uintptr_t)image_base, f->far, f->esr);
	kb_error("fault", "pc %016" PRIx64 " sp %016" PRIx64 " pstate %" PRIx64, f->elr, f->sp,
		 f->spsr);
	for (unsigned int i = 0; i < 30; i += 3)
		kb_error("fault", "x%02u %016" PRIx64 " %016" PRIx64 " %016" PRIx64, i, f->x[i],
			 f->x[i + 1], f->x[i + 2]);
	kb_error("fault", "x30 %016" PRIx64, f->x[30]);
	return trap_status(f->vector, f->esr, range_list_contains(ram, (struct range){f->far, 1}));
}
