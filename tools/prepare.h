/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Steps of the firmware route that khoctl's commands share. They print what is wrong, and return
 * exit codes.
 */
#ifndef KHOCTL_PREPARE_H
#define KHOCTL_PREPARE_H

#include "firmware.h"

#define PREPARE_WORDS (KB_ZONE_TEXT_MAX + 256)

struct prepared {
	struct boot_file file;
	char nonce[KB_NONCE_DIGITS + 1]; /* for kexec's command line: a secret */
	char key[KB_NONCE_DIGITS + 1];   /* for the boot entry, see record_key() */
	char words[PREPARE_WORDS];       /* for khoboot, with a space after each */
};

void prepared_free(struct prepared *p);

/*
 * Check the machine and find the file that firmware is to start; @file as the user gave it, @name
 * as for firmware_file(). Prints notes on standard error.
 */
int prepare_file(struct boot_file *ret, const struct running *r, const char *file,
		 const char *name);

/*
 * The same for `khoctl switch`: also a new nonce, the zone, and the words. @seal may be NULL. With
 * @new_firmware the zone is not the calibrated one.
 */
int prepare_switch(struct prepared *ret, const struct running *r, const char *file,
		   const char *name, const char *seal, bool new_firmware);

/* khoboot's words for the firmware route. @zone: "" for the built-in one; @seal may be NULL. */
void prepare_words(char ret[PREPARE_WORDS], const char *nonce, const char *zone, const char *seal);

/* Withdraw the memory overwrite request, and make it again after a failure. *@ret: it was made. */
int prepare_mor(bool *ret, const struct running *r);
void prepare_undo_mor(bool was, const struct running *r);

/* Have firmware start the file at the next boot. */
int prepare_commit(const struct prepared *p, const struct running *r);

/* The same for any boot entry. */
int prepare_entry(const struct running *r, const char *description, const struct boot_file *file,
		  const char *text);

#endif
