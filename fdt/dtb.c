// SPDX-License-Identifier: BSD-2-Clause
/* Reads what khoboot needs from a device tree; see the header. Cells are big endian. */
#include <fdt/dtb.h>
#include <fdt/tree.h>

#include <libfdt.h>
#include <string.h>

struct parse {
	const void *fdt;
	struct kb_diag *diag;
	struct kb_diag odd;                  /* what dtb_reserved() warns of */
	unsigned int addr_cells, size_cells; /* of the root */
};

static enum kb_status fail(const struct parse *p, enum kb_status st, int node, uint64_t value)
{
	return kb_note(p->diag, st, node > 0 ? (uint64_t)node : 0, value);
}

/* ---- cells ----------------------------------------------------------------------------------- */

/* Take a number of @cells cells. Of more than two the last two count, as for the kernel. */
static uint64_t take(const fdt32_t **p, unsigned int cells)
{
	uint64_t v = 0;

	while (cells--)
		v = v << 32 | fdt32_ld((*p)++);
	return v;
}

/* #address-cells or #size-cells of @node: 1 or 2; 0 for anything else. */
static unsigned int cells(const void *fdt, int node, const char *name, unsigned int fallback)
{
	int len = 0;
	const fdt32_t *v = fdt_getprop(fdt, node, name, &len);
	uint32_t n;

	if (!v)
		return len == -FDT_ERR_NOTFOUND ? fallback : 0;
	n = len == sizeof(*v) ? fdt32_ld(v) : 0;
	return n <= 2 ? n : 0;
}

/* The kernel's default for a root without the properties is one cell. */
static enum kb_status open_parse(struct parse *p)
{
	p->addr_cells = cells(p->fdt, 0, "#address-cells", 1);
	p->size_cells = cells(p->fdt, 0, "#size-cells", 1);
	if (!p->addr_cells || !p->size_cells)
		return fail(p, KB_DTB_CELLS, 0, 0);
	return KB_OK;
}

/* Ranges, in the root's cells, in property @name: how many; 0 when absent, -1 when malformed. */
static int get_ranges(const struct parse *p, int node, const char *name, const fdt32_t **ret)
{
	int each = (int)(4 * (p->addr_cells + p->size_cells)), len = 0;

	*ret = fdt_getprop(p->fdt, node, name, &len);
	if (!*ret)
		return len == -FDT_ERR_NOTFOUND ? 0 : -1;
	return len && len % each == 0 ? len / each : -1;
}

static struct range take_range(const struct parse *p, const fdt32_t **at)
{
	uint64_t base = take(at, p->addr_cells);

	return (struct range){base, take(at, p->size_cells)};
}

/* ---- /chosen --------------------------------------------------------------------------------- */

enum found { ABSENT, FOUND, MALFORMED };

/* A number of one or two cells. */
static enum found get_number(const struct parse *p, int node, const char *name, uint64_t *ret)
{
	int len = 0;
	const fdt32_t *v = fdt_getprop(p->fdt, node, name, &len);

	if (!v)
		return len == -FDT_ERR_NOTFOUND ? ABSENT : MALFORMED;
	if (len != 4 && len != 8)
		return MALFORMED;
	*ret = take(&v, (unsigned int)len / 4);
	return FOUND;
}

static struct kb_text read_cmdline(const struct parse *p, int node)
{
	int len = 0;
	const char *text = fdt_getprop(p->fdt, node, "bootargs", &len);

	if (!text)
		return (struct kb_text){NULL, 0};
	return (struct kb_text){text, strnlen(text, (size_t)len)};
}

static enum kb_status read_initrd(const struct parse *p, int node, struct range *ret)
{
	uint64_t start = 0, end = 0;
	enum found a = get_number(p, node, "linux,initrd-start", &start);
	enum found b = get_number(p, node, "linux,initrd-end", &end);

	if (a == MALFORMED || a != b || start > end)
		return fail(p, KB_DTB_CHOSEN, node, start);
	*ret = (struct range){start, end - start};
	return KB_OK;
}

static enum kb_status read_kho(const struct parse *p, int node, struct dtb_facts *f)
{
	const fdt32_t *fdt, *scratch;
	int a = get_ranges(p, node, "linux,kho-fdt", &fdt);
	int b = get_ranges(p, node, "linux,kho-scratch", &scratch);
	struct range r;

	if (!a && !b)
		return KB_OK;
	if (a != 1 || b != 1)
		return fail(p, KB_DTB_KHO, node, (uint64_t)a);
	r = take_range(p, &fdt);
	f->kho.fdt = phys(r.base);
	f->kho.fdt_size = r.size;
	r = take_range(p, &scratch);
	f->kho.scratch = phys(r.base);
	f->kho.scratch_size = r.size;
	f->has_kho = true;
	return KB_OK;
}

/* Written by the kernel that has crashed (drivers/of/kexec.c:of_kexec_alloc_and_setup_fdt). */
static enum kb_status read_crash(const struct parse *p, int node, struct dtb_facts *f)
{
	const fdt32_t *at;
	int n = get_ranges(p, node, "linux,elfcorehdr", &at);

	f->crash = n != 0;
	if (!n)
		return KB_OK;
	if (n == 1)
		f->elfcorehdr = take_range(p, &at);
	return n == 1 && !range_wraps(f->elfcorehdr) ? KB_OK : fail(p, KB_DTB_CHOSEN, node, 0);
}

enum { SYSTAB, MAP_START, MAP_SIZE, DESC_SIZE, DESC_VERSION, SECURE, UEFI_PROPERTIES };

static const char *const uefi_names[UEFI_PROPERTIES] = {
	"linux,uefi-system-table",   "linux,uefi-mmap-start",    "linux,uefi-mmap-size",
	"linux,uefi-mmap-desc-size", "linux,uefi-mmap-desc-ver", "linux,uefi-secure-boot",
};

/* Without the first property there is no UEFI. Kernels before 7.2 do not write the last. */
static enum kb_status read_uefi(const struct parse *p, int node, struct dtb_uefi *u)
{
	uint64_t v[UEFI_PROPERTIES] = {0};

	for (int i = 0; i < UEFI_PROPERTIES; i++) {
		enum found got = get_number(p, node, uefi_names[i], &v[i]);

		if (got == MALFORMED || (got == FOUND && i > MAP_START && v[i] > UINT32_MAX))
			return fail(p, KB_DTB_CHOSEN, node, v[i]);
		if (got == ABSENT && i == SYSTAB)
			return KB_OK;
		if (got == ABSENT && i != SECURE)
			return fail(p, KB_DTB_UEFI, node, (uint64_t)i);
	}
	*u = (struct dtb_uefi){.found = true,
			       .systab = v[SYSTAB],
			       .map = {v[MAP_START], v[MAP_SIZE]},
			       .desc_size = (uint32_t)v[DESC_SIZE],
			       .desc_version = (uint32_t)v[DESC_VERSION],
			       .secure = (uint32_t)v[SECURE]};
	return KB_OK;
}

static enum kb_status read_chosen(const struct parse *p, struct dtb_facts *f)
{
	int node = fdt_path_offset(p->fdt, "/chosen");
	enum kb_status st;

	if (node < 0)
		return KB_OK;
	f->cmdline = read_cmdline(p, node);
	st = read_crash(p, node, f);
	if (!st)
		st = read_initrd(p, node, &f->initrd);
	if (!st)
		st = read_kho(p, node, f);
	return st ? st : read_uefi(p, node, &f->uefi);
}

/* ---- devices: what is not understood counts as absent ---------------------------------------- */

/* Translate *addr by the ranges of @bus, to the bus above it. */
static bool translate_once(const void *fdt, int bus, int above, uint64_t *addr)
{
	unsigned int child = cells(fdt, bus, "#address-cells", 0);
	unsigned int size = cells(fdt, bus, "#size-cells", 0);
	unsigned int parent = cells(fdt, above, "#address-cells", above ? 0 : 1);
	int each = (int)(4 * (child + parent + size)), len = 0;
	const fdt32_t *p = fdt_getprop(fdt, bus, "ranges", &len);

	if (!p || !child || !size || !parent)
		return false;
	if (!len)
		return true;
	for (; len >= each; len -= each) {
		uint64_t from = take(&p, child), to = take(&p, parent), n = take(&p, size);

		if (*addr >= from && *addr - from < n) {
			*addr = *addr - from + to;
			return true;
		}
	}
	return false;
}

/* Physical address of the first registers of @node. */
static bool device_address(const void *fdt, int node, uint64_t *ret)
{
	int bus = fdt_parent_offset(fdt, node), len = 0;
	const fdt32_t *reg = fdt_getprop(fdt, node, "reg", &len);
	unsigned int n = bus < 0 ? 0 : cells(fdt, bus, "#address-cells", bus ? 0 : 1);

	if (!reg || !n || len < (int)(4 * n))
		return false;
	*ret = take(&reg, n);
	while (bus > 0) {
		int above = fdt_parent_offset(fdt, bus);

		if (above < 0 || !translate_once(fdt, bus, above, ret))
			return false;
		bus = above;
	}
	return true;
}

static bool available(const void *fdt, int node)
{
	const char *status = fdt_stringlist_get(fdt, node, "status", 0, NULL);

	return !fdt_getprop(fdt, node, "status", NULL) ||
	       (status && (!strcmp(status, "ok") || !strcmp(status, "okay")));
}

static uint32_t get_u32_or(const void *fdt, int node, const char *name, uint32_t fallback)
{
	int len = 0;
	const fdt32_t *v = fdt_getprop(fdt, node, name, &len);

	return v && len == sizeof(*v) ? fdt32_ld(v) : fallback;
}

static bool is_compatible(const void *fdt, int node, const char *with)
{
	return fdt_node_check_compatible(fdt, node, with) == 0;
}

/* Of 8250s: only those with adjacent registers of a byte, or with registers of 32 bits. */
static enum uart_kind uart_kind(const void *fdt, int node)
{
	uint32_t shift = get_u32_or(fdt, node, "reg-shift", 0);
	uint32_t width = get_u32_or(fdt, node, "reg-io-width", 1);

	if (is_compatible(fdt, node, "arm,pl011"))
		return UART_PL011;
	if (!is_compatible(fdt, node, "ns16550a") && !is_compatible(fdt, node, "snps,dw-apb-uart"))
		return UART_NONE;
	if (shift == 2 && width == 4)
		return UART_MMIO32;
	return shift == 0 && width == 1 ? UART_MMIO : UART_NONE;
}

/* stdout-path is a path or an alias; line settings may follow after a colon. */
static struct uart read_uart(const void *fdt)
{
	int chosen = fdt_path_offset(fdt, "/chosen"), len = 0, node;
	const char *path = chosen < 0 ? NULL : fdt_getprop(fdt, chosen, "stdout-path", &len);
	struct uart u = {.kind = UART_NONE};
	int n = 0;

	while (path && n < len && path[n] && path[n] != ':')
		n++;
	node = n ? fdt_path_offset_namelen(fdt, path, n) : -FDT_ERR_NOTFOUND;
	if (node >= 0 && available(fdt, node) && device_address(fdt, node, &u.base))
		u.kind = uart_kind(fdt, node);
	return u.kind ? u : (struct uart){.kind = UART_NONE};
}

static uint64_t read_fwcfg(const void *fdt)
{
	int node = fdt_node_offset_by_compatible(fdt, -1, "qemu,fw-cfg-mmio");
	uint64_t at = 0;

	return node >= 0 && available(fdt, node) && device_address(fdt, node, &at) ? at : 0;
}

/* PSCI 0.1 has function numbers of its own, and no reset. */
static enum psci_conduit read_psci(const void *fdt)
{
	int node = fdt_node_offset_by_compatible(fdt, -1, "arm,psci-0.2");
	const char *method;

	if (node < 0)
		node = fdt_node_offset_by_compatible(fdt, -1, "arm,psci-1.0");
	method = node < 0 ? NULL : fdt_stringlist_get(fdt, node, "method", 0, NULL);
	if (!method || !available(fdt, node))
		return PSCI_NONE;
	if (!strcmp(method, "hvc"))
		return PSCI_HVC;
	return strcmp(method, "smc") ? PSCI_NONE : PSCI_SMC;
}

static bool is_stub(const void *fdt)
{
	int node;

	fdt_for_each_subnode(node, fdt, 0) {
		const char *name = fdt_get_name(fdt, node, NULL);

		if (name && strcmp(name, "chosen") &&
		    (strcmp(name, "hypervisor") || !is_compatible(fdt, node, "xen,xen")))
			return false;
	}
	return true;
}

enum kb_status dtb_read(const void *fdt, struct dtb_facts *ret, struct kb_diag *diag)
{
	struct parse p = {.fdt = fdt, .diag = diag};
	struct dtb_facts f = {.acpi = is_stub(fdt)};
	enum kb_status st = open_parse(&p);

	f.uart = read_uart(fdt);
	f.fwcfg = read_fwcfg(fdt);
	f.psci = read_psci(fdt);
	if (!st)
		st = read_chosen(&p, &f);
	*ret = f;
	return st;
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* Add the ranges in @name of @node, none if there is no such property. */
static enum kb_status add_ranges(const struct parse *p, int node, const char *name,
				 struct range_list *ret)
{
	const fdt32_t *at;
	int n = get_ranges(p, node, name, &at);
	enum kb_status st = KB_OK;

	if (n < 0)
		return fail(p, KB_DTB_MEMORY, node, 0);
	while (n-- > 0 && !st) {
		struct range r = take_range(p, &at);

		st = range_wraps(r) ? fail(p, KB_DTB_MEMORY, node, r.base) : range_list_add(ret, r);
	}
	return st;
}

enum kb_status dtb_usable(const void *fdt, struct range_list *ret, struct kb_diag *diag)
{
	struct parse p = {.fdt = fdt};
	int node = fdt_path_offset(fdt, "/chosen");
	enum kb_status st = open_parse(&p);

	ret->count = 0;
	if (!st && node >= 0)
		st = add_ranges(&p, node, "linux,usable-memory-range", ret);
	range_list_sort(ret);
	if (st == KB_DTB_MEMORY)
		st = KB_DTB_CHOSEN;
	return st ? kb_note(diag, st, node > 0 ? (uint64_t)node : 0, 0) : KB_OK;
}

static bool is_memory(const void *fdt, int node)
{
	const char *type = fdt_stringlist_get(fdt, node, "device_type", 0, NULL);

	return type && !strcmp(type, "memory") && available(fdt, node);
}

enum kb_status dtb_memory(const void *fdt, struct range_list *ret, struct kb_diag *diag)
{
	struct parse p = {.fdt = fdt, .diag = diag};
	enum kb_status st = open_parse(&p);
	int node;

	ret->count = 0;
	fdt_for_each_subnode(node, fdt, 0) {
		bool usable = fdt_getprop(fdt, node, "linux,usable-memory", NULL);

		if (!st && is_memory(fdt, node))
			st = add_ranges(&p, node, usable ? "linux,usable-memory" : "reg", ret);
	}
	range_list_sort(ret);
	if (!st && !ret->count)
		st = fail(&p, KB_NO_RAM, 0, 0);
	return st;
}

/* A warning: the kernel carries on, and so does khoboot. */
static void warn(struct parse *p, int node, uint64_t value)
{
	kb_note(&p->odd, KB_DTB_RESERVED, node > 0 ? (uint64_t)node : 0, value);
}

/* What is to be kept from the kernel ends at the top of the address space, whatever its size. */
static enum kb_status add_kept(struct parse *p, int node, struct range r, struct range_list *ret)
{
	if (range_wraps(r)) {
		warn(p, node, r.base);
		r.size = ~r.base;
	}
	return range_list_add(ret, r);
}

/* The whole ranges in reg of @node. The kernel skips a node with more or less than that. */
static enum kb_status add_reg(struct parse *p, int node, struct range_list *ret)
{
	int each = (int)(4 * (p->addr_cells + p->size_cells)), len = 0;
	const fdt32_t *at = fdt_getprop(p->fdt, node, "reg", &len);
	enum kb_status st = KB_OK;

	if (at ? !len || len % each : len != -FDT_ERR_NOTFOUND)
		warn(p, node, (uint64_t)len);
	for (int i = 0; at && i < len / each && !st; i++)
		st = add_kept(p, node, take_range(p, &at), ret);
	return st;
}

/* The form without which the kernel ignores all of /reserved-memory. */
static bool has_kernel_form(const struct parse *root, const struct parse *own, int node)
{
	return own->addr_cells == root->addr_cells && own->size_cells == root->size_cells &&
	       fdt_getprop(root->fdt, node, "ranges", NULL);
}

static enum kb_status add_children(struct parse *p, int node, struct range_list *nomap,
				   struct range_list *reserved)
{
	enum kb_status st = KB_OK;
	int child;

	fdt_for_each_subnode(child, p->fdt, node) {
		bool no = fdt_getprop(p->fdt, child, "no-map", NULL);

		if (!st && available(p->fdt, child))
			st = add_reg(p, child, no ? nomap : reserved);
	}
	return st;
}

/*
 * A kernel that ignores the nodes uses what they name as RAM, so preserved data may be there, and
 * no-map means nothing; but what khoboot places keeps out of it.
 */
static enum kb_status add_nodes(struct parse *p, struct range_list *nomap,
				struct range_list *reserved)
{
	int node = fdt_path_offset(p->fdt, "/reserved-memory");
	enum kb_status st = KB_OK;
	struct parse own = *p;

	if (node < 0)
		return KB_OK;
	own.addr_cells = cells(p->fdt, node, "#address-cells", p->addr_cells);
	own.size_cells = cells(p->fdt, node, "#size-cells", p->size_cells);
	if (!has_kernel_form(p, &own, node)) {
		warn(&own, node, 0);
		nomap = reserved;
	}
	if (own.addr_cells && own.size_cells)
		st = add_children(&own, node, nomap, reserved);
	p->odd = own.odd;
	return st;
}

static enum kb_status add_memreserve(struct parse *p, struct range_list *ret)
{
	int n = fdt_num_mem_rsv(p->fdt);
	enum kb_status st = KB_OK;

	for (int i = 0; i < n && !st; i++) {
		struct range r;

		if (fdt_get_mem_rsv(p->fdt, i, &r.base, &r.size))
			return fail(p, KB_DTB_MEMORY, 0, (uint64_t)i);
		st = add_kept(p, 0, r, ret);
	}
	return n < 0 ? fail(p, KB_DTB_MEMORY, 0, 0) : st;
}

enum kb_status dtb_reserved(const void *fdt, struct range_list *nomap, struct range_list *reserved,
			    struct kb_diag *diag)
{
	struct parse p = {.fdt = fdt, .diag = diag};
	enum kb_status st = open_parse(&p);

	nomap->count = reserved->count = 0;
	if (!st)
		st = add_nodes(&p, nomap, reserved);
	if (!st)
		st = add_memreserve(&p, reserved);
	if (!st && p.odd.status)
		kb_note(diag, p.odd.status, p.odd.at, p.odd.value);
	range_list_sort(nomap);
	range_list_sort(reserved);
	return st;
}

/* ---- the tree itself ------------------------------------------------------------------------- */

enum kb_status dtb_check(const void *fdt, uint64_t readable, struct kb_diag *diag)
{
	int err;

	if (readable < sizeof(struct fdt_header) || !is_aligned((uintptr_t)fdt, DTB_ALIGN) ||
	    fdt_check_header(fdt))
		return kb_note(diag, KB_DTB_TREE, 0, 0);
	if (fdt_totalsize(fdt) > min_u64(readable, DTB_MAX))
		return kb_note(diag, KB_DTB_BIG, 0, fdt_totalsize(fdt));
	err = tree_check(fdt, readable);
	/* fdt_check_full() accepts a structure without any node. */
	if (!err)
		err = fdt_next_node(fdt, -1, NULL);
	return err ? kb_note(diag, KB_DTB_TREE, 0, (uint64_t)-err) : KB_OK;
}

enum kb_status dtb_get(const struct mem *m, uint64_t at, const void **ret, struct kb_diag *diag)
{
	const void *p = mem_get(m, phys(at), sizeof(struct fdt_header));
	uint32_t size;
	enum kb_status st;

	/* libfdt reads the header by words, so it must be aligned. */
	if (!p || !is_aligned(at, DTB_ALIGN) || fdt_check_header(p))
		return kb_note(diag, KB_DTB_TREE, at, 0);
	size = fdt_totalsize(p);
	if (size > DTB_MAX)
		return kb_note(diag, KB_DTB_BIG, at, size);
	p = mem_get(m, phys(at), size);
	if (!p)
		return kb_note(diag, KB_DTB_TREE, at, size);
	st = dtb_check(p, size, diag);
	if (!st)
		*ret = p;
	return st;
}

static void wipe(void *fdt, int node, const char *name)
{
	int len = 0;
	void *seed = fdt_getprop_w(fdt, node, name, &len);

	if (seed)
		memset(seed, 0, (size_t)len);
}

void dtb_wipe_seeds(void *fdt)
{
	int node = fdt_path_offset(fdt, "/chosen");

	if (node < 0)
		return;
	wipe(fdt, node, "kaslr-seed");
	wipe(fdt, node, "rng-seed");
}
