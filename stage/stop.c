// SPDX-License-Identifier: BSD-2-Clause
/* Halting or resetting after a refusal. */
#include <arch/cpu.h>
#include <arch/reset.h>
#include <arch/uart.h>
#include <core/log.h>
#include <stage/serial.h>
#include <stage/stop.h>

static enum kb_on_error on_error = KB_ON_ERROR_HALT;

void stop_set_policy(enum kb_on_error policy)
{
	on_error = policy;
}

void stop_refused(enum kb_status status)
{
	/* Better to use a port that was not named than to stop in silence. */
	serial_log_to(uart_fallback());
	if (on_error == KB_ON_ERROR_RESET) {
		kb_error("stop", "KB-%03d: resetting (khoboot.on_error=reset)", (int)status);
		serial_drain();
		reset_try(NULL);
		cpu_halt();
	}
	kb_error("stop", "KB-%03d: halted, memory is as the outgoing kernel left it", (int)status);
	cpu_halt();
}
