// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door of x86: where we begin, our image in memory, what we were told. */
#include <arch/bare.h>
#include <arch/stop.h>
#include <khoboot/layout.h>
#include <khoboot/log.h>

#include <string.h>

uint64_t bare_stack(const struct boot_params *bp, const uint8_t *image_base)
{
	static char early_log[1024];
	uint64_t size = memcmp(bp->hdrs, "HdrS", 4) ? 0 : uki_flat_size(bp);

	kb_log_buffer(early_log, sizeof(early_log));
	if (!size)
		stop(kb_refuse("image", KB_BOOT_PARAMS, NULL));
	size = align_up_page(size);
	return (uintptr_t)image_base + KB_SETUP_SIZE + size + KB_STACK_SIZE;
}

void bare_main(const struct boot_params *bp, const uint8_t *image_base)
{
	struct bare b = {.arch = {.bp = bp}, .image = image_base};

	bare_run(&b);
}

/* Text behind cmd_line_ptr; the protocol promises a NUL, we believe in KB_CMDLINE_MAX. */
struct kb_text bare_outside(const struct bare *b)
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

/* The image in memory, and behind it the arena: the rest of what init_size reserved for us. */
enum kb_status bare_find_image(struct bare *b)
{
	struct kb_diag diag = {0};
	const uint8_t *loaded = b->image + KB_SETUP_SIZE;
	enum kb_status st;

	b->image_size = uki_flat_size(b->arch.bp); /* not 0, or there would be no stack */
	st = uki_open_flat(loaded, KB_SETUP_SIZE, b->image_size, &b->uki, &diag);
	if (st)
		return refuse_image(b, st, &diag);
	b->segment = (struct range){(uintptr_t)loaded, b->arch.bp->init_size};
	return KB_OK;
}
