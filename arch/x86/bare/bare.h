/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the bare-metal door share. main.c has the order in which all this is called;
 * each step logs its own refusal and returns the code.
 */
#ifndef ARCH_X86_BARE_DOOR_H
#define ARCH_X86_BARE_DOOR_H

#include <arch/boot.h>
#include <arch/door.h>
#include <arch/pagetable.h>
#include <khoboot/arena.h>
#include <khoboot/cmdline.h>
#include <khoboot/uki.h>

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

/* ---- image.c: ourselves, and what we were told */

/* Find sections and segment. On failure a console is opened as far as one is named. */
enum kb_status find_ourselves(struct bare *b);

/* Split the command line and open the console that it names, if it is an I/O port. */
enum kb_status read_options(struct bare *b);

/* Open the console now that its memory is mapped, if it is not open yet. */
void late_console(struct bare *b);

/* The kernel in the image, checked. */
enum kb_status read_kernel(struct bare *b);

/* ---- memory.c: the arena, the memory map, page tables */

enum kb_status open_arena(struct bare *b);
enum kb_status read_memory_map(struct bare *b);

/* Build our own page tables and load them: all RAM becomes read-only but for our own segment. */
enum kb_status own_page_tables(struct bare *b);

enum kb_status open_log(struct bare *b);

/* The memory map's continuation in setup_data. */
enum kb_status read_e820_nodes(struct bare *b);

/* Make the planned places writable, and what the next kernel runs in executable. */
enum kb_status map_for_jump(struct bare *b);

/* ---- kho.c: what was handed over */

enum kb_status read_setup_data(struct bare *b);

/* Read and prove the KHO data, and that the next kernel speaks them; or drop them as told. */
enum kb_status gather_kho(struct bare *b);

/* Does the operator rather lose the data than the boot, and is there something to lose? */
bool may_discard(const struct bare *b);

/* Go on without KHO. Says so; returns KB_OK. */
enum kb_status discard_kho(struct bare *b);

/* ---- place.c */

/* Everything that must survive until the jump, or for good. */
enum kb_status list_busy(struct bare *b);

/* Memory to place things in: scratch, or all RAM when nothing is handed over. Not logged. */
enum kb_status list_free(struct bare *b);

/* Place kernel and block, and check that nothing preserved lies there. */
enum kb_status plan(struct bare *b);

/* ---- route.c */

/* Reset into firmware if that was asked for and can be done; says why when it comes back. */
void route_or_direct(struct bare *b);

/* ---- commit.c */

/* The memory of node @i of the setup_data list received. */
struct range setup_node_range(const struct bare *b, size_t i);

/*
 * The next kernel wipes the seed that it gets; the copy in node @i, of which it does not know, is
 * ours to wipe, where we may write.
 */
bool seed_to_wipe(const struct bare *b, size_t i);

_Noreturn void commit(struct bare *b);

#endif
