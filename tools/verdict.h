/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `khoctl check` answers: a list of questions, each with its answer, code and numbers. Pure:
 * facts of the running system go in, nothing is asked of it here.
 */
#ifndef KHOCTL_VERDICT_H
#define KHOCTL_VERDICT_H

#include <core/cmdline.h>
#include <fdt/kho_target.h>
#include <format/uki.h>

#include "live.h"
#include "room.h"

#include <stdio.h>

enum answer {
	ANSWER_OK,
	ANSWER_BRIDGED, /* it would not be as it is: khoboot translates it */
	ANSWER_REFUSED, /* khoboot or the next kernel would refuse, or lose data */
	ANSWER_DISCARD, /* the boot goes on, the data are lost: khoboot.on_error=discard, kho=off */
	ANSWER_UNKNOWN, /* cannot be known on the running system */
};

struct check {
	const char *name;
	enum answer answer;
	enum kb_status status; /* KB_OK unless refused, or discarded after a refusal */
	const char *why;       /* instead of a code; NULL: none */
	const char *warn;      /* unknown: khoctl switch warns, and adds this; NULL: no warning */
	const char *from, *to; /* bridged: form of this kernel, of the next one; NULL: not known */
	bool numbers;          /* are the next two set? */
	uint64_t have, need;   /* in bytes, unless docs/khoctl.8 says otherwise */
};

#define VERDICT_MAX 40

/* What khoboot will do to the data before it hands them over. */
struct bridge_plan {
	bool known; /* versions of both kernels are; else nothing of this is set */
	unsigned int changes;
	const char *from, *to;         /* versions: "kho-v1" */
	const char *from_map, *to_map; /* forms of the map; from_map NULL: not known */
	/*
	 * New pages at most: root FDT, kexec-metadata and map. Those for live update depend on its
	 * sessions.
	 */
	uint64_t pages;
	bool luo; /* there are live update data */
};

/* A plain value; all zero is empty. */
struct verdict {
	bool discard; /* khoboot.on_error=discard: goes on after what khoboot would refuse */
	struct bridge_plan plan;
	struct check check[VERDICT_MAX];
	size_t count;
};

/* What is known about the running system. Lists are sorted and belong to the caller. */
struct facts {
	bool handover;   /* KHO is on */
	bool root_known; /* @root has version and page size */
	struct kho_root root;
	uint64_t page_size;
	enum kho_bitmap_hint bitmaps; /* that this kernel writes, if it writes kho-v1 */
	bool scratch_known;
	struct range_list areas;   /* of scratch, in the kernel's order; not sorted */
	struct range_list ram;     /* all System RAM */
	struct range_list listed;  /* RAM in the memory map that kexec hands on */
	struct range_list dropped; /* RAM of firmware's map after kexec's last entry */
	struct range_list plugged; /* what of @ram is known not to be in firmware's map */
	bool listed_known;
	const void *luo; /* live update data of the running kernel; NULL: not seen */
	uint64_t luo_size;
	unsigned int memfd; /* N: the kernel preserves files as "memfd-vN"; 0: none, not known */
	struct live live;
	uint64_t reserve_block; /* bytes of the largest block of reserve_mem= for certain */
	uint64_t reserve_maybe; /* of the largest that it may have, by where it lies */
	uint64_t added;    /* bytes of @ram that was plugged in, or is dax, CXL or virtio memory */
	uint64_t poisoned; /* bytes of memory with hardware errors */
	bool crash;        /* a crash kernel is loaded */
	bool encrypted;    /* by the running kernel's own page tables: SME, SEV, TDX, realm */
	bool may_encrypt;  /* so could the next kernel, if it is told to */
	bool uefi;
	bool gbpages; /* the CPU has pages of 1 GiB */
	bool la57;
	uint64_t efi_map_size;
	uint64_t ima_list; /* bytes of IMA's measurements, for which kexec takes scratch */
	bool ima_hidden;   /* there may be some: their file cannot be read */
	uint64_t uefi_map, uefi_desc; /* arm64: bytes of firmware's whole map, of a descriptor */
	const void *fdt;
	uint64_t fdt_size;
};

/* What is known about the image. */
struct image_facts {
	const struct uki_part *kho; /* its .kho section */
	const struct kernel *kernel;
	const char *cmdline;                /* for the next kernel */
	uint64_t words;                     /* bytes of kexec's command line */
	bool kho_off;                       /* khoboot.kho=off */
	bool bridge_off;                    /* khoboot.bridge=off */
	bool reset;                         /* khoboot.via=firmware */
	struct kb_text zone;                /* khoboot.zone= */
	const struct image_facts *fallback; /* the same image with its second kernel; NULL: none */
	enum kb_status fallback_refused;    /* that kernel cannot be started at all */
	struct room_image image;
};

/* What @v->discard changes: khoboot goes on without the data. */
void verdict_add(struct verdict *v, const char *name, enum kb_status st);
/* What it does not: nothing is loaded, or khoboot cannot run. */
void verdict_add_hard(struct verdict *v, const char *name, enum kb_status st);
/* The last check gets numbers. */
void verdict_set_numbers(struct verdict *v, uint64_t have, uint64_t need);
void verdict_add_numbers(struct verdict *v, const char *name, enum kb_status st, uint64_t have,
			 uint64_t need);
void verdict_add_unknown(struct verdict *v, const char *name, const char *why);
/* The same, and khoctl switch warns of it. */
void verdict_add_warning(struct verdict *v, const char *name, const char *why, const char *warn);

/* A reserve_mem=@size:@align of the running kernel. */
void verdict_reserve(struct facts *f, uint64_t size, uint64_t align);

/* "radix tree" */
const char *verdict_map_name(enum kho_map_format format);

/* The plan for what is known of both kernels. */
void verdict_plan(const struct facts *f, const struct kho_offer *from, const struct kho_dialect *to,
		  struct bridge_plan *ret);

/* All questions of the direct route; of the firmware route those that it shares. */
void verdict_ask(struct verdict *v, const struct facts *f, const struct image_facts *i);

/* What room_ask() is asked about this machine and this image, with all that IMA may add. */
void verdict_room(const struct facts *f, const struct image_facts *i, struct room_question *ret);

/* Pages of page tables for all of @ram (sorted); UINT32_MAX when they cannot be counted. */
uint64_t verdict_tables(const struct facts *f, const struct range_list *ram);

/* The first refusal, or NULL. */
const struct check *verdict_refusal(const struct verdict *v);

/*
 * verdict_add_bridged - a question whose answer is a change
 * @from, @to: constant strings, or NULL
 */
void verdict_add_bridged(struct verdict *v, const char *name, enum kho_change change,
			 const char *from, const char *to);

/*
 * One line for each question; causes and remedies under those that are not well. With @explain
 * also why it is asked, and what was looked at.
 */
void verdict_text(const struct verdict *v, bool explain, FILE *out);

/* The plan, a line for each thing; @start stands before each line. */
void verdict_explain(const struct bridge_plan *plan, const char *start, FILE *out);

struct json_object;

/* docs/schema/check.json, with the plan and reasons if @explain; for json_free(). */
struct json_object *verdict_json(const struct verdict *v, const char *file, const char *via,
				 bool explain);

#endif
