/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of a run that cannot boot the next kernel: khoboot.on_error decides how.
 */
#ifndef STAGE_STOP_H
#define STAGE_STOP_H

#include <core/cmdline.h>
#include <khoboot/status.h>

/* What stop_refused() will do; until this is called: KB_ON_ERROR_HALT. */
void stop_set_policy(enum kb_on_error policy);

/*
 * Log that memory was left as it is, and halt or reset. "discard" halts, too: it was tried before,
 * or there was nothing to discard. @status was logged by the caller.
 */
_Noreturn void stop_refused(enum kb_status status);

#endif
