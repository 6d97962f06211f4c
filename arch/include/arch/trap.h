/* SPDX-License-Identifier: BSD-2-Clause */
/* What an exception was about. Pure; the registers are read in trap.c. */
#ifndef ARCH_TRAP_H
#define ARCH_TRAP_H

#include <khoboot/compiler.h>
#include <khoboot/status.h>

/*
 * trap_status - the code of a fault
 * @vector: as entry.S counts them
 * @syndrome: arm64: ESR_ELx; x86: the error code
 * @ram: the address is known to be RAM
 *
 * KB_MACHINE_CHECK when memory could not be read, else KB_CPU_FAULT. x86: vector 18. arm64: a
 * system error, or an external abort (Arm ARM, ESR_ELx, "fault status code"); the plainest of
 * these is also how a bus says that nothing is there, and counts only when @ram is set or the
 * address is not reported.
 */
enum kb_status trap_status(uint64_t vector, uint64_t syndrome, bool ram);

#endif
