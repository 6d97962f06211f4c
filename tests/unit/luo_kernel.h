/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What kernels do with live update data, written from their sources and not from luo/: how each of
 * them serializes sessions, and how it takes them back. A claim is what a kernel does to an entry
 * of the map when it restores a page or a folio: each can be made once.
 *
 * No test library in here: fuzzers use it too. Whatever fails aborts.
 */
#ifndef TESTS_LUO_KERNEL_H
#define TESTS_LUO_KERNEL_H

#include "kho_image.h"

enum linux_release { LINUX_6_19, LINUX_7_1, LINUX_7_2, LINUXES };

#define MODEL_FOLIOS   700
#define MODEL_FILES    300
#define MODEL_SESSIONS 1000
#define MODEL_SHARED   8

struct model_file {
	char handler[48]; /* "memfd-v2", or of a handler with one page of private data */
	uint64_t token;
	uint64_t data; /* as serialized */
	/* memfd */
	uint64_t pos, size;
	uint32_t seals, flags;
	unsigned int folios;
	uint64_t pfn[MODEL_FOLIOS], index[MODEL_FOLIOS]; /* pfn with flags, as serialized */
};

struct model_session {
	char name[64];
	unsigned int files, file_max;
	struct model_file *file;
};

struct model {
	uint64_t number;
	unsigned int sessions, shares;
	struct model_session session[MODEL_SESSIONS];
	struct {
		char name[48];
		uint64_t data, count;
	} shared[MODEL_SHARED];
};

/* The set of entries of the map. */
struct entries {
	struct kho_block *block;
	size_t count, max;
};

void entries_add(struct entries *e, uint64_t at, unsigned int order);
/* Take the entry out; false if it is not there. */
bool entries_take(struct entries *e, uint64_t at, unsigned int order);
/* All of @img that was preserved so far. */
void entries_of(struct entries *e, const struct kho_image *img);
bool entries_equal(struct entries *a, struct entries *b);
void entries_free(struct entries *e);

/* Make up sessions; with shared data if @shares, no seals but F_SEAL_SEAL unless @seals. */
struct model *model_make(struct kho_image *img, uint64_t *random, unsigned int sessions,
			 unsigned int files, bool shares, bool seals);
void model_free(struct model *m);

/* Why two models differ, or NULL. The version of memfd does not count. */
const char *model_compare(const struct model *a, const struct model *b);

/*
 * Serialize @m into @img, with new records for its memfds, and preserve all of it. Returns the
 * address of the root, and its size.
 */
uint64_t linux_write(enum linux_release v, struct kho_image *img, struct model *m, uint64_t *size);

/*
 * Take everything back as this kernel does: open /dev/liveupdate, retrieve each file, finish.
 * Returns why it panics, warns, loses something or reads what is not RAM; NULL if it does not.
 * Claims are taken out of @e. @ret (may be NULL) is to be freed by model_free().
 */
const char *linux_read(enum linux_release v, struct kho_image *img, uint64_t at, uint64_t size,
		       struct entries *e, struct model **ret);

/* The words of .kho for this kernel. */
const char *linux_names(enum linux_release v);

#endif
