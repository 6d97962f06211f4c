// SPDX-License-Identifier: BSD-2-Clause
/* SMBIOS: the UUID of the system, the build of its firmware. Section numbers: SMBIOS 3.6. */
#include <format/smbios.h>

#include <string.h>

#define TABLE_MAX SZ_1M

/* SMBIOS 2.1 (32-bit) Entry Point, section 5.2.1. */
struct entry32 {
	char anchor[4]; /* "_SM_" */
	uint8_t checksum;
	uint8_t length; /* of the entry point */
	uint8_t major, minor;
	uint16_t structure_max;
	uint8_t revision;
	uint8_t formatted[5];
	char dmi_anchor[5]; /* "_DMI_" */
	uint8_t dmi_checksum;
	uint16_t table_length;
	uint32_t table_address;
	uint16_t structures;
	uint8_t bcd_revision;
} __packed;

/* SMBIOS 3.0 (64-bit) Entry Point, section 5.2.2. */
struct entry64 {
	char anchor[5]; /* "_SM3_" */
	uint8_t checksum;
	uint8_t length; /* of the entry point */
	uint8_t major, minor, docrev;
	uint8_t revision;
	uint8_t reserved;
	uint32_t table_max; /* the table has at most that many bytes */
	uint64_t table_address;
} __packed;

/* What every structure begins with, section 6.1.2. */
struct header {
	uint8_t type;
	uint8_t length; /* of the formatted area, which includes this header */
	uint16_t handle;
} __packed;

#define UUID_SIZE 16

/* System Information (type 1), section 7.2, up to the UUID. */
struct system_info {
	struct header header;
	uint8_t manufacturer, product, version, serial; /* numbers of strings */
	uint8_t uuid[UUID_SIZE];
} __packed;

#define TYPE_BIOS   0
#define TYPE_SYSTEM 1
#define TYPE_END    127

_Static_assert(offsetof(struct entry32, dmi_anchor) == 0x10, "dmi_anchor");
_Static_assert(offsetof(struct entry32, table_length) == 0x16, "table_length");
_Static_assert(offsetof(struct entry32, table_address) == 0x18, "table_address");
_Static_assert(sizeof(struct entry32) == 0x1f, "entry32");
_Static_assert(offsetof(struct entry64, table_max) == 0x0c, "table_max");
_Static_assert(sizeof(struct entry64) == 0x18, "entry64");
_Static_assert(sizeof(struct header) == 4, "header");
_Static_assert(offsetof(struct system_info, uuid) == 8, "uuid");

static bool sums_to_zero(const uint8_t *p, size_t len)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + p[i]);
	return !sum;
}

static bool read_entry64(const struct mem *m, uint64_t at, struct range *ret)
{
	struct entry64 e;
	const uint8_t *p = mem_get(m, phys(at), sizeof(e));

	if (!p)
		return false;
	memcpy(&e, p, sizeof(e));
	if (memcmp(e.anchor, "_SM3_", sizeof(e.anchor)) || e.length != sizeof(e) ||
	    !sums_to_zero(p, sizeof(e)))
		return false;
	*ret = (struct range){e.table_address, e.table_max};
	return true;
}

/* Some firmware of SMBIOS 2.1 gives the length as 0x1e, which the specification allows for. */
static bool read_entry32(const struct mem *m, uint64_t at, struct range *ret)
{
	struct entry32 e;
	const uint8_t *p = mem_get(m, phys(at), sizeof(e));

	if (!p)
		return false;
	memcpy(&e, p, sizeof(e));
	if (memcmp(e.anchor, "_SM_", sizeof(e.anchor)) ||
	    (e.length != sizeof(e) && e.length != sizeof(e) - 1) || !sums_to_zero(p, e.length) ||
	    memcmp(e.dmi_anchor, "_DMI_", sizeof(e.dmi_anchor)))
		return false;
	*ret = (struct range){e.table_address, e.table_length};
	return true;
}

static bool find_table(const struct mem *m, uint64_t entry, struct range *ret)
{
	return read_entry64(m, entry, ret) || read_entry32(m, entry, ret);
}

/*
 * Offset of the first byte after the structure at @at, which has the header @h: its formatted area
 * is followed by strings, and these end with two NULs. 0: malformed.
 */
static size_t structure_end(const uint8_t *table, size_t size, size_t at, const struct header *h)
{
	size_t i = at + h->length;

	if (h->length < sizeof(*h))
		return 0;
	for (; i + 1 < size; i++)
		if (!table[i] && !table[i + 1])
			return i + 2;
	return 0;
}

static enum kb_status find_uuid(const uint8_t *table, size_t size, uint8_t uuid[16])
{
	struct system_info info = {0};
	size_t at = 0, end;
	struct header h;

	for (; at + sizeof(h) <= size; at = end) {
		memcpy(&h, table + at, sizeof(h));
		if (h.type == TYPE_END)
			break;
		end = structure_end(table, size, at, &h);
		if (!end)
			return KB_SMBIOS;
		if (h.type == TYPE_SYSTEM && h.length >= sizeof(info)) {
			memcpy(&info, table + at, sizeof(info));
			break;
		}
	}
	memcpy(uuid, info.uuid, UUID_SIZE);
	return KB_OK;
}

/* FNV-1a; never 0. */
static uint32_t hash(const uint8_t *p, size_t len)
{
	uint32_t h = 0x811c9dc5;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x01000193;
	return h ? h : 1;
}

uint32_t smbios_build_of(const uint8_t *table, size_t size)
{
	size_t at = 0, end;
	struct header h;

	for (; at + sizeof(h) <= size; at = end) {
		memcpy(&h, table + at, sizeof(h));
		end = h.type == TYPE_END ? 0 : structure_end(table, size, at, &h);
		if (!end)
			break;
		/* Handles are given out anew at each start. */
		if (h.type == TYPE_BIOS)
			return hash(table + at + sizeof(h), end - at - sizeof(h));
	}
	return 0;
}

static const uint8_t *get_table(const struct mem *m, uint64_t entry, uint64_t *size)
{
	struct range table = {0, 0};

	if (!find_table(m, entry, &table) || table.size > TABLE_MAX)
		return NULL;
	*size = table.size;
	return mem_get(m, phys(table.base), table.size);
}

uint32_t smbios_build(const struct mem *m, uint64_t entry)
{
	uint64_t size = 0;
	const uint8_t *p = get_table(m, entry, &size);

	return p ? smbios_build_of(p, size) : 0;
}

enum kb_status smbios_uuid(const struct mem *m, uint64_t entry, uint8_t uuid[16])
{
	uint64_t size = 0;
	const uint8_t *p = get_table(m, entry, &size);

	return p ? find_uuid(p, size, uuid) : KB_SMBIOS;
}
