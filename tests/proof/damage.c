// SPDX-License-Identifier: BSD-2-Clause
/*
 * damage.c - what a faulty outgoing kernel, or a stray write, could leave to khoboot.
 */
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "damage.h"

/* struct khoser_mem_chunk of kho-v1: next, order and count, then (start, bitmap) pairs */
#define CHUNK_FIRST_BITMAP 24

void put(struct scene *s, uint64_t pa, const void *data, size_t len)
{
	memcpy(s->ram->live + ram_offset(s->ram, pa, len), data, len);
}

void put_u64(struct scene *s, uint64_t pa, uint64_t v)
{
	put(s, pa, &v, sizeof(v));
}

void put_u32(struct scene *s, uint64_t pa, uint32_t v)
{
	put(s, pa, &v, sizeof(v));
}

/* A word of the boot protocol's data. */
static void put_word(struct scene *s, uint64_t pa, uint64_t v)
{
	put_u64(s, pa, s->node.big_endian ? __builtin_bswap64(v) : v);
}

/* Physical address of the value of a property of the root FDT. */
static uint64_t property(const struct scene *s, const char *name)
{
	const uint8_t *fdt = ram_get(s->ram, s->node.fdt, s->page);
	const uint8_t *value = fdt_getprop(fdt, 0, name, NULL);

	if (!value)
		die("the root FDT has no %s", name);
	return s->node.fdt + (uint64_t)(value - fdt);
}

static void set_scene(struct scene *s, const struct machine *m, struct ram *r, uint64_t argument)
{
	*s = (struct scene){.ram = r, .argument = argument};
	m->find(r, argument, &s->node);
	walk_kho(r, &s->node, &s->list);
	s->page = s->node.fdt_len;
	s->map = ram_u64(r, property(s, "preserved-memory-map"));
}

/* ---- where the KHO data are ----------------------------------------------------------------- */

static void fdt_outside(struct scene *s)
{
	put_word(s, s->node.fdt_at, NOWHERE);
}

static void fdt_unaligned(struct scene *s)
{
	put_word(s, s->node.fdt_at, s->node.fdt + 8);
}

static void fdt_size(struct scene *s)
{
	put_word(s, s->node.fdt_at + 8, 3 * s->page);
}

/* ---- root FDT ------------------------------------------------------------------------------- */

static void magic_gone(struct scene *s)
{
	put_u32(s, s->node.fdt, 0);
}

static void set_version(struct scene *s, char digit)
{
	put(s, property(s, "compatible") + strlen("kho-v"), &digit, 1);
}

static void version_2(struct scene *s)
{
	set_version(s, '2');
}

static void version_9(struct scene *s)
{
	set_version(s, '9');
}

static void not_kho(struct scene *s)
{
	put(s, property(s, "compatible"), "xyz", 3);
}

static void map_null(struct scene *s)
{
	put_u64(s, property(s, "preserved-memory-map"), 0);
}

static void map_unaligned(struct scene *s)
{
	put_u64(s, property(s, "preserved-memory-map"), s->map + 16);
}

static void map_outside(struct scene *s)
{
	put_u64(s, property(s, "preserved-memory-map"), NOWHERE);
}

/* ---- preserved-memory-map ------------------------------------------------------------------- */

/* The first entry of the root: a bitmap of kho-v1, a node of the radix tree. */
static uint64_t first_entry(const struct scene *s)
{
	if (s->list.version == 1)
		return s->map + CHUNK_FIRST_BITMAP;
	for (uint64_t at = s->map; at < s->map + s->page; at += 8)
		if (ram_u64(s->ram, at))
			return at;
	die("the map is empty");
}

static void entry_outside(struct scene *s)
{
	put_u64(s, first_entry(s), NOWHERE);
}

static void entry_unaligned(struct scene *s)
{
	put_u64(s, first_entry(s), ram_u64(s->ram, first_entry(s)) + 4);
}

/* The list of chunks leads back to its head, the radix tree to its root. */
static void cycle(struct scene *s)
{
	put_u64(s, s->list.version == 1 ? s->map : first_entry(s), s->map);
}

/* The highest keys are those of order 0. */
static void shared_leaf(struct scene *s)
{
	uint64_t node = s->map, at = 0;

	if (s->list.version == 1)
		die("kho-v1 has no leaves");
	for (unsigned level = 0; level < s->list.levels; level++, node = ram_u64(s->ram, at))
		for (at = node + s->page - 8; at > node && !ram_u64(s->ram, at); at -= 8)
			;
	put_u64(s, at ^ 8, node);
}

/* ---- scratch -------------------------------------------------------------------------------- */

static void set_area(struct scene *s, uint64_t base, uint64_t len)
{
	put_u64(s, s->node.scratch, base);
	put_u64(s, s->node.scratch + 8, len);
}

static void scratch_size(struct scene *s)
{
	put_word(s, s->node.scratch_at + 8, 24);
}

static void scratch_wrap(struct scene *s)
{
	put_u64(s, s->node.scratch + 8, -s->page);
}

static void scratch_unaligned(struct scene *s)
{
	put_u64(s, s->node.scratch, ram_u64(s->ram, s->node.scratch) + 8);
}

static void scratch_twice(struct scene *s)
{
	put_u64(s, s->node.scratch + 16, ram_u64(s->ram, s->node.scratch));
	put_u64(s, s->node.scratch + 24, ram_u64(s->ram, s->node.scratch + 8));
}

static void fdt_in_scratch(struct scene *s)
{
	set_area(s, s->node.fdt, s->page);
}

static void map_in_scratch(struct scene *s)
{
	set_area(s, s->map, s->page);
}

static void block_in_scratch(struct scene *s)
{
	set_area(s, s->list.block.pa, s->list.block.len);
}

static const struct damage damages[] = {
	{"fdt-outside", fdt_outside},
	{"fdt-unaligned", fdt_unaligned},
	{"fdt-size", fdt_size},
	{"fdt-magic", magic_gone},
	{"version-2", version_2},
	{"version-9", version_9},
	{"not-kho", not_kho},
	{"map-null", map_null},
	{"map-unaligned", map_unaligned},
	{"map-outside", map_outside},
	{"entry-outside", entry_outside},
	{"entry-unaligned", entry_unaligned},
	{"cycle", cycle},
	{"shared-leaf", shared_leaf},
	{"scratch-size", scratch_size},
	{"scratch-wrap", scratch_wrap},
	{"scratch-unaligned", scratch_unaligned},
	{"scratch-twice", scratch_twice},
	{"fdt-in-scratch", fdt_in_scratch},
	{"map-in-scratch", map_in_scratch},
	{"block-in-scratch", block_in_scratch},
	{NULL, NULL},
};

static const struct damage *find_damage(const struct damage *list, const char *name)
{
	for (; list->name; list++)
		if (!strcmp(list->name, name))
			return list;
	return NULL;
}

void damage(const struct machine *m, struct ram *r, uint64_t argument, const char *name)
{
	const struct damage *d = find_damage(m->damages, name);
	struct scene s;

	if (!d)
		d = find_damage(damages, name);
	if (!d)
		die("no damage of %s is named '%s'", m->name, name);
	set_scene(&s, m, r, argument);
	d->fn(&s);
}

void damage_list(const struct machine *m)
{
	for (const struct damage *d = m->damages; d->name; d++)
		puts(d->name);
	for (const struct damage *d = damages; d->name; d++)
		puts(d->name);
}
