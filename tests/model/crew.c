// SPDX-License-Identifier: BSD-2-Clause
/* What the model has in place of other CPUs: there are none. */
#include <arch/crew.h>

bool crew_possible(const struct crew *c)
{
	(void)c;
	return false;
}

void crew_add(struct crew *c, uint64_t id)
{
	(void)c;
	(void)id;
}

void crew_start(struct crew *c)
{
	(void)c;
}

bool crew_stop(struct crew *c)
{
	(void)c;
	return true;
}

unsigned int crew_here(const struct crew *c)
{
	(void)c;
	return 0;
}

void crew_prepare(const struct crew *c)
{
	(void)c;
}

/* Only x86 has it, which firmware calls by its own convention. */
#ifdef ARCH_X86_CREW_TYPES_H
__attribute__((ms_abi)) void crew_firmware(void *unused)
{
	(void)unused;
}
#endif
