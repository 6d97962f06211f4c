// SPDX-License-Identifier: BSD-2-Clause
/* Halting or resetting after a refusal. */
#include <arch/cpu.h>
#include <arch/reset.h>
#include <arch/uart.h>
#include <core/log.h>
#include <stage/screen.h>
#include <stage/serial.h>
#include <stage/stop.h>

static enum kb_on_error on_error = KB_ON_ERROR_HALT;
static enum stage_memory memory = STAGE_MEMORY_UNTOUCHED;
static const struct range_list nothing, *known_ram = &nothing;
static bool never_halt;

void stop_set_policy(enum kb_on_error policy)
{
	on_error = policy;
}

void stop_set_memory(enum stage_memory now)
{
	memory = now;
}

void stop_set_ram(const struct range_list *ram)
{
	known_ram = ram;
}

const struct range_list *stop_ram(void)
{
	return known_ram;
}

void stop_never_halt(bool never)
{
	never_halt = never;
}

void stop_at_once(void)
{
	if (never_halt) {
		never_halt = false; /* the next fault may come from here */
		reset_try(NULL);
	}
	cpu_halt();
}

void stop_refused(enum kb_status status)
{
	bool reset = never_halt || on_error == KB_ON_ERROR_RESET;

	/* Better to use a port that was not named than to stop in silence. */
	serial_log_to(uart_fallback());
	if (reset)
		kb_error("stop", "KB-%03d: resetting (%s)", (int)status,
			 never_halt ? "crash kernel" : "khoboot.on_error=reset");
	else
		kb_error("stop", "KB-%03d: halted, %s", (int)status, stage_memory_words(memory));
	stage_screen_show();
	if (reset) {
		serial_drain();
		reset_try(NULL);
	}
	cpu_halt();
}
