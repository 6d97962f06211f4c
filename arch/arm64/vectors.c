// SPDX-License-Identifier: BSD-2-Clause
/* NEON for the digests; see <arch/vectors.h>. */
#include <arch/digest.h>
#include <arch/vectors.h>

void cpu_vectors_enable(struct cpu_vectors *before)
{
	before->unused = 0;
}

void cpu_vectors_restore(const struct cpu_vectors *before)
{
	(void)before;
}

const char *cpu_digest_fast(void)
{
	struct digest_choice choice;
	struct kb_digest_code code;
	struct digest_cpu cpu;

	asm volatile("mrs %0, id_aa64pfr0_el1" : "=r"(cpu.pfr0));
	asm volatile("mrs %0, id_aa64isar0_el1" : "=r"(cpu.isar0));
	choice = digest_choose(&cpu);
	code = digest_code(choice);
	kb_digest_use(&code);
	return digest_name(choice);
}

void cpu_digest_plain(void)
{
	kb_digest_use(NULL);
}
