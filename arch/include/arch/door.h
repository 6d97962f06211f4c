/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What both doors do alike: obey the options, and leave for the next kernel.
 */
#ifndef ARCH_DOOR_H
#define ARCH_DOOR_H

#include <arch/boot.h>
#include <arch/pagetable.h>
#include <khoboot/cmdline.h>
#include <khoboot/kho.h>
#include <khoboot/moved.h>
#include <khoboot/support.h>
#include <khoboot/uki.h>

#define DOOR_LOG_SIZE SZ_64K /* bytes of text kept for the next kernel */

/*
 * door_obey - log level, error policy, and what the log has to say of the options
 *
 * Returns what options_supported() returns; a refusal was logged.
 */
__must_check enum kb_status door_obey(const struct kb_options *o, enum kb_door door);

/*
 * door_open_kernel - kernel_open() of @size bytes at @data, for this machine
 *
 * An image whose kernel does not name its release has .uname in @uki, which does.
 *
 * Returns what kernel_open() and cpu_can_start() return; a refusal was logged.
 */
__must_check enum kb_status door_open_kernel(const uint8_t *data, uint64_t size,
					     const struct uki *uki, struct range work,
					     struct kernel *ret);

/* Everything is in its place; @kho is NULL when nothing is handed over. */
struct door_exit {
	uint64_t entered; /* cpu_clock() at khoboot's first step */
	const struct kernel *kernel;
	const struct kho *kho;
	const struct boot_layout *layout;
	const struct boot_placement *place;
	struct range initrd;
	const struct pagetable *tables; /* to leave with */
	/* Evacuated pages to put back as the very last thing, or NULL: we may lie in them
	 * ourselves. */
	const struct kb_moves *moves;
	uint64_t stub; /* with moves: executable memory of 4 KiB that is nobody's home */
};

/* Write the log's last line, put the log into the block, and enter the next kernel. */
_Noreturn void door_leave(const struct door_exit *e);

/* The last part of it, each architecture's own: put evacuated pages back, and jump. */
_Noreturn void cpu_leave(const struct door_exit *e);

#endif
