// SPDX-License-Identifier: BSD-2-Clause
/* The frame buffer for the kernel, as Linux drivers/firmware/efi/libstub/gop.c describes it. */
#include <format/stub.h>

#include <string.h>

#include "firmware.h"

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

struct pixels {
	struct channel r, g, b, x;
};

static bool pixel_format(const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *info, struct pixels *p)
{
	switch (info->PixelFormat) {
	case PixelRedGreenBlueReserved8BitPerColor:
		*p = (struct pixels){{8, 0}, {8, 8}, {8, 16}, {8, 24}};
		return true;
	case PixelBlueGreenRedReserved8BitPerColor:
		*p = (struct pixels){{8, 16}, {8, 8}, {8, 0}, {8, 24}};
		return true;
	case PixelBitMask:
		*p = (struct pixels){from_mask(info->PixelInformation.RedMask),
				     from_mask(info->PixelInformation.GreenMask),
				     from_mask(info->PixelInformation.BlueMask),
				     from_mask(info->PixelInformation.ReservedMask)};
		return true;
	default:
		return false; /* blt only: there is no frame buffer */
	}
}

static void describe(const EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE *mode, const struct pixels *p,
		     struct screen_info *si)
{
	const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *info = mode->Info;
	uint8_t depth = (uint8_t)(p->r.size + p->g.size + p->b.size + p->x.size);

	si->orig_video_isVGA = VIDEO_TYPE_EFI;
	si->lfb_width = (uint16_t)info->HorizontalResolution;
	si->lfb_height = (uint16_t)info->VerticalResolution;
	si->lfb_depth = depth;
	si->lfb_linelength = (uint16_t)(info->PixelsPerScanLine * depth / 8);
	si->lfb_base = (uint32_t)mode->FrameBufferBase;
	si->ext_lfb_base = (uint32_t)(mode->FrameBufferBase >> 32);
	si->capabilities |= si->ext_lfb_base ? VIDEO_CAPABILITY_64BIT : 0;
	si->lfb_size = (uint32_t)(si->lfb_linelength * si->lfb_height);
	si->pages = 1;
	si->red_size = p->r.size, si->red_pos = p->r.pos;
	si->green_size = p->g.size, si->green_pos = p->g.pos;
	si->blue_size = p->b.size, si->blue_pos = p->b.pos;
	si->rsvd_size = p->x.size, si->rsvd_pos = p->x.pos;
}

void fw_describe_screen(struct firmware *fw, struct screen_info *si)
{
	static EFI_GUID guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
	EFI_GRAPHICS_OUTPUT_PROTOCOL *gop;
	struct pixels p;
	void *found;

	if (fw->bs->LocateProtocol(&guid, NULL, &found))
		return;
	gop = found;
	if (gop->Mode && gop->Mode->Info && pixel_format(gop->Mode->Info, &p))
		describe(gop->Mode, &p, si);
}
