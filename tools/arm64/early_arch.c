// SPDX-License-Identifier: BSD-2-Clause
/* arm64: what a kernel allocates early; see early.h. */
#include "../early.h"

#include <core/bits.h>
#include <core/cmdline.h>

/*
 * arch/arm64/mm/mmu.c:map_mem: with rodata=full, which is the default, or KFENCE, the direct map
 * has single pages, unless the processor has BBML3 (asked as BBML2 before 7.3): 8 bytes for each
 * page, and the levels above.
 */
struct early_item early_tables(const struct early_machine *m)
{
	const uint64_t entries = early_ram(m) / m->page_size;
	const uint64_t last =
		align_up(entries * 8, m->page_size) + 2 * m->ram->count * m->page_size;

	return (struct early_item){
		.name = "page tables",
		.why = "of the direct map, by single pages (rodata=full)",
		.bytes = last + last / (m->page_size / 8) + 16 * m->page_size,
		.piece = m->page_size,
	};
}

/* arch/arm64/include/asm/sparsemem.h */
uint64_t early_section(uint64_t page_size)
{
	return page_size == SZ_64K ? 512 * SZ_1M : 128 * SZ_1M;
}

/* mm/percpu.c, drivers/base/arch_numa.c: whole pages, about 128 KiB for each. */
uint64_t early_percpu(uint64_t cpus, uint64_t page_size, uint64_t *piece)
{
	*piece = page_size;
	return cpus * max_u64(SZ_64K * 2, 2 * page_size);
}

/* arch/arm64/mm/init.c: 64 MiB where devices do not reach all RAM, else 1/1024 of RAM. */
uint64_t early_bounce(const struct early_machine *m)
{
	const struct range_list *ram = m->ram;
	struct kb_text value;

	if (!ram->count ||
	    (cmdline_last(m->cmdline, "swiotlb", &value) && text_is(value, "noforce")))
		return 0;
	if (range_end(ram->r[ram->count - 1]) > SZ_4G)
		return 64 * SZ_1M;
	return min_u64(align_up(range_list_bytes(ram) / 1024, SZ_1M), 64 * SZ_1M);
}
