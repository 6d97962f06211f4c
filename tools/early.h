/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a kernel allocates before it has read the map of what is preserved: all of it has to lie in
 * scratch (Linux mm/memblock.c:memblock_set_kho_scratch_only, until memblock_free_all).
 *
 * By the kernel's source and by what is known of the machine; no image says it. Each item is an
 * upper bound for kernels as distributions build them: KASAN, KMSAN, page_owner= and
 * debug_pagealloc= want more. tests/scratch compares them with what the test kernels allocate.
 *
 * Pure; x86/early_arch.c and arm64/early_arch.c know the architectures.
 */
#ifndef KHOCTL_EARLY_H
#define KHOCTL_EARLY_H

#include <core/range.h>
#include <core/text.h>

/* The machine, and the kernel that is to start on it. */
struct early_machine {
	const struct range_list *ram; /* sorted */
	const uint64_t *node;         /* bytes of RAM of each node */
	size_t nodes;                 /* at least 1 */
	uint64_t cpus;                /* that there may ever be */
	uint64_t page_size;
	uint64_t mapping; /* x86: pages of tables that map all RAM */
	int release;      /* of the kernel, major * 100 + minor; 0: not known */
	struct kb_text cmdline;
	/*
	 * What the running kernel kept of RAM at its own boot, its image and what its command line
	 * reserves excepted; 0: not known.
	 */
	uint64_t measured;
};

struct early_item {
	const char *name;
	const char *why; /* how the number comes about */
	uint64_t bytes;
	uint64_t piece; /* it is allocated in pieces of so many bytes, aligned to them; 0: in one */
	uint64_t align; /* of an item in one piece */
	bool low;       /* only below 4 GiB, if there is RAM */
	bool nodes;     /* each node gets its share, from its own area if there is one */
	bool measured;  /* on the running kernel; else by the source */
	bool optional;  /* without it the kernel goes on */
};

#define EARLY_ITEMS 16

/* List them, in the order in which they are allocated. Returns how many there are. */
size_t early_list(const struct early_machine *m, struct early_item ret[EARLY_ITEMS]);

/* Bytes of all RAM. */
uint64_t early_ram(const struct early_machine *m);

/* Bytes of the items that @low says, of @item[0..n). */
uint64_t early_sum(const struct early_item *item, size_t n, bool low);

/* ---- the architecture's ---------------------------------------------------------------------- */

/* Page tables of the direct map. */
struct early_item early_tables(const struct early_machine *m);

/* struct pages are allocated for whole sections of so many bytes (SECTION_SIZE_BITS). */
uint64_t early_section(uint64_t page_size);

/* Per-CPU data of @cpus processors, in blocks of *@piece bytes. */
uint64_t early_percpu(uint64_t cpus, uint64_t page_size, uint64_t *piece);

/* Bounce buffers for devices that do not reach all RAM. */
uint64_t early_bounce(const struct early_machine *m);

/* Low memory that crashkernel=SIZE,high takes besides; alignment of both. */
#ifdef __aarch64__
#define EARLY_CRASH_LOW   (128 * SZ_1M)
#define EARLY_CRASH_ALIGN SZ_2M
#else
#define EARLY_CRASH_LOW   (256 * SZ_1M)
#define EARLY_CRASH_ALIGN (16 * SZ_1M)
#endif

#endif
