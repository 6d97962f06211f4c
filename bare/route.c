// SPDX-License-Identifier: BSD-2-Clause
/*
 * The bare-metal door: the firmware route. Until the reset it can be abandoned, so any refusal
 * leads to the direct route.
 */
#include <arch/cache.h>
#include <arch/const.h>
#include <arch/cpu.h>
#include <arch/vectors.h>
#include <bare/bare.h>
#include <core/log.h>
#include <khoboot/layout.h>
#include <route/route.h>
#include <route/zone.h>
#include <stage/progress.h>
#include <stage/serial.h>
#include <stage/stop.h>

#include <string.h>

#define ZONE_PIECES (KB_ZONE_MAX + 8)
#define AREA        "route"

/* ---- planning -------------------------------------------------------------------------------- */

static enum kb_status find_zone(struct bare *b, struct range_list *zone)
{
	struct kb_text given = b->s.options.zone;

	if (!given.len)
		kb_info(AREA, "no calibration of this firmware: using the built-in zone");
	return zone_choose(ARCH_RECORD, given, &b->s.mem.ram, b->image_size + KB_SETUP_SIZE,
			   1ULL << b->s.kho->root.page_shift, zone);
}

/* Work memory comes from scratch, too: the rest of the arena is page tables by now. */
static enum kb_status take_work(struct bare *b, const struct range_list *zone,
				struct kho_work *work)
{
	uint64_t size = align_up_page(evacuate_work_size(zone));
	struct range at;
	enum kb_status st;

	if (range_list_find(&b->s.free, (struct range){0, UINT64_MAX}, size, SZ_4K, true, &at))
		return KB_REC_ROOM;
	st = range_list_subtract(&b->s.free, at);
	if (!st)
		st = bare_map(b, at, PT_WRITE);
	*work = (struct kho_work){(void *)(uintptr_t)at.base, size};
	return st;
}

static enum kb_status map_copies(struct bare *b, struct kb_record *rec)
{
	struct kb_moves moves = route_moves(rec);
	enum kb_status st = KB_OK;

	for (size_t i = 0; i < moves.count && !st; i++)
		st = bare_map(b, (struct range){moves.m[i].copy, moves.m[i].size}, PT_WRITE);
	return st;
}

static enum kb_status plan_route(struct bare *b, struct range_list *zone, struct route *r,
				 struct kb_room *kept)
{
	struct stage_room room;
	struct kho_work work;
	enum kb_status st = find_zone(b, zone);

	if (!st)
		st = stage_keep_room(&b->s, zone, &b->fresh, &room);
	if (st)
		return st;
	*kept = room.kept;
	st = stage_list_spare(&b->s, &b->busy, zone, &room);
	if (!st)
		st = take_work(b, zone, &work);
	if (!st)
		st = route_plan(&b->s.mem, b->s.kho, &b->s.free, work, r);
	if (!st)
		st = bare_map(b, r->record, PT_WRITE);
	return st;
}

/* ---- sealing --------------------------------------------------------------------------------- */

static void write_back(void *ctx, const void *bytes, uint64_t len)
{
	(void)ctx;
	cache_write_back(bytes, len);
}

static void flush_range(void *ctx, struct range r)
{
	(void)ctx;
	cache_flush_range((const void *)(uintptr_t)r.base, r.size);
}

/* No return to whoever needs the vector registers, but B may be started without a reset. */
static enum kb_status digest_all(struct bare *b, const struct route *r, struct kb_record *rec,
				 struct kb_record_facts *facts, struct share_help *help)
{
	static struct cpu_vectors before;
	struct stage_progress progress;
	struct route_watch watch = {write_back, &progress.done, stage_progress_tick, &progress,
				    help};
	enum kb_status st;

	stage_progress_begin(&progress, "seal",
			     route_digested(r->seal, b->s.kho->sum.bytes, r->evacuation.bytes));
	cpu_vectors_enable(&before);
	kb_debug(AREA, "digests: %s", cpu_digest_fast());
	st = route_seal(&b->s.mem, b->s.kho, r, rec, facts, &watch);
	cache_wait();
	cpu_digest_plain();
	cpu_vectors_restore(&before);
	return st;
}

static enum kb_status seal(struct bare *b, const struct route *r, struct kb_record *rec,
			   struct kb_record_facts *facts, struct stage_crew *crew)
{
	enum kb_status st = route_place(&b->s.mem, b->s.kho, &b->s.free, r, rec);

	if (!st)
		st = map_copies(b, rec);
	if (!st)
		st = route_flush(&b->s.mem, b->s.kho, r->seal, flush_range, NULL);
	if (st)
		return st;
	facts->arch = ARCH_RECORD;
	facts->on_error = stage_policy_after_reset(&b->s);
	facts->log = (uint16_t)b->s.options.log;
	facts->cpus = (uint16_t)b->s.options.cpus;
	facts->ram_bytes = range_list_bytes(&b->s.mem.ram);
	facts->ram_end = range_end(b->s.mem.ram.r[b->s.mem.ram.count - 1]);
	if (route_may_call(b->s.kho, r->seal))
		bare_call_crew(b, r->shape.tiles, crew);
	st = digest_all(b, r, rec, facts, &crew->help);
	stage_crew_report(crew);
	if (st)
		return st;
	cache_flush_all();
	record_publish(rec);
	cache_flush_range(rec, SZ_4K);
	cache_flush_all();
	return KB_OK;
}

static void report(const struct bare *b, const struct route *r, const struct kb_record *rec)
{
	kb_info(AREA,
		"firmware zone in %zu pieces; %" PRIu64 " bytes evacuated in %" PRIu64 " pieces",
		r->zone->count, r->evacuation.bytes, rec->moves_count);
	kb_info(AREA,
		"sealed %" PRIu64 " bytes with %" PRIu64 " digests, record at 0x%" PRIx64
		", in %" PRIu64 " us",
		rec->facts.preserved, rec->tiles_count, (uintptr_t)rec,
		cpu_clock_us(cpu_clock() - b->s.entered));
}

/* ---- the whole route ------------------------------------------------------------------------- */

/* Was the route prepared, and would memory survive? */
static enum kb_status ask(struct bare *b, uint8_t nonce[KB_NONCE_SIZE], struct route *r)
{
	struct route_question q = {
		.nonce = cmdline_nonce(b->s.options.nonce, nonce),
		.preserved = b->s.kho,
		.initrd_outside = b->s.initrds.outside,
	};
	enum kb_status st;

	bare_ask_route(b, &q);
	r->map_size = q.map_size;
	r->desc_size = q.desc_size;
	st = route_asked(&q);
	return st ? st : bare_memory_survives(b);
}

/* If the machine does not reset, the record is gone. */
static void reset(const struct bare *b, const struct route *r, struct kb_record *rec,
		  const struct reset_how *how)
{
	report(b, r, rec);
	kb_info(AREA, "resetting into firmware");
	serial_drain();
	reset_try(how);
	memset(rec, 0, sizeof(*rec));
	cache_flush_range(rec, sizeof(*rec));
}

/* Comes back only when the route cannot be taken. */
static enum kb_status try_route(struct bare *b)
{
	static struct range zone_store[ZONE_PIECES];
	struct range_list zone = {zone_store, 0, ZONE_PIECES};
	struct kb_record_facts facts = {0};
	struct reset_how how = {0};
	uint8_t nonce[KB_NONCE_SIZE];
	struct route r = {.zone = &zone,
			  .seal = b->s.options.seal,
			  .cmdline = b->s.cmdline,
			  .nonce = nonce,
			  .early_max = {ARCH_EARLY_MAP, ARCH_EARLY_LIST}};
	struct stage_crew crew = {.stuck = false};
	struct kb_record *rec;
	enum kb_status st = ask(b, nonce, &r);

	if (st)
		return st;
	bare_read_tables(b, &how, &facts);
	stop_set_memory(stage_memory_written(&b->s));
	st = plan_route(b, &zone, &r, &facts.room);
	if (st && kernel_fix_place(&b->s.kernel))
		st = plan_route(b, &zone, &r, &facts.room);
	rec = (struct kb_record *)(uintptr_t)r.record.base;
	if (!st)
		st = seal(b, &r, rec, &facts, &crew);
	if (!st)
		reset(b, &r, rec, &how);
	/* Its memory would be the next kernel's. */
	if (crew.stuck)
		stop_refused(kb_refuse(AREA, KB_CPU_STUCK, NULL));
	return st ? st : KB_ROUTE_RESET;
}

void bare_route_or_direct(struct bare *b)
{
	enum kb_status st;

	if (b->s.options.via != KB_VIA_FIRMWARE)
		return;
	st = try_route(b);
	kb_warn(AREA, "KB-%03d %s; taking the direct route", (int)st, kb_cause(st));
	kb_warn(AREA, "KB-%03d remedy: %s", (int)st, kb_remedy(st));
}
