/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What firmware and kernels say of the frame buffer: the mode of a Graphics Output Protocol (UEFI
 * 2.10 section 12.9), and struct screen_info, in which kernels pass it on.
 */
#ifndef FORMAT_SCREEN_INFO_H
#define FORMAT_SCREEN_INFO_H

#include <core/screen.h>
#include <format/stub.h>

/* EFI_GRAPHICS_PIXEL_FORMAT. With BltOnly, and anything above, there is no frame buffer. */
enum gop_format { GOP_RGBX, GOP_BGRX, GOP_BITMASK, GOP_BLT_ONLY };

struct gop_mode {
	uint32_t format;  /* enum gop_format */
	uint32_t mask[4]; /* red, green, blue, reserved; for GOP_BITMASK only */
	uint32_t width, height;
	uint32_t line; /* pixels from one line to the next */
	uint64_t base; /* physical address */
};

/*
 * screen_info_fill - describe the mode in the form for kernels (Linux
 * drivers/firmware/efi/libstub/gop.c)
 *
 * False, and @si untouched, if there is no frame buffer or @si cannot express it.
 */
bool screen_info_fill(const struct gop_mode *mode, struct screen_info *si);

/*
 * screen_info_read - the screen that @si describes
 *
 * Frame buffers of EFI and of VESA, with 16 to 32 bits for a pixel of red, green and blue. False,
 * and @ret untouched, for all else: text mode, palettes, nothing. The result is unchecked:
 * screen_usable() is next.
 */
bool screen_info_read(const struct screen_info *si, struct screen *ret);

#endif
