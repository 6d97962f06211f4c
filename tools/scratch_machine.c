// SPDX-License-Identifier: BSD-2-Clause
/* What khoctl scratch knows of the running system beside what khoctl check reads: scratch.h. */
#include "scratch.h"

#include <core/cmdline.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODES_MAX 1024 /* Linux: NODES_SHIFT is 10 at most */

/* ---- memory of each node --------------------------------------------------------------------- */

/* "Node 0, zone   Normal", and below it "present  1234", in pages. */
static void read_zone_line(const char *line, unsigned long *node, uint64_t present[NODES_MAX])
{
	const char *word = line + strspn(line, " ");

	if (!strncmp(line, "Node ", 5))
		*node = strtoul(line + 5, NULL, 10);
	else if (*node < NODES_MAX && !strncmp(word, "present ", 8))
		present[*node] += strtoull(word + 8, NULL, 10);
}

static void read_zones(const struct running *r, uint64_t present[NODES_MAX])
{
	struct buffer b = {0};
	unsigned long node = NODES_MAX;
	char *line, *rest = NULL;

	if (running_read(r, "/proc/zoneinfo", &b))
		for (line = strtok_r((char *)b.data, "\n", &rest); line;
		     line = strtok_r(NULL, "\n", &rest))
			read_zone_line(line, &node, present);
	buffer_free(&b);
}

/* ---- what the running kernel kept for itself ------------------------------------------------- */

/*
 * "Memory: 993580K/1048056K available (6144K kernel code, 1234K rwdata, 1232K rodata, 820K init,
 * 744K bss, 54032K reserved, 0K cma-reserved)" (Linux mm/mm_init.c:mem_init_print_info)
 */
static uint64_t kib_before(const char *line, const char *end, const char *name)
{
	const char *at = strstr(line, name);

	if (!at || at > end || at == line || *--at != 'K')
		return 0;
	while (at > line && at[-1] >= '0' && at[-1] <= '9')
		at--;
	return strtoull(at, NULL, 10) * 1024;
}

static uint64_t reserved_at_boot(const char *log)
{
	static const char *const image[] = {" kernel code", " rwdata", " rodata", " init", " bss"};
	const char *line = strstr(log, "Memory: "), *end;
	uint64_t kept, less = 0;

	if (!line)
		return 0;
	end = line + strcspn(line, "\n");
	kept = kib_before(line, end, " reserved");
	for (size_t i = 0; i < ARRAY_SIZE(image); i++)
		less += kib_before(line, end, image[i]);
	return kept > less ? kept - less : 0;
}

/* "RAMDISK: [mem 0x3f000000-0x3fffffff]": reserved at that time as well, and given back. */
static uint64_t initrd_at_boot(const char *log)
{
	const char *at = strstr(log, "RAMDISK: [mem ");
	uint64_t base, last;
	char *end;

	if (!at)
		return 0;
	base = strtoull(at + strlen("RAMDISK: [mem "), &end, 16);
	last = *end == '-' ? strtoull(end + 1, NULL, 16) : 0;
	return last > base ? last - base + 1 : 0;
}

/* Bytes of the lines of /proc/iomem whose name begins with @name. */
static uint64_t iomem_bytes(const char *iomem, const char *name)
{
	uint64_t sum = 0;

	for (const char *at = iomem; (at = strstr(at, name)); at++) {
		const char *line = at;
		char *end;
		uint64_t base, last;

		while (line > iomem && line[-1] != '\n')
			line--;
		base = strtoull(line, &end, 16);
		last = *end == '-' ? strtoull(end + 1, NULL, 16) : 0;
		sum += last > base ? last - base + 1 : 0;
	}
	return sum;
}

/* Sum of the sizes of reserve_mem=SIZE:... */
static uint64_t reserved_by_words(struct kb_text cmdline)
{
	const char *text = cmdline.text;
	uint64_t sum = 0, size;

	while (text && (text = strstr(text, "reserve_mem="))) {
		struct kb_text t;

		text += strlen("reserve_mem=");
		t = (struct kb_text){text, strlen(text)};
		if (text_take_size(&t, &size))
			sum += size;
	}
	return sum;
}

/*
 * All that its boot kept of RAM, but for its image, its initrd, scratch, and what words ask for.
 * Not known when the log has lost its beginning, or with huge pages that are reserved at boot.
 */
static uint64_t measure(const struct running *r, const struct facts *f, const char *log,
			struct kb_text cmdline)
{
	struct buffer b = {0};
	uint64_t less =
		reserved_by_words(cmdline) + initrd_at_boot(log) + range_list_bytes(&f->areas);
	const uint64_t kept = reserved_at_boot(log);
	struct kb_text value;

	if (running_read(r, "/proc/iomem", &b))
		less += iomem_bytes((const char *)b.data, " : Crash kernel");
	buffer_free(&b);
	if (cmdline_last(cmdline, "hugepages", &value) || (f->handover && !f->scratch_known))
		return 0;
	return kept > less ? kept - less : 0;
}

/* ---- processors, words ----------------------------------------------------------------------- */

/* "0-3,8" */
static uint64_t read_cpus(const struct running *r)
{
	struct buffer b = {0};
	uint64_t n = 0;
	char *at;

	if (running_read(r, "/sys/devices/system/cpu/possible", &b))
		for (at = (char *)b.data; *at >= '0' && *at <= '9'; at += *at == ',') {
			const uint64_t first = strtoull(at, &at, 10);
			const uint64_t last = *at == '-' ? strtoull(at + 1, &at, 10) : first;

			n += last >= first ? last - first + 1 : 0;
		}
	buffer_free(&b);
	return n ? n : 1;
}

static void read_word(struct kb_text cmdline, struct scratch_facts *s)
{
	struct kb_text value;

	if (cmdline_last(cmdline, "kho_scratch", &value))
		snprintf(s->word, sizeof(s->word), "%.*s", (int)value.len, value.text);
}

/* In place: the nodes that have memory, in bytes. */
static void fill_nodes(struct scratch_facts *s)
{
	for (size_t n = 0; n < NODES_MAX; n++)
		if (s->node[n])
			s->node[s->nodes++] = s->node[n] * s->f->page_size;
	/* Without the file: one node. */
	if (!s->nodes)
		s->node[s->nodes++] = range_list_bytes(&s->f->ram);
}

bool scratch_read(const struct running *r, const struct facts *f, const char *log,
		  struct scratch_facts *ret)
{
	struct scratch_facts s = {.f = f, .node = calloc(NODES_MAX, sizeof(*s.node))};
	struct kb_text cmdline = {NULL, 0};
	struct buffer b = {0};

	if (!s.node)
		return false;
	if (running_read(r, "/proc/cmdline", &b))
		cmdline = (struct kb_text){(const char *)b.data, b.size};
	while (cmdline.len && cmdline.text[cmdline.len - 1] == '\n')
		cmdline.len--;
	read_zones(r, s.node);
	fill_nodes(&s);
	s.cpus = read_cpus(r);
	s.release = running_release(r);
	s.handed = running_exists(r, DEBUGFS "/kho/in/fdt");
	/* What was handed over to it is kept by its boot, too. */
	if (!s.handed)
		s.measured = measure(r, f, log, cmdline);
	read_word(cmdline, &s);
	buffer_free(&b);
	*ret = s;
	return true;
}

void scratch_free(struct scratch_facts *s)
{
	free(s->node);
}
