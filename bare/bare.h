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
#include <format/acpi.h>
#include <format/stub.h>
#include <route/route.h>
#include <stage/crew.h>
#include <stage/stage.h>

/* Everything that is known about this boot. */
struct bare {
	struct stage s;
	struct bare_arch arch; /* how the outgoing kernel called us, and what only this CPU has */
	uint64_t image_size;   /* file bytes in memory, from KB_SETUP_SIZE on */
	struct range segment;  /* our own memory: image and arena */
	struct arena arena;
	struct kho *kho_room;        /* for s.kho */
	struct range initrd_outside; /* the one given at load time; size 0: none */
	bool overwritten;       /* what the outgoing kernel handed over may be, by an attempt */
	struct range_list busy; /* memory in use, not to be placed on */
	/* Work memory of memory.c and ram.c; from kho.c until the bridge is written its means.from;
	 * then of survive.c. */
	struct range_list fresh;
	struct stage_means means;
};

/* Gather, plan, commit. All of @b is zero but arch and s.image, which say where we are. */
_Noreturn void bare_run(struct bare *b);

/* ---- what each architecture provides: bare/<arch>/ ------------------------------------------- */

/*
 * machine.c: before anything else, find out where the console is and how the machine is reset, and
 * whether there are marks of a crash: fill s.crash and s.crash_words. arm64: from the device tree,
 * which is checked here. x86: from the command line; the I/O ports are fixed.
 */
enum kb_status bare_detect_machine(struct bare *b);

/* machine.c: fill image_size, segment and s.uki. Not logged. What uki_open_flat() returns. */
enum kb_status bare_find_image(struct bare *b, struct kb_diag *diag);

/* machine.c: the command line that was given when khoboot was loaded, less s.crash_words. */
struct kb_text bare_outside(const struct bare *b);

/* machine.c: must all that comes from outside the signed file be ignored? */
bool bare_locked(const struct bare *b);

/* ram.c: fill s.mem.ram (allocated, empty), and what else describes this machine's memory. */
enum kb_status bare_read_memory(struct bare *b);

/* handover.c: fill s.has_kho and s.handover. */
enum kb_status bare_read_handover(struct bare *b);

/*
 * handover.c: what else is known of memory. x86: RAM in E820_EXT nodes. arm64: what UEFI's tables
 * reserve; also console and reset, if only ACPI describes them.
 */
enum kb_status bare_extend_memory(struct bare *b);

/*
 * describe.c: add to busy what must survive until the jump, or for good; fill initrd_outside. Not
 * logged. KB_OK, KB_RANGE_FULL; x86: what setup_targets() returns.
 */
enum kb_status bare_list_busy(struct bare *b);

/*
 * describe.c: fill the architecture's own fields of s.boot; the others are filled. Not logged.
 * KB_OK; x86: KB_EFI_MAP_UNFIT.
 */
enum kb_status bare_describe_boot(struct bare *b);

/*
 * machine.c: the frame buffer that the outgoing kernel was told of, as it passed it on; all zero
 * when it passed none. arm64: after bare_extend_memory().
 */
struct screen_info bare_screen_info(const struct bare *b);

/* describe.c: map what else the jump needs. Not logged. What pt_map() returns. */
enum kb_status bare_map_more(struct bare *b);

/* describe.c: last writes to the block; seeds that the next kernel does not know of are wiped. */
void bare_fill_block(struct bare *b);

/* survive.c: fill secure and uefi of @q. */
void bare_ask_route(const struct bare *b, struct route_question *q);

/*
 * survive.c: would memory survive a reset? Not logged. KB_OK, KB_ROUTE_TPM, what route_cpu_check()
 * returns; arm64: KB_ROUTE_RESET.
 */
enum kb_status bare_memory_survives(struct bare *b);

/* survive.c: fill how to reset, and this machine's SMBIOS UUID. Only warns of what is missing. */
void bare_read_tables(struct bare *b, struct reset_how *reset, struct kb_record_facts *facts);

/*
 * tables.c: to be called before page tables in use are changed. Until the next cpu_use_tables()
 * only our own segment is sure to be mapped.
 */
void bare_edit_tables(void);

/* ---- memory.c: the arena, page tables -------------------------------------------------------- */

/* Open the arena, and allocate the lists and the work memory in it. */
enum kb_status bare_open_arena(struct bare *b);

/*
 * An empty list in the arena, with room for as many ranges as @shares parts of the arena hold, of
 * KB_ARENA_SHARES: the larger the arena that the image's header asks for, the longer are all lists.
 * False when the arena is used up.
 */
bool bare_new_list(struct bare *b, struct range_list *l, unsigned int shares);

/* Build our own page tables and load them: all RAM but our own segment becomes read-only. */
enum kb_status bare_own_tables(struct bare *b);

/* Give the log its final buffer, in the arena. */
enum kb_status bare_open_log(struct bare *b);

/* pt_map() in our tables, which are in use. Not logged. What pt_map() returns. */
enum kb_status bare_map(struct bare *b, struct range r, enum pt_flags flags);

/* Map what is in s.mem.ram but not in @known, read-only. Not logged. As pt_map(), KB_RANGE_FULL. */
enum kb_status bare_map_new_ram(struct bare *b, const struct range_list *known);

/*
 * The map function of a struct mem with @b as ctx: map @len bytes at @pa, which need not be RAM,
 * for reading. NULL when that fails.
 */
const void *bare_map_table(void *b, uint64_t pa, uint64_t len);

/* ---- screen.c -------------------------------------------------------------------------------- */

/* Map the frame buffer for a refusal, if there is one and all RAM is known. */
void bare_open_screen(struct bare *b);

/* ---- options.c ------------------------------------------------------------------------------- */

/* Split the command line and open the console that it names, if it is an I/O port. */
enum kb_status bare_read_options(struct bare *b);

/*
 * Find and check the image in memory. One that cannot be read names no console: then the command
 * line given at load time may name one.
 */
enum kb_status bare_read_image(struct bare *b);

/* The port that the command line names, unless it lies in the RAM that is known by now. */
struct uart bare_console(const struct bare *b);

/* Open the console now that its memory is mapped and all RAM is known, if it is not open yet. */
void bare_late_console(struct bare *b);

/* Find and check the kernel in the image. */
enum kb_status bare_read_kernel(struct bare *b);

/* ---- kho.c ----------------------------------------------------------------------------------- */

/*
 * With marks of a crash: make sure that nothing is handed over to this boot. Since these marks were
 * seen nothing halts it; if it may be a handover after all, this ends here. Returns what
 * stage_check_crash() returns.
 */
enum kb_status bare_check_crash(struct bare *b);

/*
 * Read and prove the KHO data, and that the next kernel speaks them; or drop them, if the options
 * say so.
 */
enum kb_status bare_gather_kho(struct bare *b);

/* ---- plan.c ---------------------------------------------------------------------------------- */

/* Fill busy with all that must survive until the jump, or for good. */
enum kb_status bare_gather_busy(struct bare *b);

/* Choose the initrd. */
void bare_take_initrd(struct bare *b);

/* Fill s.free: scratch, or all RAM without KHO, less what is busy. Not logged. KB_RANGE_FULL. */
enum kb_status bare_list_free(struct bare *b);

/* Place kernel and block, and check that nothing preserved lies there. For stage_plan(). */
enum kb_status bare_plan(struct stage *s);

/* Make window, block and joined initrds writable, the window executable; map what else it needs. */
enum kb_status bare_map_for_jump(struct bare *b);

/* ---- attempt.c ------------------------------------------------------------------------------- */

/*
 * From the kernel in the image to everything written in its place: for the first kernel, and if
 * that is refused and khoboot.on_error= says so, for the second one. Returns the refusal of the
 * first one when no kernel can be started.
 */
enum kb_status bare_try_kernels(struct bare *b);

/* ---- crew.c: other CPUs, to make digests ----------------------------------------------------- */

/*
 * Find out which CPUs there are, and take memory for them from s.free: what is left of it when
 * everything else has its place. Without any, or without memory, help.cpus stays 0.
 */
void bare_call_crew(struct bare *b, uint64_t tiles, struct stage_crew *c);

/*
 * crew.c of each architecture: fill arch of @c. Not logged. False: no CPU can be called. After
 * bare_read_tables().
 */
bool bare_ready_crew(struct bare *b, struct crew *c);

/* Call @fn for each CPU of the machine, in the same order each time. acpi_each_cpu(). */
enum kb_status bare_each_cpu(struct bare *b, acpi_cpu_fn *fn, void *ctx);

/* ---- route.c --------------------------------------------------------------------------------- */

/* Reset into firmware, if that was asked for and is possible. Otherwise logs why, and returns. */
void bare_route_or_direct(struct bare *b);

#endif
