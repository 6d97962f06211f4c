// SPDX-License-Identifier: BSD-2-Clause
/* What open sessions and sealed memfds mean for the next kernel. Pure. */
#include "verdict.h"

#include <core/bits.h>
#include <luo/luo.h>

#include <string.h>

static bool lists(struct kb_text names, const char *name)
{
	return text_lists(names, (struct kb_text){name, strlen(name)});
}

static bool any_luo(struct kb_text names)
{
	return lists(names, "luo-v1") || lists(names, "luo-v5");
}

/* More than it takes may be open, if some of them were taken back and not finished. */
static void ask_sessions(struct verdict *v, const struct live *l, struct kb_text names,
			 uint64_t page_size)
{
	enum luo_form form = lists(names, "luo-v5") ? LUO_BLOCKS : LUO_TREE;
	uint64_t most = luo_sessions_max(form, highest_bit(page_size));

	if (!any_luo(names))
		verdict_add_unknown(v, "sessions",
				    "sessions are open, and the next kernel has no live update "
				    "that is known: nobody gets back what they keep");
	else if (l->systemd && l->sessions == most)
		verdict_add_unknown(v, "sessions",
				    "systemd may make one more at shutdown, and the next kernel "
				    "takes no more: khoboot refuses it after the jump (KB-376)");
	else
		verdict_add(v, "sessions", l->sessions > most ? KB_LUO_MANY_SESSIONS : KB_OK);
	verdict_set_numbers(v, any_luo(names) ? most : 0,
			    l->sessions + (any_luo(names) && l->systemd ? 1 : 0));
}

/* Before 7.2 a session had an array of fixed length for them. */
static void ask_files(struct verdict *v, struct kb_text names)
{
	if (lists(names, "luo-v1") && !lists(names, "luo-v5"))
		verdict_add_unknown(
			v, "files",
			"how many files each session keeps is not seen; khoboot refuses "
			"more than the next kernel takes after the jump (KB-377)");
}

/* Only 6.19 does; its .kho names memfd-v1, or was made by a khoctl that did not look for it. */
static bool loses_seals(struct kb_text names)
{
	if (lists(names, "memfd-v1") || lists(names, "memfd-v2"))
		return !lists(names, "memfd-v2");
	return lists(names, "luo-v1") && !lists(names, "luo-flb-v1");
}

static void ask_seals(struct verdict *v, const struct live *l, struct kb_text names)
{
	if (!loses_seals(names))
		return;
	if (l->systemd) {
		verdict_add_unknown(v, "seals",
				    "systemd may keep a sealed memfd in a session of its own at "
				    "shutdown: khoboot refuses it after the jump (KB-378)");
		verdict_set_numbers(v, 0, l->sealed + 1);
	} else if (l->sealed) {
		verdict_add_unknown(v, "seals",
				    "sealed memfds are open: if a session keeps one, khoboot "
				    "refuses it after the jump (KB-378)");
		verdict_set_numbers(v, 0, l->sealed);
	} else {
		verdict_add_unknown(v, "seals",
				    "a sealed memfd that only a session has open is not seen; "
				    "khoboot refuses it after the jump (KB-378)");
	}
}

static void warn_of_systemd(struct verdict *v)
{
	verdict_add_warning(v, "systemd",
			    "sessions are open: those that processes hold, and no file descriptor "
			    "store of systemd keeps, end when systemd stops the services",
			    "with --no-systemd nothing is stopped");
}

void live_ask(struct verdict *v, const struct live *l, struct kb_text names, uint64_t page_size,
	      bool blocks, bool keeps_seals)
{
	if (!l->device)
		return;
	if (l->hidden && !l->sessions)
		verdict_add_unknown(v, "sessions",
				    "live update is on, and only root sees all sessions");
	if (!l->sessions && !l->systemd)
		return;
	if (l->sessions)
		ask_sessions(v, l, names, page_size);
	if (l->sessions && l->systemd)
		warn_of_systemd(v);
	if (blocks)
		ask_files(v, names);
	if (keeps_seals)
		ask_seals(v, l, names);
}
