/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Live update data: what lies in the sub-blob "LUO".
 *
 * User space keeps files in sessions; handlers in the kernel (memfd, for one) keep what belongs to
 * a file, and may share data between all their files ("flb" in the kernel). There are two forms:
 *
 *	tree: 6.19 and 7.1			blocks: from 7.2 on
 *
 *	FDT "luo-v1"				struct "luo-v5"
 *	 | liveupdate-number			 | number
 *	 | node luo-session			 |
 *	 |   v					 v
 *	 | 16 pages: count, sessions		 page: next, count, sessions --> page --> ...
 *	 |             | files			              | files
 *	 |             v			              v
 *	 |           2 pages: files		            page: next, count, files --> ...
 *	 | node luo-flb (not 6.19)		 |
 *	 v					 v
 *	page: pages, count, shared data		page: pages, count, shared data
 *
 * Sessions (80 bytes), files (64) and shared data (64) are the same in both. Each box is one
 * allocation of the writer, one entry of the map. Nothing in here is changed, and every address is
 * checked before it is read.
 *
 * Facts: Linux 6.19.11, 7.1.13, 7.2.12 and 7.3.4 kernel/liveupdate/luo_{core,session,file,flb}.c,
 * kho_block.c, include/linux/kho/abi/{luo,block,memfd}.h, mm/memfd_luo.c.
 */
#ifndef LUO_LUO_H
#define LUO_LUO_H

#include <core/mem.h>

#define LUO_NAME_SIZE    64 /* of a session's name, with NUL */
#define LUO_HANDLER_SIZE 48 /* of the name of a handler, or of shared data, with NUL */

#define LUO_SESSION_BYTES 80
#define LUO_FILE_BYTES    64
#define LUO_SHARED_BYTES  64
#define LUO_STRUCT_BYTES  32 /* struct luo_ser */

#define LUO_SESSIONS_ORDER 4 /* tree: the allocation that holds all sessions, after 8 bytes */
#define LUO_FILES_ORDER    1 /* tree: that of the files of one session */
#define LUO_SHARED_HEAD    16
#define LUO_BLOCK_HEAD     16
#define LUO_BLOCKS_MAX     10000 /* that a kernel takes in one list (KHO_MAX_BLOCKS) */

enum luo_form { LUO_TREE, LUO_BLOCKS };

struct luo {
	const struct mem *m;
	unsigned int page_shift;
	enum luo_form form;
	uint64_t number;   /* live updates so far */
	phys_t root;       /* FDT, or struct */
	phys_t session;    /* its allocation, or first block; 0: none (blocks only) */
	phys_t shared;     /* its page; 0: none */
	uint64_t sessions; /* all there are */
	uint64_t files;
	uint64_t shares; /* entries of shared data */
	/*
	 * A block without entries: kernels panic. 7.2 and 7.3 leave one if a session is made a
	 * second time when the blocks are full (luo_session_insert grows them first).
	 */
	bool empty_block;
};

struct luo_session {
	char name[LUO_NAME_SIZE]; /* of user space: may be unprintable */
	uint64_t files;           /* how many */
	phys_t at;                /* the 80 bytes */
};

struct luo_file {
	const struct luo_session *session;
	char handler[LUO_HANDLER_SIZE]; /* "memfd-v2" */
	uint64_t data;                  /* the handler's; memfd: physical address of its record */
	uint64_t token;                 /* by which user space knows the file */
	phys_t at;
};

struct luo_shared {
	char name[LUO_HANDLER_SIZE];
	uint64_t data;  /* the handler's */
	uint64_t count; /* files that need it */
	phys_t at;
};

/* What an allocation of the writer is for. */
enum luo_part { LUO_ROOT, LUO_SESSION_LIST, LUO_FILE_LIST, LUO_SHARED_LIST };

struct luo_memory {
	enum luo_part part;
	phys_t at;
	unsigned int order;
	uint64_t entries; /* in it; LUO_ROOT: 0 */
};

/*
 * Functions called in this order: for the root; for each session and then its files; for shared
 * data; each list after the allocation that holds it. NULL: not wanted. What one returns, if not
 * KB_OK, ends the visit.
 */
struct luo_visitor {
	enum kb_status (*memory)(void *ctx, const struct luo_memory *a);
	enum kb_status (*session)(void *ctx, const struct luo_session *s);
	enum kb_status (*file)(void *ctx, const struct luo_file *f);
	enum kb_status (*shared)(void *ctx, const struct luo_shared *s);
	void *ctx;
	/*
	 * A list ends early: the one of all sessions, of the files of one, or of shared data. KB_OK
	 * from it: go on with what comes after that list. It may clear the diagnosis.
	 */
	enum kb_status (*fault)(void *ctx, enum kb_status st);
};

/*
 * luo_find - read the root alone: form, number, addresses of the lists
 *
 * As luo_open(), but nothing that the root names is looked at, and nothing is counted.
 */
__must_check enum kb_status luo_find(const struct mem *m, phys_t at, uint64_t size,
				     unsigned int page_shift, struct luo *ret,
				     struct kb_diag *diag);

/*
 * luo_open - check and count all of the live update data
 * @at, @size: the sub-blob
 * @page_shift: of the writer
 * @diag: at = physical address of what is wrong, value = what was found there
 *
 * Checked: version strings, every address (RAM, alignment of an allocation), counts, names (end in
 * their fields), lists of blocks (as long as a kernel takes; all of them together no longer than
 * RAM, so that lists that share blocks come to an end, too). Not checked: whether it is preserved,
 * and what belongs to handlers.
 *
 * Returns KB_OK; KB_KERNEL_LUO for a version that is not known; KB_LUO_DATA, KB_LUO_SESSIONS,
 * KB_LUO_FILES, KB_LUO_SHARED or KB_LUO_NAME for what is damaged. @ret is untouched on failure.
 */
__must_check enum kb_status luo_open(const struct mem *m, phys_t at, uint64_t size,
				     unsigned int page_shift, struct luo *ret,
				     struct kb_diag *diag);

/* Visit all of @l. What luo_open() has checked is checked again. Returns its codes, or @v's. */
__must_check enum kb_status luo_visit(const struct luo *l, const struct luo_visitor *v,
				      struct kb_diag *diag);

/* Entries that one allocation of the writer or one block can hold. */
uint64_t luo_sessions_max(enum luo_form form, unsigned int page_shift);
uint64_t luo_files_max(enum luo_form form, unsigned int page_shift);

#endif
