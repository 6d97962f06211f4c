/* SPDX-License-Identifier: BSD-2-Clause */
/* Cause and remedy of every code, those of khoctl included. */
#ifndef TOOLS_STATUS_H
#define TOOLS_STATUS_H

#include <khoboot/status.h>

const char *ctl_cause(enum kb_status status);
const char *ctl_remedy(enum kb_status status);

#endif
