/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Will there be room in scratch? Where kexec puts khoboot, and where khoboot then puts the next
 * kernel, computed before anything is loaded: after the jump it is too late to ask.
 *
 * kexec_file_load(2) proves room for its own segments only. The window and the block of the next
 * kernel are found by the same pure code that the bare-metal door runs (<arch/boot.h>).
 *
 * Pure; the twins x86/room_arch.c and arm64/room_arch.c know what kexec loads.
 */
#ifndef KHOCTL_ROOM_H
#define KHOCTL_ROOM_H

#include <core/diag.h>
#include <stage/stage.h>

#define ROOM_AREAS 2048

/* The image as kexec loads it. */
struct room_image {
	uint64_t flat_size; /* bytes that are loaded */
	uint64_t size;      /* what its header asks for: with the arena */
	uint64_t arena;     /* of that, what the bare-metal door has for itself */
	uint64_t lowest;    /* x86: pref_address of its header */
	uint64_t align;
	struct range initrd; /* base: offset in what is loaded; size 0: none */
	struct range ucode;  /* likewise */
	struct range kernel; /* likewise: of a ready kernel, where it may run; size 0: none */
	bool tree;           /* it gets a device tree: room depends on that of the running kernel */
};

/* The architecture's: do all CPUs have pages of 1 GiB? */
bool room_always_gbpages(void);

/* The architecture's: read the headers of the file, which image_check() has passed. */
void room_image(const uint8_t *file, const struct pe *pe, const struct uki *u,
		struct room_image *ret);

/*
 * room_choose - the architecture's: how will khoboot start @k on this CPU?
 * @la57: x86: the running kernel uses 5-level paging
 * @reset: a reset comes first
 *
 * x86: what kernel_choose() returns, of a kernel that gets the lowest place.
 */
__must_check enum kb_status room_choose(struct kernel *k, const char *cmdline, bool la57,
					bool reset, struct kb_diag *diag);

/* What is known before the load; everything stays the caller's. */
struct room_question {
	const struct range_list *areas; /* of scratch, in the running kernel's order */
	const struct range_list *ram;   /* sorted; what khoboot will take for RAM. NULL: all */
	const struct kernel *kernel;    /* of the image */
	const char *cmdline;            /* for the next kernel */
	uint64_t words;                 /* bytes of kexec's command line, without the NUL */
	struct room_image image;
	bool bridge_off;       /* khoboot.bridge=off: scratch stays as it is */
	bool reset;            /* ask for room after a reset, too */
	struct kb_text zone;   /* khoboot.zone=; len 0: the built-in one */
	uint64_t page_size;    /* of the running kernel */
	uint64_t efi_map_size; /* bytes of EFI memory map that kexec hands on; 0: none */
	uint64_t ima_size;     /* bytes that kexec takes for IMA's measurements; 0: none */
	const void *fdt;       /* arm64: the running kernel's device tree, or NULL */
	uint64_t fdt_size;
};

struct room_answer {
	bool sure; /* false: it depends on bytes that are known after the load only */
	/*
	 * There is no room, but would be in one more area, which khoboot takes where nothing is
	 * preserved (stage_extend_scratch()): where that is, is not known here.
	 */
	bool may_grow;
	enum kb_status reset; /* of stage_keep_room(), if @ram and all else is well */
	bool one_initrd;      /* no room to put .ucode and .initrd together */
	struct range image;   /* khoboot's segment */
	struct range initrd;  /* where the next kernel finds it; size 0: none */
	uint64_t zone;        /* bytes of RAM in the firmware zone, if @reset was asked */
	uint64_t firmware; /* of scratch that the UEFI door and firmware get, if @reset is well */
	uint64_t scratch_bytes; /* usable scratch */
	uint64_t free_bytes;    /* of it, after kexec's segments */
	uint64_t largest;       /* piece of that */
	uint64_t window_size;   /* of the next kernel */
	uint64_t block_size;
	struct boot_placement place;
};

/* Room on its way: the areas that kexec sees, what is free of them, what khoboot must leave. */
struct room_plan {
	const struct range_list *areas;
	uint64_t page;          /* bytes: kexec takes whole ones */
	struct range_list free; /* sorted; kexec's segments are taken out */
	struct range_list busy; /* of these, what is in use when khoboot runs */
	struct range free_store[ROOM_AREAS];
	struct range busy_store[8];
};

/* A segment as kexec asks for it. */
struct room_segment {
	const char *name;
	uint64_t size;
	uint64_t align;
	uint64_t lowest;
	bool top_down;
	bool stays; /* in use when khoboot runs */
};

/*
 * room_load - take the place that kexec chooses (Linux kernel/kexec_file.c: locate_mem_hole_*)
 *
 * The first area with room, in the kernel's order, and there the highest or the lowest place.
 * Returns KB_OK, KB_CTL_SCRATCH, or KB_RANGE_FULL. @ret is untouched on failure.
 */
__must_check enum kb_status room_load(struct room_plan *p, const struct room_segment *s,
				      struct range *ret);

#define ROOM_SEGMENTS 4

/*
 * room_segments - the architecture's: what kexec loads, in its order, IMA's list excepted
 *
 * The one named "image" is khoboot's. Returns how many there are.
 */
size_t room_segments(const struct room_question *q, struct room_segment ret[ROOM_SEGMENTS]);

/*
 * room_load_all - the architecture's: all segments, in kexec's order
 * @image: where the image goes
 */
__must_check enum kb_status room_load_all(struct room_plan *p, const struct room_question *q,
					  struct range *image);

/*
 * room_describe - the architecture's: its own fields of struct boot, as set by the bare-metal door
 * @most: all that kexec may add to what it hands on; else nothing of it
 */
void room_describe(const struct room_question *q, bool most, struct boot *b);

/*
 * room_ask - place everything
 * @ret: numbers are set as far as they are known, also on failure
 *
 * Returns KB_OK; KB_CTL_SCRATCH, when kexec finds no room; KB_KHO_SCRATCH_RAM, when the areas are
 * not RAM for khoboot; KB_CTL_MEMORY; what stage_place() returns.
 */
__must_check enum kb_status room_ask(const struct room_question *q, struct room_answer *ret);

#endif
