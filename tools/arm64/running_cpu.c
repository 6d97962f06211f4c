// SPDX-License-Identifier: BSD-2-Clause
/* Which instructions this program may use: what the kernel says, as ID registers would. */
#include "../running_cpu.h"

#include <sys/auxv.h>

/* Linux arch/arm64/include/uapi/asm/hwcap.h; the bits of other machines have the same names. */
#define ARM64_HWCAP_ASIMD (1u << 1)
#define ARM64_HWCAP_SHA2  (1u << 6)

struct digest_cpu running_cpu(void)
{
	unsigned long caps = getauxval(AT_HWCAP);

	return (struct digest_cpu){
		.pfr0 = caps & ARM64_HWCAP_ASIMD ? 0 : 0xf << 20,
		.isar0 = caps & ARM64_HWCAP_SHA2 ? 1 << 12 : 0,
	};
}
