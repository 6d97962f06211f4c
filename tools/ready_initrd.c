// SPDX-License-Identifier: BSD-2-Clause
/* Going through an initrd as Linux does; see ready_initrd.h. */
#include "ready_initrd.h"

#include "cpio.h"
#include "expand.h"

#include <string.h>

struct work {
	const uint8_t *data; /* without the boot configuration */
	size_t size;
	size_t most;
	struct buffer *out;
	struct kb_diag *diag;
	bool unpacked; /* something was compressed */
};

/* A row of plain archives. */
struct row {
	size_t end; /* of it and of the zeros after it */
	bool any;   /* it has an entry */
	bool early; /* it has files that are read early */
};

/* Linux compares only the beginnings of names with these. */
static bool is_early(const char *name)
{
	static const char *const places[] = {"kernel/x86/microcode/", "kernel/firmware/acpi/"};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (!strncmp(name, places[i], strlen(places[i])))
			return true;
	return false;
}

/* From @at to the first byte that neither is zero nor begins an entry. */
static struct row find_row(const uint8_t *data, size_t size, size_t at)
{
	struct row row = {at, false, false};
	struct cpio_entry e;

	for (;;) {
		while (row.end < size && !data[row.end])
			row.end++;
		if (row.end % 4 || !cpio_entry(data, size, row.end, &e))
			return row;
		row.any = true;
		row.early |= is_early(e.name);
		row.end = e.next;
	}
}

static enum kb_status fail(struct work *w, enum kb_status st, size_t at)
{
	return kb_note(w->diag, st, at, at < w->size ? w->data[at] : 0);
}

/* Append @size bytes so that they are as far from a multiple of 4 as they are now at @at. */
static enum kb_status keep(struct work *w, size_t at, size_t size)
{
	static const uint8_t zeros[4];

	buffer_append(w->out, zeros, (at - w->out->size) % 4);
	if (w->out->size > w->most || size > w->most - w->out->size)
		return fail(w, KB_CTL_INITRD_BIG, at);
	buffer_append(w->out, w->data + at, size);
	return KB_OK;
}

/*
 * Linux goes through what it unpacks like through a row, and that has to be all of it. Before the
 * very first entry it takes no zeros.
 */
static enum kb_status check_content(const uint8_t *data, size_t size, bool first)
{
	struct row row = find_row(data, size, 0);

	if (row.end != size || (first && (!size || !*data)))
		return KB_CTL_INITRD_OTHER;
	return row.early ? KB_CTL_INITRD_EARLY : KB_OK;
}

/* The compressed archive at *at, which is then the end of it. */
static enum kb_status take_member(struct work *w, size_t *at, bool first)
{
	const struct expand_method *m = expand_find(w->data + *at, w->size - *at);
	size_t used, start;
	enum kb_status st;

	if (!m)
		return fail(w, KB_CTL_INITRD_OTHER, *at);
	if (!m->run)
		return fail(w, KB_CTL_INITRD_METHOD, *at);
	buffer_align(w->out, 4);
	if (w->out->size > w->most)
		return fail(w, KB_CTL_INITRD_BIG, *at);
	start = w->out->size;
	buffer_reserve(w->out, start + 1); /* even if there is nothing in it */
	st = m->run(w->data + *at, w->size - *at, w->most, w->out, &used);
	if (!st)
		st = check_content(w->out->data + start, w->out->size - start, first);
	if (st)
		return fail(w, st, *at);
	w->unpacked = true;
	*at += used;
	return KB_OK;
}

/* After plain archives the next one begins at a multiple of 4, compressed or not. */
static enum kb_status take_row(struct work *w, size_t *at, struct row row)
{
	enum kb_status st = keep(w, *at, row.end - *at);

	if (!st && row.any && row.end < w->size && row.end % 4)
		st = fail(w, KB_CTL_INITRD_OTHER, row.end);
	*at = row.end;
	return st;
}

static enum kb_status take_all(struct work *w)
{
	enum kb_status st = KB_OK;
	bool first = true;
	size_t at = 0;

	while (!st && at < w->size) {
		struct row row = find_row(w->data, w->size, at);

		if (row.end > at) {
			st = take_row(w, &at, row);
			first &= !row.any;
		} else {
			st = take_member(w, &at, first);
			first = false;
		}
	}
	return st;
}

/*
 * Where the boot configuration begins: text, its size, its sum, a magic; boot loaders may have
 * added up to three bytes. @size: there is none.
 */
static size_t boot_config(const uint8_t *data, size_t size)
{
	static const char magic[12] = "#BOOTCONFIG\n";
	const size_t tail = 8 + sizeof(magic);
	size_t text;

	for (size_t pad = 0; pad < 4 && size >= tail + pad; pad++) {
		if (memcmp(data + size - pad - sizeof(magic), magic, sizeof(magic)))
			continue;
		text = get_u32(data + size - pad - tail);
		return text <= size - pad - tail ? size - pad - tail - text : size;
	}
	return size;
}

enum kb_status ready_initrd(const uint8_t *data, size_t size, size_t most, struct buffer *out,
			    struct kb_diag *diag)
{
	size_t archives = boot_config(data, size);
	struct work w = {data, archives, most, out, diag, false};
	enum kb_status st = take_all(&w);

	if (!st && !w.unpacked) {
		out->size = 0;
		archives = 0;
	}
	if (!st && archives < size)
		st = keep(&w, archives, size - archives);
	if (st)
		buffer_free(out);
	return st;
}
