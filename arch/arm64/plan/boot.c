// SPDX-License-Identifier: BSD-2-Clause
/* Planning and writing what the next kernel gets; see the header. */
#include <arch/boot.h>

#include <libfdt.h>
#include <string.h>

/* NR_FIX_BTMAPS pages of early_memremap(), less one for an offset inside the first page. */
#define EARLY_MAP_MAX (63 * SZ_4K)
#define ARRAY_ALIGN   16

/* ---- the device tree's size ------------------------------------------------------------------ */

/* What a property takes in the structure, and its name among the strings. */
static uint64_t property_size(const char *name, uint64_t len)
{
	return 3 * sizeof(fdt32_t) + align_down(len + 3, 4) + strlen(name) + 1;
}

static uint64_t node_size(const char *name)
{
	return 2 * sizeof(fdt32_t) + align_down(strlen(name) + 1 + 3, 4);
}

/* Properties that are written whatever was there; the names make up the bound, and the list. */
struct property {
	const char *name;
	uint64_t len;
};

#define CHOSEN_MAX 16

struct chosen {
	struct property p[CHOSEN_MAX];
	size_t count;
};

static void want(struct chosen *c, const char *name, uint64_t len)
{
	c->p[c->count++] = (struct property){name, len};
}

static void want_uefi(struct chosen *c)
{
	want(c, "linux,uefi-system-table", 8);
	want(c, "linux,uefi-mmap-start", 8);
	want(c, "linux,uefi-mmap-size", 4);
	want(c, "linux,uefi-mmap-desc-size", 4);
	want(c, "linux,uefi-mmap-desc-ver", 4);
	want(c, "linux,uefi-secure-boot", 4);
}

/* The most that /chosen may come to hold in addition. */
static void list_chosen(const struct boot *b, struct chosen *c)
{
	c->count = 0;
	want(c, "bootargs", strlen(b->cmdline) + 1);
	want(c, "linux,initrd-start", 8);
	want(c, "linux,initrd-end", 8);
	want(c, "linux,kho-fdt", 16);
	want(c, "linux,kho-scratch", 16);
	want(c, "kaslr-seed", 8);
	want(c, "rng-seed", b->rng_seed ? b->rng_seed_size : 0);
	want(c, BOOT_LOG_PROPERTY, b->log_max);
	want_uefi(c);
}

/* Bytes of a tree with its blocks behind each other and nothing between them. */
static uint64_t packed_size(const void *fdt)
{
	uint64_t reserved = (uint64_t)(fdt_num_mem_rsv(fdt) + 1) * sizeof(struct fdt_reserve_entry);

	return sizeof(struct fdt_header) + 8 + reserved + fdt_size_dt_struct(fdt) +
	       fdt_size_dt_strings(fdt);
}

static uint64_t empty_size(void)
{
	return sizeof(struct fdt_header) + 8 + sizeof(struct fdt_reserve_entry) + node_size("") +
	       sizeof(fdt32_t) + property_size("#address-cells", 4) +
	       property_size("#size-cells", 4);
}

/* Bytes that the tree needs while it is made (@room), and at most when it is done. */
static uint64_t tree_size(const struct boot *b, uint64_t *room)
{
	uint64_t packed = b->fdt ? packed_size(b->fdt) : empty_size();
	uint64_t more = node_size("chosen");
	struct chosen c;

	list_chosen(b, &c);
	for (size_t i = 0; i < c.count; i++)
		more += property_size(c.p[i].name, c.p[i].len);
	/* fdt_open_into() takes the old one as it is, with all the padding that it has. */
	*room = more + (b->fdt ? max_u64(packed, fdt_totalsize(b->fdt)) : packed);
	return packed + more;
}

/* ---- layout ---------------------------------------------------------------------------------- */

static uint32_t root_cells(const void *fdt, const char *name)
{
	int len = 0;
	const fdt32_t *v = fdt_getprop(fdt, 0, name, &len);

	return v && len == sizeof(*v) ? fdt32_ld(v) : 1;
}

/* linux,kho-* have the root's cells: for an address it must be two, sizes are small. */
static bool cells_fit(const struct boot *b)
{
	if (!b->kho || !b->fdt)
		return true;
	return root_cells(b->fdt, "#address-cells") == 2 &&
	       root_cells(b->fdt, "#size-cells") - 1 < 2;
}

static uint64_t reserve(uint64_t *size, uint64_t bytes)
{
	uint64_t at = align_up(*size, ARRAY_ALIGN);

	*size = at + bytes;
	return at;
}

enum kb_status boot_layout(const struct boot *b, struct boot_layout *ret)
{
	struct boot_layout l = {.log = b->log_max};
	struct dtb_facts facts;
	enum kb_status st = b->fdt ? dtb_read(b->fdt, &facts, NULL) : KB_OK;

	if (st)
		return st;
	if (strlen(b->cmdline) > BOOT_CMDLINE_MAX)
		return KB_CMDLINE_LONG;
	if (!cells_fit(b))
		return KB_DTB_CELLS;
	if (b->efi_map_max > EARLY_MAP_MAX ||
	    (b->efi_map_room.size && b->efi_map_room.size < b->efi_map_max))
		return KB_EFI_MAP_UNFIT;
	if (b->log_max > DTB_MAX || tree_size(b, &l.tree) > DTB_MAX)
		return KB_DTB_BIG;
	l.size = l.tree;
	if (b->kho)
		l.scratch = reserve(&l.size, b->scratch->count * sizeof(struct range));
	if (b->efi_map_max && !b->efi_map_room.size)
		l.efi_map = reserve(&l.size, b->efi_map_max);
	l.size = align_up_page(l.size);
	*ret = l;
	return KB_OK;
}

/* ---- places ---------------------------------------------------------------------------------- */

#define TOGETHER (32 * SZ_1G)

/* Within 32 GiB, from a multiple of 1 GiB on, that hold @r, too. */
struct range boot_near(struct range r)
{
	uint64_t end = range_end(r), low = 0, high;

	if (!r.size)
		return (struct range){0, UINT64_MAX};
	if (end > TOGETHER)
		low = align_up(end - TOGETHER, SZ_1G);
	if (add_overflow(align_down(r.base, SZ_1G), TOGETHER, &high))
		high = UINT64_MAX;
	return (struct range){low, high > low ? high - low : 0};
}

enum kb_status boot_find_window(const struct range_list *free, const struct kernel *kernel,
				struct range initrd, struct range *ret)
{
	if (range_wraps(initrd) ||
	    range_list_find(free, boot_near(initrd), kernel->window_size,
			    max_u64(kernel->window_align, SZ_4K), false, ret))
		return KB_PLACE_KERNEL;
	return KB_OK;
}

enum kb_status boot_find_block(const struct range_list *free, uint64_t size, struct range *ret)
{
	return range_list_find(free, (struct range){0, UINT64_MAX}, size, SZ_4K, true, ret)
		       ? KB_PLACE_BLOCK
		       : KB_OK;
}

uint64_t boot_entry(const struct kernel *kernel, struct range window)
{
	return window.base + kernel->text_offset;
}

/* A kernel that is not packed, with room for its .bss, can run where it lies. */
static bool may_stay(const struct kernel *k, struct range initrd)
{
	return k->own.size && is_aligned(k->own.base, k->window_align) && !range_wraps(initrd) &&
	       range_contains(boot_near(initrd), k->own);
}

static enum kb_status place_window(struct range_list *free, const struct kernel *k,
				   struct range initrd, struct range *ret)
{
	enum kb_status st;

	if (may_stay(k, initrd)) {
		*ret = k->own;
		return KB_OK;
	}
	st = boot_find_window(free, k, initrd, ret);
	return st ? st : range_list_subtract(free, *ret);
}

enum kb_status boot_place(struct range_list *free, const struct kernel *kernel, uint64_t block_size,
			  struct range initrd, struct boot_placement *ret)
{
	struct boot_placement p;
	enum kb_status st = place_window(free, kernel, initrd, &p.window);

	if (!st)
		st = boot_find_block(free, block_size, &p.block);
	if (st)
		return st;
	p.entry = boot_entry(kernel, p.window);
	*ret = p;
	return KB_OK;
}

enum kb_status boot_block_max(const struct boot *b, uint64_t *ret)
{
	uint64_t size = DTB_MAX;

	/* Firmware's tree is not ours: it may have any size that boot_layout() takes. */
	if (b->kho)
		(void)reserve(&size, b->scratch->count * sizeof(struct range));
	*ret = align_up_page(size);
	return KB_OK;
}

enum kb_status boot_check_preserved(struct mem *m, const struct kho *k)
{
	(void)m;
	(void)k;
	return KB_OK;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* What an earlier kernel was told, by us or by kexec; the same names as in list_chosen(). */
static void drop(void *fdt, int node, const char *name)
{
	while (!fdt_delprop(fdt, node, name))
		;
}

/*
 * The result of libfdt's writers is dropped on purpose: all that can go wrong in a sound tree is
 * that there is no room, and boot_layout() has counted it.
 */
static void put(void *fdt, int node, const char *name, const void *value, uint64_t len)
{
	(void)fdt_setprop(fdt, node, name, value, (int)len);
}

static void put_be32(void *fdt, int node, const char *name, uint32_t v)
{
	fdt32_t cell = cpu_to_fdt32(v);

	put(fdt, node, name, &cell, sizeof(cell));
}

static void put_be64(void *fdt, int node, const char *name, uint64_t v)
{
	fdt64_t cells = cpu_to_fdt64(v);

	put(fdt, node, name, &cells, sizeof(cells));
}

/* Address and size in the root's cells, of which the address has two. */
static void put_range(void *fdt, int node, const char *name, struct range r)
{
	uint64_t len = root_cells(fdt, "#size-cells") == 2 ? 16 : 12;
	uint8_t cells[16];

	fdt64_st(cells, r.base);
	if (len == 16)
		fdt64_st(cells + 8, r.size);
	else
		fdt32_st(cells + 8, (uint32_t)r.size);
	put(fdt, node, name, cells, len);
}

static void make_empty(void *fdt, uint64_t size)
{
	(void)fdt_create_empty_tree(fdt, (int)size);
	put_be32(fdt, 0, "#address-cells", 2);
	put_be32(fdt, 0, "#size-cells", 2);
}

/* Entry @i of /memreserve/ is for something that is not handed on. */
static bool stale(const struct boot *b, const void *fdt, int i, struct range initrd)
{
	struct range r;

	if (b->efi_map_max || fdt_get_mem_rsv(fdt, i, &r.base, &r.size))
		return true;
	if (r.base == b->fdt_addr && r.size == fdt_totalsize(b->fdt))
		return true;
	/* kexec reserves exactly the initrd, others whole pages. */
	return initrd.size && r.base == initrd.base && r.size >= initrd.size &&
	       r.size - initrd.size < SZ_64K;
}

static void copy_tree(const struct boot *b, void *fdt, uint64_t size, struct dtb_facts *old)
{
	(void)fdt_open_into(b->fdt, fdt, (int)size);
	for (int i = fdt_num_mem_rsv(fdt); i-- > 0;)
		if (stale(b, fdt, i, old->initrd))
			(void)fdt_del_mem_rsv(fdt, i);
}

static void put_handover(const struct boot *b, void *fdt, int node, uint64_t array)
{
	struct range scratch = {array, b->scratch->count * sizeof(struct range)};

	put_range(fdt, node, "linux,kho-fdt", (struct range){b->kho->fdt.addr, b->kho->fdt_size});
	put_range(fdt, node, "linux,kho-scratch", scratch);
}

/* Placeholders, but for what is known. */
static void put_uefi(const struct boot *b, void *fdt, int node)
{
	put_be64(fdt, node, "linux,uefi-system-table", 0);
	put_be64(fdt, node, "linux,uefi-mmap-start", 0);
	put_be32(fdt, node, "linux,uefi-mmap-size", 0);
	put_be32(fdt, node, "linux,uefi-mmap-desc-size", 0);
	put_be32(fdt, node, "linux,uefi-mmap-desc-ver", 0);
	put_be32(fdt, node, "linux,uefi-secure-boot", b->secure);
}

static void put_seeds(const struct boot *b, void *fdt, int node)
{
	if (b->kaslr_seed) {
		drop(fdt, node, "kaslr-seed");
		put_be64(fdt, node, "kaslr-seed", b->kaslr_seed);
	}
	if (b->rng_seed) {
		drop(fdt, node, "rng-seed");
		put(fdt, node, "rng-seed", b->rng_seed, b->rng_seed_size);
	}
}

/* Everything but KHO and the log, whose first bytes are nobody's. */
static void put_chosen(const struct boot *b, const struct dtb_facts *old, void *fdt, int node)
{
	if (*b->cmdline)
		put(fdt, node, "bootargs", b->cmdline, strlen(b->cmdline) + 1);
	if (b->initrd.size) {
		put_be64(fdt, node, "linux,initrd-start", b->initrd.base);
		put_be64(fdt, node, "linux,initrd-end", range_end(b->initrd));
	}
	put_seeds(b, fdt, node);
	if (b->efi_map_max)
		put_uefi(b, fdt, node);
	else if (old->uefi.found)
		put_be32(fdt, node, "linux,uefi-secure-boot", old->uefi.secure);
}

static void drop_chosen(const struct boot *b, void *fdt, int node)
{
	static const char *const always[] = {"bootargs",          "linux,initrd-start",
					     "linux,initrd-end",  "linux,kho-fdt",
					     "linux,kho-scratch", BOOT_LOG_PROPERTY};
	struct chosen uefi = {.count = 0};

	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		drop(fdt, node, always[i]);
	want_uefi(&uefi);
	for (size_t i = 0; b->efi_map_max && i < uefi.count; i++)
		drop(fdt, node, uefi.p[i].name);
}

static void write_tree(const struct boot *b, const struct boot_layout *l, void *fdt, uint64_t array)
{
	struct dtb_facts old = {.initrd = {0, 0}};
	void *log;
	int node;

	/* It was read before, for boot_layout(). */
	if (b->fdt && !dtb_read(b->fdt, &old, NULL))
		copy_tree(b, fdt, l->tree, &old);
	else
		make_empty(fdt, l->tree);
	node = fdt_path_offset(fdt, "/chosen");
	if (node < 0)
		node = fdt_add_subnode(fdt, 0, "chosen");
	drop_chosen(b, fdt, node);
	put_chosen(b, &old, fdt, node);
	if (b->kho)
		put_handover(b, fdt, node, array);
	if (l->log && !fdt_setprop_placeholder(fdt, node, BOOT_LOG_PROPERTY, (int)l->log, &log))
		memset(log, 0, l->log);
	(void)fdt_pack(fdt);
}

void boot_write(const struct boot *b, const struct boot_layout *layout, uint8_t *block,
		uint64_t addr)
{
	memset(block, 0, layout->size);
	write_tree(b, layout, block, addr + layout->scratch);
	/* struct kho_scratch of the kernel is struct range: address, size. */
	if (b->kho)
		memcpy(block + layout->scratch, b->scratch->r,
		       b->scratch->count * sizeof(struct range));
}

/* ---- the last moment ------------------------------------------------------------------------- */

static void map_runtime_to_itself(uint8_t *map, const struct efi_map *from)
{
	for (uint64_t at = 0; at < from->size; at += from->desc_size) {
		struct efi_descriptor d;

		memcpy(&d, map + at, sizeof(d));
		if (d.attribute & EFI_ATTR_RT)
			put_u64(map + at + offsetof(struct efi_descriptor, virt), d.phys);
	}
}

enum kb_status boot_set_map(const struct boot *b, const struct boot_layout *layout, uint8_t *block,
			    uint64_t addr, const struct efi_info *efi,
			    const struct range_list *homes)
{
	uint64_t at = layout->efi_map ? addr + layout->efi_map : b->efi_map_room.base;
	uint8_t *map = layout->efi_map ? block + layout->efi_map : (uint8_t *)(uintptr_t)at;
	int node = fdt_path_offset(block, "/chosen");

	(void)homes;
	if (!efi_map_sane(&efi->map))
		return KB_EFI_MAP;
	if (efi->map.size > b->efi_map_max)
		return KB_EFI_MAP_UNFIT;
	memcpy(map, efi->map.data, efi->map.size);
	map_runtime_to_itself(map, &efi->map);
	/* Of the sizes that are there already. */
	put_be64(block, node, "linux,uefi-system-table", efi->systab);
	put_be64(block, node, "linux,uefi-mmap-start", at);
	put_be32(block, node, "linux,uefi-mmap-size", (uint32_t)efi->map.size);
	put_be32(block, node, "linux,uefi-mmap-desc-size", (uint32_t)efi->map.desc_size);
	put_be32(block, node, "linux,uefi-mmap-desc-ver", efi->desc_version);
	return KB_OK;
}

void boot_set_log(const struct boot_layout *layout, uint8_t *block, uint64_t max, const char *text,
		  uint64_t len)
{
	int node = fdt_path_offset(block, "/chosen");

	/* A shorter property than the one that keeps the room. */
	if (layout->log)
		put(block, node, BOOT_LOG_PROPERTY, text, min_u64(len, min_u64(max, layout->log)));
}
