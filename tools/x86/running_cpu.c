// SPDX-License-Identifier: BSD-2-Clause
/* Which instructions this program may use: CPUID, and XCR0 as the system has set it. */
#include "../running_cpu.h"

#include <cpuid.h>

#define LEAF1_C_OSXSAVE (1u << 27)

static uint32_t read_xcr0(void)
{
	uint32_t lo, hi;

	asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return lo;
}

struct digest_cpu running_cpu(void)
{
	struct digest_cpu cpu = {0};
	uint32_t a, b, c, d;

	if (__get_cpuid(1, &a, &b, &c, &d))
		cpu.leaf1_c = c;
	if (__get_cpuid_count(7, 0, &a, &b, &c, &d))
		cpu.leaf7_b = b;
	if (cpu.leaf1_c & LEAF1_C_OSXSAVE)
		cpu.xcr0 = read_xcr0();
	return cpu;
}
