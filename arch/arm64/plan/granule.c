// SPDX-License-Identifier: BSD-2-Clause
/* Which page sizes (granules) this CPU supports; see the header. */
#include <arch/granule.h>

/* Fields of four bits. Which values mean "supported": Linux arch/arm64/include/asm/sysreg.h. */
static unsigned int field(uint64_t mmfr0, unsigned int shift)
{
	return mmfr0 >> shift & 0xf;
}

enum kb_status granule_check(uint64_t mmfr0, uint32_t page_size)
{
	bool there = true;

	if (page_size == SZ_4K)
		there = field(mmfr0, 28) < 8; /* signed: 0xf is -1, not supported */
	else if (page_size == 4 * SZ_4K)
		there = field(mmfr0, 20) > 0; /* unsigned */
	else if (page_size == SZ_64K)
		there = field(mmfr0, 24) < 8; /* signed */
	return there ? KB_OK : KB_CPU_GRANULE;
}
