/* SPDX-License-Identifier: BSD-2-Clause */
/* How an arm64 machine is reset. */
#ifndef ARCH_ARM64_RESET_HOW_H
#define ARCH_ARM64_RESET_HOW_H

#include <arch/reset.h>
#include <fdt/dtb.h>

/*
 * By PSCI: SYSTEM_RESET2, architectural warm reset, where PSCI_FEATURES announces it, else
 * SYSTEM_RESET. reset_try(NULL) uses what reset_remember() got.
 */
struct reset_how {
	enum psci_conduit psci;
};

/* reset_try(NULL) uses @how from now on; it is copied. */
void reset_remember(const struct reset_how *how);

/*
 * psci_reachable - can PSCI be called from here?
 *
 * Not where there is none, and not by HVC at EL2: that is our own exception level, so the call
 * would end in our own vectors.
 */
bool psci_reachable(enum psci_conduit how);

/*
 * psci_call - one call of the SMC calling convention; returns x0
 * @how: PSCI_HVC or PSCI_SMC, whichever this machine is known to have: the other one may fault
 */
int64_t psci_call(enum psci_conduit how, uint64_t function, uint64_t a1, uint64_t a2, uint64_t a3);

#endif
