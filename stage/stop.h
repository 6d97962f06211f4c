/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of a run that cannot boot the next kernel: khoboot.on_error decides how.
 */
#ifndef STAGE_STOP_H
#define STAGE_STOP_H

#include <core/cmdline.h>
#include <khoboot/status.h>
#include <stage/stage.h>

/* What stop_refused() will do; until this is called: KB_ON_ERROR_HALT. */
void stop_set_policy(enum kb_on_error policy);

/*
 * With @never stop_refused() resets from now on, whatever the policy: nobody looks after a crashed
 * machine. Without, the policy holds again.
 */
void stop_never_halt(bool never);

/* The end without a word, for a fault while another is reported. */
_Noreturn void stop_at_once(void);

/*
 * What stop_refused() will say of memory; until this is called: STAGE_MEMORY_UNTOUCHED. Faults are
 * possible at any time, so a door says this before it writes.
 */
void stop_set_memory(enum stage_memory memory);

/* RAM, for the code of a fault; until this is called: none. The list has to stay. */
void stop_set_ram(const struct range_list *ram);
const struct range_list *stop_ram(void);

/*
 * Log what became of memory, show the last lines on the screen, and halt or reset. "discard" and
 * "fallback" halt, too: that was tried before, or there was nothing to discard or to start. @status
 * was logged by the caller.
 */
_Noreturn void stop_refused(enum kb_status status);

#endif
