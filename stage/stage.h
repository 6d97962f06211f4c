/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame of both doors: what is known of a boot, and the steps that the doors have in common.
 *
 * A door gathers (from the outgoing kernel, or from firmware), and leaves. Between the two it is
 * all here: options, kernel, KHO data, the plan and its second try without KHO, writing, the last
 * line of the log. struct bare and struct uefi begin with a struct stage.
 *
 * Functions return KB_OK or a code that was logged, unless they say otherwise. What stands below
 * "pure" is in stage/plan/, and is tested on the host.
 */
#ifndef STAGE_STAGE_H
#define STAGE_STAGE_H

#include <arch/boot.h>
#include <arch/kernel.h>
#include <arch/pagetable.h>
#include <core/cmdline.h>
#include <fdt/kho.h>
#include <format/uki.h>
#include <route/moved.h>
#include <route/record.h>

#define STAGE_LOG_SIZE SZ_64K /* bytes of text kept for the next kernel */

/* Everything that both doors know of this boot. Holds pointers to itself: not to be copied. */
struct stage {
	uint64_t entered;     /* cpu_clock() at our first step */
	const uint8_t *image; /* address of the file's first byte, of which not all may be loaded */
	struct uki uki;
	struct kb_options options;
	char cmdline[KB_CMDLINE_MAX + 1]; /* for the next kernel */

	struct kernel kernel;
	struct range kernel_work; /* KERNEL_WORK_SIZE bytes */
	struct range initrd;      /* for the next kernel; size 0: none */

	bool has_kho; /* KHO data were handed over, and not given up */
	struct kho_handover handover;
	struct kb_record *record; /* what told of them after a reset, or NULL */
	struct kho *kho;          /* them, when all was proven; else NULL */
	struct kb_moves moves;    /* evacuated pages, to be put back when we leave; may be none */
	struct mem mem;           /* reads evacuated pages from their copies */

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
 * @ret: room for the result, and the result
 *
 * s->mem and s->kernel are filled. Not logged: s->mem.diag says where. s->kho is left to the
 * caller, who may have more to ask. Returns what kho_open() and boot_check_preserved() return.
 */
__must_check enum kb_status stage_open_kho(struct stage *s, struct kho_work work, struct kho *ret);

/* Does the next kernel speak what was handed over? Returns what kho_target_check() returns. */
__must_check enum kb_status stage_check_versions(const struct stage *s, const struct kho *k);

/* Go on without KHO, and say so. A record that told of the data is taken. */
void stage_discard_kho(struct stage *s);

/*
 * stage_give_up_kho - what khoboot.on_error= says after the refusal @st
 *
 * KB_OK when KHO data were discarded, so that the boot can go on without; else @st, also when
 * nothing is handed over.
 */
__must_check enum kb_status stage_give_up_kho(struct stage *s, enum kb_status st);

/* ---- pure: stage/plan/place.c ---- */

/*
 * stage_take_initrd - the initrd of the image, else @outside, which was given besides; size 0: none
 *
 * Warns of what is not used: .ucode, and an initrd given besides the image's own.
 */
void stage_take_initrd(struct stage *s, struct range outside);

/* The fields of s->boot that both architectures have; the rest is zero, for the door to fill. */
void stage_describe_boot(struct stage *s);

/*
 * stage_place - sizes of the block, places for kernel and block
 *
 * s->boot and s->free are filled; what is taken is subtracted from the latter. Returns what
 * boot_layout() and boot_place() return. Logs what was wanted, not the refusal.
 */
__must_check enum kb_status stage_place(struct stage *s);

/*
 * stage_check_placement - the one check that must never fail: nothing that is in use until the
 * kernel runs, or goes to it, is preserved
 * @also: @count ranges besides window, block, initrd and page tables
 */
__must_check enum kb_status stage_check_placement(struct stage *s, const struct range *also,
						  size_t count);

/* What of scratch is taken by window, block and @also bytes. */
void stage_report_scratch(const struct stage *s, uint64_t also);

/*
 * stage_plan - @attempt, and again without KHO when that fails and data may be given up
 *
 * Without room in scratch there may be some in all of RAM.
 */
__must_check enum kb_status stage_plan(struct stage *s, enum kb_status (*attempt)(struct stage *s));

/* Put the kernel and the block into their places, which can be written by now. */
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
 * stage_read_options - options and command line from .cmdline and @outside, and obey them
 * @locked, @flags: see struct cmdline_in
 *
 * Sets log level and error policy. Returns what cmdline_split() and cmdline_supported() return;
 * s->cmdline is untouched when the former fails.
 */
__must_check enum kb_status stage_read_options(struct stage *s, struct kb_text outside, bool locked,
					       unsigned int flags, enum kb_door door);

/*
 * stage_open_kernel - kernel_open() of @size bytes at @data, for this CPU
 *
 * A kernel whose file does not name its release has it from .uname. Returns what kernel_open() and
 * cpu_can_start() return.
 */
__must_check enum kb_status stage_open_kernel(struct stage *s, const uint8_t *data, uint64_t size);

/* Write the log's last line, put the log into the block, and enter the next kernel. */
_Noreturn void stage_leave(const struct stage *s);

#endif
