// SPDX-License-Identifier: BSD-2-Clause
/* What a boot loader told the kernel: the zero page, as sysfs shows it, and the memory map. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"

/* Offsets: Documentation/arch/x86/zero-page.rst, include/uapi/linux/screen_info.h */
#define VIDEO_TYPE   0x0f
#define LFB_WIDTH    0x12
#define LFB_HEIGHT   0x14
#define LFB_DEPTH    0x16
#define LFB_BASE     0x18
#define ACPI_RSDP    0x70
#define E820_ENTRIES 0x1e8
#define SECURE_BOOT  0x1ec

static unsigned int u16(const unsigned char *p)
{
	return p[0] | (unsigned int)p[1] << 8;
}

static unsigned long u32(const unsigned char *p)
{
	return u16(p) | (unsigned long)u16(p + 2) << 16;
}

void platform_report(void)
{
	unsigned char page[4096];
	int fd = open("/sys/kernel/boot_params/data", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (read(fd, page, sizeof(page)) == sizeof(page)) {
		say("secure_boot=%u", page[SECURE_BOOT]);
		say("e820_entries=%u", page[E820_ENTRIES]);
		say("rsdp=0x%lx", u32(page + ACPI_RSDP));
		if (page[VIDEO_TYPE] == 0x70)
			say("framebuffer=%ux%ux%u at 0x%lx", u16(page + LFB_WIDTH),
			    u16(page + LFB_HEIGHT), u16(page + LFB_DEPTH), u32(page + LFB_BASE));
	}
	close(fd);
}
