/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware route as both doors see it: what goes where before the reset, and what of it may be
 * used after it. Pure, except that it writes the record and the copies, in memory that the caller
 * found free.
 */
#ifndef ROUTE_ROUTE_H
#define ROUTE_ROUTE_H

#include <fdt/kho.h>
#include <route/evacuate.h>
#include <route/record.h>
#include <route/seal.h>
#include <route/share.h>

/* ---- before the reset: before_reset.c */

/* What decides whether the firmware route was prepared, and has something to carry. */
struct route_question {
	bool nonce;          /* khoboot.nonce= was given */
	bool preserved;      /* KHO data were handed over, and taken */
	uint32_t secure;     /* enum stub_secure, as the outgoing kernel passed it on */
	bool uefi;           /* the outgoing kernel was started by UEFI */
	bool initrd_outside; /* the initrd is not in the image that firmware will start */
	/* Firmware's map, as the outgoing kernel got it; 0: it is of no matter. */
	uint64_t map_size, desc_size;
};

/*
 * route_asked - may the firmware route be tried at all?
 *
 * arm64 kernels before 7.2 do not say whether Secure Boot is on. That is SECURE_UNSET and goes
 * through: `khoctl switch`, which made the nonce, looked at the variable itself. Returns KB_OK,
 * KB_ROUTE_NONCE, KB_ROUTE_NOTHING, KB_ROUTE_SECURE (on, or not known), KB_ROUTE_NO_UEFI or
 * KB_ROUTE_INITRD.
 */
__must_check enum kb_status route_asked(const struct route_question *q);

/*
 * Room of the UEFI door until its claim, when it cannot ask firmware for memory: bytes of memory
 * map, and pieces in each of its lists.
 */
struct route_early {
	uint64_t map;
	size_t pieces;
};

/*
 * route_early - how much it takes
 * @map: bytes of firmware's memory map; @desc_size: of a descriptor, not 0
 * @kept: pieces that record, copies and room lie in, and areas of scratch. They lie in free memory,
 *	  which they divide once it is claimed.
 */
struct route_early route_early(uint64_t map, uint64_t desc_size, size_t kept);

/* Firmware's map has more descriptors while firmware runs than when the kernel got it. */
#define ROUTE_EARLY_SLACK 64

/* Is @max enough, given the map that the outgoing kernel got? KB_OK or KB_ROUTE_MAP. */
__must_check enum kb_status route_early_check(uint64_t map, uint64_t desc_size, size_t kept,
					      struct route_early max);

struct route {
	const struct range_list *zone; /* sorted: memory that firmware may write */
	enum kb_digest seal;
	const char *cmdline; /* of the next kernel */
	const uint8_t *nonce;
	/* What the UEFI door has room for, and firmware's map now; without desc_size not asked. */
	struct route_early early_max;
	uint64_t map_size, desc_size;
	/* Filled in by route_plan(). */
	struct evacuation evacuation;
	unsigned int shift;
	struct kb_record_shape shape;
	struct range record; /* where it goes */
};

/*
 * route_plan - what has to move, how large the record is, and where it lies
 * @free: sorted scratch outside the zone that nothing needs until the reset; the record's place is
 *	  subtracted
 * @work: evacuate_work_size(r->zone) bytes
 *
 * zone, seal, cmdline and nonce of @r are the caller's. Returns KB_OK, KB_REC_ROOM, or what
 * evacuate_mark() and seal_count() return.
 */
__must_check enum kb_status route_plan(struct mem *m, const struct kho *k, struct range_list *free,
				       struct kho_work work, struct route *r);

/*
 * Areas of scratch, and pieces that record, copies and room lie in, all together: until its claim,
 * which they divide into so many pieces more, the UEFI door cannot ask firmware for memory.
 */
#define ROUTE_KEEP_MAX 256

/*
 * route_place - lay the record out in its place, and find a place for each page that moves
 *
 * Writes the record's memory only. Returns KB_OK, KB_EVAC_ROOM, KB_RANGE_FULL (scratch and the
 * copies lie in more pieces than the UEFI door has entries for), KB_ROUTE_MAP (the same, for a map
 * as large as firmware's), a code of kho_map_each_page(), or KB_SEAL_READ when the FDT, a sub-blob
 * or a part of the map would be in two pieces after the reset.
 */
__must_check enum kb_status route_place(struct mem *m, const struct kho *k, struct range_list *free,
					const struct route *r, struct kb_record *rec);

/* Data that one CPU digests in less time than it takes to wake others: bytes. */
#define ROUTE_CALL_MIN (16 * SZ_1M)

/*
 * route_may_call - may other CPUs be called to make the digests, and is it worth it?
 *
 * Not if the data may be about CPUs that keep running: no kernel so far hands over a CPU, but one
 * that does will name it in a sub-blob of its own. So none is called if there is a sub-blob that is
 * not known. Nor with less than KB_DIGEST_ALL: that is little, and allows no second attempt.
 */
bool route_may_call(const struct kho *k, enum kb_digest seal);

typedef void route_flush_fn(void *ctx, struct range r);

/*
 * route_flush - call @flush for all that must survive and that sealing with @seal does not read
 *
 * What the outgoing kernel wrote may be only in caches, of any CPU: WBINVD reaches this CPU's and
 * those that it shares, no others. So all of it is flushed by address. route_seal() does this with
 * all data that get a digest; here come FDT and map, and the data that may get none. Returns KB_OK,
 * KB_KHO_CHANGED or a code of kho_map_each_page().
 */
__must_check enum kb_status route_flush(struct mem *m, const struct kho *k, enum kb_digest seal,
					route_flush_fn *flush, void *ctx);

/* What goes on while all that is preserved is read; any may be NULL. */
struct route_watch {
	/* Before data are read; for copies and record, when they are written. By all CPUs. */
	void (*write_back)(void *ctx, const void *bytes, uint64_t len);
	uint64_t *done;          /* see struct seal_scope */
	void (*tick)(void *ctx); /* likewise */
	void *ctx;
	struct share_help *help; /* other CPUs */
};

/* How many bytes route_seal() will digest, and route_verify() after it. */
uint64_t route_digested(enum kb_digest seal, uint64_t preserved, uint64_t evacuated);

/*
 * route_seal - copy what moves, digest everything, and seal the record
 * @facts: arch, machine, ram_*, on_error and log are the caller's; the rest is filled in
 *
 * Writes to record and copies. The record is not published yet. Returns KB_OK or what seal_meta()
 * and seal_data() return.
 */
__must_check enum kb_status route_seal(struct mem *m, const struct kho *k, const struct route *r,
				       struct kb_record *rec, const struct kb_record_facts *facts,
				       const struct route_watch *watch);

/* ---- after the reset: after_reset.c */

/*
 * route_drop - end the life of every sealed record in @ram, as for route_find()
 *
 * For a boot that was not told of a record: the variable that named it was lost, or another system
 * ran in between. @flush is called for the first page of each: a reset may come before the cache
 * is written back, and the record would live on. True when there was one.
 */
bool route_drop(const struct range_list *ram, route_flush_fn *flush, void *ctx);

/*
 * route_find - the record with that key, see record_key()
 * @ram: sorted memory to look in, mapped 1:1
 * @ret: its address; untouched on failure
 *
 * Returns KB_OK, KB_REC_NONE, KB_REC_TWICE.
 */
__must_check enum kb_status route_find(const struct range_list *ram,
				       const uint8_t key[KB_SHA256_SIZE], struct kb_record **ret);

/* Was it sealed on the machine with that SMBIOS UUID? KB_OK (also if unknown), KB_REC_MACHINE. */
__must_check enum kb_status route_machine(const struct kb_record *rec, const uint8_t uuid[16]);

/* The moves of a record that record_check() accepted. */
struct kb_moves route_moves(struct kb_record *rec);

/*
 * Add the record's own memory, all copies and the room for the next kernel to @l, and sort it.
 * Returns KB_OK or KB_RANGE_FULL.
 */
__must_check enum kb_status route_keep(struct kb_record *rec, struct range_list *l);

/*
 * route_kept - are the record and all copies still ours?
 * @ours: sorted: memory that only we can have written since the start
 *
 * Homes count as safe because their bytes are in the copies, which may have no digest (seal=meta):
 * this is to be asked first. Returns KB_OK, or KB_CLAIM; m->diag then says where.
 */
__must_check enum kb_status route_kept(struct mem *m, struct kb_record *rec,
				       const struct range_list *ours);

/* Add the homes of all evacuated pages to @l and sort it. KB_OK or KB_RANGE_FULL. */
__must_check enum kb_status route_homes(struct kb_record *rec, struct range_list *l);

/* Can evacuated pages be put back: are @homes RAM in @m? KB_OK, or KB_EVAC_HOME with m->diag. */
__must_check enum kb_status route_homes_are_ram(struct mem *m, const struct range_list *homes);

/* Is scratch, as it is handed over, RAM in the last memory map? KB_OK or KB_CLAIM_SCRATCH. */
__must_check enum kb_status route_scratch_is_ram(const struct range_list *scratch,
						 const struct range_list *ram);

/*
 * route_verify - is everything as it was when the record was sealed?
 *
 * @m reads evacuated pages from their copies (mem_map_moved); @homes is from route_homes(); Returns
 * KB_OK, KB_SEAL_META, KB_SEAL_DATA and others of seal_verify().
 */
__must_check enum kb_status route_verify(struct mem *m, const struct kho *k, struct kb_record *rec,
					 const struct range_list *homes, seal_damage_fn *damage,
					 void *ctx, uint64_t *damaged,
					 const struct route_watch *watch);

/*
 * route_covered - does every preserved byte, and every page of FDT and map, lie in @safe?
 * @safe: sorted: memory that only we can have written since the start, and the homes of
 *	  evacuated pages
 *
 * Returns KB_OK, KB_CLAIM or KB_KHO_CHANGED; m->diag then says where.
 */
__must_check enum kb_status route_covered(struct mem *m, const struct kho *k,
					  const struct range_list *safe);

#endif
