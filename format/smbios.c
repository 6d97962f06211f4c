// SPDX-License-Identifier: BSD-2-Clause
/* SMBIOS 3.6: entry points (5.2), structures (6.1), system information (7.2). */
#include <format/smbios.h>

#include <string.h>

#define ENTRY_MIN 0x18 /* bytes of the 64-bit entry point; the 32-bit one is longer */
#define ENTRY32   0x1f
#define TABLE_MAX SZ_1M

#define TYPE_SYSTEM 1
#define TYPE_END    127
#define HEADER      4 /* type, length of the formatted area, handle */
#define SYSTEM_UUID 8
#define UUID_SIZE   16

static bool sums_to_zero(const uint8_t *p, size_t len)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + p[i]);
	return !sum;
}

/* The 64-bit entry point says how long the table is at most. */
static bool entry64(const uint8_t *p, struct range *ret)
{
	if (memcmp(p, "_SM3_", 5) || p[6] != ENTRY_MIN || !sums_to_zero(p, ENTRY_MIN))
		return false;
	*ret = (struct range){get_u64(p + 0x10), get_u32(p + 0x0c)};
	return true;
}

/* Some firmware of SMBIOS 2.1 gives its length as 0x1e, which the specification excuses. */
static bool entry32(const struct mem *m, uint64_t at, struct range *ret)
{
	const uint8_t *p = mem_get(m, phys(at), ENTRY32);

	if (!p || memcmp(p, "_SM_", 4) || (p[5] != ENTRY32 && p[5] != ENTRY32 - 1) ||
	    !sums_to_zero(p, p[5]) || memcmp(p + 0x10, "_DMI_", 5))
		return false;
	*ret = (struct range){get_u32(p + 0x18), get_u16(p + 0x16)};
	return true;
}

static bool find_table(const struct mem *m, uint64_t entry, struct range *ret)
{
	const uint8_t *p = mem_get(m, phys(entry), ENTRY_MIN);

	return (p && entry64(p, ret)) || entry32(m, entry, ret);
}

/* Offset behind the structure at @at: its formatted area, and strings up to two NULs. 0: none. */
static size_t next(const uint8_t *table, size_t size, size_t at)
{
	size_t i = at + table[at + 1];

	if (table[at + 1] < HEADER)
		return 0;
	for (; i + 1 < size; i++)
		if (!table[i] && !table[i + 1])
			return i + 2;
	return 0;
}

static enum kb_status find_uuid(const uint8_t *table, size_t size, uint8_t uuid[16])
{
	uint8_t found[UUID_SIZE] = {0};
	size_t at = 0;

	while (at + HEADER <= size && table[at] != TYPE_END) {
		size_t behind = next(table, size, at);

		if (!behind)
			return KB_SMBIOS;
		if (table[at] == TYPE_SYSTEM && table[at + 1] >= SYSTEM_UUID + UUID_SIZE) {
			memcpy(found, table + at + SYSTEM_UUID, UUID_SIZE);
			break;
		}
		at = behind;
	}
	memcpy(uuid, found, UUID_SIZE);
	return KB_OK;
}

enum kb_status smbios_uuid(const struct mem *m, uint64_t entry, uint8_t uuid[16])
{
	struct range table = {0, 0};
	const uint8_t *p;

	if (!find_table(m, entry, &table) || table.size > TABLE_MAX)
		return KB_SMBIOS;
	p = mem_get(m, phys(table.base), table.size);
	return p ? find_uuid(p, table.size, uuid) : KB_SMBIOS;
}
