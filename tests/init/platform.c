// SPDX-License-Identifier: BSD-2-Clause
/* What a boot loader told the kernel: the zero page, as sysfs shows it, or the device tree. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "init.h"

#ifdef __x86_64__
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

char *platform_log(size_t *len)
{
	*len = 0;
	return NULL; /* it is in setup_data */
}

#else

/* The flattened device tree (Devicetree Specification, chapter 5): big endian words. */
#define FDT          "/sys/firmware/fdt"
#define FDT_STRUCT   8
#define FDT_STRINGS  12
#define FDT_BEGIN    1
#define FDT_END_NODE 2
#define FDT_PROP     3
#define FDT_NOP      4
#define LOG          "khoboot,log"

/* A tree is at most 2 MiB (Documentation/arch/arm64/booting.rst). */
static unsigned char tree[2 << 20];

static uint32_t be32(size_t at)
{
	return at + 4 > sizeof(tree) ? 0
				     : (uint32_t)tree[at] << 24 | (uint32_t)tree[at + 1] << 16 |
					       (uint32_t)tree[at + 2] << 8 | tree[at + 3];
}

static size_t align4(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* ACPI machines do not unflatten the tree, so that only this file is there. */
static int read_tree(void)
{
	int fd = open(FDT, O_RDONLY | O_CLOEXEC);
	size_t done = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -1;
	while (done < sizeof(tree) && (n = read(fd, tree + done, sizeof(tree) - done)) > 0)
		done += (size_t)n;
	close(fd);
	return n < 0 || done < 40 ? -1 : 0;
}

/*
 * Calls @fn with each property of /chosen: name, offset and length of the value. Returns how many
 * children the root has.
 */
static unsigned int each_chosen(void (*fn)(const char *, size_t, size_t))
{
	size_t at = be32(FDT_STRUCT);
	unsigned int depth = 0, children = 0;
	int chosen = 0;

	for (;;) {
		uint32_t token = be32(at);

		at += 4;
		if (token == FDT_BEGIN) {
			const char *name = (const char *)tree + at;

			children += depth++ == 1;
			chosen = depth == 2 && !strcmp(name, "chosen");
			at = align4(at + strlen(name) + 1);
		} else if (token == FDT_END_NODE) {
			chosen = 0;
			if (--depth == 0)
				return children;
		} else if (token == FDT_PROP) {
			size_t len = be32(at);

			if (chosen)
				fn((const char *)tree + be32(FDT_STRINGS) + be32(at + 4), at + 8,
				   len);
			at = align4(at + 8 + len);
		} else if (token != FDT_NOP) {
			fail("the device tree ends in the middle");
		}
	}
}

/* Numbers in full, texts and seeds by their length. */
static void say_property(const char *name, size_t at, size_t len)
{
	if (!strncmp(name, "linux,", 6) && len == 4)
		say("chosen %s=0x%x", name, be32(at));
	else if (!strncmp(name, "linux,", 6) && len == 8)
		say("chosen %s=0x%x%08x", name, be32(at), be32(at + 4));
	else if (!strncmp(name, "linux,", 6) && len == 16)
		say("chosen %s=0x%x%08x,0x%x%08x", name, be32(at), be32(at + 4), be32(at + 8),
		    be32(at + 12));
	else
		say("chosen %s: %zu bytes", name, len);
}

static size_t log_at, log_len;

static void find_log(const char *name, size_t at, size_t len)
{
	if (strcmp(name, LOG))
		return;
	log_at = at;
	log_len = len;
}

void platform_report(void)
{
	say("acpi=%s", access("/sys/firmware/acpi", F_OK) ? "no" : "yes");
	if (read_tree())
		say("tree=none");
	else
		say("tree=%u children", each_chosen(say_property));
}

char *platform_log(size_t *len)
{
	if (read_tree())
		return NULL;
	each_chosen(find_log);
	if (!log_len || log_at + log_len >= sizeof(tree))
		return NULL;
	tree[log_at + log_len] = '\0';
	*len = log_len;
	return (char *)tree + log_at;
}
#endif
