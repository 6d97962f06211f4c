// SPDX-License-Identifier: BSD-2-Clause
/* khoboot.fence=on: keep the kernel's page allocator out of the firmware zone. */
#include <arch/const.h>
#include <core/log.h>
#include <route/zone.h>

#include "uefi.h"

/*
 * Linux include/linux/efi.h: struct linux_efi_memreserve. The kernel reserves the table itself, by
 * its size, and maps one page of it (drivers/firmware/efi/efi.c:efi_config_parse_tables).
 */
struct memreserve {
	int32_t size; /* room for so many entries */
	int32_t count;
	uint64_t next; /* physical address of a further table */
	struct range entry[];
};

#define ENTRIES ((SZ_4K - sizeof(struct memreserve)) / sizeof(struct range))

static enum kb_status choose_zone(struct firmware *fw, struct kb_text given,
				  const struct range_list *ram, struct range_list *ret,
				  const char **name)
{
	struct kb_calibration c;
	struct range_list learned;

	*name = "khoboot.zone=";
	if (given.text)
		return zone_parse(given, ret);
	*name = "calibrated";
	if (uefi_load_calibration(fw, &c)) {
		learned = calibration_zone(&c);
		return range_list_copy(&learned, ret);
	}
	*name = "built-in";
	return zone_builtin(ARCH_RECORD, ram, ret);
}

/*
 * A table with no entries yet, in a page of its own. All that firmware still has after a reset is
 * scratch, where kexec puts the kernel after the next one: it would find its own segments there.
 */
static enum kb_status new_table(struct firmware *fw, struct memreserve **ret)
{
	void *page = NULL;
	enum kb_status st = fw_alloc_kept(fw, SZ_4K, &page);

	if (st)
		return st;
	*ret = page;
	(*ret)->size = ENTRIES;
	return KB_OK;
}

/* Kernels keep memory of this type to themselves, also one that is started instead of ours. */
static void drop_table(struct firmware *fw, struct memreserve *table)
{
	fw->bs->FreePages((uintptr_t)table, 1);
}

static enum kb_status install_table(struct firmware *fw, struct memreserve *table)
{
	static EFI_GUID guid = {0x888eb0c6,
				0x8ede,
				0x4ff5,
				{0xa8, 0xf0, 0x9a, 0xee, 0x5c, 0xb9, 0x77, 0xc2}};
	EFI_STATUS answer = fw->bs->InstallConfigurationTable(&guid, table);

	if (!answer)
		return KB_OK;
	drop_table(fw, table);
	return fw_fail(KB_FW_MEMORY, "InstallConfigurationTable", answer);
}

static enum kb_status install(struct firmware *fw, const struct range_list *zone,
			      const struct range_list *ram, const char *name)
{
	struct memreserve *table;
	struct range_list cut;
	enum kb_status st = new_table(fw, &table);

	if (st)
		return st;
	cut = (struct range_list){table->entry, 0, ENTRIES};
	st = range_list_intersect(zone, ram, &cut);
	/* No fence below 1 MiB on x86: nothing is preserved there, and processors start there. */
	if (!st)
		st = range_list_subtract(&cut, (struct range){0, ARCH_LOW_MEMORY});
	if (st) {
		drop_table(fw, table);
		return st;
	}
	table->count = (int32_t)cut.count;
	st = install_table(fw, table);
	if (!st)
		kb_info("fence", "%zu ranges, %" PRIu64 " bytes kept from the kernel (%s zone)",
			cut.count, range_list_bytes(&cut), name);
	return st;
}

enum kb_status uefi_install_empty_fence(struct firmware *fw)
{
	struct memreserve *table;
	enum kb_status st = new_table(fw, &table);

	if (!st)
		st = install_table(fw, table);
	return st ? kb_refuse("fence", st, NULL) : KB_OK;
}

static enum kb_status get_ram(struct firmware *fw, struct range_list *ret)
{
	struct fw_map map;
	struct efi_map view;
	void *store = NULL;
	enum kb_status st = fw_map_get(fw, &map);
	size_t max = st ? 0 : fw_map_pieces(&map);

	if (!st)
		st = fw_alloc(fw, max * sizeof(struct range), &store);
	if (st)
		return st;
	view = fw_map_view(&map);
	*ret = (struct range_list){store, 0, max};
	return efi_map_ram(&view, ret);
}

enum kb_status uefi_install_fence(struct firmware *fw, struct kb_text given)
{
	struct range store[KB_ZONE_MAX];
	struct range_list zone = {store, 0, KB_ZONE_MAX}, ram;
	const char *name = NULL;
	enum kb_status st = get_ram(fw, &ram);

	if (!st)
		st = choose_zone(fw, given, &ram, &zone, &name);
	if (!st)
		st = install(fw, &zone, &ram, name);
	return st ? kb_refuse("fence", st, NULL) : KB_OK;
}
