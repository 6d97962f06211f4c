// SPDX-License-Identifier: BSD-2-Clause
/*
 * strike - what may happen to a machine between khoboot's two doors, made to happen.
 *
 * Stands between a test script and QEMU, with guest RAM in a file of its own. With --damage it
 * stops the machine at the reset that khoboot asked for, finds the record, changes bytes that the
 * script wants to be reported, and lets the reset go on. With --kill it kills QEMU at a moment of
 * the script's choice and starts it again, with the RAM as it was or with fresh RAM.
 */
#include <errno.h>
#include <getopt.h>
#include <libfdt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../guest/board.h"
#include "../proof/proof.h"
#include "../unit/random.h"
#include <route/record.h>

#define PAGE      4096ULL
#define MOST_HITS 64

static const char usage[] =
	"usage: strike --mem BYTES --damage WHAT --report FILE [--count N] [--seed S]\n"
	"       strike --mem BYTES --ghost TEXT[|TEXT]... --report FILE\n"
	"       strike --mem BYTES --kill TEXT[|TEXT]... --after MS [--fresh] --report FILE\n"
	"       ... -- QEMU [ARGUMENT]...\n"
	"\n"
	"  --mem BYTES    guest RAM; QEMU's own -m must say the same\n"
	"  --damage WHAT  at the first reset: data (preserved bytes, which are in the report "
	"then),\n"
	"                 guest (memory of a guest of tests/guest, likewise),\n"
	"                 map (of the preserved memory), fdt, record, magic (of the record)\n"
	"  --count N      how many bytes (default 1)\n"
	"  --kill TEXT    when the guest has said these, one after the other (_ is a blank)...\n"
	"  --after MS     ...and so many milliseconds have passed\n"
	"  --fresh        start again with empty RAM\n"
	"  --ghost TEXT   when the guest has said these, the last CPU of its MADT becomes one "
	"that\n"
	"                 is not there; the machine goes on\n"
	"  --report FILE  append what was done\n";

static struct {
	uint64_t mem;
	uint64_t count;
	uint64_t seed;
	uint64_t after;
	const char *damage;
	char *kill;
	const char *report;
	int fresh;
	int ghost;
} opt = {.count = 1};

static int qmp = -1;

/* ---- damage --------------------------------------------------------------------------------- */

static uint8_t *at(struct ram *r, uint64_t pa)
{
	return r->live + ram_offset(r, pa, 1);
}

static bool is_ram(const struct ram *r, uint64_t pa)
{
	return pa < r->low || (pa >= SZ_4G && pa - SZ_4G < r->size - r->low);
}

static uint64_t find_record(const struct ram *r)
{
	for (uint64_t pa = 0; pa < SZ_4G + r->size; pa += KB_RECORD_ALIGN)
		if (is_ram(r, pa) && ram_u64(r, pa) == KB_RECORD_MAGIC)
			return pa;
	return 0;
}

/* Where the byte is for now: in its copy, if it was evacuated (its home will be overwritten). */
static uint64_t lives_at(const struct kb_record *k, uint64_t pa)
{
	const struct kb_move *m = (const void *)((const uint8_t *)k + k->moves_at);

	for (uint64_t i = 0; i < k->moves_count; i++)
		if (pa >= m[i].home && pa - m[i].home < m[i].size)
			return m[i].copy + (pa - m[i].home);
	return pa;
}

static bool is_evacuated(const struct kb_record *k, uint64_t pa)
{
	return lives_at(k, pa) != pa;
}

static bool holds(const struct piece *b, uint64_t pa)
{
	return pa >= b->pa && pa - b->pa < b->len;
}

/*
 * The FDT, and what its nodes point to, are preserved memory as well; but their digest is another
 * one.
 */
static bool is_described(struct ram *r, const struct kb_record *k, const struct piece *b)
{
	const void *fdt = at(r, lives_at(k, k->facts.fdt));
	int node, prop;

	if (holds(b, k->facts.fdt))
		return true;
	fdt_for_each_subnode(node, fdt, 0) {
		fdt_for_each_property_offset(prop, fdt, node) {
			int len;
			const void *value = fdt_getprop_by_offset(fdt, prop, NULL, &len);
			uint64_t pa = 0;

			if (value && len == sizeof(pa))
				memcpy(&pa, value, sizeof(pa));
			if (holds(b, pa))
				return true;
		}
	}
	return false;
}

/* Changes a bit of the preserved byte at @pa. */
static void flip(struct ram *r, const struct kb_record *k, uint64_t pa)
{
	*at(r, lives_at(k, pa)) ^= (uint8_t)(1u << random_below(&opt.seed, 8));
	report(opt.report, "damaged 0x%llx%s", (unsigned long long)pa,
	       is_evacuated(k, pa) ? " evacuated" : "");
}

/* Preserved blocks are picked evenly, whatever their sizes. */
static void damage_data(struct ram *r, const struct kb_record *k, const struct pieces *l)
{
	for (uint64_t i = 0; i < opt.count;) {
		const struct piece *b = &l->data[random_below(&opt.seed, l->blocks)];
		uint64_t pa = b->pa + random_below(&opt.seed, b->len);

		if (is_described(r, k, b))
			continue;
		i++;
		flip(r, k, pa);
	}
}

/* A page of the guest's field: no word of it is zero, and none was counted up to much. */
static bool is_field(const uint64_t *page)
{
	for (uint64_t i = 0; i < GUEST_WORDS; i++)
		if (!page[i] || page[i] > GUEST_MOST_ROUNDS)
			return false;
	return true;
}

/* The next page of a guest's field from a random place on; all of them lie in preserved blocks. */
static uint64_t find_field(struct ram *r, const struct kb_record *k, const struct pieces *l)
{
	uint64_t first = random_below(&opt.seed, l->blocks);

	for (uint64_t i = 0; i < l->blocks; i++) {
		const struct piece *b = &l->data[(first + i) % l->blocks];

		for (uint64_t pa = b->pa; pa < b->pa + b->len; pa += PAGE)
			if (is_field((const uint64_t *)at(r, lives_at(k, pa))))
				return pa;
	}
	die("no page of a guest's field is preserved");
}

static void damage_guest(struct ram *r, const struct kb_record *k, const struct pieces *l)
{
	for (uint64_t i = 0; i < opt.count; i++)
		flip(r, k, find_field(r, k, l) + random_below(&opt.seed, PAGE));
}

/* A page of the map: what is in the list of all pieces, and in no block. */
static bool in_blocks(const struct pieces *l, uint64_t pa)
{
	for (size_t i = 0; i < l->blocks; i++)
		if (holds(&l->data[i], pa))
			return true;
	return false;
}

static uint64_t map_page(const struct pieces *l, uint64_t number)
{
	for (size_t i = 0; i < l->count; i++)
		for (uint64_t pa = l->p[i].pa; pa < l->p[i].pa + l->p[i].len; pa += PAGE)
			if (!in_blocks(l, pa) && !number--)
				return pa;
	die("the map has fewer pages");
}

static void damage_map(struct ram *r, const struct kb_record *k, const struct pieces *l)
{
	uint64_t pa = map_page(l, random_below(&opt.seed, l->metadata / PAGE - 1)) +
		      random_below(&opt.seed, PAGE);

	*at(r, lives_at(k, pa)) ^= (uint8_t)(1u << random_below(&opt.seed, 8));
	report(opt.report, "damaged map 0x%llx", (unsigned long long)pa);
}

/* The last byte of the page, which no reader of the FDT looks at. */
static void damage_fdt(struct ram *r, const struct kb_record *k)
{
	*at(r, lives_at(k, k->facts.fdt + PAGE - 1)) ^= 1;
	report(opt.report, "damaged FDT 0x%llx", (unsigned long long)k->facts.fdt);
}

/* Not magic or nonce, or it would not be found; nor state and attempts, which have no digest. */
static void damage_record(struct ram *r, uint64_t record, const struct kb_record *k)
{
	uint64_t from = offsetof(struct kb_record, digest);
	uint64_t where = from + random_below(&opt.seed, k->header_size - from);

	*at(r, record + where) ^= (uint8_t)(1u << random_below(&opt.seed, 8));
	report(opt.report, "damaged record 0x%llx, byte %llu", (unsigned long long)record,
	       (unsigned long long)where);
}

static void damage_now(struct ram *r)
{
	uint64_t record = find_record(r);
	const struct kb_record *k;
	struct kho_node node = {0};
	struct pieces l;

	if (!record) {
		report(opt.report, "no record");
		return;
	}
	k = (const void *)ram_get(r, record, PAGE);
	node.fdt = k->facts.fdt;
	node.fdt_len = k->facts.page_size;
	walk_kho(r, &node, &l);
	report(opt.report,
	       "record 0x%llx of %llu bytes, %llu moves, tiles of %llu bytes, %llu bytes "
	       "preserved",
	       (unsigned long long)record, (unsigned long long)k->size,
	       (unsigned long long)k->moves_count, 1ULL << k->facts.tile_shift,
	       (unsigned long long)l.preserved);
	if (!strcmp(opt.damage, "data"))
		damage_data(r, k, &l);
	else if (!strcmp(opt.damage, "guest"))
		damage_guest(r, k, &l);
	else if (!strcmp(opt.damage, "map"))
		damage_map(r, k, &l);
	else if (!strcmp(opt.damage, "fdt"))
		damage_fdt(r, k);
	else if (!strcmp(opt.damage, "record"))
		damage_record(r, record, k);
	else if (!strcmp(opt.damage, "magic"))
		*at(r, record) ^= 1;
	free(l.p);
	free(l.data);
}

/* What a reset of the guest does, and system_reset: stop the machine, or reset it. */
static void set_reset(bool stops)
{
	qmp_send(qmp,
		 stops ? "{\"execute\": \"set-action\", \"arguments\": {\"reboot\": \"shutdown\"}}"
		       : "{\"execute\": \"set-action\", \"arguments\": {\"reboot\": \"reset\"}}");
}

/* At each reset QEMU stops the machine instead, and says so; the first one is khoboot's. */
static void watch_resets(struct ram *r)
{
	char line[2000];
	int resets = 0;

	qmp_send(qmp, "qmp_capabilities");
	while (qmp_line(qmp, line, sizeof(line))) {
		if (strstr(line, "\"RESET\"")) {
			set_reset(true);
			qmp_send(qmp, "cont");
		} else if (strstr(line, "\"SHUTDOWN\"") && strstr(line, "guest-reset")) {
			if (!resets++)
				damage_now(r);
			set_reset(false);
			qmp_send(qmp, "system_reset");
		} else if (strstr(line, "\"SHUTDOWN\"") && strstr(line, "guest-shutdown")) {
			qmp_send(qmp, "quit");
		}
	}
}

/* ---- death ---------------------------------------------------------------------------------- */

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Runs until all texts came, in their order, and for opt.after more; false at QEMU's end. */
static bool run_to_moment(void)
{
	const char *from = NULL;
	uint64_t end;

	for (char *c = opt.kill; *c; c++)
		*c = *c == '_' ? ' ' : *c;
	for (char *text = strtok(opt.kill, "|"); text; text = strtok(NULL, "|")) {
		const char *found;

		while (!(found = from ? strstr(from, text) : vm_said(text)))
			if (!vm_pump(-1))
				return false;
		from = found + strlen(text);
	}
	for (end = now_ms() + opt.after; now_ms() < end;)
		if (!vm_pump((int)(end - now_ms())))
			return false;
	return true;
}

static void forget_ram(struct ram *r)
{
	if (ftruncate(r->fd, 0) || ftruncate(r->fd, (off_t)r->size))
		die("cannot clear guest RAM: %s", strerror(errno));
}

static void kill_and_restart(char **argv, int argc, struct ram *r)
{
	uint64_t record;

	if (!run_to_moment()) {
		report(opt.report, "ended before it was killed");
		return;
	}
	vm_kill();
	record = find_record(r);
	report(opt.report, "killed, %s", record ? "with a record in memory" : "without a record");
	if (opt.fresh)
		forget_ram(r);
	close(qmp);
	qmp = vm_start(argv, argc, r, VM_QMP);
}

/* ---- a CPU that is not there ---------------------------------------------------------------- */

#define MADT_ENTRIES 44
#define GHOST        0xee /* number of its local APIC */

static void fix_sum(uint8_t *table, uint32_t len)
{
	uint8_t sum = 0;

	table[9] = 0;
	for (uint32_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + table[i]);
	table[9] = (uint8_t)-sum;
}

/* False if it is no MADT with a CPU. */
static bool make_ghost(uint8_t *table, uint64_t room)
{
	uint32_t len = get_u32(table + 4), last = 0;

	if (len < MADT_ENTRIES || len > room)
		return false;
	for (uint32_t i = MADT_ENTRIES; i + 8 <= len && table[i + 1]; i += table[i + 1])
		if (!table[i] && table[i + 4] & 1)
			last = i;
	if (!last)
		return false;
	table[last + 3] = GHOST;
	fix_sum(table, len);
	return true;
}

#define TABLES (64 * SZ_1M) /* firmware's tables lie so far below the top of low memory */

/* Every MADT that lies there: which one is in use is of no matter. Linux reads it early. */
static void haunt(struct ram *r)
{
	uint8_t *p = r->live + r->low - TABLES, *end = r->live + r->low - PAGE;
	unsigned int made = 0;

	if (run_to_moment())
		while ((p = memmem(p, (size_t)(end - p), "APIC", 4))) {
			made += make_ghost(p, PAGE);
			p += 4;
		}
	report(opt.report, "a CPU that is not there, in %u tables", made);
	while (vm_pump(-1))
		;
}

/* --------------------------------------------------------------------------------------------- */

static void parse_options(int argc, char **argv)
{
	static const struct option longs[] = {
		{"mem", required_argument, NULL, 'm'},
		{"damage", required_argument, NULL, 'd'},
		{"report", required_argument, NULL, 'r'},
		{"count", required_argument, NULL, 'n'},
		{"seed", required_argument, NULL, 's'},
		{"kill", required_argument, NULL, 'k'},
		{"after", required_argument, NULL, 'a'},
		{"fresh", no_argument, &opt.fresh, 1},
		{"ghost", required_argument, NULL, 'g'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "+h", longs, NULL)) != -1) {
		switch (c) {
		case 0:
			break;
		case 'm':
			opt.mem = number(optarg);
			break;
		case 'n':
			opt.count = number(optarg);
			break;
		case 's':
			opt.seed = number(optarg);
			break;
		case 'a':
			opt.after = number(optarg);
			break;
		case 'd':
			opt.damage = optarg;
			break;
		case 'k':
			opt.kill = optarg;
			break;
		case 'g':
			opt.kill = optarg;
			opt.ghost = 1;
			break;
		case 'r':
			opt.report = optarg;
			break;
		default:
			fputs(usage, c == 'h' ? stdout : stderr);
			exit(c == 'h' ? 0 : 2);
		}
	}
	if (!opt.mem || !opt.report || !opt.damage == !opt.kill || optind == argc)
		die("an argument is missing; see --help");
}

/* QEMU's arguments: with --damage a reset stops the machine, and so does power off. */
static char **arguments(char **argv, int *argc)
{
	char **all = calloc((size_t)*argc + 3, sizeof(*all));

	if (!all)
		die("out of memory");
	memcpy(all, argv, (size_t)*argc * sizeof(*all));
	if (opt.damage) {
		all[(*argc)++] = strdup("-action");
		all[(*argc)++] = strdup("reboot=shutdown,shutdown=pause");
	}
	return all;
}

int main(int argc, char **argv)
{
	struct ram ram;
	int count;
	char **qemu;

	signal(SIGPIPE, SIG_IGN);
	parse_options(argc, argv);
	count = argc - optind;
	qemu = arguments(argv + optind, &count);
	ram_create(&ram, RAM_Q35, opt.mem);
	qmp = vm_start(qemu, count, &ram, VM_QMP);
	if (opt.damage)
		watch_resets(&ram);
	else if (opt.ghost)
		haunt(&ram);
	else
		kill_and_restart(qemu, count, &ram);
	return vm_end();
}
