// SPDX-License-Identifier: BSD-2-Clause
/* A fault in khoboot: log what, where and with which registers, then follow the error policy. */
#include <arch/cpu.h>
#include <arch/uart.h>
#include <core/log.h>
#include <stage/serial.h>
#include <stage/stop.h>

/* Entered by entry.S. */
void trap_report(const struct trap_frame *f);

/* Called by code with a stack protector (ours, Debian's libraries) when a guard was overwritten. */
void __stack_chk_fail(void);

void __stack_chk_fail(void)
{
	stop_refused(kb_refuse("fault", KB_STACK_GUARD, NULL));
}

void trap_report(const struct trap_frame *f)
{
	static bool again;
	enum kb_status st;

	if (again)
		stop_at_once();
	again = true;
	/* Open a console first: the log alone may have no room for the registers. */
	serial_log_to(uart_fallback());
	st = trap_describe(f, stop_ram());
	stop_refused(kb_refuse("fault", st, NULL));
}
