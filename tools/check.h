/* SPDX-License-Identifier: BSD-2-Clause */
/* Ask before the jump: what khoctl check and khoctl switch have in common. */
#ifndef KHOCTL_CHECK_H
#define KHOCTL_CHECK_H

#include "running.h"
#include "verdict.h"

/* An image, and the words for it, as khoboot will see them. Has pointers to itself. */
struct check_image {
	struct buffer file; /* the whole file */
	struct buffer work, second_work;
	struct uki uki;
	struct kernel kernel, second; /* the second one if facts.fallback is set */
	struct kb_options options;
	char cmdline[KB_CMDLINE_MAX + 1];   /* for the next kernel */
	struct image_facts facts, fallback; /* of the first kernel, and of the second */
};

/* An empty one; running out of memory ends the program. */
struct check_image *check_new(void);
void check_free(struct check_image *image);

/*
 * check_open - can image->file be loaded and started by the running system?
 * @words: kexec's command line
 *
 * Returns KB_OK with all of @image set; what image_check(), uki_find(), next_kernel_open(),
 * bzimage_check_5level(), cmdline_split(), cmdline_supported() and kernel_open() return;
 * KB_PE_MACHINE, KB_UKI_NO_LINUX, KB_CMD_LONG, KB_CTL_WORDS, KB_CMDLINE_LONG.
 */
__must_check enum kb_status check_open(const struct running *r, struct kb_text words,
				       struct check_image *image, struct kb_diag *diag);

/* Add the other answers to @v; KB_CTL_MEMORY when there is no memory for that. */
__must_check enum kb_status check_system(const struct running *r, const struct check_image *image,
					 struct verdict *v);

/* Print what will be discarded and, with @force, what is overruled. */
void check_warn(const struct verdict *v, bool force);

#endif
