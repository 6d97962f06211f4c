// SPDX-License-Identifier: BSD-2-Clause
/*
 * KHO data of the running system. debugfs has the root FDT, the sub-blobs and the scratch areas;
 * all that addresses in them lead to is read from /proc/kcore. Where the outgoing FDT lies, no
 * kernel says. (linux 7.3.4 kernel/liveupdate/kexec_handover_debugfs.c)
 */
#include "shown.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DIR_OUT DEBUGFS "/kho/out"
#define DIR_IN  DEBUGFS "/kho/in"

static const char *name_in(const struct shown *s, const char *file, char path[300])
{
	snprintf(path, 300, "%s/%s", s->q->from == SHOWN_LIVE_IN ? DIR_IN : DIR_OUT, file);
	return path;
}

/* A list of numbers, one on each line. */
static const char *next_number(const char *text, uint64_t *ret)
{
	char *end;

	*ret = strtoull(text, &end, 0);
	return end == text ? NULL : end;
}

static void read_areas(struct shown *s)
{
	struct buffer at = {0}, len = {0};
	const char *a = NULL, *l = NULL;
	struct range r;

	/* They are the same for what comes and what was got. */
	if (running_read(&s->running, DIR_OUT "/scratch_phys", &at) &&
	    running_read(&s->running, DIR_OUT "/scratch_len", &len)) {
		a = (const char *)at.data;
		l = (const char *)len.data;
	}
	while (a && l && (a = next_number(a, &r.base)) && (l = next_number(l, &r.size)))
		shown_add_area(s, r);
	buffer_free(&at);
	buffer_free(&len);
}

static void add_kcore(struct shown *s)
{
	struct kb_diag diag = {0};
	char path[PATH_MAX];
	enum kb_status st =
		dump_add(&s->d, running_path(&s->running, "/proc/kcore", path), 0, false, &diag);

	s->no_memory = st;
	if (st)
		inspect_note(&s->faults, "memory", KB_LIVE_MEMORY, 0, 0);
}

/* What debugfs has of the sub-blobs is used where memory cannot be read. */
static void add_blobs(struct shown *s)
{
	for (unsigned int i = 0; i < s->root.blob_count; i++) {
		const struct kho_blob *b = &s->root.blob[i];
		char file[80], path[300];
		struct buffer bytes = {0};

		snprintf(file, sizeof(file), "sub_fdts/%s", b->name);
		if (!strchr(b->name, '/') && b->at.addr && !mem_get(&s->d.mem, b->at, 8) &&
		    running_read(&s->running, name_in(s, file, path), &bytes) && bytes.size &&
		    bytes.size < SZ_2M)
			dump_add_bytes(&s->d, b->at.addr, bytes.data, bytes.size);
		buffer_free(&bytes);
	}
}

int shown_open_live(struct shown *s)
{
	struct inspect_faults once = {0};
	struct buffer fdt = {0};
	struct kho_root root;
	char path[300];
	uint64_t size;

	running_see_debugfs(&s->running);
	if (!running_read(&s->running, name_in(s, "fdt", path), &fdt) || fdt.size < 40) {
		buffer_free(&fdt);
		return ctl_refuse("inspect", KB_LIVE_NONE, NULL);
	}
	size = min_u64(fdt.size, SZ_64K);
	memcpy(s->fdt, fdt.data, size);
	buffer_free(&fdt);
	s->h.fdt_size = running_page_size();
	add_kcore(s);
	/* Once for the addresses of the blobs, then with their bytes. */
	if (!inspect_root(&s->d.mem, s->fdt, 0, size, &root, &once)) {
		s->root = root;
		add_blobs(s);
	}
	read_areas(s);
	return shown_read_root(s, size);
}
