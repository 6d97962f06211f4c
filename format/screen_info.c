// SPDX-License-Identifier: BSD-2-Clause
/* The frame buffer, as firmware describes it and as kernels pass it on; see the header. */
#include <format/screen_info.h>

#include <string.h>

#define VIDEO_TYPE_VLFB        0x23 /* VESA; lfb_size counts 64 KiB */
#define VIDEO_TYPE_EFI         0x70
#define VIDEO_CAPABILITY_64BIT 2

struct channel {
	uint8_t size, pos;
};

static struct channel from_mask(uint32_t mask)
{
	struct channel c = {0, 0};

	if (mask) {
		c.pos = (uint8_t)__builtin_ctz(mask);
		while (c.pos + c.size < 32 && (mask >> (c.pos + c.size) & 1))
			c.size++;
	}
	return c;
}

/* The masks that the format stands for; NULL: no frame buffer. */
static const uint32_t *masks(const struct gop_mode *mode)
{
	static const uint32_t fixed[2][4] = {
		{0xff, 0xff00, 0xff0000, 0xff000000},
		{0xff0000, 0xff00, 0xff, 0xff000000},
	};

	if (mode->format == GOP_RGBX || mode->format == GOP_BGRX)
		return fixed[mode->format];
	return mode->format == GOP_BITMASK ? mode->mask : NULL;
}

static void fill_channels(const uint32_t *mask, struct screen_info *si)
{
	struct channel r = from_mask(mask[0]), g = from_mask(mask[1]);
	struct channel b = from_mask(mask[2]), x = from_mask(mask[3]);

	si->red_size = r.size, si->red_pos = r.pos;
	si->green_size = g.size, si->green_pos = g.pos;
	si->blue_size = b.size, si->blue_pos = b.pos;
	si->rsvd_size = x.size, si->rsvd_pos = x.pos;
}

bool screen_info_fill(const struct gop_mode *mode, struct screen_info *si)
{
	const uint32_t *mask = masks(mode);
	uint32_t all = mask ? mask[0] | mask[1] | mask[2] | mask[3] : 0;
	/* As many bytes as the highest bit needs. */
	uint32_t pixel = all ? (31 - (uint32_t)__builtin_clz(all)) / 8 + 1 : 0;
	uint64_t line = (uint64_t)mode->line * pixel;

	if (!all || !mode->base || !mode->width || mode->width > UINT16_MAX || !mode->height ||
	    mode->height > UINT16_MAX || line > UINT16_MAX || mode->line < mode->width)
		return false;
	si->orig_video_isVGA = VIDEO_TYPE_EFI;
	si->lfb_width = (uint16_t)mode->width;
	si->lfb_height = (uint16_t)mode->height;
	si->lfb_depth = (uint16_t)(8 * pixel);
	si->lfb_linelength = (uint16_t)line;
	si->lfb_base = (uint32_t)mode->base;
	si->ext_lfb_base = (uint32_t)(mode->base >> 32);
	si->capabilities |= si->ext_lfb_base ? VIDEO_CAPABILITY_64BIT : 0;
	si->lfb_size = (uint32_t)(line * mode->height);
	si->pages = 1;
	fill_channels(mask, si);
	return true;
}

static uint32_t to_mask(uint8_t size, uint8_t pos)
{
	if (size > 32 || pos > 31)
		return 0;
	return (uint32_t)(((1ULL << size) - 1) << pos);
}

static uint64_t bytes(const struct screen_info *si)
{
	uint64_t unit = si->orig_video_isVGA == VIDEO_TYPE_VLFB ? SZ_64K : 1;

	return si->lfb_size * unit;
}

bool screen_info_read(const struct screen_info *si, struct screen *ret)
{
	uint32_t red = to_mask(si->red_size, si->red_pos);
	uint32_t green = to_mask(si->green_size, si->green_pos);
	uint32_t blue = to_mask(si->blue_size, si->blue_pos);
	struct screen s = {.base = si->lfb_base, .width = si->lfb_width, .height = si->lfb_height};

	if (si->orig_video_isVGA != VIDEO_TYPE_EFI && si->orig_video_isVGA != VIDEO_TYPE_VLFB)
		return false;
	if (!red || !green || !blue || !si->lfb_linelength)
		return false;
	if (si->capabilities & VIDEO_CAPABILITY_64BIT)
		s.base |= (uint64_t)si->ext_lfb_base << 32;
	s.pitch = si->lfb_linelength;
	s.pixel = (si->lfb_depth + 7u) / 8;
	s.ink = red | green | blue;
	/* Never beyond what is said to be there. */
	if (bytes(si) / s.pitch < s.height)
		s.height = (uint32_t)(bytes(si) / s.pitch);
	*ret = s;
	return true;
}
