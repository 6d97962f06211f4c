// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door of x86: our image in memory, and what boot_params say of this boot. */
#include <bare/bare.h>
#include <khoboot/layout.h>

#include <string.h>

/* The text at cmd_line_ptr. The protocol promises a NUL; we read at most KB_CMDLINE_MAX bytes. */
static struct kb_text command_line(const struct bare *b)
{
	uint64_t at = bp_join(b->arch.bp->cmd_line_ptr, b->arch.bp->ext_cmd_line_ptr);
	const char *text = (const char *)(uintptr_t)at;

	if (!at)
		return (struct kb_text){NULL, 0};
	return (struct kb_text){text, strnlen(text, KB_CMDLINE_MAX)};
}

bool bare_locked(const struct bare *b)
{
	return secure_locked(b->arch.bp->secure_boot);
}

struct kb_text bare_outside(const struct bare *b)
{
	return b->arch.outside;
}

/* The I/O ports of console and reset are fixed. */
enum kb_status bare_detect_machine(struct bare *b)
{
	const struct boot_params *bp = b->arch.bp;
	size_t n = bp->e820_entries < BP_E820_MAX ? bp->e820_entries : BP_E820_MAX;
	struct memmap map = {(void *)(uintptr_t)bp->e820_table, n, n};

	b->arch.outside = command_line(b);
	b->s.crash = memmap_crash(&map, &b->arch.outside, &b->s.crash_words);
	return KB_OK;
}

struct screen_info bare_screen_info(const struct bare *b)
{
	return b->arch.bp->screen_info;
}

/* The image in memory, and after it the arena: the rest of what init_size reserved for us. */
enum kb_status bare_find_image(struct bare *b, struct kb_diag *diag)
{
	const uint8_t *loaded = b->s.image + KB_SETUP_SIZE;

	b->image_size = uki_flat_size(b->arch.bp, loaded); /* not 0, or there would be no stack */
	b->segment = (struct range){(uintptr_t)loaded, b->arch.bp->init_size};
	return uki_open_flat(loaded, KB_SETUP_SIZE, b->image_size, &b->s.uki, diag);
}
