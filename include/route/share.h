/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Digests by several CPUs: the same ones as by one, in the same order, whoever makes them.
 *
 * The tiles are shared out in pieces. Each CPU begins with the piece of its own number, and takes
 * the next one that nobody has until there is none left:
 *
 *	pieces   | 0 | 1 | 2 | 3 | 4 | 5 | 6 | ...
 *	begins    #0  #1  #2  |-- next, a counter --->
 *
 * A digest has a place of its own in work memory, which is all that other CPUs write. When the
 * first CPU finds no more piece to take, it collects the digests, piece by piece. A piece whose CPU
 * does not end it (it hangs, it came too late, it met a fault) is made once more by the first CPU,
 * into memory of its own. So CPUs that never come, or never end, cost time and nothing else; and as
 * only the first CPU collects, compares and reports, nothing depends on who did what, nor on when.
 *
 * Other CPUs may write to the work memory until help->stop() has returned.
 */
#ifndef ROUTE_SHARE_H
#define ROUTE_SHARE_H

#include <route/seal.h>

/* Tiles in a piece at most: with KB_TILES_MAX of them, a machine has 4096 pieces. */
#define SHARE_TILES 32

struct share;

/* Help from other CPUs: from whoever knows how to start them. */
struct share_help {
	unsigned int cpus; /* that may come, this one not counted */
	void *work;        /* share_work_size() bytes, aligned to 64 */
	uint64_t work_size;
	/* Have each of them call share_take() with a number of its own, 1 to @cpus. */
	void (*start)(void *ctx, struct share *s);
	/* After this none of them reads or writes memory of ours any more. */
	void (*stop)(void *ctx);
	void *ctx;
	/* May be NULL. Called on each CPU after each piece: s->ahead has done its work then. */
	void (*settle)(void);
	void (*relax)(void);     /* wait for a moment */
	uint64_t (*clock)(void); /* ticks of any kind */
	/* Filled in: CPUs that made any digest, this one counted; pieces made twice. */
	unsigned int took_part;
	uint64_t again;
};

/* Bytes of work memory for @tiles tiles and @cpus other CPUs. */
uint64_t share_work_size(uint64_t tiles, unsigned int cpus);

/*
 * share_take - what another CPU does: digest pieces until there is no more
 * @cpu: its number
 *
 * What it meets is said by the first CPU, which comes to the same piece. Uses 8 KiB of stack.
 */
void share_take(struct share *s, unsigned int cpu);

/*
 * share_data, share_verify - seal_data() and seal_verify(), with the same results, by all CPUs
 * @help: NULL: this CPU alone; so is it without enough work memory
 *
 * s->ahead and s->after are called by all CPUs, at the same time. m->map of a view of memory, too,
 * so it must change nothing.
 */
__must_check enum kb_status share_data(struct mem *m, const struct kho *k,
				       const struct seal_scope *s, struct share_help *help,
				       struct kb_xxh128 *out, uint64_t max, uint64_t *count);
__must_check enum kb_status share_verify(struct mem *m, const struct kho *k,
					 const struct seal_scope *s, struct share_help *help,
					 const struct kb_xxh128 *want, uint64_t count,
					 seal_damage_fn *damage, void *ctx, uint64_t *damaged);

#endif
