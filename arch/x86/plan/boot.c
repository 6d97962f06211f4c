// SPDX-License-Identifier: BSD-2-Clause
/* Planning and writing what the next kernel gets; see the header. */
#include <arch/boot.h>

#include <string.h>

/* NR_FIX_BTMAPS pages of early_memremap(), less one for an offset inside the first page. */
#define EARLY_MAP_MAX (63 * SZ_4K)
#define NODE_MAX      (16 * SZ_1M)
#define NODE_ALIGN    16
#define E820_MORE     128

static bool carried(const struct setup_list *l, size_t i)
{
	uint32_t type = l->node[i].type;

	return type != SETUP_KEXEC_KHO && type != SETUP_KHOBOOT_LOG && type != SETUP_NONE;
}

/* Keep room for a node with @payload bytes; returns its offset. */
static uint64_t reserve(uint64_t *size, uint64_t payload)
{
	uint64_t at = *size;

	*size += align_up(sizeof(struct setup_data) + payload, NODE_ALIGN);
	return at;
}

static uint64_t kho_payload(const struct boot *b)
{
	return sizeof(struct kho_data) + b->scratch->count * sizeof(struct range);
}

enum kb_status boot_layout(const struct boot *b, struct boot_layout *ret)
{
	struct boot_layout l = {.cmdline = BP_SIZE};
	size_t cmdline = strlen(b->cmdline);

	if (cmdline > b->kernel->bz.cmdline_size)
		return KB_CMDLINE_LONG;
	if (b->efi_map_max > EARLY_MAP_MAX || (b->kho && kho_payload(b) > EARLY_MAP_MAX))
		return KB_SETUP_BIG;
	l.size = align_down(BP_SIZE + cmdline + NODE_ALIGN, NODE_ALIGN);
	if (b->kho)
		l.kho = reserve(&l.size, kho_payload(b));
	if (b->efi_map_max)
		l.efi_map = reserve(&l.size, b->efi_map_max);
	if (b->e820_ext_max)
		l.e820_ext = reserve(&l.size, b->e820_ext_max * sizeof(struct e820_entry));
	l.carried = l.size;
	for (size_t i = 0; b->carry && i < b->carry->count; i++) {
		if (b->carry->node[i].len > NODE_MAX)
			return KB_SETUP_BIG;
		if (carried(b->carry, i))
			reserve(&l.size, b->carry->node[i].len);
	}
	if (b->log_max)
		l.log = reserve(&l.size, b->log_max);
	l.size = align_up_page(l.size);
	*ret = l;
	return KB_OK;
}

/* How many places for the window @in has, of which the first becomes *first. */
static uint64_t places_in(struct range in, const struct kernel *k, uint64_t *first)
{
	if (align_up_overflow(in.base, k->window_align, first) || *first > range_end(in) ||
	    range_end(in) - *first < k->window_size)
		return 0;
	return (range_end(in) - *first - k->window_size) / k->window_align + 1;
}

/* Any of all places in @free, each as likely as the others. */
static enum kb_status random_window(const struct range_list *free, struct range limit,
				    const struct kernel *k, struct range *ret)
{
	uint64_t all = 0, first, pick;

	for (size_t i = 0; i < free->count; i++)
		all += places_in(range_intersect(free->r[i], limit), k, &first);
	if (!all)
		return KB_PLACE_KERNEL;
	pick = k->random % all;
	for (size_t i = 0; i < free->count; i++) {
		uint64_t n = places_in(range_intersect(free->r[i], limit), k, &first);

		if (pick < n) {
			*ret = (struct range){first + pick * k->window_align, k->window_size};
			return KB_OK;
		}
		pick -= n;
	}
	return KB_PLACE_KERNEL;
}

static struct range allowed(const struct kernel *kernel)
{
	uint64_t low = max_u64(kernel->bz.pref_address, SZ_1M);

	return (struct range){low, UINT64_MAX - low};
}

enum kb_status boot_find_window(const struct range_list *free, const struct kernel *kernel,
				struct range initrd, struct range *ret)
{
	(void)initrd; /* x86 kernels take it anywhere */
	if (kernel->random_place)
		return random_window(free, allowed(kernel), kernel, ret);
	return range_list_find(free, allowed(kernel), kernel->window_size, kernel->window_align,
			       false, ret)
		       ? KB_PLACE_KERNEL
		       : KB_OK;
}

enum kb_status boot_find_block(const struct range_list *free, uint64_t size, struct range *ret)
{
	if (range_list_find(free, (struct range){SZ_1M, SZ_4G - SZ_1M}, size, SZ_4K, true, ret) &&
	    range_list_find(free, (struct range){SZ_1M, UINT64_MAX - SZ_1M}, size, SZ_4K, true,
			    ret))
		return KB_PLACE_BLOCK;
	return KB_OK;
}

uint64_t boot_entry(const struct kernel *kernel, struct range window)
{
	return window.base + (kernel->is_ready ? kernel->ready.entry : BZ_ENTRY_64);
}

struct range boot_near(struct range r)
{
	(void)r;
	return (struct range){0, UINT64_MAX};
}

/* May a ready kernel run where it lies? */
static bool may_stay(const struct kernel *k)
{
	return k->own.size >= k->window_size && is_aligned(k->own.base, READY_ALIGN) &&
	       k->own.base >= allowed(k).base;
}

/* The memory that it lies in is one more place for it, but for nothing else. */
static enum kb_status place_window(struct range_list *free, const struct kernel *k,
				   struct range initrd, struct range *ret)
{
	enum kb_status st;

	if (!k->random_place && k->own.size && may_stay(k)) {
		*ret = (struct range){k->own.base, k->window_size};
		return KB_OK;
	}
	if (!k->own.size)
		return boot_find_window(free, k, initrd, ret);
	st = range_list_add(free, k->own);
	range_list_sort(free);
	if (!st)
		st = boot_find_window(free, k, initrd, ret);
	return st ? st : range_list_subtract(free, k->own);
}

enum kb_status boot_place(struct range_list *free, const struct kernel *kernel, uint64_t block_size,
			  struct range initrd, struct boot_placement *ret)
{
	struct boot_placement p;
	enum kb_status st = place_window(free, kernel, initrd, &p.window);

	if (!st)
		st = range_list_subtract(free, p.window);
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
	struct boot after = *b;
	struct boot_layout l;
	enum kb_status st;

	after.from = NULL;
	after.carry = NULL;
	after.efi_map_max = BOOT_EFI_MAP_MAX;
	/* An entry for each descriptor, and for those that allocations may still add. */
	after.e820_ext_max = BOOT_EFI_MAP_MAX / sizeof(struct efi_descriptor) + E820_MORE;
	st = boot_layout(&after, &l);
	if (!st)
		*ret = l.size;
	return st;
}

enum kb_status boot_check_map_room(struct mem *m, const struct kho *k,
				   const struct range_list *claimed)
{
	(void)m;
	(void)k;
	(void)claimed;
	return KB_OK;
}

enum kb_status boot_check_preserved(struct mem *m, const struct kho *k)
{
	return kho_range_free(m, k, (struct range){0, SZ_1M}) ? KB_OK : KB_LOW_PRESERVED;
}

static struct boot_params *zero_page(uint8_t *block)
{
	return (struct boot_params *)(void *)block;
}

/* Write a node's header and put the node first in the list. */
static void push_node(uint8_t *block, uint64_t addr, uint64_t node, uint32_t type, uint32_t len)
{
	struct boot_params *bp = zero_page(block);
	struct setup_data h = {bp->setup_data, type, len};

	memcpy(block + node, &h, sizeof(h));
	bp->setup_data = addr + node;
}

static void set_len(uint8_t *block, uint64_t node, uint64_t len)
{
	put_u32(block + node + offsetof(struct setup_data, len), (uint32_t)len);
}

static void write_zero_page(const struct boot *b, const struct boot_layout *l, uint8_t *block,
			    uint64_t addr)
{
	struct boot_params *bp = zero_page(block);
	uint64_t cmdline = addr + l->cmdline;

	if (b->from)
		memcpy(bp, b->from, sizeof(*bp));
	else
		memset(bp, 0, sizeof(*bp));
	/* Clear all of the old header, which may be longer than the new one. */
	memset(block + BP_HDR, 0, BP_HDR_END - BP_HDR);
	memcpy(block + BP_HDR, b->kernel->file + BP_HDR, b->kernel->bz.header_size);
	bp->sentinel = 0;
	if (b->kernel->is_ready)
		bp->loadflags =
			(uint8_t)((bp->loadflags & ~BP_KASLR) | (b->kernel->kaslr ? BP_KASLR : 0));
	if (b->kernel->is_ready && b->kernel->encrypts)
		bp->xloadflags |= XLF_MEM_ENCRYPTION;
	bp->type_of_loader = b->loader;
	bp->setup_data = 0;
	bp->cmd_line_ptr = (uint32_t)cmdline;
	bp->ext_cmd_line_ptr = (uint32_t)(cmdline >> 32);
	bp->ramdisk_image = (uint32_t)b->initrd.base;
	bp->ext_ramdisk_image = (uint32_t)(b->initrd.size ? b->initrd.base >> 32 : 0);
	bp->ramdisk_size = (uint32_t)b->initrd.size;
	bp->ext_ramdisk_size = (uint32_t)(b->initrd.size >> 32);
	if (!b->initrd.size)
		bp->ramdisk_image = 0;
	memcpy(block + l->cmdline, b->cmdline, strlen(b->cmdline) + 1);
}

static void write_kho(const struct boot *b, const struct boot_layout *l, uint8_t *block,
		      uint64_t addr)
{
	uint64_t array = l->kho + sizeof(struct setup_data) + sizeof(struct kho_data);
	struct kho_data d = {.fdt_addr = b->kho->fdt.addr,
			     .fdt_size = b->kho->fdt_size,
			     .scratch_addr = addr + array,
			     .scratch_size = b->scratch->count * sizeof(struct range)};

	memcpy(boot_payload(block, l->kho), &d, sizeof(d));
	/* struct kho_scratch of the kernel is struct range: address, size. */
	memcpy(block + array, b->scratch->r, d.scratch_size);
	push_node(block, addr, l->kho, SETUP_KEXEC_KHO, (uint32_t)kho_payload(b));
}

static void copy_nodes(const struct boot *b, const struct boot_layout *l, uint8_t *block,
		       uint64_t addr)
{
	uint64_t at = l->carried;

	/* Backwards, because each node is put first: so the list keeps its order. */
	for (size_t n = b->carry ? b->carry->count : 0; n-- > 0;) {
		uint32_t len = b->carry->node[n].len;
		const uint8_t *from;
		uint64_t node;

		if (!carried(b->carry, n))
			continue;
		from = mem_get(b->mem, phys(b->carry->node[n].addr), setup_node_size(len));
		node = reserve(&at, len);
		memcpy(boot_payload(block, node), from + sizeof(struct setup_data), len);
		push_node(block, addr, node, b->carry->node[n].type, len);
	}
}

void boot_write(const struct boot *b, const struct boot_layout *layout, uint8_t *block,
		uint64_t addr)
{
	memset(block, 0, layout->size);
	write_zero_page(b, layout, block, addr);
	if (layout->log)
		push_node(block, addr, layout->log, SETUP_KHOBOOT_LOG, 0);
	copy_nodes(b, layout, block, addr);
	if (layout->e820_ext)
		push_node(block, addr, layout->e820_ext, SETUP_E820_EXT, 0);
	if (layout->efi_map)
		push_node(block, addr, layout->efi_map, SETUP_NONE, (uint32_t)b->efi_map_max);
	if (layout->kho)
		write_kho(b, layout, block, addr);
}

/* The E820_EXT node holds all entries so far, but the first of them belong to the zero page. */
static void split_e820(const struct boot_layout *l, uint8_t *block, const struct memmap *map)
{
	struct boot_params *bp = zero_page(block);
	size_t first = map->count < BP_E820_MAX ? map->count : BP_E820_MAX;
	size_t rest = map->count - first;

	memcpy(bp->e820_table, map->e, first * sizeof(*map->e));
	bp->e820_entries = (uint8_t)first;
	memmove(map->e, map->e + first, rest * sizeof(*map->e));
	set_len(block, l->e820_ext, rest * sizeof(*map->e));
	/* Not every kernel accepts an extension without entries. */
	put_u32(block + l->e820_ext + offsetof(struct setup_data, type),
		rest ? SETUP_E820_EXT : SETUP_NONE);
}

void boot_set_efi_info(const struct boot_layout *layout, uint8_t *block, uint64_t addr,
		       const struct efi_info *efi)
{
	struct boot_params *bp = zero_page(block);
	uint64_t map = addr + layout->efi_map + sizeof(struct setup_data);

	memcpy(bp->efi_loader_signature, BP_EFI_64, sizeof(bp->efi_loader_signature));
	bp->efi_systab = (uint32_t)efi->systab;
	bp->efi_systab_hi = (uint32_t)(efi->systab >> 32);
	bp->efi_memmap = (uint32_t)map;
	bp->efi_memmap_hi = (uint32_t)(map >> 32);
	bp->efi_memmap_size = (uint32_t)efi->map.size;
	bp->efi_memdesc_size = (uint32_t)efi->map.desc_size;
	bp->efi_memdesc_version = efi->desc_version;
}

enum kb_status boot_set_map(const struct boot *b, const struct boot_layout *l, uint8_t *block,
			    uint64_t addr, const struct efi_info *efi,
			    const struct range_list *homes)
{
	struct memmap map = {(void *)boot_payload(block, l->e820_ext), 0, b->e820_ext_max};
	enum kb_status st = memmap_from_efi(&efi->map, &map);

	if (st)
		return st;
	if (efi->map.size > b->efi_map_max)
		return KB_EFI_MAP_UNFIT;
	split_e820(l, block, &map);
	memcpy(boot_payload(block, l->efi_map), efi->map.data, efi->map.size);
	efi_map_take_over(boot_payload(block, l->efi_map), efi->map.size, efi->map.desc_size,
			  homes);
	boot_set_efi_info(l, block, addr, efi);
	return KB_OK;
}

void boot_set_log(const struct boot_layout *layout, uint8_t *block, uint64_t max, const char *text,
		  uint64_t len)
{
	if (!layout->log)
		return;
	len = min_u64(len, max);
	memcpy(boot_payload(block, layout->log), text, len);
	set_len(block, layout->log, len);
}
