// SPDX-License-Identifier: BSD-2-Clause
/* The frame buffer that firmware has set up; how it is described is in format/screen_info.c. */
#include <format/screen_info.h>

#include <string.h>

#include "firmware.h"

#define HANDLES_MAX 32 /* of screens */

/* The mode of the protocol on @handle; false without a frame buffer that kernels can use. */
static bool read_mode(const struct firmware *fw, EFI_HANDLE handle, struct screen_info *si)
{
	static EFI_GUID guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
	const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *info;
	EFI_GRAPHICS_OUTPUT_PROTOCOL *gop;
	struct gop_mode mode;
	void *found;

	if (fw->bs->HandleProtocol(handle, &guid, &found))
		return false;
	gop = found;
	if (!gop->Mode || !gop->Mode->Info)
		return false;
	info = gop->Mode->Info;
	mode = (struct gop_mode){
		.format = (uint32_t)info->PixelFormat,
		.mask = {info->PixelInformation.RedMask, info->PixelInformation.GreenMask,
			 info->PixelInformation.BlueMask, info->PixelInformation.ReservedMask},
		.width = info->HorizontalResolution,
		.height = info->VerticalResolution,
		.line = info->PixelsPerScanLine,
		.base = gop->Mode->FrameBufferBase,
	};
	return screen_info_fill(&mode, si);
}

/* Does firmware write its own text there? (EFI_CONSOLE_OUT_DEVICE_GUID of edk2) */
static bool has_text(const struct firmware *fw, EFI_HANDLE handle)
{
	static EFI_GUID guid = {0xd3b36f2c,
				0xd551,
				0x11d4,
				{0x9a, 0x46, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d}};
	void *found;

	return !fw->bs->HandleProtocol(handle, &guid, &found);
}

/*
 * Of several screens the one with firmware's text. The first handle may have no frame buffer: the
 * one that stands for all screens can only be drawn to by firmware.
 */
void fw_describe_screen(const struct firmware *fw, struct screen_info *si)
{
	static EFI_GUID guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
	EFI_HANDLE handles[HANDLES_MAX];
	UINTN size = sizeof(handles);
	bool found = false;

	/* Into memory of ours: nothing is allocated. */
	if (fw->bs->LocateHandle(ByProtocol, &guid, NULL, &size, handles))
		return;
	for (UINTN i = 0; i < size / sizeof(*handles); i++) {
		struct screen_info one = {0};
		bool better = !found || has_text(fw, handles[i]);

		if (!better || !read_mode(fw, handles[i], &one))
			continue;
		*si = one;
		if (has_text(fw, handles[i]))
			return;
		found = true;
	}
}
