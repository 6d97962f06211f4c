// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door of arm64: where C begins. */
#include <arch/image_room.h>
#include <bare/bare.h>
#include <core/log.h>
#include <khoboot/layout.h>
#include <stage/stop.h>

uint64_t bare_stack(const uint8_t *fdt, const uint8_t *image_base)
{
	static char early_log[1024];
	uint64_t size = get_u32(image_base + PE_SIZE_OF_IMAGE);
	enum kb_status st;

	(void)fdt; /* the image's own headers say how large it is */
	kb_log_buffer(early_log, sizeof(early_log));
	st = image_room(get_u64(image_base + IMAGE_MEMORY), size);
	if (st)
		stop_refused(kb_refuse("image", st, NULL));
	return (uintptr_t)image_base + size + KB_STACK_SIZE;
}

void bare_main(const uint8_t *fdt, const uint8_t *image_base)
{
	struct bare b = {.arch = {.fdt = fdt}, .s.image = image_base};

	bare_run(&b);
}
