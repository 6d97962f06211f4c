/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What khoctl keeps on disk for khoctl report, below /var/lib/khoboot:
 *
 *	switch.json	written by khoctl switch in A, right before the jump
 *	switched.json	the same, once khoctl report --save in B has found that it led to B
 *	report.json	the last report that was saved
 *	hops.json	what those before it said in short, the last HISTORY_HOPS
 *
 * Each is the old one or the new one whole, whenever power is lost. Everybody may read them: they
 * hold no command line and no nonce. A system without /var/lib keeps nothing.
 */
#ifndef KHOCTL_HISTORY_H
#define KHOCTL_HISTORY_H

#include "json.h"
#include "running.h"

#define HISTORY_DIR  "/var/lib/khoboot"
#define HISTORY_HOPS 16
#define HISTORY_ID   40
#define HISTORY_TEXT 256

/* What A knows. */
struct history_switch {
	char boot[HISTORY_ID];      /* boot_id of A */
	char release[HISTORY_TEXT]; /* of A */
	char file[HISTORY_TEXT];    /* the image; shortened if it is longer */
	bool reset;                 /* by the firmware route */
	bool jumps;                 /* it jumps at once; else somebody does so later */
	bool systemd;               /* systemd is asked, and stops the services first */
	uint64_t time_us;           /* since 1970: right before the jump, or after the load */
	uint64_t load_us;           /* how long kexec_file_load took */
	uint64_t size;              /* of the image */
};

/* Fill in what is the same for every switch: boot, release, time. */
void history_now(const struct running *r, struct history_switch *ret);

/* boot_id of the running system; "" when it is not shown. */
void history_boot(const struct running *r, char ret[HISTORY_ID]);

/*
 * Write switch.json. 0, also where there is no /var/lib; -1 with errno set: nothing was written,
 * and an older one may be there.
 */
int history_write(const struct running *r, const struct history_switch *s);

/* Delete it: the switch does not come. */
void history_forget(const struct running *r);

/*
 * The switch that led to this boot, as far as is known: one made in another boot, and not found to
 * have led to another one. False when there is none.
 */
bool history_read(const struct running *r, struct history_switch *ret);

/* The list of earlier hops, oldest first; for json_free(); NULL when there is none. */
struct json_object *history_hops(const struct running *r);

/*
 * Keep @report, append @hop to the hops unless the last one is of this boot, and mark the switch as
 * one that led here. @hop is taken over; NULL: none. -1 with errno set when a file cannot be
 * written.
 */
int history_save(const struct running *r, const struct json_object *report,
		 struct json_object *hop);

#endif
