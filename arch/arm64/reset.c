// SPDX-License-Identifier: BSD-2-Clause
/* A warm reset by PSCI. */
#include <arch/cpu_arm64.h>
#include <arch/reset_how.h>

#define PSCI_SYSTEM_RESET  0x84000009
#define PSCI_FEATURES      0x8400000a
#define PSCI_SYSTEM_RESET2 0xc4000012 /* with 64-bit arguments */
#define RESET2_WARM        0          /* architectural, SYSTEM_WARM_RESET */

static enum psci_conduit conduit;

/* SMC calling convention: x0 to x17 may change (Arm DEN 0028). */
int64_t psci_call(enum psci_conduit how, uint64_t function, uint64_t a1, uint64_t a2, uint64_t a3)
{
	register uint64_t x0 asm("x0") = function;
	register uint64_t x1 asm("x1") = a1;
	register uint64_t x2 asm("x2") = a2;
	register uint64_t x3 asm("x3") = a3;

#define CLOBBERS                                                                                   \
	"x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16",       \
		"x17", "memory"
	if (how == PSCI_HVC)
		asm volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : CLOBBERS);
	else
		asm volatile("smc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : CLOBBERS);
	return (int64_t)x0;
}

bool psci_reachable(enum psci_conduit how)
{
	return how == PSCI_SMC || (how == PSCI_HVC && cpu_level() != 2);
}

/* Results of PSCI are 32 bits wide. */
static int32_t psci(uint64_t function, uint64_t argument)
{
	return (int32_t)psci_call(conduit, function, argument, 0, 0);
}

void reset_remember(const struct reset_how *how)
{
	conduit = how->psci;
}

void reset_try(const struct reset_how *how)
{
	if (how)
		reset_remember(how);
	if (!psci_reachable(conduit))
		return;
	/* Call it only where it is announced: elsewhere the number may mean anything. */
	if (psci(PSCI_FEATURES, PSCI_SYSTEM_RESET2) >= 0)
		psci(PSCI_SYSTEM_RESET2, RESET2_WARM);
	psci(PSCI_SYSTEM_RESET, 0);
}
