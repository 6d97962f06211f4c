/* SPDX-License-Identifier: BSD-2-Clause */
/* The facts of <verdict.h>, read from the running system below its root. */
#ifndef KHOCTL_MACHINE_H
#define KHOCTL_MACHINE_H

#include "running.h"
#include "verdict.h"

struct machine; /* the storage of the lists */

/* Read everything; what cannot be read is not known. Changes nothing on the system. */
struct machine *machine_read(const struct running *r, struct facts *ret);

void machine_free(struct machine *m);

#endif
