// SPDX-License-Identifier: BSD-2-Clause
/* ACPI: root pointer, root tables, FADT and SPCR. Section numbers are those of ACPI 6.5. */
#include <format/acpi.h>

#include <string.h>

#define TABLE_MAX SZ_1M /* root table and FADT are below 1 KiB on any machine */

/* Root System Description Pointer, section 5.2.5.3. */
struct rsdp {
	char signature[8]; /* "RSD PTR " */
	uint8_t checksum;  /* of the fields up to length */
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt_address;
	uint32_t length; /* from here on: since revision 2 */
	uint64_t xsdt_address;
	uint8_t extended_checksum; /* of all */
	uint8_t reserved[3];
} __packed;

#define RSDP_V1_SIZE offsetof(struct rsdp, length)
#define RSDP_V2      2
#define RSDT_WIDTH   4 /* bytes of an entry: section 5.2.7 */
#define XSDT_WIDTH   8 /* section 5.2.8 */

/* What every table begins with, section 5.2.6. */
struct table_header {
	char signature[4];
	uint32_t length; /* of the whole table */
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	uint32_t creator_id;
	uint32_t creator_revision;
} __packed;

/* Generic Address Structure, section 5.2.3.2. */
struct generic_address {
	uint8_t space; /* enum acpi_space */
	uint8_t width; /* of the register, bits */
	uint8_t offset;
	uint8_t access;
	uint64_t address;
} __packed;

/* Fixed ACPI Description Table, section 5.2.9, as far as it is read. */
struct fadt {
	struct table_header header;
	uint8_t pad[112 - 36];
	uint32_t flags;
	struct generic_address reset_reg;
	uint8_t reset_value;
	uint16_t arm_boot_arch;
} __packed;

#define FADT_RESET_END offsetof(struct fadt, arm_boot_arch)
#define FADT_RESETS    (1u << 10) /* RESET_REG_SUP */

/* Microsoft's "Serial Port Console Redirection Table", as far as it is read. */
struct spcr {
	struct table_header header;
	uint8_t interface_type;
	uint8_t reserved[3];
	struct generic_address base_address;
} __packed;

_Static_assert(RSDP_V1_SIZE == 20 && sizeof(struct rsdp) == 36, "rsdp");
_Static_assert(offsetof(struct rsdp, xsdt_address) == 24, "xsdt_address");
_Static_assert(sizeof(struct table_header) == 36, "table_header");
_Static_assert(sizeof(struct generic_address) == 12, "generic_address");
_Static_assert(offsetof(struct fadt, flags) == 112, "flags");
_Static_assert(offsetof(struct fadt, reset_reg) == 116, "reset_reg");
_Static_assert(offsetof(struct fadt, reset_value) == 128, "reset_value");
_Static_assert(sizeof(struct fadt) == 131, "fadt");
_Static_assert(offsetof(struct spcr, base_address) == 40 && sizeof(struct spcr) == 52, "spcr");

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
	const uint8_t *p = mem_get(m, phys(at), sizeof(struct table_header));

	return p && !memcmp(p, signature, 4);
}

/* The whole table at @at, *len bytes, or NULL. */
static const uint8_t *get_table(const struct mem *m, uint64_t at, const char *signature,
				uint32_t *len)
{
	struct table_header header;

	if (!is_table(m, at, signature))
		return NULL;
	memcpy(&header, mem_get(m, phys(at), sizeof(header)), sizeof(header));
	*len = header.length;
	if (*len < sizeof(header) || *len > TABLE_MAX)
		return NULL;
	return get_summed(m, at, *len);
}

/* The root table: an XSDT or an RSDT. */
struct root {
	const uint8_t *entries;
	uint32_t count;
	uint32_t width; /* XSDT_WIDTH or RSDT_WIDTH */
};

static enum kb_status find_root(const struct mem *m, uint64_t rsdp, uint64_t *at, uint32_t *width)
{
	const uint8_t *p = get_summed(m, rsdp, RSDP_V1_SIZE);
	struct rsdp r;

	if (!p || memcmp(p, "RSD PTR ", sizeof(r.signature)))
		return KB_ACPI_RSDP;
	*at = get_u32(p + offsetof(struct rsdp, rsdt_address));
	*width = RSDT_WIDTH;
	if (p[offsetof(struct rsdp, revision)] < RSDP_V2)
		return KB_OK;
	p = get_summed(m, rsdp, sizeof(r));
	if (!p)
		return KB_ACPI_RSDP;
	memcpy(&r, p, sizeof(r));
	if (r.xsdt_address) {
		*at = r.xsdt_address;
		*width = XSDT_WIDTH;
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
	p = get_table(m, at, width == XSDT_WIDTH ? "XSDT" : "RSDT", &len);
	if (!p)
		return KB_ACPI_TABLE;
	len -= (uint32_t)sizeof(struct table_header);
	*ret = (struct root){p + sizeof(struct table_header), len / width, width};
	return KB_OK;
}

static uint64_t root_entry(const struct root *r, uint32_t i)
{
	const uint8_t *p = r->entries + (size_t)i * r->width;

	return r->width == XSDT_WIDTH ? get_u64(p) : get_u32(p);
}

/* The first table with @signature, *len bytes; *ret is NULL if it is not found. */
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
	struct fadt f;
	uint32_t len = 0;
	const uint8_t *p;
	enum kb_status st = find_table(m, rsdp, "FACP", &p, &len);

	if (st)
		return st;
	*ret = (struct acpi_reset){0};
	if (!p || len < FADT_RESET_END)
		return KB_OK;
	memcpy(&f, p, FADT_RESET_END);
	if (f.flags & FADT_RESETS)
		*ret = (struct acpi_reset){true, f.reset_reg.space, f.reset_reg.address,
					   f.reset_value};
	return KB_OK;
}

enum kb_status acpi_arm_boot(const struct mem *m, uint64_t rsdp, uint32_t *ret)
{
	uint32_t len = 0;
	const uint8_t *p;
	enum kb_status st = find_table(m, rsdp, "FACP", &p, &len);

	if (!st)
		*ret = p && len >= sizeof(struct fadt)
			       ? get_u16(p + offsetof(struct fadt, arm_boot_arch))
			       : 0;
	return st;
}

/* Multiple APIC Description Table, section 5.2.12: after this, entries of many types. */
#define MADT_ENTRIES 44
#define MADT_ENABLED (1u << 0) /* of an entry's flags */

struct madt_entry {
	uint8_t type;
	uint8_t length;
};

/* Where an entry of @type has its flags, and the name of the CPU. */
struct madt_cpu {
	enum acpi_cpus kind;
	uint8_t type, flags, id, id_size;
};

static const struct madt_cpu madt_cpus[] = {
	{ACPI_APIC, 0x00, 4, 3, 1},    /* section 5.2.12.2 */
	{ACPI_APIC, 0x09, 8, 4, 4},    /* section 5.2.12.12, x2APIC */
	{ACPI_MPIDR, 0x0b, 12, 68, 8}, /* section 5.2.12.14, GICC */
};

static const struct madt_cpu *find_kind(const uint8_t *entry, enum acpi_cpus kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(madt_cpus); i++)
		if (madt_cpus[i].kind == kind && madt_cpus[i].type == entry[0])
			return &madt_cpus[i];
	return NULL;
}

/* False if the entry is too short. */
static bool read_cpu(const uint8_t *entry, const struct madt_cpu *k, acpi_cpu_fn *fn, void *ctx)
{
	uint64_t id = 0;

	if (entry[1] < k->id + k->id_size || entry[1] < k->flags + 4)
		return false;
	memcpy(&id, entry + k->id, k->id_size);
	if (get_u32(entry + k->flags) & MADT_ENABLED)
		fn(ctx, id);
	return true;
}

enum kb_status acpi_each_cpu(const struct mem *m, uint64_t rsdp, enum acpi_cpus kind,
			     acpi_cpu_fn *fn, void *ctx)
{
	uint32_t len = 0;
	const uint8_t *p;
	enum kb_status st = find_table(m, rsdp, "APIC", &p, &len);

	if (st || !p)
		return st;
	for (uint32_t at = MADT_ENTRIES; at < len; at += p[at + 1]) {
		const struct madt_cpu *k;

		if (len - at < sizeof(struct madt_entry) || len - at < p[at + 1] ||
		    p[at + 1] < sizeof(struct madt_entry))
			return KB_ACPI_TABLE;
		k = find_kind(p + at, kind);
		if (k && !read_cpu(p + at, k, fn, ctx))
			return KB_ACPI_TABLE;
	}
	return KB_OK;
}

/* Interface types of Microsoft's DBG2, table 3, which are also used in the SPCR. */
enum {
	TYPE_16550 = 0x00,
	TYPE_16550_SUBSET = 0x01,
	TYPE_PL011 = 0x03,
	TYPE_SBSA_32BIT = 0x0d, /* the SBSA's subset of the PL011, with 32-bit accesses only */
	TYPE_SBSA = 0x0e,       /* the same, with accesses of unspecified width */
	TYPE_16550_GAS = 0x12,  /* 16550, as the generic address says */
};

static enum uart_kind console_kind(uint8_t type, uint8_t width)
{
	switch (type) {
	case TYPE_PL011:
	case TYPE_SBSA_32BIT:
	case TYPE_SBSA:
		return UART_PL011;
	case TYPE_16550:
	case TYPE_16550_SUBSET:
	case TYPE_16550_GAS:
		return width == 32 ? UART_MMIO32 : width == 8 ? UART_MMIO : UART_NONE;
	default:
		return UART_NONE;
	}
}

enum kb_status acpi_console(const struct mem *m, uint64_t rsdp, struct uart *ret)
{
	struct uart u = {UART_NONE, 0};
	struct spcr s;
	uint32_t len = 0;
	const uint8_t *p;
	enum kb_status st = find_table(m, rsdp, "SPCR", &p, &len);

	if (st)
		return st;
	if (p && len >= sizeof(s)) {
		memcpy(&s, p, sizeof(s));
		if (s.base_address.space == ACPI_MEMORY)
			u = (struct uart){console_kind(s.interface_type, s.base_address.width),
					  s.base_address.address};
	}
	*ret = u.kind && u.base ? u : (struct uart){UART_NONE, 0};
	return KB_OK;
}
