// SPDX-License-Identifier: BSD-2-Clause
/* x86: what a kernel allocates early; see early.h. */
#include "../early.h"

#include <core/bits.h>
#include <core/cmdline.h>

/*
 * arch/x86/mm/init.c maps as khoboot does, by the largest pages. The struct pages are mapped, too:
 * a page of tables for each GiB of them, and some for what is smaller. The first tables lie in a
 * piece of 2 MiB that is taken for them and given back.
 */
struct early_item early_tables(const struct early_machine *m)
{
	const uint64_t more = early_ram(m) / m->page_size * 64 / SZ_1G + 16;

	return (struct early_item){
		.name = "page tables",
		.why = "of the direct map and of the struct pages",
		.bytes = max_u64((m->mapping + more) * SZ_4K, SZ_1M),
		.piece = SZ_4K,
	};
}

uint64_t early_section(uint64_t page_size)
{
	(void)page_size;
	return 128 * SZ_1M;
}

/* mm/percpu.c: blocks of 2 MiB for processors of one node, of 256 KiB each in today's kernels. */
uint64_t early_percpu(uint64_t cpus, uint64_t page_size, uint64_t *piece)
{
	(void)page_size;
	*piece = SZ_2M;
	return align_up(cpus * (SZ_2M / 8), SZ_2M);
}

static bool is_off(struct kb_text cmdline, const char *name, const char *off)
{
	struct kb_text value;

	return cmdline_last(cmdline, name, &value) && text_is(value, off);
}

/*
 * arch/x86/kernel/pci-dma.c: 64 MiB where there is RAM above 4 GiB; swiotlb= says how many pieces
 * of 2 KiB (kernel/dma/swiotlb.c).
 */
uint64_t early_bounce(const struct early_machine *m)
{
	const struct range_list *ram = m->ram;
	struct kb_text value;
	uint64_t pieces;

	if (!ram->count || range_end(ram->r[ram->count - 1]) <= SZ_4G ||
	    is_off(m->cmdline, "swiotlb", "noforce") || is_off(m->cmdline, "iommu", "off"))
		return 0;
	if (cmdline_last(m->cmdline, "swiotlb", &value) && text_take_number(&value, 10, &pieces) &&
	    pieces < SZ_4G)
		return pieces * 2048;
	return 64 * SZ_1M;
}
