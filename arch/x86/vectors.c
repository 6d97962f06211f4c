// SPDX-License-Identifier: BSD-2-Clause
/* SSE and AVX for the digests; see <arch/vectors.h>. Intel SDM 3A, 2.5, 2.6 and 13. */
#include <arch/cpu_x86.h>
#include <arch/digest.h>
#include <arch/vectors.h>

#define CR0_MP      (1ULL << 1)
#define CR0_EM      (1ULL << 2)
#define CR0_TS      (1ULL << 3)
#define CR4_OSFXSR  (1ULL << 9)
#define CR4_OSXSAVE (1ULL << 18)
#define XCR0_X87    1ULL

/* With interrupts masked, at a time: some microseconds. */
#define PIECE SZ_64K

static struct kb_digest_code code;

static uint64_t read_xcr0(void)
{
	uint32_t lo, hi;

	asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return (uint64_t)hi << 32 | lo;
}

static void write_xcr0(uint64_t v)
{
	asm volatile("xsetbv" : : "a"((uint32_t)v), "d"((uint32_t)(v >> 32)), "c"(0) : "memory");
}

static struct digest_cpu ask(void)
{
	uint32_t max = cpuid(0).a;

	return (struct digest_cpu){
		.leaf1_c = cpuid(1).c,
		.leaf7_b = max >= 7 ? cpuid(7).b : 0,
		.xcr0 = max >= 13 ? cpuid(13).a : 0,
	};
}

void cpu_vectors_enable(struct cpu_vectors *before)
{
	struct digest_cpu cpu = ask();
	bool avx = digest_choose(&cpu).xxh128 == DIGEST_XXH128_AVX2;

	before->cr0 = read_cr0();
	before->cr4 = read_cr4();
	write_cr0((before->cr0 & ~(CR0_EM | CR0_TS)) | CR0_MP);
	write_cr4(before->cr4 | CR4_OSFXSR | (avx ? CR4_OSXSAVE : 0));
	before->xcr0 = avx ? read_xcr0() : 0;
	if (avx)
		write_xcr0(before->xcr0 | DIGEST_XCR0_AVX | XCR0_X87);
	asm volatile("fxsave64 %0" : "=m"(before->fxsave));
}

void cpu_vectors_restore(const struct cpu_vectors *before)
{
	asm volatile("fxrstor64 %0" : : "m"(before->fxsave));
	if (before->xcr0)
		write_xcr0(before->xcr0);
	write_cr4(before->cr4);
	write_cr0(before->cr0);
}

static uint64_t mask_interrupts(void)
{
	uint64_t flags;

	asm volatile("pushfq; popq %0; cli" : "=r"(flags) : : "memory");
	return flags;
}

static void unmask_interrupts(uint64_t flags)
{
	asm volatile("pushq %0; popfq" : : "r"(flags) : "memory", "cc");
}

static void masked_xxh128(struct kb_xxh128_state *s, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t n; len; len -= n, p += n) {
		uint64_t flags = mask_interrupts();

		n = min_u64(len, PIECE);
		code.xxh128(s, p, n);
		unmask_interrupts(flags);
	}
}

static void masked_sha256(uint32_t state[8], const void *data, size_t blocks)
{
	const uint8_t *p = data;

	for (size_t n; blocks; blocks -= n, p += n * 64) {
		uint64_t flags = mask_interrupts();

		n = min_u64(blocks, PIECE / 64);
		code.sha256(state, p, n);
		unmask_interrupts(flags);
	}
}

const char *cpu_digest_fast(void)
{
	struct digest_cpu cpu = ask();
	struct digest_choice choice = digest_choose(&cpu);

	code = digest_code(choice);
	kb_digest_use(&(struct kb_digest_code){code.xxh128 ? masked_xxh128 : NULL,
					       code.sha256 ? masked_sha256 : NULL});
	return digest_name(choice);
}

void cpu_digest_plain(void)
{
	kb_digest_use(NULL);
}
