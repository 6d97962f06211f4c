/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Digests by the CPU's vector registers: which of them, and the code. Pure: the caller asks the CPU
 * (struct digest_cpu in <arch/digest_cpu.h>), and runs the code only where the registers are usable
 * and nobody else's: <arch/vectors.h> in the image.
 */
#ifndef ARCH_DIGEST_H
#define ARCH_DIGEST_H

#include <arch/digest_cpu.h>
#include <route/digest.h>

struct digest_choice {
	enum digest_xxh128 xxh128; /* instruction set; 0: plain C */
	bool sha256;               /* instructions for SHA-256 are used */
};

/* The fastest that @cpu can run. */
struct digest_choice digest_choose(const struct digest_cpu *cpu);

/* For the log: "XXH3 by AVX2, SHA-256 by SHA-NI". */
const char *digest_name(struct digest_choice c);

/* The code for @c. The only place that names the functions in vector/. */
struct kb_digest_code digest_code(struct digest_choice c);

#endif
