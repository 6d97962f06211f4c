/* SPDX-License-Identifier: BSD-2-Clause */
/* Does this CPU keep memory over a reset? Pure: the caller asks the CPU. */
#ifndef ARCH_ROUTE_CHECK_H
#define ARCH_ROUTE_CHECK_H

#include <arch/route_cpu.h>

/*
 * route_cpu_check - does memory keep its content over a warm reset?
 *
 * x86: not in a confidential guest (Intel TDX module ABI, CPUID 0x21 "IntelTDX    "; AMD APM volume
 * 2 section 15.34.10, SEV_STATUS bits 0 to 2), nor where TME encrypts with a key made at each boot
 * (Intel SDM volume 3A, IA32_TME_ACTIVATE bit 1, without bit 31: bypass). Bit 2, "key restored", is
 * about this boot, after a sleep, and promises nothing for the next.
 * arm64: not in a realm. Only a realm's monitor knows RSI_VERSION, whatever version is asked for.
 * PSCI's MEM_PROTECT, which has memory overwritten at a reset, is not checked: it cannot be read
 * without being changed, and Linux never sets it.
 *
 * Returns KB_OK, KB_ROUTE_CONFIDENTIAL; x86: KB_ROUTE_ENCRYPTED.
 */
__must_check enum kb_status route_cpu_check(const struct route_cpu *cpu);

#endif
