// SPDX-License-Identifier: BSD-2-Clause
/*
 * khoctl extract: one file of a live update session, one range of reserve_mem=, or one sub-blob,
 * out of a dump and into a file. What the dump lacks is zeros there, and is said.
 */
#include "shown.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE SZ_1M

static const char help[] =
	"Usage: khoctl extract --dump FILE[@ADDRESS]... WHAT -o OUT [OPTION]...\n"
	"       khoctl extract --live[=in] WHAT -o OUT [OPTION]...\n"
	"\n"
	"WHAT is one of\n"
	"  --session NAME         a live update session; the memfd in it that has\n"
	"  --token NUMBER         this token\n"
	"  --reserve NAME         a range of reserve_mem=\n"
	"  --blob NAME            a sub-blob as it is\n"
	"  --root                 the root FDT as it is\n"
	"\n" SHOWN_HELP
	"  -o, --output OUT       the file to write; it is sparse where there are zeros\n"
	"  -h, --help             show this text\n"
	"\n"
	"Exit status: 0 all of it was written, 1 it is not there, or parts of it are missing and\n"
	"zeros in OUT, 2 wrong usage, 3 system error.\n";

enum { OPTION_SESSION = 4096, OPTION_TOKEN, OPTION_RESERVE, OPTION_BLOB, OPTION_ROOT };

/* clang-format off */
static const struct option options[] = {
	SHOWN_OPTIONS,
	{"session", required_argument, NULL, OPTION_SESSION},
	{"token", required_argument, NULL, OPTION_TOKEN},
	{"reserve", required_argument, NULL, OPTION_RESERVE},
	{"blob", required_argument, NULL, OPTION_BLOB},
	{"root", no_argument, NULL, OPTION_ROOT},
	{"output", required_argument, NULL, 'o'},
	{"help", no_argument, NULL, 'h'},
	{0},
};
/* clang-format on */

struct request {
	struct shown_request from;
	const char *session, *reserve, *blob, *out;
	bool has_token, root;
	uint64_t token;
};

static bool parse_token(struct request *q, const char *arg)
{
	char *end;

	errno = 0;
	q->token = strtoull(arg, &end, 0);
	return q->has_token = *arg >= '0' && *arg <= '9' && !*end && !errno;
}

static int take(void *ctx, int option, const char *arg)
{
	struct request *q = ctx;

	switch (option) {
	case OPTION_SESSION:
		q->session = arg;
		return CTL_OK;
	case OPTION_TOKEN:
		return parse_token(q, arg) ? CTL_OK : ctl_usage("extract: '%s' is no token", arg);
	case OPTION_RESERVE:
		q->reserve = arg;
		return CTL_OK;
	case OPTION_BLOB:
		q->blob = arg;
		return CTL_OK;
	case OPTION_ROOT:
		q->root = true;
		return CTL_OK;
	case 'o':
		q->out = arg;
		return CTL_OK;
	default:
		return shown_take("extract", &q->from, option, arg);
	}
}

/* ---- writing ---- */

struct writer {
	struct shown *s;
	int fd;
	bool sparse;         /* what is not written reads as zeros */
	bool failed;         /* to write; errno */
	uint64_t missing;    /* bytes */
	uint64_t missing_at; /* the first, in the file */
	uint8_t *buf;
};

static bool all_zero(const uint8_t *p, uint64_t n)
{
	return !n || (!p[0] && !memcmp(p, p + 1, n - 1));
}

static void write_bytes(struct writer *w, const uint8_t *p, uint64_t n, uint64_t at)
{
	while (n && !w->failed) {
		ssize_t done = pwrite(w->fd, p, n, (off_t)at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			w->failed = true;
			return;
		}
		p += done, n -= (uint64_t)done, at += (uint64_t)done;
	}
}

/* A device has its former content where nothing is written. */
static void write_zeros(struct writer *w, uint64_t at, uint64_t n)
{
	if (w->sparse)
		return;
	memset(w->buf, 0, PIECE);
	for (uint64_t step; n && !w->failed; at += step, n -= step) {
		step = min_u64(n, PIECE);
		write_bytes(w, w->buf, step, at);
	}
}

static void miss(struct writer *w, uint64_t at, uint64_t n)
{
	write_zeros(w, at, n);
	if (!w->missing)
		w->missing_at = at;
	w->missing += n;
}

/* Memory @r goes to @at of the file. A piece that cannot be read whole is read by pages. */
static void copy(struct writer *w, struct range r, uint64_t at)
{
	uint64_t step = PIECE;

	while (r.size && !w->failed) {
		uint64_t n = min_u64(r.size, step - r.base % step);

		if (dump_read(&w->s->d, (struct range){r.base, n}, w->buf)) {
			if (!w->sparse || !all_zero(w->buf, n))
				write_bytes(w, w->buf, n, at);
		} else if (n > SZ_4K) {
			step = SZ_4K;
			continue;
		} else {
			miss(w, at, n);
		}
		r.base += n, r.size -= n, at += n;
		if (r.base % PIECE == 0)
			step = PIECE;
	}
}

static bool is_of_dump(const struct dump *d, const struct stat *out)
{
	struct stat s;

	for (size_t i = 0; i < d->files; i++)
		if (!fstat(d->file[i].fd, &s) && s.st_dev == out->st_dev && s.st_ino == out->st_ino)
			return true;
	return false;
}

/* Once it is known that there is something: else an older file stays. */
static int begin(struct writer *w, const struct request *q)
{
	struct stat s;

	w->fd = open(q->out, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (w->fd < 0 || fstat(w->fd, &s))
		return ctl_system(q->out);
	if (is_of_dump(&w->s->d, &s))
		return ctl_usage("extract: -o %s would overwrite the dump", q->out);
	w->sparse = S_ISREG(s.st_mode);
	return w->sparse && ftruncate(w->fd, 0) ? ctl_system(q->out) : CTL_OK;
}

static int finish(struct writer *w, const struct request *q, uint64_t size)
{
	const struct kb_diag diag = {KB_DUMP_HOLES, w->missing_at, w->missing};

	if (!w->failed && w->sparse && ftruncate(w->fd, (off_t)size))
		w->failed = true;
	if (!w->failed && fsync(w->fd) && errno != EINVAL)
		w->failed = true;
	if (w->failed)
		return ctl_system(q->out);
	printf("%" PRIu64 " bytes\n", size - w->missing);
	return w->missing ? ctl_refuse(q->out, KB_DUMP_HOLES, &diag) : CTL_OK;
}

/* ---- what ---- */

static int absent(const struct request *q)
{
	return ctl_refuse(q->session   ? q->session
			  : q->reserve ? q->reserve
				       : q->blob,
			  KB_DUMP_NO_PART, NULL);
}

static int put_bytes(struct writer *w, const struct request *q, const void *bytes, uint64_t size)
{
	int ret = begin(w, q);

	if (ret)
		return ret;
	write_bytes(w, bytes, size, 0);
	return finish(w, q, size);
}

static int put_range(struct writer *w, const struct request *q, struct range r)
{
	int ret = begin(w, q);

	if (ret)
		return ret;
	copy(w, r, 0);
	return finish(w, q, r.size);
}

static int put_blob(struct writer *w, const struct request *q)
{
	const struct kho_blob *b = kho_root_blob(&w->s->root, q->blob);
	const void *p = b && b->size ? mem_get(&w->s->d.mem, b->at, b->size) : NULL;

	if (p)
		return put_bytes(w, q, p, b->size);
	return b && b->size ? put_range(w, q, (struct range){b->at.addr, b->size}) : absent(q);
}

struct search {
	const struct request *q;
	bool in_session, found;
	struct range range;
	struct luo_memfd file;
};

static void see_range(void *ctx, const struct inspect_reserved *r)
{
	struct search *f = ctx;

	if (strcmp(r->name, f->q->reserve) != 0 || f->found)
		return;
	f->found = true;
	f->range = r->range;
}

static int put_reserved(struct writer *w, const struct request *q)
{
	struct search f = {.q = q};

	for (unsigned int i = 0; i < w->s->root.blob_count; i++)
		if (inspect_kind(&w->s->d.mem, &w->s->root.blob[i]) == INSPECT_MEMBLOCK)
			inspect_reserved(&w->s->d.mem, &w->s->root.blob[i], see_range, &f,
					 &w->s->faults);
	if (!f.found || f.range.size > INT64_MAX)
		return absent(q);
	return put_range(w, q, f.range);
}

static void see_session(void *ctx, const struct luo_session *s)
{
	struct search *f = ctx;

	f->in_session = !strcmp(s->name, f->q->session);
}

static void see_file(void *ctx, const struct luo_file *l, const struct inspect_memfd *memfd)
{
	struct search *f = ctx;

	if (!f->in_session || f->found || l->token != f->q->token || !memfd || !memfd->read)
		return;
	f->found = true;
	f->file = memfd->file;
}

struct folios {
	struct writer *w;
	uint64_t page, size; /* bytes */
	uint64_t end;        /* of what was seen */
};

static void see_folio(void *ctx, const struct inspect_folio *folio)
{
	struct folios *f = ctx;
	uint64_t at = folio->index * f->page;
	uint64_t n = min_u64(folio->pages * f->page, f->size - at);

	if (at > f->end)
		miss(f->w, f->end, at - f->end);
	f->end = at + n;
	if (folio->flags & INSPECT_FOLIO_FRESH)
		copy(f->w, (struct range){folio->at, n}, at);
	else
		write_zeros(f->w, at, n);
}

static int put_file(struct writer *w, const struct request *q)
{
	const struct kho_blob *b = kho_root_blob(&w->s->root, "LUO");
	struct search f = {.q = q};
	const struct inspect_luo_see see = {see_session, see_file, NULL, &f};
	struct folios folios = {w, 1ULL << w->s->root.page_shift, 0, 0};
	struct luo l;
	int ret;

	if (!b || inspect_luo(&w->s->d.mem, b, w->s->root.page_shift, &see, &l, &w->s->faults) ||
	    !f.found || f.file.size > INT64_MAX)
		return absent(q);
	ret = begin(w, q);
	if (ret)
		return ret;
	folios.size = f.file.size;
	inspect_folios(&w->s->d.mem, w->s->root.page_shift, &f.file, see_folio, &folios,
		       &w->s->faults);
	if (folios.end < folios.size)
		miss(w, folios.end, folios.size - folios.end);
	return finish(w, q, f.file.size);
}

static int put(struct writer *w, const struct request *q)
{
	if (q->root)
		return put_bytes(w, q, w->s->fdt, w->s->root.fdt_totalsize);
	if (q->blob)
		return put_blob(w, q);
	return q->reserve ? put_reserved(w, q) : put_file(w, q);
}

static int extract(const struct request *q)
{
	struct writer w = {.s = calloc(1, sizeof(*w.s)), .fd = -1, .buf = malloc(PIECE)};
	int ret;

	if (!w.s || !w.buf)
		abort();
	ret = shown_open(w.s, &q->from, "");
	if (!ret) {
		ret = put(&w, q);
		if (w.fd >= 0 && close(w.fd) && !ret)
			ret = ctl_system(q->out);
	}
	shown_close(w.s);
	free(w.s);
	free(w.buf);
	return ret;
}

int cmd_extract(int argc, char **argv)
{
	struct request q = {0};
	int ret = ctl_options(argc, argv, "ho:", options, help, take, &q);

	if (ret >= 0)
		return ret;
	if (optind < argc)
		return ctl_usage("extract: '%s' is no option", argv[optind]);
	if (!q.from.files == (q.from.from == SHOWN_DUMP))
		return ctl_usage("extract: give either --dump or --live");
	if (!q.session != !q.has_token || !!q.session + !!q.reserve + !!q.blob + q.root != 1)
		return ctl_usage("extract: give one of --session with --token, --reserve, --blob "
				 "and --root");
	if (!q.out)
		return ctl_usage("extract: where to? -o is missing");
	return extract(&q);
}
