// SPDX-License-Identifier: BSD-2-Clause
/* Machine checks: the code, and which bank tells of it. See <arch/mce.h> and <arch/trap.h>. */
#include <arch/mce.h>
#include <arch/trap.h>

enum kb_status trap_status(uint64_t vector, uint64_t syndrome, bool ram)
{
	(void)syndrome;
	(void)ram;
	return vector == MCE_VECTOR ? KB_MACHINE_CHECK : KB_CPU_FAULT;
}

static unsigned int weight(const struct mce_bank *b)
{
	if (!(b->status & MCE_VALID))
		return 0;
	return 1 + (b->status & MCE_ADDRV ? 1 : 0) + (b->status & MCE_UNCORR ? 2 : 0);
}

const struct mce_bank *trap_bank(const struct mce_bank *bank, size_t count)
{
	const struct mce_bank *best = NULL;

	for (size_t i = 0; i < count; i++)
		if (weight(&bank[i]) > (best ? weight(best) : 0))
			best = &bank[i];
	return best;
}
