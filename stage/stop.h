/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of a run that cannot boot the next kernel: khoboot.on_error decides how.
 */
#ifndef STAGE_STOP_H
#define STAGE_STOP_H

#include <core/cmdline.h>
#include <khoboot/status.h>

/* Policy for later; KB_ON_ERROR_HALT until it is called. */
void stop_set_policy(enum kb_on_error policy);

/*
 * Log that memory was left as it is, and halt or reset. "discard" has been tried by then (or there
 * was nothing to discard), so it halts too. @status was logged.
 */
_Noreturn void stop_refused(enum kb_status status);

#endif
