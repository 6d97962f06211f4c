/* SPDX-License-Identifier: BSD-2-Clause */
/* What is needed to wake other CPUs of an x86 machine. */
#ifndef ARCH_X86_CREW_TYPES_H
#define ARCH_X86_CREW_TYPES_H

#include <core/range.h>

/* Below 1 MiB: the first instructions of other CPUs, and tables of up to four levels for them. */
#define CREW_LOW (5 * SZ_4K)
/* What was there before is kept for the time being. */
#define CREW_FIXED CREW_LOW

struct crew_arch {
	uint64_t low;  /* address of CREW_LOW bytes, writable and executable, below 1 MiB */
	uint64_t apic; /* registers of the local APIC, mapped; 0: it has none in memory (x2APIC) */
	uint64_t tables; /* our page tables */
};

/* Where the registers of the local APIC are; 0: nowhere in memory. */
uint64_t crew_apic(void);

/*
 * For CPUs that firmware calls: the procedure for its MP services, which uses crew_prepare()'s
 * crew, whatever is handed to it. Such a CPU keeps firmware's page tables and traps.
 */
__attribute__((ms_abi)) void crew_firmware(void *unused);

#endif
