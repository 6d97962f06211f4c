// SPDX-License-Identifier: BSD-2-Clause
/* ACPI 6.5: root pointer (5.2.5), root tables (5.2.7, 5.2.8), FADT (5.2.9); SPCR. */
#include <format/acpi.h>

#include <string.h>

#define HEADER    36    /* bytes of every table before its content */
#define TABLE_MAX SZ_1M /* root table and FADT are below 1 KiB on any machine */

#define RSDP_V1 20 /* bytes that both versions have, with a checksum of their own */
#define RSDP_V2 36

/* FADT */
#define FADT_FLAGS   112
#define FADT_RESET   116 /* generic address: space, width, offset, access, address */
#define FADT_VALUE   128
#define FADT_END     129
#define FADT_RESETS  (1u << 10) /* RESET_REG_SUP */
#define FADT_ARM     129
#define FADT_ARM_END 131

/* SPCR */
#define SPCR_TYPE    36
#define SPCR_ADDRESS 40 /* generic address */
#define SPCR_END     52

/* In a generic address */
#define GENERIC_WIDTH 1 /* of the register, bits */
#define GENERIC_ADDR  4

/* @len bytes that add up to zero, or NULL. */
static const uint8_t *get_summed(const struct mem *m, uint64_t at, uint64_t len)
{
	const uint8_t *p = mem_get(m, phys(at), len);
	uint8_t sum = 0;

	for (uint64_t i = 0; p && i < len; i++)
		sum = (uint8_t)(sum + p[i]);
	return sum ? NULL : p;
}

static bool is_table(const struct mem *m, uint64_t at, const char *signature)
{
	const uint8_t *p = mem_get(m, phys(at), HEADER);

	return p && !memcmp(p, signature, 4);
}

/* The whole table at @at, *len bytes, or NULL. */
static const uint8_t *get_table(const struct mem *m, uint64_t at, const char *signature,
				uint32_t *len)
{
	const uint8_t *p;

	if (!is_table(m, at, signature))
		return NULL;
	p = mem_get(m, phys(at), HEADER);
	*len = get_u32(p + 4);
	if (*len < HEADER || *len > TABLE_MAX)
		return NULL;
	return get_summed(m, at, *len);
}

/* The root table: XSDT with entries of 8 bytes, or RSDT with entries of 4. */
struct root {
	const uint8_t *entries;
	uint32_t count;
	uint32_t width;
};

static enum kb_status find_root(const struct mem *m, uint64_t rsdp, uint64_t *at, uint32_t *width)
{
	const uint8_t *p = get_summed(m, rsdp, RSDP_V1);

	if (!p || memcmp(p, "RSD PTR ", 8))
		return KB_ACPI_RSDP;
	*at = get_u32(p + 16);
	*width = 4;
	if (p[15] < 2)
		return KB_OK;
	p = get_summed(m, rsdp, RSDP_V2);
	if (!p)
		return KB_ACPI_RSDP;
	if (get_u64(p + 24)) {
		*at = get_u64(p + 24);
		*width = 8;
	}
	return KB_OK;
}

static enum kb_status open_root(const struct mem *m, uint64_t rsdp, struct root *ret)
{
	uint64_t at = 0;
	uint32_t len = 0, width = 0;
	enum kb_status st = find_root(m, rsdp, &at, &width);
	const uint8_t *p;

	if (st)
		return st;
	p = get_table(m, at, width == 8 ? "XSDT" : "RSDT", &len);
	if (!p)
		return KB_ACPI_TABLE;
	*ret = (struct root){p + HEADER, (len - HEADER) / width, width};
	return KB_OK;
}

static uint64_t root_entry(const struct root *r, uint32_t i)
{
	const uint8_t *p = r->entries + (size_t)i * r->width;

	return r->width == 8 ? get_u64(p) : get_u32(p);
}

/* The first table of that kind, whole; *ret is NULL when there is none. */
static enum kb_status find_table(const struct mem *m, uint64_t rsdp, const char *signature,
				 const uint8_t **ret, uint32_t *len)
{
	struct root root = {0};
	enum kb_status st = open_root(m, rsdp, &root);

	*ret = NULL;
	for (uint32_t i = 0; i < root.count && !st && !*ret; i++) {
		if (!is_table(m, root_entry(&root, i), signature))
			continue;
		*ret = get_table(m, root_entry(&root, i), signature, len);
		st = *ret ? KB_OK : KB_ACPI_TABLE;
	}
	return st;
}

enum kb_status acpi_find_reset(const struct mem *m, uint64_t rsdp, struct acpi_reset *ret)
{
	uint32_t len = 0;
	const uint8_t *p;
	enum kb_status st = find_table(m, rsdp, "FACP", &p, &len);

	if (st)
		return st;
	*ret = (struct acpi_reset){0};
	if (p && len >= FADT_END && (get_u32(p + FADT_FLAGS) & FADT_RESETS))
		*ret = (struct acpi_reset){true, p[FADT_RESET],
					   get_u64(p + FADT_RESET + GENERIC_ADDR), p[FADT_VALUE]};
	return KB_OK;
}

enum kb_status acpi_arm_boot(const struct mem *m, uint64_t rsdp, uint32_t *ret)
{
	uint32_t len = 0;
	const uint8_t *p;
	enum kb_status st = find_table(m, rsdp, "FACP", &p, &len);

	if (!st)
		*ret = p && len >= FADT_ARM_END ? get_u16(p + FADT_ARM) : 0;
	return st;
}

/* Interface types of Microsoft's DBG2, table 3, that the SPCR takes as well. */
static enum uart_kind console_kind(uint8_t type, uint8_t width)
{
	switch (type) {
	case 0x03: /* PL011 */
	case 0x0d: /* its subset of the SBSA: 32-bit accesses, or of a width that is not told */
	case 0x0e:
		return UART_PL011;
	case 0x00: /* 16550, also a subset, and by the address structure */
	case 0x01:
	case 0x12:
		return width == 32 ? UART_MMIO32 : width == 8 ? UART_MMIO : UART_NONE;
	default:
		return UART_NONE;
	}
}

enum kb_status acpi_console(const struct mem *m, uint64_t rsdp, struct uart *ret)
{
	struct uart u = {UART_NONE, 0};
	uint32_t len = 0;
	const uint8_t *p;
	enum kb_status st = find_table(m, rsdp, "SPCR", &p, &len);

	if (st)
		return st;
	if (p && len >= SPCR_END && p[SPCR_ADDRESS] == ACPI_MEMORY)
		u = (struct uart){console_kind(p[SPCR_TYPE], p[SPCR_ADDRESS + GENERIC_WIDTH]),
				  get_u64(p + SPCR_ADDRESS + GENERIC_ADDR)};
	*ret = u.kind && u.base ? u : (struct uart){UART_NONE, 0};
	return KB_OK;
}
