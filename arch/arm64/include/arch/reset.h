/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A warm reset, and what has to be in memory before it.
 */
#ifndef ARCH_ARM64_RESET_H
#define ARCH_ARM64_RESET_H

#include <khoboot/compiler.h>

/* How PSCI is called (Arm DEN 0022). Guessing is no way: the wrong one is undefined, or our own. */
enum psci_conduit { PSCI_NONE, PSCI_HVC, PSCI_SMC };

struct reset_how {
	enum psci_conduit psci;
};

/*
 * reset_try - reset by PSCI: SYSTEM_RESET2, architectural warm reset, where PSCI_FEATURES announces
 * it, else SYSTEM_RESET
 * @how: NULL: as in the call before that was not given NULL, if any
 *
 * Returns when there is no PSCI, or the call came back: the machine was not reset then.
 */
void reset_try(const struct reset_how *how);

/* What a later reset_try(NULL) is to use, should it come to that. */
void reset_remember(const struct reset_how *how);

/* Write back what caches hold of @len bytes at @p, in all CPUs: to the point of coherency. */
void flush_range(const void *p, uint64_t len);

/*
 * Nothing but a barrier. Caches are cleaned by set and way only of this CPU, not of the system, and
 * not under a hypervisor (DDI 0487 section D7.5.9): whatever must be in memory is given to
 * flush_range().
 */
void flush_all(void);

#endif
