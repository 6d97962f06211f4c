/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts of all codes: those of khoboot, and those that only khoctl says (KB_CTL in status.def). */
#ifndef KHOCTL_STATUS_H
#define KHOCTL_STATUS_H

#include <khoboot/status.h>

/* As kb_cause() and kb_remedy(), for every code of the table. */
const char *ctl_cause(enum kb_status status);
const char *ctl_remedy(enum kb_status status);

#endif
