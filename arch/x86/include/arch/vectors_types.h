/* SPDX-License-Identifier: BSD-2-Clause */
/* What <arch/vectors.h> saves on x86. */
#ifndef ARCH_X86_VECTORS_TYPES_H
#define ARCH_X86_VECTORS_TYPES_H

#include <khoboot/compiler.h>

struct cpu_vectors {
	uint8_t fxsave[512] __attribute__((aligned(16)));
	uint64_t cr0, cr4;
	uint64_t xcr0; /* 0: not changed */
};

#endif
