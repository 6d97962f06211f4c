/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machine checks: memory that cannot be read, as the CPU's banks report it. The registers are in
 * Intel SDM 3B chapter 17 and AMD APM 2 chapter 9, and the same in both for what is read here.
 */
#ifndef ARCH_X86_MCE_H
#define ARCH_X86_MCE_H

#include <khoboot/compiler.h>

#define MCE_VECTOR    18
#define MCE_BANKS_MAX 32 /* registers of more banks are elsewhere */

struct mce_bank {
	uint64_t status, addr; /* MCi_STATUS; MCi_ADDR, 0 when the status says that there is none */
};

#define MCE_VALID  (1ULL << 63)
#define MCE_UNCORR (1ULL << 61)
#define MCE_ADDRV  (1ULL << 58)

/*
 * trap_bank - the bank that says most: uncorrected errors first, with an address before without
 *
 * NULL when no bank is valid.
 */
const struct mce_bank *trap_bank(const struct mce_bank *bank, size_t count);

#endif
