/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bare-metal door of x86: khoboot entered through the 64-bit entry of the boot protocol.
 */
#ifndef BARE_X86_BARE_ARCH_H
#define BARE_X86_BARE_ARCH_H

#include <arch/memmap.h>
#include <arch/setup_data.h>

struct bare_arch {
	const struct boot_params *bp;
	struct kb_text outside; /* the command line, less what the outgoing kernel put in front */
	struct memmap e820;
	struct setup_list setup;
};

/*
 * bare_stack - top of the stack in the arena
 *
 * Called by entry.S on a first stack of one page. Halts with KB_BOOT_PARAMS when the zero page does
 * not say where the image ends, or names an end beyond the memory that kexec reserved for us.
 */
uint64_t bare_stack(const struct boot_params *bp, const uint8_t *image_base);

/*
 * bare_main - gather, plan, commit; called by entry.S on that stack
 * @bp: the zero page that kexec made
 * @image_base: address that file offset 0 of the image would have; the first KB_SETUP_SIZE bytes
 *		there are not ours
 */
_Noreturn void bare_main(const struct boot_params *bp, const uint8_t *image_base);

#endif
