// SPDX-License-Identifier: BSD-2-Clause
/* What an exception was about; see <arch/trap.h>. */
#include <arch/trap.h>

/* Of the four vectors of each origin. */
#define SYNCHRONOUS  0
#define SYSTEM_ERROR 3

/* Exception classes, and their fault status codes: memory's own, and while a table is read. */
#define INSTRUCTION_ABORT 0x21
#define DATA_ABORT        0x25
#define EXTERNAL          0x10
#define EXTERNAL_WALK     0x13 /* the lowest; level -1 of five */
#define MEMORY_END        0x20

#define NO_ADDRESS (1u << 10) /* FnV; of the code EXTERNAL alone */

static bool is_memory(uint64_t syndrome, bool ram)
{
	unsigned int class = syndrome >> 26 & 0x3f, code = syndrome & 0x3f;

	if (class != INSTRUCTION_ABORT && class != DATA_ABORT)
		return false;
	if (code == EXTERNAL)
		return ram || syndrome & NO_ADDRESS;
	/* 0x11 is about tags, 0x12 is not used. From 0x18 on: the same, seen by parity or ECC. */
	return code >= EXTERNAL_WALK && code < MEMORY_END;
}

enum kb_status trap_status(uint64_t vector, uint64_t syndrome, bool ram)
{
	bool memory = (vector & 3) == SYSTEM_ERROR ||
		      ((vector & 3) == SYNCHRONOUS && is_memory(syndrome, ram));

	return memory ? KB_MACHINE_CHECK : KB_CPU_FAULT;
}
