// SPDX-License-Identifier: BSD-2-Clause
/* A fault in khoboot: say what, where and with which registers, then follow the error policy. */
#include <arch/cpu.h>
#include <arch/serial.h>
#include <arch/stop.h>
#include <khoboot/log.h>

extern char image_base[];

/* As trap_common in entry.S leaves it. */
struct trap_frame {
	uint64_t x[31], sp;
	uint64_t vector, elr;
	uint64_t esr, far;
	uint64_t spsr;
};

void trap_report(const struct trap_frame *f);
void __stack_chk_fail(void);

/* Called by code with a stack protector (ours, Debian's libraries) when a guard was overwritten. */
void __stack_chk_fail(void)
{
	stop(kb_refuse("fault", KB_STACK_GUARD, NULL));
}

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

/* Four vectors each of four origins. */
static const char *name(const struct trap_frame *f)
{
	static const char *const other[] = {NULL, "interrupt", "fast interrupt", "system error"};
	const char *n = other[f->vector & 3];

	return n ? n : class_name(f->esr >> 26 & 0x3f);
}

void trap_report(const struct trap_frame *f)
{
	static bool again;

	if (again)
		cpu_halt();
	again = true;
	/* Before there is a console the log has not the room. */
	serial_log_to(serial_fallback());
	kb_error("fault",
		 "%s (vector %llu) in khoboot at image+0x%llx, address 0x%llx, syndrome 0x%llx",
		 name(f), (unsigned long long)f->vector,
		 (unsigned long long)(f->elr - (uintptr_t)image_base), (unsigned long long)f->far,
		 (unsigned long long)f->esr);
	kb_error("fault", "pc %016llx sp %016llx pstate %llx", (unsigned long long)f->elr,
		 (unsigned long long)f->sp, (unsigned long long)f->spsr);
	for (unsigned int i = 0; i < 30; i += 3)
		kb_error("fault", "x%02u %016llx %016llx %016llx", i, (unsigned long long)f->x[i],
			 (unsigned long long)f->x[i + 1], (unsigned long long)f->x[i + 2]);
	kb_error("fault", "x30 %016llx", (unsigned long long)f->x[30]);
	stop(kb_refuse("fault", KB_CPU_FAULT, NULL));
}
