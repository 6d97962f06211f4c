/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the EFI stub of every Linux kernel tells the kernel, in the same form on all architectures.
 */
#ifndef FORMAT_STUB_H
#define FORMAT_STUB_H

#include <format/efi_map.h>

/* enum efi_secureboot_mode of Linux include/linux/efi.h */
enum stub_secure { SECURE_UNSET, SECURE_UNKNOWN, SECURE_OFF, SECURE_ON };

/* Unknown counts as on: nothing from outside the signed file is trusted. */
static inline bool secure_locked(uint32_t state)
{
	return state == SECURE_ON || state == SECURE_UNKNOWN;
}

/*
 * Has the user switched shim's verification off? @value: of MokSBStateRT; @kept: it is
 * non-volatile, so that somebody else than shim may have written it.
 */
static inline bool secure_shim_off(uint8_t value, bool kept)
{
	return value == 1 && !kept;
}

/* What the kernel's own stub would tell it: in shim's insecure mode, that Secure Boot is off. */
static inline enum stub_secure secure_for_kernel(bool enforced, bool shim_off)
{
	return enforced && !shim_off ? SECURE_ON : SECURE_OFF;
}

/* Where UEFI left its tables, and its last memory map. */
struct efi_info {
	uint64_t systab; /* physical address */
	struct efi_map map;
	uint32_t desc_version;
};

/* Linux include/uapi/linux/screen_info.h */
struct screen_info {
	uint8_t pad0[0x0f];
	uint8_t orig_video_isVGA; /* 0x70: EFI frame buffer */
	uint16_t pad1;
	uint16_t lfb_width;
	uint16_t lfb_height;
	uint16_t lfb_depth;
	uint32_t lfb_base;
	uint32_t lfb_size;
	uint16_t pad2[2];
	uint16_t lfb_linelength;
	uint8_t red_size, red_pos;
	uint8_t green_size, green_pos;
	uint8_t blue_size, blue_pos;
	uint8_t rsvd_size, rsvd_pos;
	uint16_t pad3[2];
	uint16_t pages;
	uint16_t vesa_attributes;
	uint32_t capabilities; /* bit 1: ext_lfb_base is valid */
	uint32_t ext_lfb_base;
	uint16_t pad4;
} __packed;

_Static_assert(sizeof(struct screen_info) == 0x40, "screen_info");
_Static_assert(offsetof(struct screen_info, ext_lfb_base) == 0x3a, "ext_lfb_base");

#endif
