/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dumps of memory: a physical address becomes bytes, whatever the file is.
 *
 *	raw		memory as it is, from an address on (QEMU's pmemsave, /dev/mem)
 *	elf		an ELF core: /proc/vmcore, /proc/kcore, QEMU's dump-guest-memory
 *	kdump		makedumpfile's compressed format, of QEMU's dump-guest-memory -z, too
 *	flat		either of the last two in makedumpfile's flattened form
 *
 * Several files may be pieces of one memory. Files are read when bytes are asked for, never mapped:
 * a file that gets shorter while it is read is a failed read, not the end of the program. What was
 * read is kept until dump_close(), as <core/mem.h> wants it.
 *
 * Facts: makedumpfile 1.7.2 diskdump_mod.h, makedumpfile.h; linux 7.3.4 fs/proc/kcore.c; QEMU 7.2
 * dump/dump.c.
 */
#ifndef KHOCTL_DUMP_H
#define KHOCTL_DUMP_H

#include <core/mem.h>
#include <inspect/inspect.h>

/* ---- a file, flattened or not ---- */

/* @size bytes of the content from @at on are at @file_at in the file. */
struct dump_part {
	uint64_t at, size, file_at;
};

struct dump_file {
	int fd;
	uint64_t size;   /* of the content */
	uint64_t stored; /* of it, in the file: a flattened one may leave out zeros */
	bool regular;    /* else the size says nothing */
	bool flat;
	struct dump_part *part; /* flat: sorted */
	size_t parts;
};

/* KB_OK, KB_DUMP_FORMAT for a flattened file that is damaged; KB_DUMP_FILE with errno set. */
__must_check enum kb_status dump_file_open(struct dump_file *f, const char *path,
					   struct kb_diag *diag);
void dump_file_close(struct dump_file *f);

/* All @len bytes of the content, or false. What a flattened file leaves out is zeros. */
bool dump_file_read(const struct dump_file *f, uint64_t at, void *buf, uint64_t len);

/*
 * Where data begin at or after @at, at most up to @end, and where they end; false if there are
 * none. What lies between reads as zeros.
 */
bool dump_file_data(const struct dump_file *f, uint64_t at, uint64_t end, struct range *ret);

/* ---- a dump ---- */

enum dump_kind { DUMP_RAW, DUMP_ELF, DUMP_KDUMP };

/* @file_at of file number @file holds @pa and what follows. */
struct dump_piece {
	struct range pa;
	size_t file;
	uint64_t file_at;
};

struct dump_kdump;

struct dump {
	struct mem mem; /* hand this to readers */
	enum dump_kind kind;
	const char *machine;     /* "x86_64", "arm64", or NULL if the dump does not say */
	bool flat, cut;          /* cut: the file ends before what its header names */
	unsigned int page_shift; /* kdump: of the dump; else 0 */

	struct dump_file *file;
	size_t files;
	struct dump_piece *piece; /* sorted; raw and elf */
	size_t pieces;
	struct dump_kdump *kdump;
	struct range *ram;
	struct dump_block **kept; /* what was read, by address */
	size_t kept_count, kept_room;
};

/*
 * dump_add - open a file as a dump, or as one more piece of it
 * @d: all zero before the first file
 * @at: address of the first byte, of a raw file; ELF cores and kdump say it themselves
 * @raw: take it as raw, whatever it looks like
 *
 * Returns KB_OK; KB_DUMP_FILE with errno set; KB_DUMP_FORMAT (damaged, of another machine, or a
 * kdump that is not alone), KB_DUMP_PACKED, KB_DUMP_OVERLAP (two files have the same memory).
 */
__must_check enum kb_status dump_add(struct dump *d, const char *path, uint64_t at, bool raw,
				     struct kb_diag *diag);
void dump_close(struct dump *d);

/* Add bytes that are known from elsewhere, in front of all files. They are copied. */
void dump_add_bytes(struct dump *d, uint64_t at, const void *bytes, uint64_t size);

/* All bytes of @r, which lies in d->mem.ram, into @buf; false if they cannot be read. Not kept. */
bool dump_read(const struct dump *d, struct range r, void *buf);

/* The next range from @from on in which there may be something but zeros; false at the end. */
bool dump_data(const struct dump *d, uint64_t from, struct range *ret);

/* ---- what the formats share with dump.c */

void dump_piece_add(struct dump *d, struct range pa, size_t file, uint64_t file_at);

/* d->file[@file] as an ELF core; KB_OK or KB_DUMP_FORMAT. */
__must_check enum kb_status dump_elf_open(struct dump *d, size_t file, struct kb_diag *diag);

/* As kdump. Its RAM is added to d->ram, the rest is in d->kdump. */
__must_check enum kb_status dump_kdump_open(struct dump *d, struct kb_diag *diag);
void dump_kdump_close(struct dump *d);
bool dump_kdump_read(const struct dump *d, struct range r, void *buf);
bool dump_kdump_data(const struct dump *d, uint64_t from, struct range *ret);

void dump_ram_add(struct dump *d, struct range r);

/* ---- looking for KHO data ---- */

#define DUMP_ROOTS 16 /* that are kept, the best ones */

struct dump_root {
	uint64_t at;
	unsigned int page_shift; /* 0: its map does not list the page that it is in */
	uint32_t count;          /* of kexecs, by kexec-metadata; 0: not said */
	bool handed;             /* a handover in the dump names it */
	struct kho_handover h;   /* that one */
};

struct dump_found {
	struct dump_root root[DUMP_ROOTS]; /* the best one first */
	unsigned int roots;
	uint64_t all;     /* root FDTs met */
	uint64_t scanned; /* bytes that were looked at */
};

/*
 * dump_scan - look for root FDTs, and for what hands them over, at every page of the dump
 *
 * The best is one whose own page its map lists; then one that a handover names; then the one with
 * more kexecs; then the first.
 */
void dump_scan(const struct dump *d, struct dump_found *ret);

#endif
