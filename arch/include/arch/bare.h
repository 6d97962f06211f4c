/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the bare-metal door share. main.c has the order in which all this is called;
 * each step logs its own refusal and returns the code, unless it says otherwise.
 */
#ifndef ARCH_BARE_H
#define ARCH_BARE_H

#include <arch/bare_arch.h>
#include <arch/boot.h>
#include <arch/door.h>
#include <arch/pagetable.h>
#include <arch/reset_how.h>
#include <khoboot/arena.h>
#include <khoboot/cmdline.h>
#include <khoboot/record.h>
#include <khoboot/uki.h>

#define BARE_RAM_MAX 512 /* pieces of RAM */

/* Everything that is known about this boot. */
struct bare {
	struct bare_arch arch; /* how the outgoing kernel called us, and what only this CPU has */
	uint64_t entered;      /* cpu_clock() */
	const uint8_t *image;  /* address of file offset 0; readable from KB_SETUP_SIZE on */
	uint64_t image_size;   /* file bytes in memory, from KB_SETUP_SIZE on */
	struct range segment;  /* ours: image and arena */
	struct arena arena;
	struct uki uki;
	struct kb_options options;
	char cmdline[KB_CMDLINE_MAX + 1];

	struct mem mem;
	struct pagetable tables;

	bool has_kho;
	struct kho_handover handover;
	struct kho *kho;

	struct kernel kernel;
	struct range kernel_work;    /* KERNEL_WORK_SIZE bytes of the arena */
	struct range initrd;         /* for the next kernel */
	struct range initrd_outside; /* the one given at load time; size 0: none */
	struct range_list busy;
	struct range_list free;
	struct range_list fresh; /* work memory of memory.c and route.c */
	struct boot boot;
	struct boot_layout layout;
	struct boot_placement place;
};

/* Gather, plan, commit. All of @b is zero but what tells where we are: arch and image. */
_Noreturn void bare_run(struct bare *b);

/* ---- what each architecture brings: arch/<arch>/bare/ ---------------------------------------- */

/* image.c: fill image_size, segment and uki. On failure a console is opened if one is named. */
enum kb_status bare_find_image(struct bare *b);

/* image.c: the words that were given when khoboot was loaded. */
struct kb_text bare_outside(const struct bare *b);

/* image.c: is nothing from outside the signed file to be trusted? */
bool bare_locked(const struct bare *b);

/* memory.c: mem.ram (allocated, empty), and what else describes this machine's memory. */
enum kb_status bare_read_memory(struct bare *b);

/* handover.c: has_kho and handover, and memory that only the handover tells of. */
enum kb_status bare_read_handover(struct bare *b);

/* place.c: add what must survive until the jump, or for good; fill initrd_outside. Not logged. */
enum kb_status bare_list_busy(struct bare *b);

/* place.c: fill b->boot. Not logged. */
enum kb_status bare_describe_boot(struct bare *b);

/* place.c: what else has to be mapped for the jump. Not logged. */
enum kb_status bare_map_more(struct bare *b);

/* place.c: the last writes to the block, and to memory that the next kernel does not know of. */
void bare_fill(struct bare *b);

/* route.c: does anything speak against a reset with memory kept? Not logged. */
enum kb_status bare_route_asked(struct bare *b, bool nonce);
enum kb_status bare_memory_survives(struct bare *b);

/* route.c: how to reset, and who this machine is. Only warns. */
void bare_read_tables(struct bare *b, struct reset_how *reset, struct kb_record_facts *facts);

/* ---- memory.c: the arena, page tables -------------------------------------------------------- */

enum kb_status open_arena(struct bare *b);

/* Build our own page tables and load them: all RAM becomes read-only but for our own segment. */
enum kb_status own_page_tables(struct bare *b);

enum kb_status open_log(struct bare *b);

/* pt_map() in our tables, which are in use. Not logged. */
enum kb_status bare_map(struct bare *b, struct range r, enum pt_flags flags);

/* Map what is in mem.ram and was not in @known, read-only. Not logged. */
enum kb_status map_new_ram(struct bare *b, const struct range_list *known);

/* Map @len bytes at @pa for reading, where nothing is mapped yet: tables that are in no RAM. */
const void *map_table(void *b, uint64_t pa, uint64_t len);

/* Make the planned places writable, and what the next kernel runs in executable. */
enum kb_status map_for_jump(struct bare *b);

/* ---- options.c ------------------------------------------------------------------------------- */

/* Split the command line and open the console that it names, if it is an I/O port. */
enum kb_status read_options(struct bare *b);

/* Open the console that @cmdline names, if it needs no mapping. */
void early_console(const char *cmdline);

/* An image that cannot be read names no console: speak where the words given at the load say. */
enum kb_status refuse_image(struct bare *b, enum kb_status st, const struct kb_diag *diag);

/* Open the console now that its memory is mapped, if it is not open yet. */
void late_console(struct bare *b);

/* The kernel in the image, checked. */
enum kb_status read_kernel(struct bare *b);

/* ---- kho.c: what was handed over ------------------------------------------------------------- */

/* Read and prove the KHO data, and that the next kernel speaks them; or drop them as told. */
enum kb_status gather_kho(struct bare *b);

/* Does the operator rather lose the data than the boot, and is there something to lose? */
bool may_discard(const struct bare *b);

/* Go on without KHO. Says so; returns KB_OK. */
enum kb_status discard_kho(struct bare *b);

/* ---- place.c --------------------------------------------------------------------------------- */

/* Everything that must survive until the jump, or for good. */
enum kb_status list_busy(struct bare *b);

/* Memory to place things in: scratch, or all RAM when nothing is handed over. Not logged. */
enum kb_status list_free(struct bare *b);

/* Place kernel and block, and check that nothing preserved lies there. */
enum kb_status plan(struct bare *b);

/* Put the kernel and the block into their places, which are mapped by now. */
enum kb_status bring(struct bare *b);

/* ---- route.c --------------------------------------------------------------------------------- */

/* Reset into firmware if that was asked for and can be done; says why when it comes back. */
void route_or_direct(struct bare *b);

#endif
