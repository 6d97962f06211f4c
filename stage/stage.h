/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What both doors share: what is known of a boot, and the steps that they have in common.
 *
 * A door gathers (from the outgoing kernel, or from firmware), and leaves. All steps between are
 * here: options, kernel, KHO data, the plan and its second try without KHO, writing, the last line
 * of the log. struct bare and struct uefi begin with a struct stage.
 *
 * Functions return KB_OK or a code that was logged, unless they say otherwise. Those under "pure"
 * are in stage/plan/, and are tested on the host.
 */
#ifndef STAGE_STAGE_H
#define STAGE_STAGE_H

#include <arch/boot.h>
#include <arch/kernel.h>
#include <arch/pagetable.h>
#include <bridge/bridge.h>
#include <core/cmdline.h>
#include <fdt/kho.h>
#include <format/uki.h>
#include <route/moved.h>
#include <route/record.h>

#define STAGE_LOG_SIZE SZ_64K /* bytes of text kept for the next kernel */

/* The initrds that the next kernel gets, in the order in which it unpacks them. */
struct stage_initrds {
	struct range part[3]; /* .ucode, the one from outside, .initrd; those that there are */
	size_t count;
	bool outside; /* one of them is from outside the image */
	bool copied;  /* they get memory of their own: several, or one that is too far away */
};

/* Everything that both doors know of this boot. Must not be copied: it has pointers to itself. */
struct stage {
	uint64_t entered;     /* cpu_clock() at our first step */
	const uint8_t *image; /* address of the file's first byte, which may not be loaded */
	struct uki uki;
	struct kb_options options;
	char cmdline[KB_CMDLINE_MAX + 1]; /* for the next kernel */
	bool crash;                       /* marks of a crash: this is no handover */
	struct kb_text crash_words; /* its own words for the next kernel; x86 alone has such */

	struct kernel kernel;
	struct range kernel_work; /* KERNEL_WORK_SIZE bytes */
	struct stage_initrds initrds;
	struct range initrd; /* for the next kernel, in one piece; size 0: none, or not yet */

	bool may_encrypt; /* cpu_may_encrypt() */
	bool uefi;        /* the next kernel gets UEFI's memory map (of use on arm64) */
	bool has_kho;     /* KHO data were handed over, and not given up */
	bool given_up;    /* they were handed over and given up */
	struct kho_handover handover;
	struct kb_record *record;  /* the record that names them after a reset, or NULL */
	struct kho *kho;           /* the data, once proven; else NULL */
	struct kho_work kho_work;  /* what kho->occ lies in */
	struct kho_dialect reads;  /* what the next kernel reads */
	struct bridge *bridge;     /* how the data get into that form; NULL: they are in it */
	struct range more_scratch; /* that stage_extend_scratch() added; size 0: none */
	struct range bridge_pages; /* all new pages for it lie in here */
	struct kb_moves moves;     /* evacuated pages, to be put back when we leave; may be none */
	struct mem mem;            /* reads evacuated pages from their copies */
	struct range_list kept;    /* of that RAM what firmware does not free after a reset */

	struct range_list free; /* memory that the next kernel and its block may get */
	struct boot boot;
	struct boot_layout layout;
	struct boot_placement place;
	struct pagetable tables; /* to leave with */
	uint64_t stub;           /* with moves: executable page that is no page's home */
};

/* ---- pure: stage/plan/kho.c ---- */

/*
 * stage_open_kho - prove what was handed over
 * @work: kho_work_size() bytes
 * @ret: memory of the caller, which has to stay
 *
 * s->mem and s->kernel are filled. Not logged: s->mem.diag says where. s->kho is left to the
 * caller, who may have more to check. Returns what kho_open() and boot_check_preserved() return.
 */
__must_check enum kb_status stage_open_kho(struct stage *s, struct kho_work work, struct kho *ret);

/*
 * Does the next kernel speak what was handed over, and reserve all of it, as it is? Returns what
 * kho_target_dialect(), kernel_check_kho() and kho_target_bridge() return, and KB_KHO_META_SCRATCH.
 */
__must_check enum kb_status stage_check_versions(const struct stage *s, const struct kho *k);

/*
 * stage_compare - the same, and what would have to be changed
 * @off: khoboot.bridge=off: a change is a refusal
 * @to, @changes: what the next kernel reads, and kho_target_changes(); defined on KB_OK
 */
__must_check enum kb_status stage_compare(const struct stage *s, const struct kho *k, bool off,
					  struct kho_dialect *to, unsigned int *changes);

/*
 * With its command line, will it take the data, and have RAM where memory is preserved, and where
 * scratch is? Returns what kho_target_words() and kernel_check_memory() return.
 */
__must_check enum kb_status stage_check_memory(struct stage *s, const struct kho *k);

/*
 * stage_check_crash - there are marks of a crash: is nothing handed over for this boot?
 * @segment: our own memory
 *
 * Linux 6.18 gives its KHO data to a crash kernel, too; 7.1 does not. They lie in memory of the
 * kernel that crashed, which is no RAM of ours, and we lie in memory kept for a crash, not in
 * scratch. In a handover the root FDT is RAM, and we were loaded into scratch
 * (kernel/liveupdate/kexec_handover.c:kho_locate_mem_hole). If it is not certain which, nothing is
 * given up. Returns KB_OK or KB_KERNEL_DUMP.
 */
__must_check enum kb_status stage_check_crash(struct stage *s, struct range segment);

/* Leave the data of the kernel that crashed alone, and say so. After stage_check_crash(). */
void stage_ignore_kho(struct stage *s);

/*
 * Say that the outgoing kernel handed nothing over: as a warning (KB_NOTHING_GIVEN) if the next
 * kernel is told kho=on or liveupdate=on. Then the outgoing one was most likely told so, too, and
 * the image was loaded by kexec_load(2), which hands over nothing. By what that gives it cannot be
 * told from a kernel that had KHO off.
 */
void stage_report_nothing(const struct stage *s);

/* Go on without KHO, and say so. A record that names the data is marked as taken. */
void stage_discard_kho(struct stage *s);

/*
 * stage_give_up_kho - do what khoboot.on_error= says after the refusal @st
 *
 * Returns KB_OK when KHO data were discarded, so that the boot can go on without them; else @st,
 * also when nothing is handed over.
 */
__must_check enum kb_status stage_give_up_kho(struct stage *s, enum kb_status st);

/* ---- pure: stage/plan/bridge.c: the data in the form that the next kernel reads ---- */

/* What a door gives for it; it has to stay until stage_write_bridge(). */
struct stage_means {
	/* RAM that nobody needs: no scratch, nothing in use, nothing that firmware keeps; sorted */
	struct range_list from;
	/* @size bytes of memory, aligned to a page, until the next kernel runs; NULL: no room */
	void *(*work)(struct stage *s, const struct kho *k, uint64_t size);
	/* A reset comes next: prove the new data as they will be proven then. */
	bool prove;
	/* The first byte of @piece, which is part of @from, to be written; NULL: it cannot be. */
	uint8_t *(*open)(struct stage *s, struct range piece);
};

/*
 * stage_plan_bridge - does the next kernel read what was handed over? If not, plan to rewrite it
 * @k: opened by stage_open_kho()
 *
 * Fills s->reads, and s->bridge if there is something to do. Nothing is written but work memory.
 * With khoboot.bridge=off a difference is a refusal. Returns what kho_target_dialect(),
 * kho_target_bridge(), kernel_check_kho() and bridge_plan() return;
 * KB_BRIDGE_WORK when there is no work memory.
 */
__must_check enum kb_status stage_plan_bridge(struct stage *s, struct kho *k,
					      struct stage_means *means);

/*
 * stage_write_bridge - write what was planned, and go on with the new data
 *
 * s->kho and s->handover are the new data's then.
 * Nothing to do without s->bridge. Returns what bridge_write(), bridge_adopt() and kho_open()
 * return; KB_BRIDGE_DIFFERS when what is preserved is not what it was.
 */
__must_check enum kb_status stage_write_bridge(struct stage *s);

/* ---- pure: stage/plan/extend.c ---- */

/*
 * stage_extend_scratch - after a plan that found no room: add one area to s->kho->scratch
 * @from: as means->from: RAM that nobody needs
 *
 * Window, block and what the kernel allocates early fit into it. Says so. Returns KB_OK;
 * KB_RANGE_NO_ROOM, also when khoboot.bridge=off; KB_RANGE_FULL.
 */
__must_check enum kb_status stage_extend_scratch(struct stage *s, const struct range_list *from);

/* ---- pure: stage/plan/fallback.c: the second kernel of an image ---- */

/*
 * stage_can_fall_back - may the second kernel of the image be tried after the refusal @st?
 *
 * Yes if khoboot.on_error=fallback holds, there is one that was not tried yet, and @st may be the
 * first kernel's own fault. Data that are not proven sound do not get better by another kernel:
 * then no kernel is started. (They are proven once more for the second one in any case.)
 */
bool stage_can_fall_back(const struct stage *s, enum kb_status st);

/*
 * stage_fall_back - the second kernel takes the place of the first, which @st refuses; says so
 *
 * What the first one had of .cmdline and initrds it gets as well. Its route is the direct one. What
 * else the attempt left in @s is overwritten by the next, which begins with stage_open_kernel().
 */
void stage_fall_back(struct stage *s, enum kb_status st);

/* The error policy for the boot after a reset, which has no kernel to fall back to. */
enum kb_on_error stage_policy_after_reset(const struct stage *s);

/* ---- pure: stage/plan/memory.c ---- */

/* What a human has to know of memory when we stop. */
enum stage_memory {
	STAGE_MEMORY_UNTOUCHED, /* nothing but our own segment was written */
	STAGE_MEMORY_KEPT,      /* what is preserved was not; scratch or firmware's memory was */
	STAGE_MEMORY_GIVEN_UP,  /* it was preserved, and may be overwritten */
	STAGE_MEMORY_NONE,      /* nothing was handed over */
	STAGE_MEMORY_ENTERED,   /* the next kernel ran, and may have written anywhere */
};

/* What holds from the first write to memory that is not our own on. */
enum stage_memory stage_memory_written(const struct stage *s);

/* The same in words, to go on after "halted, ". */
const char *stage_memory_words(enum stage_memory m);

/* ---- pure: stage/plan/initrd.c ---- */

/* What to do with an initrd that is not in the image. */
enum stage_outside {
	STAGE_OUTSIDE_TAKEN,
	STAGE_OUTSIDE_LOCKED, /* drop it: only the signed image is trusted */
	STAGE_OUTSIDE_ALONE,  /* a crash kernel: it is complete, and what A's kernel trusted */
};

/*
 * stage_take_initrd - choose the initrds: .ucode, @outside, .initrd, as systemd-stub orders them
 * @outside: one given besides the image, by kexec or a boot loader; size 0: none
 *
 * Fills s->initrds; and s->initrd if there is but one, which can stay where it is. Says when
 * @outside is dropped.
 */
void stage_take_initrd(struct stage *s, struct range outside, enum stage_outside trust);

/* Bytes of all initrds in one piece: each but the first begins at a multiple of 4. */
uint64_t stage_initrd_size(const struct stage *s);

/* Copy them to @to, a page that stage_initrd_size() bytes follow, and set s->initrd to it. */
void stage_join_initrds(struct stage *s, void *to);

/*
 * stage_place_all - stage_place() and stage_place_initrd(), for the bare-metal door
 *
 * Where the window finds no place near the one initrd (boot_near()), a copy of that is placed near
 * the window. Returns what the two return, KB_PLACE_KERNEL when there is no room for the copy.
 */
__must_check enum kb_status stage_place_all(struct stage *s);

/*
 * stage_place_initrd - after stage_place(): if the initrds get memory of their own, choose it in
 * s->free, and set s->initrd to it
 *
 * Not logged. KB_OK, KB_PLACE_INITRD, KB_RANGE_FULL.
 */
__must_check enum kb_status stage_place_initrd(struct stage *s);

/*
 * After KB_PLACE_INITRD: keep the last of them, which is where it is, and say so. A kernel that
 * lacks microcode, or what kexec added, is better than none: the outgoing one is gone.
 */
void stage_keep_one_initrd(struct stage *s);

/* ---- pure: stage/plan/place.c ---- */

/* Fill the fields of s->boot that both architectures have. The others become 0: the door's job. */
void stage_describe_boot(struct stage *s);

/*
 * stage_place - compute the size of the block, and place kernel and block
 *
 * s->boot and s->free are filled; what is taken may be subtracted from s->free. Returns what
 * boot_layout() and boot_place() return. Logs what was needed, but not the refusal.
 */
__must_check enum kb_status stage_place(struct stage *s);

/*
 * stage_check_placement - the last check, which should never fail: no memory that is in use until
 * the kernel runs, or that the kernel gets, is preserved
 * @also: @count ranges to check besides window, block, initrd and page tables
 *
 * Returns what kho_check_written() returns.
 */
__must_check enum kb_status stage_check_placement(struct stage *s, const struct range *also,
						  size_t count);

/* Log how much of scratch is taken, by window, block and @also bytes. */
void stage_report_scratch(const struct stage *s, uint64_t also);

/*
 * stage_plan - call @attempt; if it fails and the data may be given up, once more without KHO
 *
 * Where scratch is too small, all of RAM may have room. Returns what @attempt returned last.
 */
__must_check enum kb_status stage_plan(struct stage *s, enum kb_status (*attempt)(struct stage *s));

/* ---- pure: stage/plan/room.c: the firmware route keeps room for the next kernel ---- */

/* What the boot after the reset takes of scratch, in bytes. */
struct stage_wants {
	const struct kernel *kernel; /* its window */
	uint64_t block;              /* at most */
	uint64_t initrd;             /* 0: none */
	uint64_t firmware;           /* what it allocates, for us and for itself, with a margin */
};

struct stage_room {
	struct kb_room kept;   /* goes into the record: nobody else gets it */
	struct range firmware; /* left to firmware */
};

/*
 * stage_want_room - what does the boot of @s want after a reset?
 * @zone: the firmware zone, sorted
 *
 * s->boot is described. Returns KB_OK, or what boot_block_max() returns.
 */
__must_check enum kb_status stage_want_room(const struct stage *s, const struct range_list *zone,
					    struct stage_wants *ret);

/*
 * stage_keep_room - choose it: the whole plan of the UEFI door, but before the reset
 * @zone: the firmware zone, sorted; nobody knows what firmware will take of it
 * @work: storage for a list, as s->free, which changes
 *
 * Returns KB_OK; KB_ROUTE_ROOM when the boot after the reset would be refused, and logs what was
 * wanted, but not the refusal; KB_RANGE_FULL, or what stage_want_room() returns.
 */
__must_check enum kb_status stage_keep_room(struct stage *s, const struct range_list *zone,
					    struct range_list *work, struct stage_room *ret);

/*
 * Fill s->free: scratch that nobody needs until the next kernel runs, neither we (@busy) nor
 * firmware (@zone) nor the boot after the reset. Returns KB_OK or KB_RANGE_FULL.
 */
__must_check enum kb_status stage_list_spare(struct stage *s, const struct range_list *busy,
					     const struct range_list *zone,
					     const struct stage_room *room);

/*
 * stage_take_room - fill s->layout and s->place with what was kept
 * @ours: sorted: memory that is ours since the claim
 * @initrd: where stage_join_initrds() is to put the initrds
 *
 * s->boot is filled. It fails only if this is another boot than the one that the room was chosen
 * for: KB_RANGE_NO_ROOM (a part is not ours, or the initrd has grown), or what boot_layout(),
 * boot_find_window() and boot_find_block() return.
 */
__must_check enum kb_status stage_take_room(struct stage *s, const struct kb_room *room,
					    const struct range_list *ours, struct range *initrd);

/* ---- stage/plan/place.c ---- */

/* Write kernel and block to their places, by now writable. Returns what kernel_load() returns. */
__must_check enum kb_status stage_write(struct stage *s);

/* The block, in memory that is mapped 1:1. */
static inline uint8_t *stage_block(const struct stage *s)
{
	return (uint8_t *)(uintptr_t)s->place.block.base;
}

/* The first word of the kernel's release, NUL-terminated in @buf; "?" when it is not known. */
void stage_release(const struct kernel *k, char *buf, size_t size);

/* ---- stage/run.c ---- */

/*
 * stage_read_options - read options and command line from .cmdline and @outside, and apply them
 * @locked, @flags: see struct cmdline_in
 *
 * Sets log level and error policy. Returns what cmdline_split() and cmdline_supported() return;
 * s->cmdline is untouched when the former fails. With s->crash wrong options are dropped, and the
 * route is the direct one: a reset would end the dump.
 */
__must_check enum kb_status stage_read_options(struct stage *s, struct kb_text outside, bool locked,
					       unsigned int flags, enum kb_door door);

/*
 * stage_open_kernel - kernel_open() of @size bytes at @data, for this CPU
 *
 * A kernel whose file does not name its release gets it from .uname. Returns what kernel_open() and
 * cpu_can_start() return.
 */
__must_check enum kb_status stage_open_kernel(struct stage *s, const uint8_t *data, uint64_t size);

/* Write the log's last line, put the log into the block, and enter the next kernel. */
_Noreturn void stage_leave(const struct stage *s);

#endif
