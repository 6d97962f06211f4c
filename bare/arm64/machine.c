// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door of arm64: our image in memory, and what the device tree says. */
#include <arch/early.h>
#include <arch/machine.h>
#include <bare/bare.h>
#include <core/log.h>
#include <format/stub.h>
#include <khoboot/layout.h>

#include <libfdt.h>
#include <string.h>

/* Bytes that are ours from @image on, without the tables of entry.S at the end. */
static uint64_t our_memory(const uint8_t *image)
{
	return get_u64(image + IMAGE_MEMORY) - EARLY_TABLES_SIZE;
}

/* The size that the tree claims, but at most DTB_MAX; dtb_check() refuses a larger one. */
static uint64_t tree_size(const uint8_t *fdt)
{
	uint32_t size = __builtin_bswap32(get_u32(fdt + 4));

	return size < DTB_MAX ? size : DTB_MAX;
}

/* The first page says how many pages there are. No more are mapped: the next may not be RAM. */
static enum kb_status map_tree(struct bare *b, struct kb_diag *diag)
{
	uint64_t at = (uintptr_t)b->arch.fdt;
	struct range first = range_pages((struct range){at, DTB_ALIGN}), all;
	enum kb_status st = at ? bare_map_early(first, PT_READ) : KB_DTB_TREE;

	if (st)
		return st;
	if (get_u32(b->arch.fdt) != __builtin_bswap32(FDT_MAGIC))
		return KB_DTB_TREE;
	b->arch.fdt_size = tree_size(b->arch.fdt);
	all = range_pages((struct range){at, b->arch.fdt_size});
	if (all.size > first.size)
		st = bare_map_early((struct range){range_end(first), all.size - first.size},
				    PT_READ);
	return st ? st : dtb_check(b->arch.fdt, b->arch.fdt_size, diag);
}

/*
 * The port that .cmdline names: a damaged tree names none, nor does that of a machine with ACPI.
 * The image may have been made for another machine, so RAM may be there.
 */
static struct uart uart_of_image(struct bare *b)
{
	uint32_t size = get_u32(b->s.image + PE_SIZE_OF_IMAGE);
	struct uki uki;

	if (uki_open_flat(b->s.image, KB_SETUP_SIZE, size, &uki, NULL) || !uki.cmdline.data ||
	    uki.cmdline.size >= sizeof(b->s.cmdline))
		return (struct uart){.kind = UART_NONE};
	memcpy(b->s.cmdline, uki.cmdline.data, uki.cmdline.size);
	b->s.cmdline[uki.cmdline.size] = '\0';
	return console_find(b->s.cmdline);
}

static bool map_port(struct uart u)
{
	return u.kind != UART_NONE && !range_wraps(console_registers(u)) &&
	       !bare_map_early(console_registers(u), PT_WRITE | PT_DEVICE);
}

/* RAM is not known yet. What the tree says of its own machine is taken, the rest has to wait. */
static void remember_port(struct bare *b)
{
	struct uart u = b->arch.facts.uart;

	if (u.kind != UART_NONE && map_port(u))
		uart_set_default(u);
	if (u.kind != UART_NONE)
		return;
	u = uart_of_image(b);
	if (!map_port(u))
		return;
	b->arch.image_uart = u;
	uart_set_unproven(u);
}

/* From here on a refusal can be seen, and the machine can be reset. */
static void remember_machine(struct bare *b)
{
	struct reset_how reset = {b->arch.facts.psci};

	reset_remember(&reset);
	remember_port(b);
}

enum kb_status bare_detect_machine(struct bare *b)
{
	struct kb_diag diag = {0};
	enum kb_status st = map_tree(b, &diag);

	if (!st)
		st = dtb_read(b->arch.fdt, &b->arch.facts, &diag);
	b->s.crash = b->arch.facts.crash;
	remember_machine(b);
	return st ? kb_refuse("dtb", st, &diag) : KB_OK;
}

struct kb_text bare_outside(const struct bare *b)
{
	return b->arch.facts.cmdline;
}

bool bare_locked(const struct bare *b)
{
	return secure_locked(b->arch.facts.uefi.secure);
}

struct screen_info bare_screen_info(const struct bare *b)
{
	return b->arch.screen;
}

/* The image in memory, and after it the arena: the rest of what image_size reserved for us. */
enum kb_status bare_find_image(struct bare *b, struct kb_diag *diag)
{
	b->image_size = get_u32(b->s.image + PE_SIZE_OF_IMAGE);
	b->segment = (struct range){(uintptr_t)b->s.image, our_memory(b->s.image)};
	return uki_open_flat(b->s.image, KB_SETUP_SIZE, b->image_size, &b->s.uki, diag);
}
