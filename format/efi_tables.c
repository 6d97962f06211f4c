// SPDX-License-Identifier: BSD-2-Clause
/* UEFI's tables, as a kernel started by kexec finds them. */
#include <format/efi_tables.h>

#include <string.h>

/* ---- tables ---------------------------------------------------------------------------------- */

/* EFI_SYSTEM_TABLE and EFI_CONFIGURATION_TABLE, UEFI 2.10 sections 4.3 and 4.6, 64 bit. */
#define SYSTAB_SIGNATURE 0x5453595320494249ULL /* "IBI SYST" */
#define SYSTAB_ENTRIES   104
#define SYSTAB_TABLES    112
#define SYSTAB_SIZE      120
#define GUID_SIZE        16
#define ENTRY_ADDRESS    16
#define ENTRY_SIZE       24

static const uint8_t guids[][GUID_SIZE] = {
	/* 8868e871-e4f1-11d3-bc22-0080c73c8881, eb9d2d30-2d88-11d3-9a16-0090273fc14d: ACPI */
	"\x71\xe8\x68\x88\xf1\xe4\xd3\x11\xbc\x22\x00\x80\xc7\x3c\x88\x81",
	"\x30\x2d\x9d\xeb\x88\x2d\xd3\x11\x9a\x16\x00\x90\x27\x3f\xc1\x4d",
	/* f2fd1544-9794-4a2c-992e-e5bbcf20e394, eb9d2d31-2d88-11d3-9a16-0090273fc14d: SMBIOS */
	"\x44\x15\xfd\xf2\x94\x97\x2c\x4a\x99\x2e\xe5\xbb\xcf\x20\xe3\x94",
	"\x31\x2d\x9d\xeb\x88\x2d\xd3\x11\x9a\x16\x00\x90\x27\x3f\xc1\x4d",
	/* 888eb0c6-8ede-4ff5-a8f0-9aee5cb977c2: LINUX_EFI_MEMRESERVE_TABLE_GUID */
	"\xc6\xb0\x8e\x88\xde\x8e\xf5\x4f\xa8\xf0\x9a\xee\x5c\xb9\x77\xc2",
	/* e03fc20a-85dc-406e-b90e-4ab502371d95: LINUX_EFI_SCREEN_INFO_TABLE_GUID */
	"\x0a\xc2\x3f\xe0\xdc\x85\x6e\x40\xb9\x0e\x4a\xb5\x02\x37\x1d\x95",
	/* f3a62bbe-af75-4f4b-91d2-ad76e50f67d8: khoboot's own copy of it (docs/abi.md) */
	"\xbe\x2b\xa6\xf3\x75\xaf\x4b\x4f\x91\xd2\xad\x76\xe5\x0f\x67\xd8",
	/* b1b621d5-f19c-41a5-830b-d9152c69aae0: device tree */
	"\xd5\x21\xb6\xb1\x9c\xf1\xa5\x41\x83\x0b\xd9\x15\x2c\x69\xaa\xe0",
};

enum { ACPI_2, ACPI_1, SMBIOS_3, SMBIOS_2, MEMRESERVE, SCREEN, SCREEN_KEPT, DTB };

/* Address of the first table of kind @which; 0: not found. */
static uint64_t find(const uint8_t *entries, uint64_t n, int which)
{
	for (uint64_t i = 0; i < n; i++)
		if (!memcmp(entries + i * ENTRY_SIZE, guids[which], GUID_SIZE))
			return get_u64(entries + i * ENTRY_SIZE + ENTRY_ADDRESS);
	return 0;
}

static uint64_t first_of(uint64_t a, uint64_t b)
{
	return a ? a : b;
}

enum kb_status efi_find_tables(struct mem *m, const struct efi_map *map, uint64_t systab,
			       struct efi_tables *ret)
{
	const uint8_t *t = mem_get(m, phys(systab), SYSTAB_SIZE), *e = NULL;
	uint64_t n, at;

	if (!t || get_u64(t) != SYSTAB_SIGNATURE)
		return kb_fail(m, KB_EFI_TABLE, systab, 0);
	n = get_u64(t + SYSTAB_ENTRIES);
	/* SetVirtualAddressMap may have changed the pointer to the list, but nothing in it. */
	at = efi_map_to_phys(map, get_u64(t + SYSTAB_TABLES));
	if (n && n <= EFI_TABLES_MAX)
		e = mem_get(m, phys(at), n * ENTRY_SIZE);
	if (n && !e)
		return kb_fail(m, KB_EFI_TABLE, at, n);
	*ret = (struct efi_tables){
		.rsdp = first_of(find(e, n, ACPI_2), find(e, n, ACPI_1)),
		.smbios = first_of(find(e, n, SMBIOS_3), find(e, n, SMBIOS_2)),
		.memreserve = find(e, n, MEMRESERVE),
		.screen = first_of(find(e, n, SCREEN_KEPT), find(e, n, SCREEN)),
		.dtb = find(e, n, DTB),
	};
	return KB_OK;
}

/* ---- reserved for good ----------------------------------------------------------------------- */

/* struct linux_efi_memreserve of Linux include/linux/efi.h */
struct node {
	int32_t size;  /* room, in entries */
	int32_t count; /* entries in use */
	uint64_t next; /* physical address; 0: this is the last node */
};

/* Kernels map one page, of up to 64 KiB, to read a node. */
#define NODE_ENTRIES_MAX ((int32_t)((SZ_64K - sizeof(struct node)) / sizeof(struct range)))

/* The node at @at; *entries are its ranges. False if it is impossible. */
static bool get_node(const struct mem *m, uint64_t at, struct node *ret, const uint8_t **entries)
{
	const uint8_t *p = mem_get(m, phys(at), sizeof(*ret));

	if (!p)
		return false;
	memcpy(ret, p, sizeof(*ret));
	if (ret->size < 0 || ret->size > NODE_ENTRIES_MAX || ret->count < 0 ||
	    ret->count > ret->size)
		return false;
	p = mem_get(m, phys(at), sizeof(*ret) + (uint64_t)ret->size * sizeof(struct range));
	*entries = p ? p + sizeof(*ret) : NULL;
	return p;
}

static enum kb_status check_list(struct mem *m, uint64_t head)
{
	uint64_t at = head;
	unsigned int n = 0;

	while (at) {
		const uint8_t *entries;
		struct node node;

		if (n++ == EFI_RESERVED_NODES || !get_node(m, at, &node, &entries))
			return kb_fail(m, KB_EFI_RESERVED, at, n);
		for (int32_t i = 0; i < node.count; i++) {
			struct range r;

			memcpy(&r, entries + (size_t)i * sizeof(r), sizeof(r));
			if (range_wraps(r))
				return kb_fail(m, KB_EFI_RESERVED, at, r.base);
		}
		at = node.next;
	}
	return KB_OK;
}

/* Ranges are often neighbours: merging may make room in a full list. */
static enum kb_status add_busy(struct range_list *busy, struct range r)
{
	if (busy->count == busy->max)
		range_list_sort(busy);
	return range_list_add(busy, r);
}

static enum kb_status add_node(const struct node *node, uint64_t at, const uint8_t *entries,
			       struct range_list *busy)
{
	struct range whole = {at, sizeof(*node) + (uint64_t)node->size * sizeof(struct range)};
	enum kb_status st = add_busy(busy, whole);

	for (int32_t i = 0; i < node->count && !st; i++) {
		struct range r;

		memcpy(&r, entries + (size_t)i * sizeof(r), sizeof(r));
		st = add_busy(busy, r);
	}
	return st;
}

enum kb_status efi_reserved(struct mem *m, uint64_t head, struct range_list *busy)
{
	enum kb_status st = check_list(m, head);
	const uint8_t *entries;
	struct node node;

	for (uint64_t at = head; at && !st; at = node.next) {
		if (!get_node(m, at, &node, &entries))
			return kb_fail(m, KB_EFI_RESERVED, at, 0);
		st = add_node(&node, at, entries, busy);
	}
	return st;
}
