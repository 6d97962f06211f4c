/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bare-metal door: what its files share. main.c has the order in which all this is called; each
 * step logs its own refusal and returns the code, unless it says otherwise.
 */
#ifndef BARE_BARE_H
#define BARE_BARE_H

#include <arch/reset_how.h>
#include <bare_arch.h>
#include <core/arena.h>
#include <route/route.h>
#include <stage/stage.h>

#define BARE_RAM_MAX 512 /* pieces of RAM */

/* Everything that is known about this boot. */
struct bare {
	struct stage s;
	struct bare_arch arch; /* how the outgoing kernel called us, and what only this CPU has */
	uint64_t image_size;   /* file bytes in memory, from KB_SETUP_SIZE on */
	struct range segment;  /* ours: image and arena */
	struct arena arena;
	struct kho *kho_room;        /* for s.kho */
	struct range initrd_outside; /* the one given at load time; size 0: none */
	struct range_list busy;      /* memory in use, not to be placed on */
	struct range_list fresh;     /* work memory of memory.c, ram.c and survive.c */
};

/* Gather, plan, commit. All of @b is zero but what tells where we are: arch and s.image. */
_Noreturn void bare_run(struct bare *b);

/* ---- what each architecture brings: bare/<arch>/ --------------------------------------------- */

/*
 * machine.c: what tells of this machine before anything else is known, console and ways to reset:
 * on arm64 the device tree, which is checked here. The ports of x86 are where they always were.
 */
enum kb_status bare_detect_machine(struct bare *b);

/* machine.c: fill image_size, segment and s.uki. Not logged. */
enum kb_status bare_find_image(struct bare *b, struct kb_diag *diag);

/* machine.c: the words that were given when khoboot was loaded. */
struct kb_text bare_outside(const struct bare *b);

/* machine.c: is nothing from outside the signed file to be trusted? */
bool bare_locked(const struct bare *b);

/* ram.c: s.mem.ram (allocated, empty), and what else describes this machine's memory. */
enum kb_status bare_read_memory(struct bare *b);

/* handover.c: s.has_kho and s.handover. */
enum kb_status bare_read_handover(struct bare *b);

/* handover.c: memory that only what was handed over, or firmware's tables, tell of. */
enum kb_status bare_extend_memory(struct bare *b);

/* boot.c: add what must survive until the jump, or for good; fill initrd_outside. Not logged. */
enum kb_status bare_list_busy(struct bare *b);

/* boot.c: the architecture's fields of s.boot, whose others are filled. Not logged. */
enum kb_status bare_describe_boot(struct bare *b);

/* boot.c: what else has to be mapped for the jump. Not logged. */
enum kb_status bare_map_more(struct bare *b);

/* boot.c: the last writes to the block, and to memory that the next kernel does not know of. */
void bare_fill_block(struct bare *b);

/* survive.c: secure and uefi of @q. */
void bare_ask_route(const struct bare *b, struct route_question *q);

/* survive.c: does anything speak against a reset with memory kept? Not logged. */
enum kb_status bare_memory_survives(struct bare *b);

/* survive.c: how to reset, and who this machine is. Only warns. */
void bare_read_tables(struct bare *b, struct reset_how *reset, struct kb_record_facts *facts);

/*
 * tables.c: page tables in use are to be changed: until the next cpu_use_tables() only our own
 * segment can be relied upon.
 */
void bare_edit_tables(void);

/* ---- memory.c: the arena, page tables -------------------------------------------------------- */

enum kb_status bare_open_arena(struct bare *b);

/* Build our own page tables and load them: all RAM becomes read-only but for our own segment. */
enum kb_status bare_own_tables(struct bare *b);

enum kb_status bare_open_log(struct bare *b);

/* pt_map() in our tables, which are in use. Not logged. */
enum kb_status bare_map(struct bare *b, struct range r, enum pt_flags flags);

/* Map what is in s.mem.ram and was not in @known, read-only. Not logged. */
enum kb_status bare_map_new_ram(struct bare *b, const struct range_list *known);

/* The map function of a struct mem: map @len bytes at @pa, which need not be RAM, for reading. */
const void *bare_map_table(void *b, uint64_t pa, uint64_t len);

/* ---- options.c ------------------------------------------------------------------------------- */

/* Split the command line and open the console that it names, if it is an I/O port. */
enum kb_status bare_read_options(struct bare *b);

/*
 * The image in memory, checked. One that cannot be read names no console: the words given at the
 * load may.
 */
enum kb_status bare_read_image(struct bare *b);

/* Open the console now that its memory is mapped, if it is not open yet. */
void bare_late_console(struct bare *b);

/* The kernel in the image, checked. */
enum kb_status bare_read_kernel(struct bare *b);

/* ---- kho.c ----------------------------------------------------------------------------------- */

/* Read and prove the KHO data, and that the next kernel speaks them; or drop them as told. */
enum kb_status bare_gather_kho(struct bare *b);

/* ---- plan.c ---------------------------------------------------------------------------------- */

/* Everything that must survive until the jump, or for good; and the initrd. */
enum kb_status bare_gather_busy(struct bare *b);

/* s.free: scratch, or all RAM when nothing is handed over, less what is busy. Not logged. */
enum kb_status bare_list_free(struct bare *b);

/* Place kernel and block, and check that nothing preserved lies there. For stage_plan(). */
enum kb_status bare_plan(struct stage *s);

/* Make the planned places writable, and what the next kernel runs in executable. */
enum kb_status bare_map_for_jump(struct bare *b);

/* ---- route.c --------------------------------------------------------------------------------- */

/* Reset into firmware if that was asked for and can be done; says why when it comes back. */
void bare_route_or_direct(struct bare *b);

#endif
