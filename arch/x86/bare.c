// SPDX-License-Identifier: BSD-2-Clause
/*
 * The bare-metal door. bare_main() is the table of contents: gather what the outgoing kernel left,
 * plan every placement, commit.
 *
 * Until kho_open() has proven that nothing preserved lies in scratch, only our own segment is
 * written: all other memory is mapped read-only. After that scratch is writable, and nothing else
 * ever is, so a stray write faults instead of destroying a preserved byte.
 */
#include <arch/bare.h>
#include <arch/boot.h>
#include <arch/cpu.h>
#include <arch/pagetable.h>
#include <arch/serial.h>
#include <arch/stop.h>
#include <khoboot/arena.h>
#include <khoboot/cmdline.h>
#include <khoboot/console.h>
#include <khoboot/kho_target.h>
#include <khoboot/layout.h>
#include <khoboot/log.h>
#include <khoboot/support.h>
#include <khoboot/uki.h>

#include <string.h>

#define RAM_MAX    512    /* pieces of RAM; the zero page and one E820_EXT node hold fewer */
#define FREE_MAX   2048   /* free pieces of scratch */
#define E820_MAX   1024   /* entries of the memory map received */
#define LOG_SIZE   SZ_64K /* text kept for the next kernel */
#define TABLES_MIN 16     /* pages; the pool takes what the arena has left beside the work memory */

extern char text_start[], text_end[], rodata_start[], rodata_end[], data_start[], data_end[];

/* Everything that is known about this boot. */
struct bare {
	uint64_t entered; /* time stamp counter */
	const struct boot_params *bp;
	const uint8_t *image; /* address of file offset 0; readable from KB_SETUP_SIZE on */
	uint64_t image_size;  /* file bytes in memory, from KB_SETUP_SIZE on */
	struct range segment; /* ours: image and arena */
	struct arena arena;
	struct uki uki;
	struct kb_options options;
	char cmdline[KB_CMDLINE_MAX + 1];

	struct memmap e820;
	struct mem mem;
	struct setup_list setup;
	struct pagetable tables;

	bool has_kho;
	struct kho_handover handover;
	struct kho *kho;

	struct bzimage kernel;
	struct range initrd;
	struct range_list busy;
	struct range_list free;
	struct range_list fresh; /* RAM that an E820_EXT node brings */
	struct x86_boot boot;
	struct x86_layout layout;
	struct x86_placement place;
};

/* ---- gather ---------------------------------------------------------------------------------- */

/* A port in memory is left for later: it becomes usable with our page tables. */
static void open_console(const char *cmdline)
{
	struct uart u = console_find(cmdline);

	if (u.kind == UART_IO)
		serial_log_to(u);
}

/* Text behind cmd_line_ptr; the protocol promises a NUL, we believe in KB_CMDLINE_MAX. */
static struct kb_text outside_cmdline(const struct boot_params *bp)
{
	uint64_t at = bp_join(bp->cmd_line_ptr, bp->ext_cmd_line_ptr);
	const char *text = (const char *)(uintptr_t)at;

	if (!at)
		return (struct kb_text){NULL, 0};
	return (struct kb_text){text, strnlen(text, KB_CMDLINE_MAX)};
}

/*
 * An image that cannot be read names no console: speak where the words given at the load say, or
 * else on the first serial port. To halt in silence would be worse than a line that nobody expects
 * there.
 */
static enum kb_status refuse_image(struct bare *b, enum kb_status st, const struct kb_diag *diag)
{
	struct kb_text words = {NULL, 0};

	if (!memcmp(b->bp->hdrs, "HdrS", 4))
		words = outside_cmdline(b->bp);
	if (words.len)
		memcpy(b->cmdline, words.text, words.len);
	b->cmdline[words.len] = '\0';
	if (console_find(b->cmdline).kind == UART_NONE)
		open_console("console=ttyS0");
	else
		open_console(b->cmdline);
	return kb_refuse("image", st, diag);
}

/* The image in memory, and behind it the arena: the rest of what init_size reserved for us. */
static enum kb_status find_ourselves(struct bare *b)
{
	struct kb_diag diag = {0};
	const uint8_t *loaded = b->image + KB_SETUP_SIZE;
	enum kb_status st;

	if (memcmp(b->bp->hdrs, "HdrS", 4))
		return refuse_image(b, KB_BOOT_PARAMS, NULL);
	b->image_size = uki_flat_size(b->bp);
	if (!b->image_size)
		return refuse_image(b, KB_BOOT_PARAMS, NULL);
	st = uki_open_loaded(loaded, KB_SETUP_SIZE, b->image_size, &b->uki, &diag);
	if (st)
		return refuse_image(b, st, &diag);
	b->segment = (struct range){(uintptr_t)loaded, b->bp->init_size};
	return KB_OK;
}

/* Not known is not off: then nothing from outside the signed file is trusted either. */
static bool bp_locked(const struct boot_params *bp)
{
	return bp->secure_boot == BP_SECURE_ON || bp->secure_boot == BP_SECURE_UNKNOWN;
}

static enum kb_status read_options(struct bare *b)
{
	struct cmdline_in in = {
		.builtin = {b->uki.cmdline.data, b->uki.cmdline.size},
		.outside = outside_cmdline(b->bp),
		.locked = bp_locked(b->bp),
	};
	struct kb_diag diag = {0};
	enum kb_status st = cmdline_split(&in, b->cmdline, sizeof(b->cmdline), &b->options, &diag);

	if (st) {
		/* The log has no console yet: the words may still name one. */
		if (in.builtin.text && in.builtin.len < sizeof(b->cmdline)) {
			memcpy(b->cmdline, in.builtin.text, in.builtin.len);
			b->cmdline[in.builtin.len] = '\0';
			open_console(b->cmdline);
		}
		return kb_refuse("options", st, &diag);
	}
	kb_log_set_level(b->options.log);
	stop_set_policy(b->options.on_error);
	open_console(b->cmdline);
	if (b->options.ignored)
		kb_warn("options", "Secure Boot: %zu words from outside the signed file ignored",
			b->options.ignored);
	st = options_supported(&b->options);
	return st ? kb_refuse("options", st, NULL) : KB_OK;
}

static enum kb_status open_arena(struct bare *b)
{
	uint64_t used = (b->image_size + SZ_4K - 1) & ~(SZ_4K - 1);

	b->arena.base = (uint8_t *)(uintptr_t)(b->segment.base + used);
	b->arena.size = b->segment.size - used;
	b->mem.ram.max = RAM_MAX;
	b->mem.ram.r = arena_alloc(&b->arena, RAM_MAX * sizeof(struct range), 16);
	b->busy.max = SETUP_NODES_MAX + 16;
	b->busy.r = arena_alloc(&b->arena, b->busy.max * sizeof(struct range), 16);
	b->fresh.max = RAM_MAX;
	b->fresh.r = arena_alloc(&b->arena, RAM_MAX * sizeof(struct range), 16);
	b->free.max = FREE_MAX;
	b->free.r = arena_alloc(&b->arena, FREE_MAX * sizeof(struct range), 16);
	b->e820.max = E820_MAX;
	b->e820.e = arena_alloc(&b->arena, E820_MAX * sizeof(struct e820_entry), 16);
	b->kho = arena_alloc(&b->arena, sizeof(*b->kho), 16);
	if (!b->mem.ram.r || !b->busy.r || !b->fresh.r || !b->free.r || !b->e820.e || !b->kho)
		return kb_refuse("memory", KB_ARENA, NULL);
	return KB_OK;
}

static enum kb_status read_memory_map(struct bare *b)
{
	size_t n = b->bp->e820_entries < BP_E820_MAX ? b->bp->e820_entries : BP_E820_MAX;
	enum kb_status st = memmap_add(&b->e820, b->bp->e820_table, n);

	b->mem.map = mem_map_identity;
	if (!st)
		st = memmap_ram(&b->e820, &b->mem.ram);
	return st ? kb_refuse("memory", st, NULL) : KB_OK;
}

/* All whole pages of @ram, read-only. */
static enum kb_status map_ram(struct bare *b, const struct range_list *ram)
{
	enum kb_status st = KB_OK;

	for (size_t i = 0; i < ram->count && !st; i++) {
		uint64_t base = align_down(ram->r[i].base + SZ_4K - 1, SZ_4K);
		uint64_t end = align_down(range_end(ram->r[i]), SZ_4K);

		if (base < end)
			st = pt_map(&b->tables, (struct range){base, end - base}, PT_READ);
	}
	return st;
}

/* Map what is RAM now and was not before: what is mapped already (our segment!) stays as it is. */
static enum kb_status map_new_ram(struct bare *b)
{
	struct range_list *fresh = &b->fresh;
	enum kb_status st = KB_OK;

	fresh->count = 0;
	for (size_t i = 0; i < b->mem.ram.count && !st; i++)
		st = range_list_add(fresh, b->mem.ram.r[i]);
	for (size_t i = 0; i < b->free.count && !st; i++)
		st = range_list_subtract(fresh, b->free.r[i]);
	return st ? st : map_ram(b, fresh);
}

/* Add the entries of one E820_EXT node, and map the RAM that they bring. */
static enum kb_status extend_memory_map(struct bare *b, const struct e820_entry *e, size_t n)
{
	enum kb_status st = KB_OK;

	/* The list of free memory is not in use yet: it keeps the RAM known so far. */
	b->free.count = 0;
	for (size_t i = 0; i < b->mem.ram.count && !st; i++)
		st = range_list_add(&b->free, b->mem.ram.r[i]);
	if (!st)
		st = memmap_add(&b->e820, e, n);
	if (!st)
		st = memmap_ram(&b->e820, &b->mem.ram);
	if (st)
		return st;
	return map_new_ram(b);
}

static enum kb_status read_e820_nodes(struct bare *b)
{
	for (size_t i = 0; i < b->setup.count; i++) {
		uint64_t at = b->setup.node[i].addr + sizeof(struct setup_data);
		size_t n = b->setup.node[i].len / sizeof(struct e820_entry);
		enum kb_status st;

		if (b->setup.node[i].type != SETUP_E820_EXT)
			continue;
		st = extend_memory_map(b, (const void *)(uintptr_t)at, n);
		if (st)
			return kb_refuse("memory", st, NULL);
	}
	return KB_OK;
}

static enum kb_status map_image(struct bare *b)
{
	static const struct {
		char *start, *end;
		enum pt_flags flags;
	} part[] = {
		{text_start, text_end, PT_EXEC},
		{rodata_start, rodata_end, PT_READ},
		{data_start, data_end, PT_WRITE},
	};
	struct range arena = {(uintptr_t)b->arena.base, b->arena.size & ~(SZ_4K - 1)};
	enum kb_status st = pt_map(&b->tables, b->segment, PT_READ);

	for (size_t i = 0; i < ARRAY_SIZE(part) && !st; i++) {
		uint64_t base = (uintptr_t)part[i].start;

		st = pt_map(&b->tables, (struct range){base, (uintptr_t)part[i].end - base},
			    part[i].flags);
	}
	return st ? st : pt_map(&b->tables, arena, PT_WRITE);
}

static enum kb_status map_console(struct bare *b)
{
	struct uart u = console_find(b->cmdline);
	enum kb_status st;

	if (u.kind != UART_MMIO && u.kind != UART_MMIO32)
		return KB_OK;
	st = pt_map(&b->tables, (struct range){align_down(u.base, SZ_4K), SZ_4K},
		    PT_WRITE | PT_DEVICE);
	return st;
}

/* Our own page tables, before any memory but our own is written. */
static enum kb_status own_page_tables(struct bare *b)
{
	uint64_t work = kho_work_size(&b->mem.ram);
	uint64_t left = b->arena.size - b->arena.used;
	enum kb_status st;

	/* What the arena has left beside the work memory and the log becomes page tables. */
	if (left < work + LOG_SIZE + (TABLES_MIN + 2) * SZ_4K)
		return kb_refuse("memory", KB_ARENA, NULL);
	b->tables.pages = (left - work - LOG_SIZE) / SZ_4K - 2;
	b->tables.pool = arena_alloc(&b->arena, b->tables.pages * SZ_4K, SZ_4K);
	b->tables.pool_addr = (uintptr_t)b->tables.pool;
	b->tables.levels = cpu_la57() ? 5 : 4;
	b->tables.gbpages = cpu_gbpages();
	st = pt_init(&b->tables);
	if (!st)
		st = map_ram(b, &b->mem.ram);
	if (!st)
		st = map_image(b);
	if (!st)
		st = map_console(b);
	if (st)
		return kb_refuse("memory", st, NULL);
	cpu_enable_protection();
	write_cr3(b->tables.pool_addr);
	return KB_OK;
}

static enum kb_status open_log(struct bare *b)
{
	char *text = arena_alloc(&b->arena, LOG_SIZE, 16);

	if (!text)
		return kb_refuse("memory", KB_ARENA, NULL);
	kb_log_buffer(text, LOG_SIZE);
	return KB_OK;
}

static void late_console(struct bare *b)
{
	struct uart u = console_find(b->cmdline);

	if (u.kind != UART_NONE)
		serial_log_to(u);
}

static enum kb_status read_setup_data(struct bare *b)
{
	enum kb_status st = setup_list_read(&b->mem, b->bp->setup_data, &b->setup);

	if (!st)
		st = setup_find_kho(&b->mem, &b->setup, &b->has_kho, &b->handover);
	return st ? kb_refuse("setup_data", st, &b->mem.diag) : KB_OK;
}

static enum kb_status read_kernel(struct bare *b)
{
	struct kb_diag diag = {0};
	enum kb_status st;

	if (!b->uki.kernel.data)
		return kb_refuse("kernel", KB_NO_KERNEL, NULL);
	st = bzimage_parse(b->uki.kernel.data, b->uki.kernel.size, &b->kernel, &diag);
	if (!st)
		st = bzimage_check_5level(&b->kernel, cpu_la57());
	return st ? kb_refuse("kernel", st, &diag) : KB_OK;
}

/* What the image says of its kernel against what was handed over. */
static enum kb_status check_versions(struct bare *b)
{
	struct kb_diag diag = {0};
	enum kb_status st;

	st = kho_target_check(&b->uki.kho, &b->kho->root, &diag);
	return st ? kb_refuse("kho", st, &diag) : KB_OK;
}

static enum kb_status read_kho(struct bare *b)
{
	struct kho_work work = {.size = kho_work_size(&b->mem.ram)};
	enum kho_bitmap_hint hint = kho_target_bitmaps(b->kernel.release, b->kernel.release_len);
	enum kb_status st;

	work.base = arena_alloc(&b->arena, work.size, 64);
	if (!work.base)
		return kb_refuse("kho", KB_ARENA, NULL);
	st = kho_open(&b->mem, &b->handover, hint, work, b->kho);
	if (st)
		return kb_refuse("kho", st, &b->mem.diag);
	st = x86_check_low(&b->mem, b->kho);
	return st ? kb_refuse("kho", st, NULL) : check_versions(b);
}

static void report_kho(const struct bare *b)
{
	const struct kho *k = b->kho;

	kb_info("kho", "%s, %llu ranges, %llu bytes preserved, %llu pages of map",
		k->root.compatible, (unsigned long long)k->sum.runs,
		(unsigned long long)k->sum.bytes,
		(unsigned long long)(k->sum.leaves + k->sum.nodes));
	if (k->root.metadata.present)
		kb_info("kho", "from Linux %s, kexec number %u", k->root.metadata.release,
			k->root.metadata.count);
	if (k->scratch_trimmed)
		kb_warn("kho", "%llu bytes of scratch are not RAM and were left out",
			(unsigned long long)k->scratch_trimmed);
}

static bool may_discard(const struct bare *b)
{
	return b->has_kho && b->options.on_error == KB_ON_ERROR_DISCARD;
}

static enum kb_status discard(struct bare *b)
{
	kb_warn("kho", "going on without KHO: preserved memory will be reused");
	b->has_kho = false;
	return KB_OK;
}

/* KHO by the operator's choice: taken, dropped, or dropped because it cannot be taken. */
static enum kb_status gather_kho(struct bare *b)
{
	enum kb_status st;

	if (!b->has_kho) {
		kb_info("kho", "nothing handed over by the outgoing kernel");
		return KB_OK;
	}
	if (b->options.kho == KB_KHO_OFF) {
		kb_warn("kho", "dropped as khoboot.kho=off says");
		return discard(b);
	}
	st = read_kho(b);
	if (!st)
		report_kho(b);
	/* Not finalized means that nothing was preserved yet. */
	return st && (st == KB_KHO_NOT_FINALIZED || may_discard(b)) ? discard(b) : st;
}

static struct range node_range(const struct setup_list *l, size_t i)
{
	return (struct range){l->node[i].addr, setup_node_size(l->node[i].len)};
}

/* What must survive until the jump, or for good: ourselves, all that boot_params point to. */
static enum kb_status list_busy(struct bare *b)
{
	const struct boot_params *bp = b->bp;
	struct range initrd = {bp_join(bp->ramdisk_image, bp->ext_ramdisk_image),
			       bp_join(bp->ramdisk_size, bp->ext_ramdisk_size)};
	struct range efi = {bp_join(bp->efi_memmap, bp->efi_memmap_hi), bp->efi_memmap_size};
	enum kb_status st = range_list_add(&b->busy, b->segment);

	if (!st)
		st = range_list_add(&b->busy, (struct range){(uintptr_t)bp, BP_SIZE});
	if (!st)
		st = range_list_add(&b->busy, initrd);
	if (!st)
		st = range_list_add(&b->busy, efi);
	for (size_t i = 0; i < b->setup.count && !st; i++)
		st = range_list_add(&b->busy, node_range(&b->setup, i));
	if (!st)
		st = setup_targets(&b->mem, &b->setup, &b->busy);
	b->initrd = initrd;
	if (b->uki.initrd.data)
		b->initrd = (struct range){(uintptr_t)b->uki.initrd.data, b->uki.initrd.size};
	if (b->uki.ucode.data)
		kb_warn("initrd", ".ucode is not loaded; give it as first --initrd of khoctl uki");
	if (b->uki.initrd.data && initrd.size)
		kb_warn("initrd", "the one given at load time is ignored: the image has its own");
	return st ? kb_refuse("memory", st, &b->mem.diag) : KB_OK;
}

/* ---- plan ------------------------------------------------------------------------------------ */

/* Memory to place things in: scratch, or all RAM when nothing is handed over. */
static enum kb_status list_free(struct bare *b)
{
	const struct range_list *from = b->has_kho ? &b->kho->scratch : &b->mem.ram;
	enum kb_status st = KB_OK;

	b->free.count = 0;
	for (size_t i = 0; i < from->count && !st; i++)
		st = range_list_add(&b->free, from->r[i]);
	for (size_t i = 0; i < b->busy.count && !st; i++)
		st = range_list_subtract(&b->free, b->busy.r[i]);
	return st ? kb_refuse("plan", st, NULL) : KB_OK;
}

static enum kb_status describe_boot(struct bare *b)
{
	struct range efi = {bp_join(b->bp->efi_memmap, b->bp->efi_memmap_hi),
			    b->bp->efi_memmap_size};

	if (memcmp(b->bp->efi_loader_signature, BP_EFI_64, 4))
		efi.size = 0;
	if (efi.size && !mem_get(&b->mem, phys(efi.base), efi.size))
		return kb_refuse("plan", KB_EFI_MAP_BIG, NULL);
	b->boot = (struct x86_boot){
		.kernel = &b->kernel,
		.kernel_file = b->uki.kernel.data,
		.from = b->bp,
		.loader = b->bp->type_of_loader,
		.cmdline = b->cmdline,
		.initrd = b->initrd,
		.mem = &b->mem,
		.carry = &b->setup,
		.kho = b->has_kho ? &b->handover : NULL,
		.scratch = b->has_kho ? &b->kho->scratch : NULL,
		.efi_map_max = efi.size,
		.log_max = LOG_SIZE,
	};
	return KB_OK;
}

/* The one check that must never fail: nothing that will be written is preserved. */
static enum kb_status check_placement(struct bare *b)
{
	const struct range written[] = {b->place.window, b->place.block, b->segment};
	enum kb_status st = KB_OK;

	if (b->has_kho)
		st = x86_check_written(&b->mem, b->kho, written, ARRAY_SIZE(written));
	return st ? kb_refuse("plan", st, NULL) : KB_OK;
}

static void report_plan(const struct bare *b)
{
	uint64_t taken = b->segment.size + b->place.window.size + b->place.block.size;

	kb_debug("plan", "khoboot at 0x%llx, kernel at 0x%llx, boot_params at 0x%llx",
		 (unsigned long long)b->segment.base, (unsigned long long)b->place.window.base,
		 (unsigned long long)b->place.block.base);
	if (b->has_kho)
		kb_info("plan", "scratch has %llu bytes (areas: %zu), %llu taken",
			(unsigned long long)range_list_bytes(&b->kho->scratch),
			b->kho->scratch.count, (unsigned long long)taken);
}

static enum kb_status place_all(struct bare *b)
{
	enum kb_status st = list_free(b);

	if (!st)
		st = describe_boot(b);
	if (st)
		return st;
	st = x86_layout(&b->boot, &b->layout);
	if (!st)
		st = x86_place(&b->free, &b->kernel, b->layout.size, &b->place);
	if (st) {
		kb_error("plan",
			 "wanted: %llu bytes for the kernel, %llu beside it; free: %llu in %zu "
			 "pieces",
			 (unsigned long long)b->kernel.init_size,
			 (unsigned long long)b->layout.size,
			 (unsigned long long)range_list_bytes(&b->free), b->free.count);
		return kb_refuse("plan", st, NULL);
	}
	st = check_placement(b);
	if (!st)
		report_plan(b);
	return st;
}

/* Without room in scratch there may be some in all of RAM, if the operator gives the data up. */
static enum kb_status plan(struct bare *b)
{
	enum kb_status st = place_all(b);

	if (st && may_discard(b)) {
		discard(b);
		st = place_all(b);
	}
	return st;
}

static struct range whole_pages(struct range r)
{
	uint64_t base = align_down(r.base, SZ_4K);

	return (struct range){base, align_down(range_end(r) - base + SZ_4K - 1, SZ_4K)};
}

/* The next kernel wipes the seed that it gets; the copy that it does not know of is ours to wipe.
 */
static bool seed_to_wipe(const struct bare *b, size_t i)
{
	return b->setup.node[i].type == SETUP_RNG_SEED && b->has_kho &&
	       range_list_contains(&b->kho->scratch, node_range(&b->setup, i));
}

/* The tables for the jump: window executable, block and low memory writable, all else as it is. */
static enum kb_status map_for_jump(struct bare *b)
{
	enum kb_status st = KB_OK;

	for (size_t i = 0; i < b->setup.count && !st; i++) {
		if (seed_to_wipe(b, i))
			st = pt_map(&b->tables, whole_pages(node_range(&b->setup, i)), PT_WRITE);
	}
	/* The kernel saves and uses a trampoline below 640 KiB when it switches paging modes. */
	if (!st)
		st = pt_map(&b->tables, (struct range){0, SZ_1M}, PT_WRITE | PT_EXEC);
	if (!st)
		st = pt_map(&b->tables, b->place.window, PT_WRITE | PT_EXEC);
	if (!st)
		st = pt_map(&b->tables, b->place.block, PT_WRITE);
	return st ? kb_refuse("plan", st, NULL) : KB_OK;
}

/* ---- commit: nothing below parses, allocates or fails ------------------------------------------
 */

static void report_handover(struct bare *b)
{
	unsigned long long us = cpu_tsc_us(read_tsc() - b->entered);
	char release[80];

	x86_release(&b->kernel, release, sizeof(release));
	if (b->has_kho)
		kb_info("boot",
			"handing over %s, %llu ranges, %llu bytes preserved, to %s in %llu us",
			b->kho->root.compatible, (unsigned long long)b->kho->sum.runs,
			(unsigned long long)b->kho->sum.bytes, release, us);
	else
		kb_info("boot", "no KHO data, starting %s in %llu us", release, us);
}

static void copy_efi_map(struct bare *b, uint8_t *block)
{
	const struct boot_params *bp = b->bp;
	uint64_t from = bp_join(bp->efi_memmap, bp->efi_memmap_hi);

	if (!b->layout.efi_map)
		return;
	memcpy(x86_payload(block, b->layout.efi_map), (const void *)(uintptr_t)from,
	       bp->efi_memmap_size);
	x86_set_efi(&b->layout, block, b->place.block.base,
		    bp_join(bp->efi_systab, bp->efi_systab_hi), bp->efi_memmap_size,
		    bp->efi_memdesc_size, bp->efi_memdesc_version);
}

static void wipe_seeds(struct bare *b)
{
	for (size_t i = 0; i < b->setup.count; i++) {
		uint64_t at = b->setup.node[i].addr + sizeof(struct setup_data);

		if (seed_to_wipe(b, i))
			memset((void *)(uintptr_t)at, 0, b->setup.node[i].len);
	}
}

static _Noreturn void commit(struct bare *b)
{
	uint8_t *block = (uint8_t *)(uintptr_t)b->place.block.base;
	const char *text;
	size_t len;

	memcpy((void *)(uintptr_t)b->place.window.base,
	       (const uint8_t *)b->uki.kernel.data + b->kernel.load_offset, b->kernel.load_size);
	x86_write_block(&b->boot, &b->layout, block, b->place.block.base);
	copy_efi_map(b, block);
	wipe_seeds(b);
	report_handover(b);
	text = kb_log_text(&len);
	x86_set_log(&b->layout, block, LOG_SIZE, text, len);
	serial_drain();
	khoboot_jump(b->place.entry, b->place.block.base, b->tables.pool_addr);
}

/* ---- the flow -------------------------------------------------------------------------------- */

static enum kb_status gather(struct bare *b)
{
	enum kb_status st = find_ourselves(b);

	if (!st)
		st = read_options(b);
	if (!st)
		st = open_arena(b);
	if (!st)
		st = read_memory_map(b);
	if (!st)
		st = own_page_tables(b);
	if (st)
		return st;
	late_console(b);
	st = open_log(b);
	if (st)
		return st;
	kb_info("start", "khoboot " KB_VERSION ", bare-metal door, %u-level paging",
		b->tables.levels);
	st = read_setup_data(b);
	if (!st)
		st = read_e820_nodes(b);
	if (!st)
		st = read_kernel(b);
	if (!st)
		st = gather_kho(b);
	return st ? st : list_busy(b);
}

void bare_main(const struct boot_params *bp, const uint8_t *image_base)
{
	static char early_log[1024];
	struct bare b = {0};
	enum kb_status st;

	b.entered = read_tsc();
	b.bp = bp;
	b.image = image_base;
	kb_log_buffer(early_log, sizeof(early_log));
	cpu_init();
	st = gather(&b);
	if (!st)
		st = plan(&b);
	arena_lock(&b.arena);
	if (!st)
		st = map_for_jump(&b);
	if (st)
		stop(st);
	commit(&b);
}
