/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What speaks against a reset with memory kept. Pure: the caller asks the monitor.
 */
#ifndef ARCH_ARM64_ROUTE_H
#define ARCH_ARM64_ROUTE_H

#include <arch/dtb.h>

/*
 * route_asked - was the firmware route prepared, and is there something that it can carry?
 * @nonce: khoboot.nonce= was given
 * @preserved: KHO data were handed over, and taken
 * @initrd_outside: the initrd is not in the image that firmware will start
 *
 * Kernels before 7.2 do not say whether Secure Boot is on. That is SECURE_UNSET and goes through:
 * `khoctl switch`, which made the nonce, looked at the variable itself. Returns KB_OK,
 * KB_ROUTE_NONCE, KB_ROUTE_NOTHING, KB_ROUTE_SECURE (on, or not known), KB_ROUTE_NO_UEFI,
 * KB_ROUTE_INITRD.
 */
__must_check enum kb_status route_asked(const struct dtb_uefi *uefi, bool nonce, bool preserved,
					bool initrd_outside);

/* RSI_VERSION of the Realm Management Monitor (Arm DEN 0137), to be called by SMC. */
#define ROUTE_RSI_VERSION  0xc4000190
#define ROUTE_RSI_REQUEST  0x10000 /* x1: version 1.0 */
#define ROUTE_UNKNOWN_CALL (-1)    /* SMCCC: NOT_SUPPORTED (Arm DEN 0028) */

struct route_cpu {
	/* x0 after ROUTE_RSI_VERSION; ROUTE_UNKNOWN_CALL where nobody answers SMC */
	int64_t rsi;
};

/*
 * route_cpu_check - does the memory's content outlive a warm reset?
 *
 * Not in a realm: whatever version is asked for, only a realm's monitor knows the call. PSCI's
 * MEM_PROTECT, which has memory overwritten at a reset, cannot be asked for without being changed,
 * and Linux never sets it. Returns KB_OK or KB_ROUTE_CONFIDENTIAL.
 */
__must_check enum kb_status route_cpu_check(const struct route_cpu *cpu);

#endif
