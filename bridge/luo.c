// SPDX-License-Identifier: BSD-2-Clause
/*
 * Live update data in the form of another kernel: what can be carried, and the writing.
 *
 *	old	root -> sessions -> files -> record of memfd	taken out of the map
 *	                            |            |
 *	new	root -> sessions -> files -> record of memfd	put in
 *	                            |            |
 *	kept               data of handlers    array of folios, folios
 */
#include <bridge/luo.h>
#include <core/log.h>
#include <fdt/kho_target.h>
#include <luo/luo.h>
#include <luo/memfd.h>

#include <libfdt.h>
#include <string.h>

/* What is to come out. */
struct plan {
	struct kho_pages *p;
	struct kb_diag *diag;
	struct kb_text names; /* the next kernel's */
	enum luo_form form;
	bool shared; /* it has shared data: 7.1 and later */
	const struct luo *from;
	bool whole;   /* what is not in @names the next kernel lacks, unless in a module */
	bool native;  /* the next kernel reads it as it is */
	bool convert; /* but a file needs another record */
};

/* A list that is written, entry by entry. */
struct list {
	unsigned int head, bytes, order; /* of an allocation and its entries */
	phys_t at;                       /* the first allocation; 0: none yet */
	uint8_t *page;                   /* the last one, and its entries */
	uint64_t used, room;
};

struct writer {
	const struct plan *plan;
	struct list sessions, files;
	uint8_t *session; /* the entry of the session whose files come */
};

/* ---- what the next kernel takes ---------------------------------------------------------- */

static bool lists(struct kb_text names, const char *name)
{
	return text_lists(names, (struct kb_text){name, strlen(name)});
}

/* Does a name begin with @prefix? */
static bool lists_kind(struct kb_text names, const char *prefix)
{
	while (names.len) {
		struct kb_text word = text_cut(&names, ' ');

		if (text_skip(&word, prefix))
			return true;
	}
	return false;
}

/* The form to write: that of the data if the kernel reads it, else one that it names. */
static bool find_form(struct plan *plan)
{
	struct kb_text names = plan->names;

	plan->form = lists(names, "luo-v5") ? LUO_BLOCKS : LUO_TREE;
	if (plan->native)
		plan->form = plan->from->form;
	plan->shared = plan->form == LUO_BLOCKS || lists_kind(names, "luo-flb-v");
	if (plan->native || plan->form == LUO_BLOCKS)
		return true;
	return lists(names, "luo-v1") && lists(names, "luo-session-v2") &&
	       (!plan->shared || lists(names, "luo-flb-v1"));
}

/* @name, which user space chose, as it may be printed. */
static const char *shown(const char *name, char *buf, size_t size)
{
	size_t i;

	for (i = 0; i + 1 < size && name[i]; i++)
		buf[i] = name[i] >= ' ' && name[i] <= '~' ? name[i] : '?';
	buf[i] = 0;
	return buf;
}

/* A refusal in whatever run finds it; the rest once, in the first run, which only counts. */
static bool telling(const struct kho_pages *p)
{
	return !p->edit;
}

static void tell(const struct plan *plan, enum kb_log_level level, const struct luo_file *f,
		 const char *what)
{
	char session[LUO_NAME_SIZE], handler[LUO_HANDLER_SIZE];

	if (level == KB_ERROR || telling(plan->p))
		kb_log(level, "luo", "session '%s', file 0x%" PRIx64 " (%s): %s",
		       shown(f->session->name, session, sizeof(session)), f->token,
		       shown(f->handler, handler, sizeof(handler)), what);
}

/* The version of memfd records that the next kernel has in place of @is. */
static enum luo_memfd_version version_for(const struct plan *plan, enum luo_memfd_version is)
{
	enum luo_memfd_version other = is == LUO_MEMFD_V1 ? LUO_MEMFD_V2 : LUO_MEMFD_V1;

	if (is == LUO_MEMFD_NONE || lists(plan->names, luo_memfd_handler(is)))
		return is;
	return lists(plan->names, luo_memfd_handler(other)) ? other : is;
}

/* memfd-v1 has neither: such a file has no seals but F_SEAL_SEAL. */
static enum kb_status check_seals(const struct plan *plan, const struct luo_file *f,
				  const struct luo_memfd *r)
{
	if (r->seals & ~(uint32_t)LUO_SEAL_SEAL || r->flags) {
		tell(plan, KB_ERROR, f, "sealed, and the next kernel would lose that");
		return kb_note(plan->diag, KB_LUO_SEALED, f->data, r->seals);
	}
	if (!r->seals)
		tell(plan, KB_WARN, f, "cannot be sealed any more on the next kernel");
	return KB_OK;
}

static enum kb_status check_memfd(const struct plan *plan, const struct luo_file *f,
				  enum luo_memfd_version is, enum luo_memfd_version to)
{
	const struct luo *l = plan->from;
	struct luo_memfd r;
	enum kb_status st = luo_memfd_read(l->m, l->page_shift, is, phys(f->data), &r, plan->diag);

	if (!st)
		st = luo_memfd_check(l->m, l->page_shift, &r, plan->diag);
	if (!st && to == LUO_MEMFD_V1)
		st = check_seals(plan, f, &r);
	return st;
}

/*
 * A handler that is not listed. Kernels from 7.1 on then give up all sessions (EIO from
 * /dev/liveupdate), 6.19 the files from this one on; what they keep stays reserved.
 *
 * memfd is no module, so it is listed in another version, or not at all. Others may be in modules,
 * which nobody could look into: user space may load them in time. Nor is memfd refused if the data
 * pass as they are and none is listed by a khoctl that did not look for it.
 */
static enum kb_status check_handler(const struct plan *plan, const struct luo_file *f)
{
	struct kb_text kind = {f->handler, strlen(f->handler)};
	bool memfd = text_skip(&kind, "memfd-v");

	if (lists(plan->names, f->handler))
		return KB_OK;
	if (memfd && (!plan->native || plan->whole || lists_kind(plan->names, "memfd-v"))) {
		tell(plan, KB_ERROR, f, "the next kernel has no such handler");
		return kb_note(plan->diag, KB_LUO_HANDLER, f->at.addr, f->token);
	}
	tell(plan, KB_WARN, f, "not known whether the next kernel has this handler");
	return KB_OK;
}

static enum kb_status check_file(void *ctx, const struct luo_file *f)
{
	struct plan *plan = ctx;
	enum luo_memfd_version is = luo_memfd_version(f->handler), to = version_for(plan, is);

	if (is == to)
		return check_handler(plan, f);
	plan->convert = true;
	return check_memfd(plan, f, is, to);
}

static enum kb_status check_session(void *ctx, const struct luo_session *s)
{
	const struct plan *plan = ctx;
	uint64_t most = luo_files_max(plan->form, plan->from->page_shift);
	char name[LUO_NAME_SIZE];

	if (s->files <= most)
		return KB_OK;
	kb_error("luo", "session '%s' has %" PRIu64 " files, the next kernel takes %" PRIu64,
		 shown(s->name, name, sizeof(name)), s->files, most);
	return kb_note(plan->diag, KB_LUO_MANY_FILES, s->at.addr, s->files);
}

/*
 * Those of the kernel's own test (CONFIG_LIVEUPDATE_TEST, lib/tests/liveupdate.c) belong to every
 * file, and are a number: nothing is lost with them.
 */
static bool is_test_data(const char *name)
{
	struct kb_text t = {name, strlen(name)};

	return text_skip(&t, "liveupdate-test-flb-v");
}

static enum kb_status check_shared(void *ctx, const struct luo_shared *s)
{
	const struct plan *plan = ctx;
	char name[LUO_HANDLER_SIZE];

	if (plan->shared || is_test_data(s->name))
		return KB_OK;
	kb_error("luo", "shared data '%s': the next kernel has no such handler",
		 shown(s->name, name, sizeof(name)));
	return kb_note(plan->diag, KB_LUO_HANDLER, s->at.addr, s->count);
}

static enum kb_status check_plan(struct plan *plan)
{
	const struct luo *l = plan->from;
	uint64_t most = luo_sessions_max(plan->form, l->page_shift);
	struct luo_visitor v = {NULL, check_session, check_file, check_shared, plan, NULL};

	if (l->sessions <= most)
		return luo_visit(l, &v, plan->diag);
	kb_error("luo", "%" PRIu64 " sessions, the next kernel takes %" PRIu64, l->sessions, most);
	return kb_note(plan->diag, KB_LUO_MANY_SESSIONS, l->session.addr, l->sessions);
}

/* ---- writing ----------------------------------------------------------------------------- */

/* One more allocation of @l. */
static enum kb_status list_grow(struct kho_pages *p, unsigned int page_shift, struct list *l)
{
	uint8_t *bytes;
	phys_t at;
	enum kb_status st = kho_pages_preserve(p, l->order, &at, &bytes);

	if (st)
		return st;
	if (l->page)
		put_u64(l->page, at.addr);
	else
		l->at = at;
	l->page = bytes;
	l->used = 0;
	l->room = ((1ULL << (page_shift + l->order)) - l->head) / l->bytes;
	return KB_OK;
}

/* One more entry of @l; check_plan() saw to it that one allocation is enough where there is one. */
static enum kb_status list_add(const struct writer *w, struct list *l, uint8_t **entry)
{
	enum kb_status st = KB_OK;

	if (l->used == l->room)
		st = list_grow(w->plan->p, w->plan->from->page_shift, l);
	if (st)
		return st;
	*entry = l->page + l->head + l->used++ * l->bytes;
	/* The files of a tree are not counted there: nothing is in front of them. */
	if (l->head)
		put_u64(l->page + l->head - 8, l->used);
	return KB_OK;
}

static enum kb_status write_session(void *ctx, const struct luo_session *s)
{
	struct writer *w = ctx;
	bool tree = w->plan->form == LUO_TREE;
	enum kb_status st = list_add(w, &w->sessions, &w->session);

	if (st)
		return st;
	memcpy(w->session, s->name, LUO_NAME_SIZE);
	put_u64(w->session + 72, s->files);
	w->files = (struct list){.head = tree ? 0 : LUO_BLOCK_HEAD,
				 .bytes = LUO_FILE_BYTES,
				 .order = tree ? LUO_FILES_ORDER : 0};
	return KB_OK;
}

static enum kb_status write_memfd(const struct plan *plan, const struct luo_file *f,
				  enum luo_memfd_version is, enum luo_memfd_version to, phys_t *at)
{
	const struct luo *l = plan->from;
	uint8_t *bytes;
	struct luo_memfd r;
	enum kb_status st = luo_memfd_read(l->m, l->page_shift, is, phys(f->data), &r, plan->diag);

	if (!st)
		st = kho_pages_preserve(plan->p, 0, at, &bytes);
	if (st)
		return st;
	luo_memfd_write(to, &r, bytes);
	return kho_pages_drop(plan->p, 0, phys(f->data));
}

static enum kb_status write_file(void *ctx, const struct luo_file *f)
{
	struct writer *w = ctx;
	enum luo_memfd_version is = luo_memfd_version(f->handler), to = version_for(w->plan, is);
	phys_t data = phys(f->data);
	uint8_t *entry = NULL;
	enum kb_status st = list_add(w, &w->files, &entry);

	if (!st && is != to)
		st = write_memfd(w->plan, f, is, to, &data);
	if (st)
		return st;
	put_u64(w->session + 64, w->files.at.addr);
	memcpy(entry, f->handler, LUO_HANDLER_SIZE);
	if (is != to)
		memcpy(entry, luo_memfd_handler(to), strlen(luo_memfd_handler(to)) + 1);
	put_u64(entry + 48, data.addr);
	put_u64(entry + 56, f->token);
	return KB_OK;
}

/* The shared data have the same form everywhere: their page stays, unless nobody will want it. */
static enum kb_status drop_memory(void *ctx, const struct luo_memory *a)
{
	const struct writer *w = ctx;

	if (a->part == LUO_SHARED_LIST && w->plan->shared)
		return KB_OK;
	return kho_pages_drop(w->plan->p, a->order, a->at);
}

/* 7.1 wants a page for them also if there are none. */
static enum kb_status write_shared(const struct plan *plan, phys_t *ret)
{
	enum kb_status st = KB_OK;
	uint8_t *bytes;

	*ret = plan->shared ? plan->from->shared : phys(0);
	if (ret->addr || !plan->shared || plan->form != LUO_TREE)
		return KB_OK;
	st = kho_pages_preserve(plan->p, 0, ret, &bytes);
	if (!st)
		put_u64(bytes, 1); /* pages */
	return st;
}

static int tree_version(void *fdt, const char *version)
{
	return fdt_property(fdt, "compatible", version, (int)strlen(version) + 1);
}

static int tree_node(void *fdt, const char *name, const char *version, const char *prop, phys_t at)
{
	int err = fdt_begin_node(fdt, name);

	if (!err)
		err = tree_version(fdt, version);
	if (!err)
		err = fdt_property(fdt, prop, &at.addr, 8);
	return err ? err : fdt_end_node(fdt);
}

static int tree_root(void *fdt, int size, uint64_t number)
{
	int err = fdt_create(fdt, size);

	if (!err)
		err = fdt_finish_reservemap(fdt);
	if (!err)
		err = fdt_begin_node(fdt, "");
	if (!err)
		err = tree_version(fdt, "luo-v1");
	return err ? err : fdt_property(fdt, "liveupdate-number", &number, 8);
}

static int tree_write(void *fdt, int size, const struct writer *w, phys_t shared)
{
	int err = tree_root(fdt, size, w->plan->from->number);

	if (!err)
		err = tree_node(fdt, "luo-session", "luo-session-v2", "luo-session-header",
				w->sessions.at);
	if (!err && w->plan->shared)
		err = tree_node(fdt, "luo-flb", "luo-flb-v1", "luo-flb-header", shared);
	if (!err)
		err = fdt_end_node(fdt);
	return err ? err : fdt_finish(fdt);
}

static void struct_write(uint8_t *p, const struct writer *w, phys_t shared)
{
	memcpy(p, "luo-v5", 7);
	put_u64(p + 8, w->plan->from->number);
	put_u64(p + 16, w->sessions.at.addr);
	put_u64(p + 24, shared.addr);
}

static enum kb_status write_root(const struct writer *w, phys_t shared, struct kho_blob *out)
{
	int size = (int)(1U << w->plan->from->page_shift);
	uint8_t *bytes;
	phys_t at;
	enum kb_status st = kho_pages_preserve(w->plan->p, 0, &at, &bytes);

	if (st)
		return st;
	out->at = at;
	out->size = LUO_STRUCT_BYTES;
	if (w->plan->form == LUO_BLOCKS)
		struct_write(bytes, w, shared);
	else if (tree_write(bytes, size, w, shared))
		return kb_note(w->plan->diag, KB_BRIDGE_MAP, at.addr, 0);
	else
		out->size = fdt_totalsize(bytes);
	return KB_OK;
}

static enum kb_status write_all(const struct plan *plan, struct kho_blob *out)
{
	bool tree = plan->form == LUO_TREE;
	struct writer w = {.plan = plan,
			   .sessions = {.head = tree ? 8 : LUO_BLOCK_HEAD,
					.bytes = LUO_SESSION_BYTES,
					.order = tree ? LUO_SESSIONS_ORDER : 0}};
	struct luo_visitor v = {drop_memory, write_session, write_file, NULL, &w, NULL};
	enum kb_status st = KB_OK;
	phys_t shared;

	/* A tree without sessions has an allocation for them; blocks without have none. */
	if (tree)
		st = list_grow(plan->p, plan->from->page_shift, &w.sessions);
	if (!st)
		st = luo_visit(plan->from, &v, plan->diag);
	if (!st)
		st = write_shared(plan, &shared);
	return st ? st : write_root(&w, shared, out);
}

/* ---- what to do -------------------------------------------------------------------------- */

/*
 * A kernel without live update leaves the data alone, and what they name stays reserved. Those that
 * read kho-v1 take every sub-blob for a device tree (kexec_handover_debugfs.c), so that a struct
 * must not get there.
 */
static void leave(const struct kho_pages *p, const uint8_t *data, bool kept,
		  const struct kho_dialect *to, struct kho_blob *out)
{
	bool tree = out->size >= 4 && get_u32(data) == cpu_to_fdt32(FDT_MAGIC);

	if (kept && telling(p))
		kb_warn("luo", "the next kernel has no live update: what is kept stays reserved");
	if (to->abi == KHO_ABI_V1 && !tree)
		out->size = 0;
}

static enum kb_status carry(struct plan *plan, struct kho_blob *out)
{
	const struct luo *l = plan->from;
	enum kb_status st;

	if (!find_form(plan))
		return kb_note(plan->diag, KB_KERNEL_LUO, out->at.addr, out->size);
	st = check_plan(plan);
	if (st || (plan->native && !plan->convert && !l->empty_block))
		return st;
	st = write_all(plan, out);
	if (!st && telling(plan->p))
		kb_info("luo", "%" PRIu64 " sessions, %" PRIu64 " files, as %s", l->sessions,
			l->files, plan->form == LUO_TREE ? "luo-v1" : "luo-v5");
	return st;
}

enum kb_status bridge_write_luo(struct kho_pages *p, const struct kho_blob *in,
				const struct kho_dialect *to, struct kho_blob *out,
				struct kb_diag *diag)
{
	const uint8_t *data = mem_get(p->m, in->at, in->size);
	struct luo from;
	struct plan plan = {
		.p = p, .diag = diag, .names = to->names, .whole = to->whole, .from = &from};
	struct kb_diag own = {0};
	struct kho_blob ret = *in;
	enum kb_status st;

	if (!data)
		return kb_note(diag, KB_LUO_DATA, in->at.addr, in->size);
	plan.native = kho_target_luo_reads(data, in->size, to->names);
	st = luo_open(p->m, in->at, in->size, p->k->root.page_shift, &from, &own);
	if (!lists_kind(to->names, "luo-v"))
		leave(p, data, st || from.sessions, to, &ret);
	else if (st && !(plan.native && st == KB_KERNEL_LUO))
		return kb_note(diag, st, own.at, own.value);
	else if (!st && (st = carry(&plan, &ret)))
		return st;
	*out = ret;
	return KB_OK;
}
