/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calibration: what memory this firmware really writes over a warm reset.
 *
 * khoboot, started with khoboot.calibrate=ROUNDS, fills all free memory with a pattern, resets, and
 * compares when firmware starts it again. What firmware uses when khoboot starts counts as touched,
 * and so does what it reports as free but no longer holds the pattern. The result is a UEFI
 * variable, a struct kb_calibration as it stands here, little endian.
 *
 * Two variables of that form, both non-volatile and visible to the operating system:
 *   KhobootCalibration  the result; replaced only by that of a later run that came to its end
 *   KhobootCalibrating  a run in progress; exists only between its resets. A new run deletes one
 *                       that an interrupted run has left.
 */
#ifndef ROUTE_CALIBRATION_H
#define ROUTE_CALIBRATION_H

#include <core/range.h>
#include <route/zone.h>

/* Vendor GUID of khoboot's variables; efivarfs: /sys/firmware/efi/efivars/NAME-GUID */
#define KB_VENDOR_GUID_TEXT "7c9b3a52-5f0e-4c1d-9b62-2f8d6a41e0c7"
#define KB_CALIBRATION_NAME "KhobootCalibration"
#define KB_CALIBRATING_NAME "KhobootCalibrating"
/* Attributes of both: non-volatile, boot services, runtime (UEFI 2.10 section 8.2). */
#define KB_CALIBRATION_ATTRIBUTES 7u

#define KB_CALIBRATION_MAGIC   0x31424c41434f484bULL /* "KHOCALB1" */
#define KB_CALIBRATION_VERSION 1
#define KB_CALIBRATION_ROUNDS  KB_ROUNDS_MAX
#define KB_CALIBRATION_TOUCHED 96
#define KB_CALIBRATION_RAM     8
#define KB_CALIBRATION_MARGIN  SZ_1M /* least margin of the zone at each side */

enum kb_calibration_state {
	KB_CALIBRATION_RUNNING = 1,  /* zone is empty */
	KB_CALIBRATION_COMPLETE = 2, /* zone can be used */
	KB_CALIBRATION_LOST = 3,     /* memory does not survive a warm reset; zone is empty */
};

/* One reset. In pages of 4 KiB. */
struct kb_calibration_round {
	uint64_t touched; /* in use when khoboot started, or changed */
	uint64_t silent;  /* of these: reported as free memory */
	uint64_t drift;   /* of these: not touched in any round before; in round 0 all */
};

struct kb_calibration {
	uint64_t magic;
	uint32_t version;
	uint32_t size;   /* bytes of this struct */
	uint32_t state;  /* enum kb_calibration_state */
	uint32_t rounds; /* asked for; 1 to KB_CALIBRATION_ROUNDS */
	uint32_t done;   /* rounds compared so far; all when complete */
	uint32_t firmware_revision;
	char firmware_vendor[32]; /* NUL-terminated ASCII, other characters as '?' */
	uint64_t seed;            /* of the pattern */
	uint64_t margin;          /* bytes that the zone adds to what was touched, at each side */
	uint32_t zone_count, touched_count, ram_count;
	uint32_t firmware_build; /* smbios_build(); 0: not known */
	struct kb_calibration_round round[KB_CALIBRATION_ROUNDS];
	struct range zone[KB_ZONE_MAX];               /* sorted, whole pages */
	struct range touched[KB_CALIBRATION_TOUCHED]; /* all rounds together; nearest merged */
	struct range ram[KB_CALIBRATION_RAM];         /* of the machine; nearest merged */
};

_Static_assert(sizeof(struct kb_calibration) == 2656, "the variable is an ABI");

/* A run of @rounds that has not begun. firmware_vendor and the rest of @ret are zero. */
void calibration_init(struct kb_calibration *ret, unsigned int rounds, uint64_t seed);

/*
 * calibration_read - check the content of a variable
 * @size: bytes at @data
 *
 * Checks all that the functions here and a reader of the lists rely on: magic, version, counts,
 * ranges (sorted, disjoint, whole pages). Returns KB_OK, or KB_CAL_FORMAT with @ret untouched.
 */
__must_check enum kb_status calibration_read(const void *data, size_t size,
					     struct kb_calibration *ret);

/*
 * calibration_fits - was the complete calibration @c made with the firmware of that build?
 *
 * False also when one of the two is not known: vendor and revision alone do not tell builds apart.
 */
bool calibration_fits(const struct kb_calibration *c, uint32_t build);

/* The list of the zone, or of what was touched, in the storage of @c. */
struct range_list calibration_zone(struct kb_calibration *c);
struct range_list calibration_touched(struct kb_calibration *c);

/* Fill the page at @page, which has physical address @pa, with the pattern of the next reset. */
void calibration_fill(const struct kb_calibration *c, uint64_t pa, void *page);

/* Does the page still hold what calibration_fill() put there before the last reset? */
bool calibration_intact(const struct kb_calibration *c, uint64_t pa, const void *page);

/* Merge the entries of the sorted list with the smallest gaps between them until @max are left. */
void calibration_coalesce(struct range_list *l, size_t max);

/*
 * calibration_round - take in what one reset has shown
 * @touched: sorted, whole pages; its nearest entries may get merged
 * @silent: pages
 * @ram: sorted: RAM of the machine; its nearest entries may get merged
 *
 * Ends the run after the last round, or when more than half of RAM was touched: then memory does
 * not survive. c->state says which.
 */
void calibration_round(struct kb_calibration *c, struct range_list *touched, uint64_t silent,
		       struct range_list *ram);

#endif
