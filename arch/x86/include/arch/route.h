/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What speaks against a reset with memory kept. Pure: the caller reads CPUID and MSRs.
 */
#ifndef ARCH_X86_ROUTE_H
#define ARCH_X86_ROUTE_H

#include <arch/bootparams.h>
#include <khoboot/status.h>

#define ROUTE_CPUID_TME        (1u << 13) /* leaf 7, ECX: IA32_TME_ACTIVATE is there */
#define ROUTE_CPUID_SEV        (1u << 1)  /* leaf 0x8000001f, EAX: SEV_STATUS is there */
#define ROUTE_MSR_TME_ACTIVATE 0x982
#define ROUTE_MSR_SEV_STATUS   0xc0010131

/*
 * route_asked - was the firmware route prepared, and is there something that it can carry?
 * @nonce: khoboot.nonce= was given
 * @preserved: KHO data were handed over, and taken
 * @initrd_outside: the initrd is not in the image that firmware will start
 *
 * Returns KB_OK, KB_ROUTE_NONCE, KB_ROUTE_NOTHING, KB_ROUTE_SECURE (on, or not known),
 * KB_ROUTE_NO_UEFI, KB_ROUTE_INITRD.
 */
__must_check enum kb_status route_asked(const struct boot_params *bp, bool nonce, bool preserved,
					bool initrd_outside);

struct route_cpu {
	uint32_t tdx[3]; /* CPUID leaf 0x21: EBX, EDX, ECX; zeros when there is no such leaf */
	uint64_t tme_activate; /* 0 when there is no such register */
	uint64_t sev_status;   /* likewise */
};

/*
 * route_cpu_check - does the memory's content outlive a warm reset?
 *
 * Not in a confidential guest (Intel TDX module ABI, CPUID 0x21 "IntelTDX    "; AMD APM volume 2
 * section 15.34.10, SEV_STATUS bits 0 to 2), nor where TME encrypts with a key made at each boot
 * (Intel SDM volume 3A, IA32_TME_ACTIVATE bit 1, bit 2: key restored). Returns KB_OK,
 * KB_ROUTE_CONFIDENTIAL, KB_ROUTE_ENCRYPTED.
 */
__must_check enum kb_status route_cpu_check(const struct route_cpu *cpu);

#endif
