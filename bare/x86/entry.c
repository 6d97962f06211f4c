// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door of x86: where C begins. */
#include <bare/bare.h>
#include <core/log.h>
#include <khoboot/layout.h>
#include <stage/stop.h>

#include <string.h>

uint64_t bare_stack(const struct boot_params *bp, const uint8_t *image_base)
{
	static char early_log[1024];
	const uint8_t *loaded = image_base + KB_SETUP_SIZE;
	uint64_t size = memcmp(bp->hdrs, "HdrS", 4) ? 0 : uki_flat_size(bp, loaded);

	kb_log_buffer(early_log, sizeof(early_log));
	if (!size)
		stop_refused(kb_refuse("image", KB_BOOT_PARAMS, NULL));
	size = align_up_page(size);
	return (uintptr_t)loaded + size + KB_STACK_SIZE;
}

void bare_main(const struct boot_params *bp, const uint8_t *image_base)
{
	struct bare b = {.arch = {.bp = bp}, .s.image = image_base};

	bare_run(&b);
}
