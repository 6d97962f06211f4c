/* SPDX-License-Identifier: BSD-2-Clause */
/* KHO data that khoctl inspect shows and khoctl extract takes from: where, and their root. */
#ifndef KHOCTL_SHOWN_H
#define KHOCTL_SHOWN_H

#include "dump.h"
#include "khoctl.h"
#include "running.h"

#define SHOWN_FILES 64

enum shown_from { SHOWN_DUMP, SHOWN_LIVE_OUT, SHOWN_LIVE_IN };

/* What the user asked for. */
struct shown_request {
	enum shown_from from;
	char *file[SHOWN_FILES]; /* FILE or FILE@ADDRESS, as given */
	unsigned int files;
	bool raw;
	bool has_fdt, has_scratch;
	uint64_t fdt;
	struct kho_handover scratch; /* the array alone */
	unsigned int page_shift;     /* 0: find out */
	enum kho_bitmap_hint hint;
};

/* Options of all commands that take a source; longs[] of a command begin with SHOWN_OPTIONS. */
enum {
	SHOWN_DUMP_OPTION = 2048,
	SHOWN_RAW,
	SHOWN_FDT,
	SHOWN_SCRATCH,
	SHOWN_PAGE,
	SHOWN_BITMAPS,
	SHOWN_LIVE
};

/* clang-format off */
#define SHOWN_OPTIONS \
	{"dump", required_argument, NULL, SHOWN_DUMP_OPTION}, \
	{"raw", no_argument, NULL, SHOWN_RAW}, \
	{"fdt", required_argument, NULL, SHOWN_FDT}, \
	{"scratch", required_argument, NULL, SHOWN_SCRATCH}, \
	{"page-size", required_argument, NULL, SHOWN_PAGE}, \
	{"bitmaps", required_argument, NULL, SHOWN_BITMAPS}, \
	{"live", optional_argument, NULL, SHOWN_LIVE}
/* clang-format on */

#define SHOWN_HELP                                                                                 \
	"  --dump FILE[@ADDRESS]  a dump: raw memory from ADDRESS on (0), an ELF core, or\n"       \
	"                         makedumpfile's format; several are pieces of one memory\n"       \
	"  --raw                  take files as raw memory, whatever they look like\n"             \
	"  --fdt ADDRESS          where the root FDT is; without it the dump is searched\n"        \
	"  --scratch ADDR,BYTES   where the array of scratch areas is\n"                           \
	"  --page-size BYTES      of the kernel that wrote the data: 4096, 16384 or 65536\n"       \
	"  --bitmaps small|page   how kho-v1 is to be read, where the data allow both\n"           \
	"  --live[=out|in]        the running system: data to come, or data that were got\n"

/* Take one of these options; returns an exit code, or -1 if it is none of them. */
int shown_take(const char *command, struct shown_request *q, int option, const char *arg);

struct shown {
	struct dump d;
	struct running running;
	const struct shown_request *q;
	bool searched;
	struct dump_found found;
	bool fdt_known, has_scratch;
	bool no_memory; /* only what debugfs has */
	struct kho_handover h;
	struct kho_root root;
	struct range_list scratch; /* sorted, whole areas only */
	struct range areas[KHO_SCRATCH_AREAS];
	unsigned int area_count;
	struct inspect_faults faults;
	_Alignas(8) uint8_t fdt[SZ_64K + SZ_4K];
};

/* Open what @q names and read its root FDT. Returns an exit code; what is wrong was printed. */
int shown_open(struct shown *s, const struct shown_request *q, const char *root_dir);
void shown_close(struct shown *s);

/* The data of the running system (shown_live.c); as above. */
int shown_open_live(struct shown *s);

/* Common to both: s->h, s->d and @size bytes of s->fdt are there. */
int shown_read_root(struct shown *s, uint64_t size);

/* Were there faults, and not only remarks? */
bool shown_is_faulty(const struct shown *s);

/* Areas of scratch, in the order of the array. */
void shown_add_area(struct shown *s, struct range r);

void shown_text(struct shown *s, bool list);
int shown_json(struct shown *s, bool list, enum json_form form);

#endif
