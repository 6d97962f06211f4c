// SPDX-License-Identifier: BSD-2-Clause
/* Is this a realm? See the header. */
#include <arch/route_check.h>

enum kb_status route_cpu_check(const struct route_cpu *cpu)
{
	/* The calling convention returns 32-bit results, even in 64-bit registers. */
	return (int32_t)cpu->rsi == ROUTE_UNKNOWN_CALL ? KB_OK : KB_ROUTE_CONFIDENTIAL;
}
