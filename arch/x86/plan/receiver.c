// SPDX-License-Identifier: BSD-2-Clause
/* Will an x86 kernel keep what is preserved? See <arch/kernel.h>. */
#include <arch/kernel.h>
#include <core/cmdline.h>
#include <fdt/kho_target.h>

#include <string.h>

/* MAX_PHYSMEM_BITS with 4-level paging (arch/x86/include/asm/sparsemem.h) */
#define END_4LEVEL (1ULL << 46)

enum kb_status kernel_check_kho(const struct kernel *k, const struct kho_root *root, bool uefi,
				struct kb_diag *diag)
{
	uint64_t page = 1ULL << root->page_shift;

	(void)k;
	(void)uefi;
	return page == SZ_4K ? KB_OK : kb_note(diag, KB_PAGE_SIZE, SZ_4K, page);
}

static struct range all_from(uint64_t base)
{
	return (struct range){base, UINT64_MAX - base};
}

static struct range to_top(uint64_t base, uint64_t size)
{
	return (struct range){base, min_u64(size, UINT64_MAX - base)};
}

/* One piece of memmap=, up to a comma (parse_memmap_one). @ret.size 0: nothing is taken away. */
static struct range memmap_takes(struct kb_text t)
{
	uint64_t size, base;

	if (text_is(t, "exactmap") || !text_take_size(&t, &size))
		return all_from(0);
	if (!t.len || !strchr("@#$!%", t.text[0]))
		return all_from(size);
	if (t.text[0] == '@')
		return (struct range){0, 0};
	t.text++;
	t.len--;
	return text_take_size(&t, &base) ? to_top(base, size) : all_from(0);
}

static enum kb_status check_memmap(struct mem *m, const struct kho *kho, struct kb_text list)
{
	enum kb_status st = KB_OK;

	while (list.len && !st)
		st = kho_target_lost(m, kho, memmap_takes(text_cut(&list, ',')));
	return st;
}

static enum kb_status check_mem(struct mem *m, const struct kho *kho, struct kb_text t)
{
	uint64_t limit;

	if (text_is(t, "nopentium"))
		return KB_OK;
	return kho_target_lost(m, kho, all_from(text_take_size(&t, &limit) ? limit : 0));
}

static enum kb_status check_word(struct mem *m, const struct kho *kho, const struct cmdline_word *w)
{
	struct kb_text value;

	if (cmdline_value(w, "mem", &value))
		return check_mem(m, kho, value);
	if (cmdline_value(w, "memmap", &value))
		return check_memmap(m, kho, value);
	return KB_OK;
}

/* The decompressor knows neither quotes nor "--" (arch/x86/boot/cmdline.c). */
static bool has_no5lvl(struct kb_text t)
{
	for (; t.len; t.text++, t.len--) {
		struct kb_text rest = t;

		if (text_skip(&rest, "no5lvl"))
			return true;
	}
	return false;
}

/*
 * INIT_MEMBLOCK_MEMORY_REGIONS. The list may grow from e820__memblock_setup() on, but into scratch
 * below 1 MiB, of which there is none until all RAM is listed.
 */
#define EARLY_REGIONS 128

enum kb_status kernel_check_memory(const struct kernel *k, struct kb_text cmdline, struct mem *m,
				   const struct kho *kho)
{
	const uint16_t five = XLF_5LEVEL | XLF_5LEVEL_ENABLED;
	struct cmdline_iter it = {cmdline.text, cmdline.len, 0};
	enum kb_status st;
	struct cmdline_word w;

	st = kho_target_regions(&m->ram, &kho->scratch, EARLY_REGIONS, &m->diag);
	if (st)
		return st;
	if (k->four_levels || (k->bz.xloadflags & five) != five || has_no5lvl(cmdline))
		st = kho_target_lost(m, kho, all_from(END_4LEVEL));
	while (!st && cmdline_next_param(&it, &w))
		st = check_word(m, kho, &w);
	return st;
}
