/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel to be started: on x86 a bzImage, which unpacks itself, or a ready kernel, which khoctl
 * has unpacked, and for which khoboot does what the bzImage's own code would do.
 */
#ifndef ARCH_X86_KERNEL_TYPES_H
#define ARCH_X86_KERNEL_TYPES_H

#include <core/range.h>
#include <core/text.h>
#include <format/bzimage.h>
#include <format/ready.h>

#define KERNEL_WORK_SIZE 0 /* bytes of memory that kernel_open() and kernel_load() need */

struct kernel {
	const uint8_t *file; /* of the bzImage: its setup sectors at least */
	uint64_t size;
	uint64_t window_size;  /* bytes of memory, a multiple of 4 KiB */
	uint64_t window_align; /* bytes */
	const char *release;   /* not NUL-terminated; NULL when the file does not say */
	size_t release_len;
	struct bzimage bz;

	bool is_ready; /* and enters at startup_64; else @ready is of no use */
	struct ready ready;
	struct range own;  /* memory that the ready kernel lies in and may run in; size 0: none */
	bool four_levels;  /* it will run with 4-level paging whatever it could do */
	bool encrypts;     /* it is told to encrypt its memory (AMD SME) */
	bool kaslr;        /* it is told that its layout is random */
	bool random_place; /* its window is any that fits, by @random; else the lowest */
	uint64_t random;
	uint64_t virtual_delta; /* added to the virtual addresses that it is linked for */
};

/* What of the machine and this boot decides how a kernel is started. */
struct kernel_cpu {
	bool la57;         /* 5-level paging is on */
	bool can_la57;     /* the CPU has it */
	bool reset;        /* firmware comes first: whether it is on then is not known */
	bool confidential; /* memory is encrypted by a guest that has to prepare each page */
	uint64_t random[2];
};

/*
 * kernel_choose - after kernel_open(): how is @k started, and where may it be?
 * @cmdline: the kernel's
 *
 * A ready kernel keeps the paging mode. Where the next kernel would leave 5-level paging (no5lvl,
 * or it cannot do it), and in confidential guests, the packed kernel is taken, if there is one.
 *
 * Returns KB_OK, KB_BZ_5LEVEL, KB_READY_PAGING, KB_READY_CONFIDENTIAL, or what bzimage_parse()
 * returns of the packed kernel.
 */
__must_check enum kb_status kernel_choose(struct kernel *k, struct kb_text cmdline,
					  const struct kernel_cpu *cpu, struct kb_diag *diag);

#endif
