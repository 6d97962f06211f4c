// SPDX-License-Identifier: BSD-2-Clause
/*
 * Digests of random images against digests of bytes gathered one page at a time, and every kind of
 * damage against what is said of it. The last test plays the whole route in memory.
 */
#include <route/evacuate.h>
#include <route/seal.h>

#include "kho_test.h"

#include <stdlib.h>
#include <sys/mman.h>

#define PAGES 192 /* of the outgoing kernel, in the tile, for preserved data */

struct round {
	struct kho_image img;
	struct kho_naive naive;
	struct range data; /* in the tile: the only memory that can be read */
	struct range only_store[3];
	struct range_list only;
	struct seal_scope scope;
	struct kb_xxh128 *digest;
	uint64_t digests;
	uint64_t random;
};

/* ---- images whose preserved memory is there ---- */

static void preserve(struct round *r)
{
	struct kho_image *img = &r->img;
	uint64_t at = r->data.base;

	while (at < range_end(r->data)) {
		unsigned int order = (unsigned int)random_below(&r->random, 4);
		uint64_t size = img->page << order;

		at = (at + size - 1) & ~(size - 1);
		if (at + size <= range_end(r->data) && random_below(&r->random, 3))
			kho_image_preserve(img, at, order);
		at += size * (1 + random_below(&r->random, 2));
	}
}

static void fill(struct round *r)
{
	uint8_t *p = kho_image_at(&r->img, r->data.base, r->data.size);

	for (uint64_t i = 0; i < r->data.size; i += 8)
		put_u64(p + i, random_next(&r->random));
}

static void begin(struct round *r, const struct kho_kind *k, uint64_t seed)
{
	struct kho_image *img = &r->img;
	uint8_t blob[8000];

	memset(r, 0, sizeof(*r));
	r->random = seed;
	kho_image_init(img, k->format, k->page_shift);
	img->hint = hint_of(k->format);
	kho_image_blob_fdt(img, "memblock", "memblock-v1");
	memset(blob, 0x42, sizeof(blob));
	if (k->format == KHO_MAP_RADIX)
		kho_image_blob(img, "LUO", blob, sizeof(blob));
	r->data = (struct range){kho_image_alloc(img, PAGES * img->page, img->page),
				 PAGES * img->page};
	preserve(r);
	kho_image_finish(img);
	fill(r);
	assert_code(img, kho_image_open(img), KB_OK);
	assert_true(naive_read(img, k->format, &r->naive));
	r->scope.shift = img->page_shift + (unsigned int)random_below(&r->random, 6);
}

static void end(struct round *r)
{
	free(r->digest);
	naive_free(&r->naive);
	kho_image_free(&r->img);
}

/* Ranges of any bytes: the scope need not be whole pages. */
static void narrow(struct round *r)
{
	uint64_t at = r->data.base;

	r->only = (struct range_list){r->only_store, 0, ARRAY_SIZE(r->only_store)};
	for (unsigned int i = 0; i < 3; i++) {
		uint64_t size = (1 + random_below(&r->random, 20)) * r->img.page;

		at += random_below(&r->random, 40) * r->img.page;
		assert_int_equal(range_list_add(&r->only, (struct range){at, size}), KB_OK);
		at += size;
	}
	range_list_sort(&r->only);
	r->scope.only = &r->only;
}

static bool in_scope(const struct round *r, uint64_t at)
{
	struct range byte = {at, 1};

	return naive_touches(&r->naive, byte) &&
	       (!r->scope.only || range_list_overlap(r->scope.only, byte));
}

/* ---- the model: bytes of a tile, page by page of 4 KiB, into a buffer ---- */

struct tile {
	struct range where; /* first preserved byte to last */
	uint64_t bytes;
	struct kb_xxh128 digest;
};

static struct kb_xxh128 digest_of(const void *p, uint64_t len)
{
	struct kb_xxh128_state s;

	kb_xxh128_init(&s);
	kb_xxh128_update(&s, p, len);
	return kb_xxh128_final(&s);
}

/* The tile at @base; false when nothing in it is in scope. */
static bool model_tile(struct round *r, uint64_t base, struct tile *ret)
{
	uint64_t size = 1ULL << r->scope.shift;
	uint8_t *bytes = malloc(size);

	*ret = (struct tile){.where = {0, 0}};
	for (uint64_t at = base; at < base + size; at += SZ_4K) {
		if (!in_scope(r, at))
			continue;
		memcpy(bytes + ret->bytes, kho_image_at(&r->img, at, SZ_4K), SZ_4K);
		if (!ret->bytes)
			ret->where.base = at;
		ret->bytes += SZ_4K;
		ret->where.size = at + SZ_4K - ret->where.base;
	}
	if (ret->bytes)
		ret->digest = digest_of(bytes, ret->bytes);
	free(bytes);
	return ret->bytes;
}

static struct range tiles(const struct round *r)
{
	uint64_t size = 1ULL << r->scope.shift, base = KHO_IMAGE_BASE & ~(size - 1);

	return (struct range){base, KHO_IMAGE_BASE + r->img.used + size - base};
}

static void seal(struct round *r)
{
	uint64_t count;

	assert_code(&r->img, seal_count(&r->img.mem, r->img.kho, &r->scope, &count), KB_OK);
	free(r->digest);
	r->digest = calloc(count + 1, sizeof(*r->digest));
	assert_code(&r->img,
		    seal_data(&r->img.mem, r->img.kho, &r->scope, r->digest, count, &r->digests),
		    KB_OK);
	assert_int_equal(r->digests, count);
}

static void check_tiles(struct round *r)
{
	struct range all = tiles(r);
	struct tile w;
	uint64_t n = 0;

	for (uint64_t at = all.base; at < range_end(all); at += 1ULL << r->scope.shift) {
		if (!model_tile(r, at, &w))
			continue;
		assert_true(n < r->digests);
		assert_int_equal(r->digest[n].lo, w.digest.lo);
		assert_int_equal(r->digest[n].hi, w.digest.hi);
		n++;
	}
	assert_int_equal(n, r->digests);
}

static void same_as_model(void **state)
{
	for_each_kind(k) for (unsigned int i = 0; i < 6; i++)
	{
		static struct round r;

		begin(&r, k, 100 * (uint64_t)(k - kinds) + i);
		if (i % 2)
			narrow(&r);
		kho_image_seal(&r.img);
		seal(&r);
		check_tiles(&r);
		end(&r);
	}
	(void)state;
}

/* ---- damage ---- */

struct report {
	struct range where;
	uint64_t bytes;
	unsigned int calls;
};

static void note(void *ctx, struct range where, uint64_t bytes)
{
	struct report *rep = ctx;

	*rep = (struct report){where, bytes, rep->calls + 1};
}

static enum kb_status verify(struct round *r, struct report *rep, uint64_t *damaged)
{
	*rep = (struct report){.calls = 0};
	r->img.mem.diag = (struct kb_diag){0};
	return seal_verify(&r->img.mem, r->img.kho, &r->scope, r->digest, r->digests, note, rep,
			   damaged);
}

/* One flipped bit is found in its tile, in no other, and only if the byte is in scope. */
static void flip(struct round *r, uint64_t at, unsigned int *found)
{
	uint8_t *p = kho_image_at(&r->img, at, 1);
	uint8_t bit = (uint8_t)(1U << random_below(&r->random, 8));
	struct report rep;
	struct tile w;
	uint64_t damaged;

	model_tile(r, at >> r->scope.shift << r->scope.shift, &w);
	*p ^= bit;
	if (in_scope(r, at)) {
		assert_int_equal(verify(r, &rep, &damaged), KB_SEAL_DATA);
		assert_diag(&r->img, w.where.base, w.where.size);
		assert_int_equal(rep.calls, 1);
		assert_int_equal(rep.where.base, w.where.base);
		assert_int_equal(rep.where.size, w.where.size);
		assert_int_equal(rep.bytes, w.bytes);
		assert_int_equal(damaged, w.bytes);
		++*found;
	} else {
		assert_int_equal(verify(r, &rep, &damaged), KB_OK);
		assert_int_equal(rep.calls, 0);
		assert_int_equal(damaged, 0);
	}
	*p ^= bit;
}

static uint64_t pick_byte(struct round *r, bool inside)
{
	uint64_t at;

	do
		at = r->data.base + random_below(&r->random, r->data.size);
	while (inside && !in_scope(r, at));
	return at;
}

static void each_flip_is_found(void **state)
{
	for_each_kind(k) for (unsigned int i = 0; i < 2; i++)
	{
		static struct round r;
		unsigned int found = 0;

		begin(&r, k, 500 + 2 * (uint64_t)(k - kinds) + i);
		if (i)
			narrow(&r);
		seal(&r);
		for (unsigned int n = 0; n < 30; n++)
			flip(&r, pick_byte(&r, n % 2), &found);
		assert_in_range(found, 15, 29);
		end(&r);
	}
	(void)state;
}

/* Damage in every tile: each is reported, unless the callback is NULL; the first is noted. */
static void all_damage_is_reported(void **state)
{
	static struct round r;
	struct report rep;
	uint64_t damaged, bytes = 0;
	uint8_t *p;

	begin(&r, &kinds[2], 77);
	seal(&r);
	p = kho_image_at(&r.img, r.data.base, r.data.size);
	for (uint64_t i = 0; i < r.data.size; i += SZ_4K)
		p[i] ^= 1;
	narrow(&r); /* leaves out what was not damaged: FDT and blobs */
	r.only_store[0] = r.data;
	r.only.count = 1;
	for (uint64_t at = r.data.base; at < range_end(r.data); at += SZ_4K)
		bytes += in_scope(&r, at) ? SZ_4K : 0;
	assert_true(verify(&r, &rep, &damaged) == KB_SEAL_COUNT);
	for (uint64_t i = 0; i < r.data.size; i += SZ_4K)
		p[i] ^= 1;
	seal(&r);
	for (uint64_t i = 0; i < r.data.size; i += SZ_4K)
		p[i] ^= 1;
	assert_int_equal(verify(&r, &rep, &damaged), KB_SEAL_DATA);
	assert_int_equal(rep.calls, r.digests);
	assert_int_equal(damaged, bytes);
	assert_true(r.img.mem.diag.at < rep.where.base);
	assert_int_equal(seal_verify(&r.img.mem, r.img.kho, &r.scope, r.digest, r.digests, NULL,
				     NULL, &damaged),
			 KB_SEAL_DATA);
	assert_int_equal(damaged, bytes);
	end(&r);
	(void)state;
}

/* Two pages change places: each of them is whole, the tile is not. */
static void swapped_pages_are_found(void **state)
{
	static struct round r;
	struct report rep;
	uint64_t damaged;
	uint8_t *p, page[SZ_4K];

	begin(&r, &kinds[2], 78);
	r.scope.shift = 30;
	for (uint64_t i = 0; i < 2 * SZ_4K; i += SZ_4K)
		assert_true(in_scope(&r, r.naive.range[r.naive.ranges - 1].base + i));
	seal(&r);
	p = kho_image_at(&r.img, r.naive.range[r.naive.ranges - 1].base, 2 * SZ_4K);
	memcpy(page, p, SZ_4K);
	memcpy(p, p + SZ_4K, SZ_4K);
	memcpy(p + SZ_4K, page, SZ_4K);
	assert_int_equal(verify(&r, &rep, &damaged), KB_SEAL_DATA);
	end(&r);
	(void)state;
}

static void counts_must_agree(void **state)
{
	static struct round r;
	struct report rep;
	uint64_t damaged, count;

	begin(&r, &kinds[2], 79);
	seal(&r);
	assert_code(&r.img,
		    seal_data(&r.img.mem, r.img.kho, &r.scope, r.digest, r.digests - 1, &count),
		    KB_SEAL_COUNT);
	r.digests--;
	assert_int_equal(verify(&r, &rep, &damaged), KB_SEAL_COUNT);
	assert_diag(&r.img, r.digests + 1, r.digests);
	r.digests += 2;
	assert_int_equal(verify(&r, &rep, &damaged), KB_SEAL_COUNT);
	assert_int_equal(rep.calls, 0);
	end(&r);
	(void)state;
}

/* All 128 bits count. */
static void digests_are_compared_whole(void **state)
{
	static struct round r;
	struct report rep;
	uint64_t damaged;

	begin(&r, &kinds[2], 84);
	seal(&r);
	for (unsigned int bit = 0; bit < 128; bit++) {
		uint64_t *half = bit < 64 ? &r.digest[1].lo : &r.digest[1].hi;

		*half ^= 1ULL << bit % 64;
		assert_int_equal(verify(&r, &rep, &damaged), KB_SEAL_DATA);
		assert_int_equal(rep.calls, 1);
		*half ^= 1ULL << bit % 64;
	}
	assert_int_equal(verify(&r, &rep, &damaged), KB_OK);
	end(&r);
	(void)state;
}

static const void *nothing_there(void *ctx, uint64_t at, uint64_t len)
{
	struct round *r = ctx;
	struct range page = {range_end(r->data) - r->img.page, r->img.page};

	return ranges_overlap((struct range){at, len}, page) ? NULL
							     : kho_image_find(&r->img, at, len);
}

static void unreadable_data_are_an_error(void **state)
{
	static struct round r;
	struct report rep;
	uint64_t damaged, count;

	begin(&r, &kinds[2], 80);
	seal(&r);
	r.img.mem.map = nothing_there;
	r.img.mem.ctx = &r;
	while (!in_scope(&r, range_end(r.data) - r.img.page))
		r.data.size -= r.img.page;
	assert_code(&r.img, seal_data(&r.img.mem, r.img.kho, &r.scope, r.digest, r.digests, &count),
		    KB_SEAL_READ);
	assert_int_equal(verify(&r, &rep, &damaged), KB_SEAL_READ);
	end(&r);
	(void)state;
}

/* The map changes between opening and sealing. */
static void change_is_noticed(void **state)
{
	static struct round r;
	uint8_t sum[KB_SHA256_SIZE];
	uint64_t damaged, count, slot, key;
	struct report rep;

	begin(&r, &kinds[2], 81);
	seal(&r);
	key = kho_image_key(&r.img, r.data.base, 0);
	slot = kho_image_slot(&r.img, key, 1);
	kho_image_put(&r.img, slot, 3 * SZ_1G); /* not RAM */
	assert_code(&r.img, seal_count(&r.img.mem, r.img.kho, &r.scope, &count), KB_KHO_CHANGED);
	assert_code(&r.img, seal_data(&r.img.mem, r.img.kho, &r.scope, r.digest, r.digests, &count),
		    KB_KHO_CHANGED);
	assert_int_equal(verify(&r, &rep, &damaged), KB_KHO_CHANGED);
	assert_code(&r.img, seal_meta(&r.img.mem, r.img.kho, sum), KB_KHO_NODE_RAM);
	end(&r);
	(void)state;
}

/* Every byte that is digested is shown, once, in order. */
struct shown {
	struct round *r;
	uint64_t bytes;
	const uint8_t *last;
};

static void show(void *ctx, const void *bytes, uint64_t len)
{
	struct shown *s = ctx;

	assert_true((const uint8_t *)bytes >= s->last);
	s->last = (const uint8_t *)bytes + len;
	s->bytes += len;
}

static void bytes_are_shown(void **state)
{
	static struct round r;
	struct shown shown = {&r, 0, NULL};
	uint64_t bytes = 0;

	begin(&r, &kinds[2], 82);
	for (size_t i = 0; i < r.naive.ranges; i++)
		bytes += r.naive.range[i].size;
	r.scope.after = show;
	r.scope.ctx = &shown;
	seal(&r);
	assert_int_equal(shown.bytes, bytes);
	end(&r);
	(void)state;
}

/* Every byte once, in order, and before it is read; by 1 MiB at most. */
struct ahead {
	const uint8_t *end;  /* of what was written back */
	const uint8_t *read; /* end of what was read */
	uint64_t bytes, calls;
};

static void note_ahead(void *ctx, const void *bytes, uint64_t len)
{
	struct ahead *a = ctx;

	assert_true((const uint8_t *)bytes >= a->end);
	assert_true((const uint8_t *)bytes >= a->read);
	assert_true(len && len <= SZ_1M);
	a->end = (const uint8_t *)bytes + len;
	a->bytes += len;
	a->calls++;
}

static void note_read(void *ctx, const void *bytes, uint64_t len)
{
	struct ahead *a = ctx;

	a->read = (const uint8_t *)bytes + len;
	assert_true(a->read <= a->end);
}

static void bytes_are_written_back_first(void **state)
{
	static struct round r;
	struct ahead ahead = {0};
	uint64_t bytes = 0;

	for (unsigned int seed = 83; seed < 87; seed++) {
		begin(&r, &kinds[2], seed);
		for (size_t i = 0; i < r.naive.ranges; i++)
			bytes += r.naive.range[i].size;
		r.scope.ahead = note_ahead;
		r.scope.after = note_read;
		r.scope.ctx = &ahead;
		ahead.end = ahead.read = NULL;
		seal(&r);
		end(&r);
	}
	assert_int_equal(ahead.bytes, bytes);
	(void)state;
}

/* More than 1 MiB in one piece, in tiles that are larger, and in smaller ones. */
static void long_ranges_are_written_back_in_steps(void **state)
{
	for (unsigned int shift = 16; shift <= 24; shift += 8) {
		struct ahead ahead = {0};
		struct seal_scope s = {.shift = shift,
				       .ahead = note_ahead,
				       .after = note_read,
				       .ctx = &ahead};
		static struct kb_xxh128 digest[1024];
		struct kho_image img;
		uint64_t count;

		kho_image_init_sized(&img, KHO_MAP_RADIX, 12, 16 * SZ_1M);
		kho_image_preserve_range(&img,
					 (struct range){kho_image_alloc(&img, 5 * SZ_1M, SZ_2M),
							5 * SZ_1M});
		kho_image_finish(&img);
		assert_int_equal(kho_image_open(&img), KB_OK);
		assert_int_equal(seal_data(&img.mem, img.kho, &s, digest, ARRAY_SIZE(digest),
					   &count),
				 KB_OK);
		assert_int_equal(ahead.bytes, img.kho->sum.bytes);
		assert_in_range(ahead.calls, 5, 5 + img.kho->sum.runs);
		kho_image_free(&img);
	}
	(void)state;
}

/* At the end of each tile that is read, and only then. */
struct ticks {
	uint64_t done, last, count;
};

static void tick(void *ctx)
{
	struct ticks *t = ctx;

	assert_true(t->done > t->last);
	t->last = t->done;
	t->count++;
}

static void progress_is_counted_by_tile(void **state)
{
	static struct round r;
	struct ticks ticks = {0, 0, 0};
	uint64_t bytes = 0;

	begin(&r, &kinds[2], 88);
	for (size_t i = 0; i < r.naive.ranges; i++)
		bytes += r.naive.range[i].size;
	r.scope.done = &ticks.done;
	r.scope.tick = tick;
	r.scope.ctx = &ticks;
	seal(&r);
	assert_int_equal(ticks.done, bytes);
	assert_int_equal(ticks.count, r.digests);
	end(&r);
	(void)state;
}

/* ---- tiles ---- */

static void tiles_are_bounded(void **state)
{
	assert_int_equal(seal_shift(0), 12);
	assert_int_equal(seal_shift(1), 12);
	for (unsigned int shift = 12; shift < 46; shift++) {
		uint64_t end = (uint64_t)KB_TILES_MAX << shift;

		assert_int_equal(seal_shift(end - 1), shift);
		assert_int_equal(seal_shift(end), shift);
		assert_int_equal(seal_shift(end + 1), shift + 1);
	}
	assert_int_equal(seal_shift(UINT64_MAX), 64 - 17);
	(void)state;
}

/* ---- metadata ---- */

static enum kb_status add_piece(void *ctx, const struct kho_meta *meta)
{
	struct round *r = ctx;

	r->naive.meta = realloc(r->naive.meta, (r->naive.metas + 1) * sizeof(*r->naive.meta));
	r->naive.meta[r->naive.metas++] = meta->bytes;
	return KB_OK;
}

/* The pieces again in the order of the visit, FDT and blobs first. */
static void list_pieces(struct round *r)
{
	const struct kho_root *root = &r->img.kho->root;
	struct kho_meta meta = {.bytes = root->fdt};

	r->naive.metas = 0;
	add_piece(r, &meta);
	for (unsigned int i = 0; i < root->blob_count; i++) {
		meta.bytes = (struct range){root->blob[i].at.addr, root->blob[i].size};
		add_piece(r, &meta);
	}
	assert_int_equal(kho_map_each_page(&r->img.mem, &r->img.kho->map, add_piece, r), KB_OK);
}

static void model_meta(struct round *r, uint8_t out[KB_SHA256_SIZE])
{
	struct kb_sha256 c;

	kb_sha256_init(&c);
	for (size_t i = 0; i < r->naive.metas; i++) {
		struct range p = r->naive.meta[i];

		kb_sha256_update(&c, kho_image_at(&r->img, p.base, p.size), p.size);
	}
	kb_sha256_final(&c, out);
}

static bool is_piece(const struct round *r, uint64_t at)
{
	for (size_t i = 0; i < r->naive.metas; i++)
		if (ranges_overlap(r->naive.meta[i], (struct range){at, 1}))
			return true;
	return false;
}

/*
 * A flipped bit of the map can change what is visited, or end the visit: anything but the same
 * digest will do. @k stays as it was opened.
 */
static void meta_is_digested(void **state)
{
	for_each_kind(k)
	{
		static struct round r;
		uint8_t want[KB_SHA256_SIZE], got[KB_SHA256_SIZE];
		unsigned int inside = 0, outside = 0;

		begin(&r, k, 900 + (uint64_t)(k - kinds));
		list_pieces(&r);
		model_meta(&r, want);
		assert_code(&r.img, seal_meta(&r.img.mem, r.img.kho, got), KB_OK);
		assert_memory_equal(got, want, sizeof(want));
		for (unsigned int i = 0; i < 80; i++) {
			uint64_t at = KHO_IMAGE_BASE + random_below(&r.random, r.img.used);
			struct range piece = r.naive.meta[random_below(&r.random, r.naive.metas)];
			uint8_t bit = (uint8_t)(1U << random_below(&r.random, 8));
			bool is, same;

			if (i % 2)
				at = piece.base + random_below(&r.random, piece.size);
			is = is_piece(&r, at);
			*kho_image_at(&r.img, at, 1) ^= bit;
			same = !seal_meta(&r.img.mem, r.img.kho, got) &&
			       !memcmp(got, want, sizeof(want));
			assert_int_equal(same, !is);
			inside += is;
			outside += !is;
			*kho_image_at(&r.img, at, 1) ^= bit;
		}
		assert_true(inside >= 40 && outside > 5);
		end(&r);
	}
	(void)state;
}

static void unreadable_meta_is_an_error(void **state)
{
	static struct round r;
	uint8_t sum[KB_SHA256_SIZE];

	begin(&r, &kinds[2], 83);
	r.img.mem.map = nothing_there;
	r.img.mem.ctx = &r;
	r.data = (struct range){r.img.kho->root.blob[1].at.addr, r.img.page}; /* half of "LUO" */
	assert_code(&r.img, seal_meta(&r.img.mem, r.img.kho, sum), KB_SEAL_READ);
	assert_diag(&r.img, r.data.base, 8000);
	end(&r);
	(void)state;
}

/* ---- the whole route: seal, evacuate, the reset writes over the zone, open, verify, restore -- */

#define SHELTER   0x60000000ULL
#define SHELTER_N (32 * SZ_1M)

struct route {
	struct round *r;
	struct range zone_store;
	struct range_list zone;
	struct evacuation e;
	struct kb_moves moves;
	struct kho_work work;
	uint8_t meta[KB_SHA256_SIZE];
	uint8_t *was;   /* the tile as it was sealed */
	struct mem mem; /* as it is after the reset: 1:1, with moves */
	struct kho_handover h;
	struct kho kho;
};

static void *map_at(uint64_t at, uint64_t size)
{
	void *p = mmap((void *)(uintptr_t)at, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	assert_ptr_equal(p, (void *)(uintptr_t)at);
	return p;
}

static void evacuate(struct route *t)
{
	struct range store[8];
	struct range_list shelter = {store, 0, 8};

	/* Three places, so that one row is split now and then. */
	for (uint64_t i = 0; i < 3; i++)
		assert_int_equal(range_list_add(&shelter, (struct range){SHELTER + i * 10 * SZ_1M,
									 10 * SZ_1M - SZ_4K}),
				 KB_OK);
	t->zone = (struct range_list){&t->zone_store, 1, 1};
	t->work.size = evacuate_work_size(&t->zone);
	t->work.base = malloc(t->work.size);
	assert_int_equal(evacuate_mark(&t->r->img.mem, t->r->img.kho, &t->zone, t->work, &t->e),
			 KB_OK);
	assert_true(t->e.runs > 0);
	t->moves.max = t->e.runs + shelter.count;
	t->moves.m = calloc(t->moves.max, sizeof(*t->moves.m));
	assert_int_equal(evacuate_place(&t->e, &shelter, &t->moves), KB_OK);
}

/* Copy what was evacuated, then overwrite the zone, as a reset does. */
static void reset_machine(struct route *t)
{
	struct kho_image *img = &t->r->img;
	uint8_t *tile = map_at(KHO_IMAGE_BASE, img->size);

	map_at(SHELTER, SHELTER_N);
	memcpy(tile, kho_image_at(img, KHO_IMAGE_BASE, img->used), img->used);
	for (size_t i = 0; i < t->moves.count; i++) {
		struct kb_move *m = &t->moves.m[i];

		memcpy((void *)(uintptr_t)m->copy, (void *)(uintptr_t)m->home, m->size);
	}
	/* The scratch array is not evacuated: the record has it. */
	t->h = img->h;
	t->h.scratch = phys(SHELTER + SHELTER_N - SZ_64K);
	memcpy((void *)(uintptr_t)t->h.scratch.addr, kho_image_at(img, img->h.scratch.addr, 64),
	       img->h.scratch_size);
	memset((void *)(uintptr_t)t->zone_store.base, 0xdb, t->zone_store.size);
	t->mem = (struct mem){.ram = img->mem.ram, .map = mem_map_moved, .ctx = &t->moves};
}

static void restore(struct route *t)
{
	for (size_t i = 0; i < t->moves.count; i++) {
		struct kb_move *m = &t->moves.m[i];

		memcpy((void *)(uintptr_t)m->home, (void *)(uintptr_t)m->copy, m->size);
	}
}

/* All that was preserved, and the map, is what it was. */
static void check_restored(struct route *t)
{
	struct kho_image *img = &t->r->img;

	for (uint64_t at = KHO_IMAGE_BASE; at < KHO_IMAGE_BASE + img->used; at += SZ_4K) {
		struct range page = {at, SZ_4K};

		if (naive_touches(&t->r->naive, page) || naive_is_meta(&t->r->naive, page))
			assert_memory_equal((void *)(uintptr_t)at, kho_image_at(img, at, SZ_4K),
					    SZ_4K);
	}
}

static enum kb_status arrive(struct route *t, struct report *rep)
{
	struct seal_scope scope = t->r->scope;
	uint8_t meta[KB_SHA256_SIZE];
	uint64_t damaged;

	scope.moves = &t->moves;
	t->mem.diag = (struct kb_diag){0};
	assert_int_equal(kho_open(&t->mem, &t->h, t->r->img.hint, t->r->img.work, &t->kho), KB_OK);
	assert_int_equal(seal_meta(&t->mem, &t->kho, meta), KB_OK);
	assert_memory_equal(meta, t->meta, sizeof(meta));
	*rep = (struct report){.calls = 0};
	return seal_verify(&t->mem, &t->kho, &scope, t->r->digest, t->r->digests, note, rep,
			   &damaged);
}

/* A flipped bit in a copy is reported at the home of that page. */
static void damage_copy(struct route *t)
{
	struct kb_move *m = &t->moves.m[random_below(&t->r->random, t->moves.count)];
	uint64_t off = random_below(&t->r->random, m->size);
	uint64_t shift = t->r->scope.shift;
	struct report rep;

	if (!in_scope(t->r, m->home + off) ||
	    naive_is_meta(&t->r->naive, (struct range){m->home, m->size}))
		return;
	if (ranges_overlap((struct range){m->home, m->size},
			   (struct range){KHO_IMAGE_BASE, t->r->data.base - KHO_IMAGE_BASE}))
		return; /* FDT and blobs: refused before */
	*(uint8_t *)(uintptr_t)(m->copy + off) ^= 4;
	assert_int_equal(arrive(t, &rep), KB_SEAL_DATA);
	assert_int_equal(rep.calls, 1);
	assert_int_equal(rep.where.base >> shift, (m->home + off) >> shift);
	*(uint8_t *)(uintptr_t)(m->copy + off) ^= 4;
}

/* The zone begins in the blobs' pages or after them, and ends anywhere; blobs stay whole. */
static void pick_zone(struct route *t)
{
	struct kho_image *img = &t->r->img;
	uint64_t from = random_below(&t->r->random, 2) ? KHO_IMAGE_BASE : t->r->data.base;
	uint64_t pages = (KHO_IMAGE_BASE + img->used - t->r->data.base) / SZ_4K;
	uint64_t n = pages / 4 + random_below(&t->r->random, 3 * pages / 4);
	uint64_t end = t->r->data.base + n * SZ_4K;

	/* Pieces of the map are whole pages: a zone of whole pages of the kernel cuts none. */
	end = (end + img->page - 1) & ~(img->page - 1);
	t->zone_store = (struct range){from, end - from};
}

static void whole_route(void **state)
{
	for_each_kind(k) for (unsigned int i = 0; i < 4; i++)
	{
		static struct round r;
		static struct route t;
		struct report rep;

		if (k->page_shift == 16) /* more than the shelter holds */
			continue;
		begin(&r, k, 2000 + 10 * (uint64_t)(k - kinds) + i);
		memset(&t, 0, sizeof(t));
		t.r = &r;
		seal(&r);
		assert_code(&r.img, seal_meta(&r.img.mem, r.img.kho, t.meta), KB_OK);
		pick_zone(&t);
		evacuate(&t);
		reset_machine(&t);
		assert_int_equal(arrive(&t, &rep), KB_OK);
		for (unsigned int n = 0; n < 10; n++)
			damage_copy(&t);
		restore(&t);
		check_restored(&t);
		munmap((void *)(uintptr_t)KHO_IMAGE_BASE, r.img.size);
		munmap((void *)(uintptr_t)SHELTER, SHELTER_N);
		free(t.work.base);
		free(t.moves.m);
		end(&r);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_as_model),
		cmocka_unit_test(each_flip_is_found),
		cmocka_unit_test(all_damage_is_reported),
		cmocka_unit_test(swapped_pages_are_found),
		cmocka_unit_test(counts_must_agree),
		cmocka_unit_test(digests_are_compared_whole),
		cmocka_unit_test(unreadable_data_are_an_error),
		cmocka_unit_test(change_is_noticed),
		cmocka_unit_test(bytes_are_shown),
		cmocka_unit_test(bytes_are_written_back_first),
		cmocka_unit_test(progress_is_counted_by_tile),
		cmocka_unit_test(long_ranges_are_written_back_in_steps),
		cmocka_unit_test(tiles_are_bounded),
		cmocka_unit_test(meta_is_digested),
		cmocka_unit_test(unreadable_meta_is_an_error),
		cmocka_unit_test(whole_route),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
