/* SPDX-License-Identifier: BSD-2-Clause */
/* What <arch/vectors.h> saves on arm64: nothing. */
#ifndef ARCH_ARM64_VECTORS_TYPES_H
#define ARCH_ARM64_VECTORS_TYPES_H

struct cpu_vectors {
	char unused;
};

#endif
