/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * khoctl scratch: what KHO costs on this machine, and the kho_scratch= that a next UKI needs.
 *
 * The areas are tried: kexec's segments, then window and block by the code that khoboot runs
 * (room.h), then what the next kernel allocates early (early.h). The smallest areas in which all of
 * that fits are recommended, in the steps in which the running kernel rounds them.
 */
#ifndef KHOCTL_SCRATCH_H
#define KHOCTL_SCRATCH_H

#include "early.h"
#include "json.h"
#include "running.h"
#include "verdict.h"

/* ---- what is known of the machine ------------------------------------------------------------ */

struct scratch_facts {
	const struct facts *f; /* what khoctl check knows, too */
	uint64_t *node;        /* bytes of RAM of each node that has some */
	size_t nodes;
	uint64_t cpus;     /* that there may ever be */
	uint64_t measured; /* as in struct early_machine */
	int release;       /* of the running kernel, as running_release() */
	bool handed;       /* its scratch was handed over to it: kho_scratch= had no effect */
	char word[64];     /* kho_scratch= of its command line; "": not given */
};

/*
 * Read them; @f has to stay. @log: the running kernel's, as far as it is there; it says what its
 * boot kept. False when there is no memory.
 */
bool scratch_read(const struct running *r, const struct facts *f, const char *log,
		  struct scratch_facts *ret);
void scratch_free(struct scratch_facts *s);

/* ---- the plan -------------------------------------------------------------------------------- */

/* Bytes of the three values of kho_scratch=. */
struct scratch_sizes {
	uint64_t low; /* below 4 GiB */
	uint64_t global;
	uint64_t node; /* of each node's area */
};

enum scratch_step {
	SCRATCH_LOAD,  /* kexec's segments, all at once */
	SCRATCH_JUMP,  /* what khoboot places beside them */
	SCRATCH_EARLY, /* what the next kernel allocates; khoboot and its arena are free again */
	SCRATCH_STEPS
};

struct scratch_line {
	enum scratch_step step;
	const char *name;
	const char *basis; /* "file", "plan", "source", "measured" or "margin" */
	const char *why;
	uint64_t bytes;
	bool low;
};

/* What found no room. */
struct scratch_lack {
	const char *name; /* of its line; NULL: see the code */
	bool low;         /* memory below 4 GiB */
};

#define SCRATCH_LINES 32

struct scratch_plan {
	struct scratch_line line[SCRATCH_LINES];
	size_t lines;
	uint64_t sum[SCRATCH_STEPS]; /* bytes that are in use at the same time in each step */
	uint64_t align;              /* areas are rounded up to this */
	size_t nodes;
	struct scratch_sizes best;
	uint64_t bytes; /* of all areas of @best */
	/* Would the areas of today do? KB_OK, or why not; @lacks: the line that does not fit. */
	bool now_known;
	enum kb_status now;
	struct scratch_lack lacks;
};

/*
 * scratch_try - does everything fit into @areas?
 * @areas: in the kernel's order
 * @lack: what does not, when KB_CTL_EARLY is returned
 *
 * Returns KB_OK; what room_ask() returns; KB_CTL_EARLY when khoboot would hand over, and the next
 * kernel would not find the memory that it needs at once; on the firmware route also what
 * stage_keep_room() returns, and KB_EVAC_ROOM when pages of the zone may find no place.
 */
__must_check enum kb_status scratch_try(const struct scratch_facts *s, const struct image_facts *i,
					const struct range_list *areas, struct scratch_lack *lack);

/*
 * scratch_place - where the kernel would put areas of these sizes
 * @ret: in its order; room for 2 + s->nodes
 *
 * As memblock does at boot: from the top of RAM down, the first below 4 GiB. Returns KB_OK or
 * KB_RANGE_NO_ROOM.
 */
__must_check enum kb_status scratch_place(const struct scratch_facts *s,
					  const struct scratch_sizes *sizes,
					  struct range_list *ret);

/*
 * scratch_plan - the arithmetic, the recommendation, and the judgement of the areas of today
 *
 * Returns KB_OK; KB_CTL_SCRATCH_RAM when no areas do that this machine has memory for;
 * KB_CTL_RAM_HIDDEN; KB_CTL_MEMORY.
 */
__must_check enum kb_status scratch_plan(const struct scratch_facts *s, const struct image_facts *i,
					 struct scratch_plan *ret);

/* Bytes to which the kernel @release rounds areas up (SCRATCH_ALIGNMENT_BYTES). */
uint64_t scratch_align(int release, uint64_t page_size);

/* ---- printing -------------------------------------------------------------------------------- */

/* @p NULL: only what KHO costs. */
void scratch_text(const struct scratch_facts *s, const struct scratch_plan *p, FILE *out);
void scratch_json(const struct scratch_facts *s, const struct scratch_plan *p, const char *file,
		  struct json_object *o);

/* "64M,16M,0M"; @text has room for 64 bytes. */
const char *scratch_word(const struct scratch_sizes *sizes, char text[64]);

#endif
