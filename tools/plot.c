// SPDX-License-Identifier: BSD-2-Clause
/* khoctl plot: a picture of this machine's memory, and of where a UKI will be put. */
#include "plot.h"
#include "check.h"
#include "khoctl.h"
#include "machine.h"
#include "plot_kho.h"
#include "prepare.h"
#include "shown.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"Usage: khoctl plot [OPTION]... [UKI]\n"
	"       khoctl plot --dump FILE[@ADDRESS]... [OPTION]...\n"
	"\n"
	"Draw memory as SVG: RAM, firmware, scratch; with UKI also where it will be loaded, and "
	"where\n"
	"khoboot will put the next kernel; with --live or --dump also what is preserved, by "
	"owner.\n"
	"Changes nothing.\n"
	"\n" SHOWN_HELP "  --text                 for a terminal instead\n"
	"  -o, --output FILE      write there; default: standard output\n"
	"  --cmdline TEXT|@FILE   command line instead of the one in UKI\n"
	"  -h, --help             show this text\n";

enum { OPT_TEXT = 256 };

/* clang-format off */
static const struct option options[] = {
	SHOWN_OPTIONS,
	{"text", no_argument, NULL, OPT_TEXT},
	{"output", required_argument, NULL, 'o'},
	{"cmdline", required_argument, NULL, WAY_CMDLINE},
	{"help", no_argument, NULL, 'h'},
	{0},
};
/* clang-format on */

struct request {
	struct way way;
	struct shown_request from;
	bool source; /* an option of it was given */
	const char *output;
	bool text;
};

static int take_option(void *request, int option, const char *arg)
{
	struct request *r = request;
	int ret = shown_take("plot", &r->from, option, arg);

	if (ret >= 0) {
		r->source = true;
		return ret;
	}
	if (option == OPT_TEXT)
		r->text = true;
	else if (option == 'o')
		r->output = arg;
	else
		return prepare_option(&r->way, "plot", option, arg);
	return CTL_OK;
}

/* ---- what is there --------------------------------------------------------------------------- */

/* Lines of /proc/iomem that are not indented, and say that firmware has the memory. */
static bool is_firmware(const char *name)
{
	return !strncmp(name, "ACPI ", 5) || !strncmp(name, "Reserved", 8) ||
	       !strncmp(name, "reserved", 8) || !strncmp(name, "Unknown E820", 12);
}

static void add_line(struct plot *p, const char *line, uint64_t ram_end)
{
	const char *name = strstr(line, " : ");
	char *end;
	uint64_t base = strtoull(line, &end, 16), last = 0;

	if (*end == '-')
		last = strtoull(end + 1, NULL, 16);
	/* What is reserved above RAM are devices. */
	if (*line != ' ' && name && is_firmware(name + 3) && last > base && base < ram_end)
		plot_add(p, PLOT_FIRMWARE, (struct range){base, last - base + 1});
}

static void add_firmware(struct plot *p, const struct running *r, const struct facts *f)
{
	const uint64_t end = f->ram.count ? range_end(f->ram.r[f->ram.count - 1]) : 0;
	struct buffer b = {0};
	char *line, *rest = NULL;

	if (running_read(r, "/proc/iomem", &b))
		for (line = strtok_r((char *)b.data, "\n", &rest); line;
		     line = strtok_r(NULL, "\n", &rest))
			add_line(p, line, end);
	buffer_free(&b);
}

/* "Node 0, zone Normal", "spanned 1234" and "start_pfn: 4096" of each zone: from the first to the
 * last page. */
struct span {
	uint64_t first, end; /* pages */
};

#define NODES_MAX 1024

static void read_span(const char *line, unsigned long *node, uint64_t *spanned,
		      struct span span[NODES_MAX])
{
	const char *word = line + strspn(line, " ");
	uint64_t first;

	if (!strncmp(line, "Node ", 5))
		*node = strtoul(line + 5, NULL, 10);
	else if (!strncmp(word, "spanned ", 8))
		*spanned = strtoull(word + 8, NULL, 10);
	if (*node >= NODES_MAX || strncmp(word, "start_pfn:", 10) != 0 || !*spanned)
		return;
	first = strtoull(word + 10, NULL, 10);
	if (!span[*node].end || first < span[*node].first)
		span[*node].first = first;
	if (first + *spanned > span[*node].end)
		span[*node].end = first + *spanned;
	*spanned = 0;
}

static void add_nodes(struct plot *p, const struct running *r, uint64_t page_size)
{
	struct span *span = calloc(NODES_MAX, sizeof(*span));
	unsigned long node = NODES_MAX;
	uint64_t spanned = 0;
	struct buffer b = {0};
	char *line, *rest = NULL;

	if (span && running_read(r, "/proc/zoneinfo", &b))
		for (line = strtok_r((char *)b.data, "\n", &rest); line;
		     line = strtok_r(NULL, "\n", &rest))
			read_span(line, &node, &spanned, span);
	for (size_t n = 0; span && n < NODES_MAX; n++)
		if (span[n].end && span[n].end < UINT64_MAX / page_size)
			plot_add_node(p, (struct range){span[n].first * page_size,
							(span[n].end - span[n].first) * page_size});
	buffer_free(&b);
	free(span);
}

static void add_machine(struct plot *p, const struct running *r, const struct facts *f)
{
	for (size_t i = 0; i < f->ram.count; i++)
		plot_add(p, PLOT_RAM, f->ram.r[i]);
	add_firmware(p, r, f);
	for (size_t i = 0; i < f->areas.count; i++)
		plot_add(p, PLOT_SCRATCH, f->areas.r[i]);
	add_nodes(p, r, f->page_size);
}

/* ---- what will be ---------------------------------------------------------------------------- */

static enum kb_status add_image(struct plot *p, const struct facts *f, const struct image_facts *i)
{
	struct room_question q;
	struct room_answer a;
	enum kb_status st;

	verdict_room(f, i, &q);
	st = room_ask(&q, &a);
	if (st && st != KB_PLACE_INITRD)
		return st;
	plot_add(p, PLOT_IMAGE, a.image);
	plot_add(p, PLOT_WINDOW, a.place.window);
	plot_add(p, PLOT_BLOCK, a.place.block);
	plot_add(p, PLOT_INITRD, range_pages(a.initrd));
	return KB_OK;
}

static int open_image(struct plot *p, const struct request *r, const char *path,
		      const struct running *running, const struct facts *f)
{
	const struct buffer *words = &r->way.cmdline;
	struct check_image *image = check_new();
	struct kb_diag diag = {0};
	enum kb_status st = KB_OK;
	int ret = CTL_OK;

	if (buffer_read(&image->file, path))
		ret = ctl_system(path);
	if (!ret)
		st = check_open(running, (struct kb_text){(const char *)words->data, words->size},
				image, &diag);
	if (!ret && !st && f->scratch_known)
		st = add_image(p, f, &image->facts);
	else if (!ret && !st)
		fprintf(stderr, "khoctl: plot: scratch is not shown, so neither is %s\n", path);
	check_free(image);
	return st ? ctl_refuse(path, st, &diag) : ret;
}

/* ---- the command ----------------------------------------------------------------------------- */

static struct plot_kho kho_of(const struct shown *s)
{
	return (struct plot_kho){&s->d.mem, &s->root, s->q->hint, &s->scratch};
}

/* @s: KHO data that were read, or NULL */
static void draw(struct plot *p, const struct request *r, struct shown *s, const char *title,
		 FILE *out)
{
	plot_layout(p, r->text ? &plot_text_scale : &plot_svg_scale);
	if (s) {
		const struct plot_kho k = kho_of(s);

		plot_kho_count(p, &k, &s->faults);
	}
	plot_finish(p);
	if (r->text)
		plot_text(p, title, out);
	else
		plot_svg(p, title, out);
}

static int print(struct plot *p, const struct request *r, struct shown *s, const char *title)
{
	FILE *out = r->output ? fopen(r->output, "w") : stdout;
	int bad;

	if (!out)
		return ctl_system(r->output);
	draw(p, r, s, title, out);
	bad = fflush(out) || ferror(out);
	if (r->output)
		bad |= fclose(out);
	if (bad)
		return ctl_system(r->output ? r->output : "standard output");
	if (!s || !shown_is_faulty(s))
		return CTL_OK;
	fprintf(stderr, "khoctl: plot: not all could be read; khoctl inspect says what\n");
	return CTL_REFUSED;
}

static int print_machine(struct plot *p, const struct request *r, struct shown *s,
			 const struct running *running)
{
	struct buffer release = {0};
	char title[128];

	(void)running_read(running, "/proc/sys/kernel/osrelease", &release);
	snprintf(title, sizeof(title), "memory under Linux %.*s",
		 (int)strcspn(release.data ? (char *)release.data : "", "\n"),
		 release.data ? (char *)release.data : "");
	buffer_free(&release);
	return print(p, r, s, title);
}

/* @s: with --live; else NULL */
static int answer(const struct request *r, const char *path, const struct running *running,
		  struct shown *s)
{
	struct plot p = {.lanes = 0};
	struct facts f;
	struct machine *m = machine_read(running, &f);
	int ret = CTL_OK;

	if (!m)
		return ctl_refuse("plot", KB_CTL_MEMORY, NULL);
	if (!f.ram.count)
		ret = ctl_refuse("plot", KB_CTL_RAM_HIDDEN, NULL);
	if (!ret)
		add_machine(&p, running, &f);
	if (!ret && path)
		ret = open_image(&p, r, path, running, &f);
	if (!ret)
		ret = print_machine(&p, r, s, running);
	plot_free(&p);
	machine_free(m);
	return ret;
}

/* Of a dump the title says which. What is preserved, and scratch, is RAM, even if it lacks it. */
static int answer_dump(const struct request *r, struct shown *s)
{
	const struct plot_kho k = kho_of(s);
	const char *slash = strrchr(r->from.file[0], '/');
	struct plot_cover ram = {.count = 0};
	struct plot p = {.lanes = 0};
	char title[72];
	int ret;

	for (size_t i = 0; i < s->d.mem.ram.count; i++)
		plot_cover_add(&ram, s->d.mem.ram.r[i]);
	for (unsigned int i = 0; i < s->area_count; i++)
		plot_cover_add(&ram, s->areas[i]);
	plot_kho_cover(&ram, &k);
	for (size_t i = 0; i < ram.count; i++)
		plot_add(&p, PLOT_RAM, ram.r[i]);
	for (unsigned int i = 0; i < s->area_count; i++)
		plot_add(&p, PLOT_SCRATCH, s->areas[i]);
	snprintf(title, sizeof(title), "memory in %.40s%s", slash ? slash + 1 : r->from.file[0],
		 r->from.files > 1 ? " and other files" : "");
	ret = print(&p, r, s, title);
	plot_free(&p);
	return ret;
}

static int answer_kho(const struct request *r, const char *path, const struct running *running)
{
	struct shown *s = calloc(1, sizeof(*s));
	int ret;

	if (!s)
		return ctl_refuse("plot", KB_CTL_MEMORY, NULL);
	ret = shown_open(s, &r->from, "");
	if (!ret && s->no_memory)
		ret = ctl_refuse("plot", KB_LIVE_MEMORY, NULL);
	if (!ret)
		ret = r->from.files ? answer_dump(r, s) : answer(r, path, running, s);
	shown_close(s);
	free(s);
	return ret;
}

int cmd_plot(int argc, char **argv)
{
	struct running running = {.root = ""};
	struct request r = {.text = false};
	int ret = ctl_options(argc, argv, ":ho:", options, help, take_option, &r);

	if (ret < 0 && argc - optind > (r.from.files ? 0 : 1))
		ret = ctl_usage("plot: give one file, or none; with --dump none");
	if (ret < 0 && r.source && !r.from.files == (r.from.from == SHOWN_DUMP))
		ret = ctl_usage("plot: give either --dump or --live with the options of a source");
	running_see_debugfs(&running);
	if (ret < 0)
		ret = r.source ? answer_kho(&r, argv[optind], &running)
			       : answer(&r, argv[optind], &running, NULL);
	buffer_free(&r.way.cmdline);
	return ret;
}
