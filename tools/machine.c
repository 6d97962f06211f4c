// SPDX-License-Identifier: BSD-2-Clause
/* What khoctl check knows of the running system; see machine.h. */
#include "machine.h"
#include "firmware.h"

#include <fdt/dtb.h>
#include <fdt/kho_target.h>
#include <libfdt.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMMAP      "/sys/firmware/memmap"
#define RUNTIME_MAP "/sys/firmware/efi/runtime-map"
#define PIECES      16384 /* of RAM */
#define KEXEC_MAX   128   /* entries of boot_params, E820_MAX_ENTRIES_ZEROPAGE */
#define EFI_DESC    48    /* bytes of a descriptor; most firmware has 40 or 48 */

struct machine {
	struct range ram[PIECES], listed[PIECES], dropped[PIECES], plugged[PIECES],
		areas[ROOM_AREAS];
	struct buffer fdt;
	struct buffer kho_fdt;
	struct buffer luo;
};

/* ---- small files ----------------------------------------------------------------------------- */

/* A number in a file, of any base; false when there is none. */
static bool read_number(const struct running *r, const char *name, uint64_t *ret)
{
	struct buffer b = {0};
	const bool found = running_read(r, name, &b) && b.size;

	if (found)
		*ret = strtoull((const char *)b.data, NULL, 0);
	buffer_free(&b);
	return found;
}

/* The number after @key in the file @name, or 0. */
static uint64_t number_after(const struct running *r, const char *name, const char *key)
{
	struct buffer b = {0};
	const char *at = NULL;
	uint64_t v;

	if (running_read(r, name, &b))
		at = strstr((const char *)b.data, key);
	v = at ? strtoull(at + strlen(key), NULL, 0) : 0;
	buffer_free(&b);
	return v;
}

static bool has_text(const struct running *r, const char *name, const char *text)
{
	struct buffer b = {0};
	const bool found = running_read(r, name, &b) && strstr((const char *)b.data, text);

	buffer_free(&b);
	return found;
}

/* ---- KHO ------------------------------------------------------------------------------------- */

/* The next number of a text; false at its end. */
static bool take_number(char **text, uint64_t *ret)
{
	char *end;

	*ret = strtoull(*text, &end, 0);
	if (end == *text)
		return false;
	*text = end;
	return true;
}

/* Areas of scratch: a line with the address in one file, with the size in another. */
static void read_scratch(const struct running *r, struct facts *f)
{
	struct buffer at = {0}, len = {0};
	bool more = running_read(r, KHO_OUT "/scratch_phys", &at) &&
		    running_read(r, KHO_OUT "/scratch_len", &len);
	char *a = (char *)at.data, *l = (char *)len.data;
	struct range area;

	while (more && take_number(&a, &area.base) && take_number(&l, &area.size))
		more = !range_list_add(&f->areas, area);
	f->scratch_known = f->areas.count;
	buffer_free(&at);
	buffer_free(&len);
}

/* Its kernel's version is in it long before anything is preserved. */
static void read_luo(const struct running *r, struct machine *m, struct facts *f)
{
	if (!running_read(r, KHO_OUT "/sub_fdts/LUO", &m->luo))
		return;
	f->luo = m->luo.data;
	f->luo_size = m->luo.size;
}

/* A size of reserve_mem=; one that does not fit is the largest. */
static uint64_t parse_size(const char *text)
{
	struct kb_text t = {text, strlen(text)};
	uint64_t v;

	if (text_take_size(&t, &v))
		return v;
	return text_digit(*text) < 10 ? UINT64_MAX : 0;
}

static void add_reserve(struct facts *f, const char *value)
{
	const char *colon = strchr(value, ':');

	verdict_reserve(f, parse_size(value), colon ? parse_size(colon + 1) : 0);
}

static void read_reserve(const struct running *r, struct facts *f)
{
	struct buffer b = {0};
	char *word, *rest = NULL;

	if (running_read(r, "/proc/cmdline", &b))
		for (word = strtok_r((char *)b.data, " \n", &rest); word;
		     word = strtok_r(NULL, " \n", &rest))
			if (!strncmp(word, "reserve_mem=", 12))
				add_reserve(f, word + 12);
	buffer_free(&b);
}

/* Which records of files the kernel writes (Linux include/linux/kho/abi/memfd.h). */
static unsigned int read_memfd(const struct running *r)
{
	const int release = running_release(r);

	return release >= 701 ? 2 : release >= 619;
}

static enum kho_bitmap_hint read_bitmaps(const struct running *r)
{
	enum kho_bitmap_hint ret = KHO_BITMAP_UNKNOWN;
	struct buffer b = {0};

	if (running_read(r, "/proc/sys/kernel/osrelease", &b))
		ret = kho_target_bitmaps((const char *)b.data, b.size);
	buffer_free(&b);
	return ret;
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* "1000-9fff : System RAM"; added memory has its source in parentheses after the name. */
static void read_line(const char *line, struct facts *f)
{
	const char *name = strstr(line, " : ");
	char *end;
	uint64_t base = strtoull(line, &end, 16), last = 0;
	struct range ram;

	if (*end == '-')
		last = strtoull(end + 1, NULL, 16);
	/* All addresses are 0 for other users than root. */
	if (!name || strncmp(name + 3, "System RAM", 10) || last <= base)
		return;
	ram = (struct range){base, last - base + 1};
	if (range_list_add(&f->ram, ram) || !strchr(name, '('))
		return;
	f->added += ram.size;
	(void)!range_list_add(&f->plugged, ram);
}

static void read_iomem(const struct running *r, struct facts *f)
{
	struct buffer b = {0};
	char *line, *rest = NULL;

	if (running_read(r, "/proc/iomem", &b))
		for (line = strtok_r((char *)b.data, "\n", &rest); line;
		     line = strtok_r(NULL, "\n", &rest))
			read_line(line, f);
	buffer_free(&b);
	range_list_sort(&f->ram);
	range_list_sort(&f->plugged);
}

static void read_entry(const struct running *r, unsigned int i, struct facts *f)
{
	char path[64];
	uint64_t base = 0, last = 0;

	snprintf(path, sizeof(path), MEMMAP "/%u/type", i);
	if (!has_text(r, path, "System RAM"))
		return;
	snprintf(path, sizeof(path), MEMMAP "/%u/start", i);
	if (!read_number(r, path, &base))
		return;
	snprintf(path, sizeof(path), MEMMAP "/%u/end", i);
	if (read_number(r, path, &last) && last > base)
		(void)!range_list_add(i < KEXEC_MAX ? &f->listed : &f->dropped,
				      (struct range){base, last - base + 1});
}

/* boot_params (Linux arch/x86/include/uapi/asm/bootparam.h). */
#define BP_ENTRIES 0x1e8
#define BP_TABLE   0x2d0
#define BP_ENTRY   20 /* address, size, type */

/* The memory map that this kernel was given; false when it has more entries than fit there. */
static bool read_given(const struct running *r, struct facts *f)
{
	struct buffer b = {0};
	bool whole = running_read(r, "/sys/kernel/boot_params/data", &b) && b.size >= SZ_4K &&
		     b.data[BP_ENTRIES] < KEXEC_MAX;

	for (size_t i = 0; whole && i < b.data[BP_ENTRIES]; i++) {
		const uint8_t *e = b.data + BP_TABLE + i * BP_ENTRY;

		if (get_u32(e + 16) == 1)
			whole = !range_list_add(&f->listed,
						(struct range){get_u64(e), get_u64(e + 8)});
	}
	buffer_free(&b);
	return whole && f->listed.count;
}

/*
 * The map that kexec hands on (Linux arch/x86/kernel/kexec-bzimage64.c: setup_e820_entries) is what
 * the kernel was given, cut after 128 entries. The directories 0, 1, ... of firmware's map show all
 * of them, but also what was plugged in later (drivers/firmware/memmap.c): they are asked only when
 * the map may have been cut.
 */
static void read_memmap(const struct running *r, struct facts *f)
{
	const bool whole = read_given(r, f);
	char path[64];

	for (unsigned int i = 0; !whole && i < PIECES; i++) {
		snprintf(path, sizeof(path), MEMMAP "/%u", i);
		if (!running_exists(r, path))
			break;
		read_entry(r, i, f);
	}
	range_list_sort(&f->listed);
	range_list_sort(&f->dropped);
	f->listed_known = f->listed.count;
}

/*
 * arm64 with UEFI: kexec hands on UEFI's map, which Linux does not show. What it took from there is
 * System RAM, and so is what was plugged in later. Where ACPI could have plugged some in nothing
 * tells them apart.
 */
static void read_uefi_ram(const struct running *r, struct facts *f)
{
	if (firmware_plugs_memory(r))
		return;
	for (size_t i = 0; i < f->ram.count; i++)
		if (!range_list_overlap(&f->plugged, f->ram.r[i]))
			(void)!range_list_add(&f->listed, f->ram.r[i]);
	f->listed_known = f->listed.count;
}

/* What kexec hands on is the tree, and UEFI's map. */
static void read_tree(const struct running *r, struct machine *m, struct facts *f)
{
	struct dtb_facts facts;

	if (!running_read(r, "/sys/firmware/fdt", &m->fdt) ||
	    dtb_check(m->fdt.data, m->fdt.size, NULL))
		return;
	/* So does kexec. */
	if (fdt_pack(m->fdt.data))
		return;
	f->fdt = m->fdt.data;
	f->fdt_size = m->fdt.size;
	if (!dtb_read(f->fdt, &facts, NULL) && facts.uefi.found) {
		f->uefi_map = facts.uefi.map.size;
		f->uefi_desc = facts.uefi.desc_size;
	}
	if (f->listed_known)
		return;
	if (f->uefi)
		read_uefi_ram(r, f);
	else
		f->listed_known = !dtb_memory(f->fdt, &f->listed, NULL);
}

/* ---- IMA ------------------------------------------------------------------------------------- */

#define SECURITY "/sys/kernel/security"
#define IMA      SECURITY "/ima/binary_runtime_measurements"

static uint64_t file_size(const struct running *r, const char *name)
{
	struct buffer b = {0};
	const uint64_t size = running_read(r, name, &b) ? b.size : 0;

	buffer_free(&b);
	return size;
}

/*
 * What kexec hands on of it is as long as these files (ima_get_binary_runtime_size). securityfs
 * that is mounted has lsm in it, with IMA or without.
 */
static void read_ima(const struct running *r, struct facts *f)
{
	if (running_config(r, "CONFIG_IMA_KEXEC") == CONFIG_OFF)
		return;
	f->ima_list = file_size(r, IMA);
	if (f->ima_list)
		f->ima_list += file_size(r, IMA "_staged");
	else
		f->ima_hidden = running_exists(r, SECURITY) &&
				(running_exists(r, IMA) || !running_exists(r, SECURITY "/lsm"));
}

/* ---- firmware -------------------------------------------------------------------------------- */

/* kexec hands on the descriptors that sysfs shows. */
static uint64_t efi_map_size(const struct running *r)
{
	char path[64];
	uint64_t n = 0;

	do {
		snprintf(path, sizeof(path), RUNTIME_MAP "/%u", (unsigned int)n);
	} while (running_exists(r, path) && n++ < PIECES);
	return n * EFI_DESC;
}

struct machine *machine_read(const struct running *r, struct facts *ret)
{
	struct machine *m = calloc(1, sizeof(*m));
	struct facts f = {.page_size = SZ_4K};

	if (!m)
		return NULL;
	f.page_size = running_page_size();
	f.bitmaps = read_bitmaps(r);
	f.memfd = read_memfd(r);
	f.ram = (struct range_list){m->ram, 0, PIECES};
	f.listed = (struct range_list){m->listed, 0, PIECES};
	f.dropped = (struct range_list){m->dropped, 0, PIECES};
	f.plugged = (struct range_list){m->plugged, 0, PIECES};
	f.areas = (struct range_list){m->areas, 0, ROOM_AREAS};
	read_scratch(r, &f);
	read_luo(r, m, &f);
	f.root_known = running_kho(r, &m->kho_fdt, &f.root);
	live_read(r, &f.live);
	f.handover = f.scratch_known || f.root_known || running_kho_on(r);
	read_reserve(r, &f);
	read_iomem(r, &f);
	read_memmap(r, &f);
	read_ima(r, &f);
	f.poisoned = number_after(r, "/proc/meminfo", "HardwareCorrupted:") * 1024;
	f.gbpages = room_always_gbpages() || has_text(r, "/proc/cpuinfo", " pdpe1gb");
	f.la57 = running_la57(r);
	f.efi_map_size = efi_map_size(r);
	f.crash = number_after(r, "/sys/kernel/kexec_crash_loaded", "");
	f.encrypted = firmware_confidential(r) || firmware_host_sme(r);
	f.may_encrypt = firmware_may_encrypt(r);
	f.uefi = running_exists(r, "/sys/firmware/efi");
	read_tree(r, m, &f);
	*ret = f;
	return m;
}

void machine_free(struct machine *m)
{
	if (m) {
		buffer_free(&m->fdt);
		buffer_free(&m->kho_fdt);
		buffer_free(&m->luo);
	}
	free(m);
}
