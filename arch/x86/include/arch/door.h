/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What both doors do alike: obey the options, and leave for the next kernel.
 */
#ifndef ARCH_X86_DOOR_H
#define ARCH_X86_DOOR_H

#include <arch/boot.h>
#include <khoboot/moved.h>
#include <khoboot/support.h>

#define DOOR_LOG_SIZE SZ_64K /* bytes of text kept for the next kernel */

/*
 * door_obey - log level, error policy, and what the log has to say of the options
 *
 * Returns what options_supported() returns; a refusal was logged.
 */
__must_check enum kb_status door_obey(const struct kb_options *o, enum kb_door door);

/* Everything is in its place; @kho is NULL when nothing is handed over. */
struct door_exit {
	uint64_t entered; /* time stamp counter at khoboot's first step */
	const struct bzimage *kernel;
	const struct kho *kho;
	const struct x86_layout *layout;
	const struct x86_placement *place;
	uint64_t cr3; /* physical address of the page tables to leave with */
	/* Evacuated pages to put back as the very last thing, or NULL: we may lie in them
	 * ourselves. */
	const struct kb_moves *moves;
	uint64_t stub; /* with moves: executable memory of 4 KiB that is nobody's home */
};

/* Write the log's last line, put the log into the block, and enter the next kernel. */
_Noreturn void door_leave(const struct door_exit *e);

#endif
