/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The handover record: what the bare-metal door writes into scratch before the reset, and the UEFI
 * door finds after it. One piece of memory at a multiple of KB_RECORD_ALIGN; docs/abi.md draws it.
 *
 *   header | scratch areas | moves | digests of tiles | command line
 *
 * Protocol: the record is written with its magic zero, flushed, then the magic is written and
 * flushed, so a half-written one is never found. It is found by magic and nonce, believed by its
 * digest, counted at each attempt, and taken once: record_take() ends its life before the next
 * kernel can run.
 */
#ifndef ROUTE_RECORD_H
#define ROUTE_RECORD_H

#include <core/cmdline.h>
#include <core/range.h>
#include <khoboot/status.h>
#include <route/digest.h>
#include <route/moved.h>

#define KB_RECORD_ALIGN   SZ_2M
#define KB_RECORD_MAGIC   0x31524f424f4f484bULL /* "KHOOBOR1" */
#define KB_RECORD_VERSION 2
#define KB_RECORD_MAX     SZ_1G /* bytes; far above any real one */

enum kb_record_state {
	KB_RECORD_SEALED = 0x5ea1,
	KB_RECORD_TAKEN = 0x7a4e,
};

enum kb_record_arch { KB_RECORD_X86_64 = 1, KB_RECORD_ARM64 = 2 };

/*
 * Scratch that is kept for the next kernel: chosen before the reset, so that there is room after it
 * whatever firmware takes. Whole pages; size 0: nothing.
 */
struct kb_room {
	struct range window; /* the kernel's, see <arch/boot.h> */
	struct range block;  /* at least as large as the block can be */
	struct range initrd; /* for a copy of the initrd */
};

#define KB_ROOM_PIECES (sizeof(struct kb_room) / sizeof(struct range))

/* What the two doors tell each other; plain values. */
struct kb_record_facts {
	uint32_t arch;       /* enum kb_record_arch */
	uint32_t page_size;  /* bytes */
	uint32_t seal;       /* enum kb_digest */
	uint32_t tile_shift; /* see <route/seal.h> */
	uint32_t on_error;   /* enum kb_on_error */
	uint16_t log;        /* enum kb_log_level */
	uint16_t cpus;       /* khoboot.cpus=; 0: all */
	uint64_t fdt;        /* physical address */
	uint64_t ram_bytes;  /* RAM of the machine at the seal: how much, and where it ends */
	uint64_t ram_end;
	uint64_t preserved; /* bytes */
	uint64_t ranges;
	uint8_t machine[16];          /* SMBIOS UUID, or zeros */
	uint8_t meta[KB_SHA256_SIZE]; /* seal_meta() */
	char compatible[16];          /* "kho-vN", NUL-terminated */
	struct kb_room room;
};

/* Header as in memory, little endian. Offsets are from the header's first byte. */
struct kb_record {
	uint64_t magic; /* written last */
	uint32_t version;
	uint32_t header_size;
	uint64_t size; /* of the whole record, bytes, multiple of 4 KiB */
	uint8_t nonce[KB_NONCE_SIZE];
	/* Not covered by the digest: changes while the record is in use. */
	uint32_t state;    /* enum kb_record_state */
	uint32_t attempts; /* boots that began to use it */
	uint8_t digest[KB_SHA256_SIZE];
	/* Covered, as is all above but for those three. */
	struct kb_record_facts facts;
	uint64_t scratch_at, scratch_count; /* struct range: sorted and merged, whole pages */
	uint64_t moves_at, moves_count;     /* struct kb_move: homes and copies both ascend */
	uint64_t tiles_at, tiles_count;     /* struct kb_xxh128 */
	uint64_t cmdline_at, cmdline_size;  /* with the NUL */
};

/* How many of each; this decides the size. */
struct kb_record_shape {
	uint64_t scratch, moves, tiles;
	uint64_t cmdline; /* bytes with the NUL */
};

/* Bytes of a record of that shape, a multiple of 4 KiB; 0 when above KB_RECORD_MAX. */
uint64_t record_size(const struct kb_record_shape *shape);

/*
 * record_layout - lay out an empty record in @at, memory of record_size() bytes
 *
 * All bytes are cleared first, the magic included.
 */
void record_layout(struct kb_record *at, const struct kb_record_shape *shape,
		   const uint8_t nonce[KB_NONCE_SIZE]);

/* The parts of a record that was laid out, or that record_check() accepted. */
struct range *record_scratch(struct kb_record *r);
struct kb_move *record_moves(struct kb_record *r);
struct kb_xxh128 *record_tiles(struct kb_record *r);
char *record_cmdline(struct kb_record *r);

/*
 * Correct the counts, before the seal, when there are fewer moves or tiles than were laid out.
 */
void record_shrink(struct kb_record *r, uint64_t moves, uint64_t tiles);

/* Set digest and state. The magic stays zero until record_publish(): flush the record before. */
void record_seal(struct kb_record *r);
void record_publish(struct kb_record *r);

/*
 * record_key - what a boot entry names the record with @nonce by: SHA-256 of the nonce
 *
 * Every user can read boot entries (efivarfs), and write what looks like a record into memory of
 * theirs. The nonce itself is only on kexec's command line and in the record.
 */
void record_key(const uint8_t nonce[KB_NONCE_SIZE], uint8_t ret[KB_SHA256_SIZE]);

/* Is the record with that key at @at, where 4 KiB can be read? Looks at magic and nonce only. */
bool record_match(const void *at, const uint8_t key[KB_SHA256_SIZE]);

/*
 * record_check - may the record at @at be used?
 * @room: bytes that can be read from @at on
 * @arch: of the caller
 * @pa: its physical address, which must be in the scratch areas that it names
 *
 * Checks everything that can be checked without the data, in this order: magic, version and sizes;
 * state; digest; architecture and page size; offsets and strings; scratch areas (the record is in
 * one); the room (whole pages in scratch, apart from each other and the record); moves (whole
 * pages, homes and copies ascend, homes are outside scratch and copies inside it, none touches the
 * record or the room). Returns KB_OK, KB_REC_VERSION, KB_REC_SHAPE, KB_REC_TAKEN,
 * KB_REC_DIGEST, KB_REC_ARCH, KB_REC_MOVES; @diag says where, and is left alone on KB_OK.
 */
__must_check enum kb_status record_check(const void *at, uint64_t room, uint64_t pa, uint32_t arch,
					 struct kb_diag *diag);

/*
 * record_attempt - count this boot
 *
 * With every preserved byte digested (seal=all) three attempts are allowed, else one: an earlier
 * attempt, or what ran in between, may have changed data that no digest covers. Returns KB_OK or
 * KB_REC_ATTEMPTS; the record is then taken. The caller flushes the record in both cases.
 */
__must_check enum kb_status record_attempt(struct kb_record *r);

/* End the life of the record: it is never used again. The caller flushes it. */
void record_take(struct kb_record *r);

/*
 * A record that is suspended is judged as one that was taken, but can come back: for the moments in
 * which a reset would start something else. The caller flushes it in both cases.
 */
void record_suspend(struct kb_record *r);
void record_resume(struct kb_record *r);

#endif
