/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Steps of the firmware route that khoctl's commands share. They print what is wrong, and return
 * exit codes.
 */
#ifndef KHOCTL_PREPARE_H
#define KHOCTL_PREPARE_H

#include "buffer.h"
#include "firmware.h"
#include "verdict.h"

#include <getopt.h>

/* ---- the options that decide about the way --------------------------------------------------- */

/* As given to `khoctl check` or `khoctl switch`. Owns @cmdline. */
struct way {
	const char *via;       /* NULL: not given */
	const char *boot_file; /* NULL: UKI itself */
	const char *seal;      /* NULL: not given */
	bool new_firmware;
	struct buffer cmdline; /* kexec's, once prepare_ask() has put its words first */
};

enum { WAY_VIA = 512, WAY_BOOT_FILE, WAY_SEAL, WAY_NEW_FIRMWARE, WAY_CMDLINE };

/* clang-format off */
#define WAY_OPTIONS                                                      \
	{"via", required_argument, NULL, WAY_VIA},                       \
	{"boot-file", required_argument, NULL, WAY_BOOT_FILE},           \
	{"seal", required_argument, NULL, WAY_SEAL},                     \
	{"new-firmware", no_argument, NULL, WAY_NEW_FIRMWARE},           \
	{"cmdline", required_argument, NULL, WAY_CMDLINE}
/* clang-format on */

#define WAY_HELP                                                                                   \
	"  --via=direct           from kernel to kernel; the default\n"                            \
	"  --via=firmware         by a reset through the firmware, which starts UKI again\n"       \
	"  --boot-file PATH       UKI as firmware finds it on the volume that this system was\n"   \
	"                         booted from; default: UKI itself, on the mounted ESP\n"          \
	"  --seal=all|zone|meta   how much of the memory is checked after the reset\n"             \
	"  --new-firmware         the reset starts another firmware: do not use the calibration\n" \
	"  --cmdline TEXT|@FILE   command line instead of the one in UKI\n"

/* Take one of these options, for the command of that name. Exit codes, as ctl_option_fn. */
int prepare_option(struct way *w, const char *command, int option, const char *arg);

/* Do they go together? Returns -1 to go on, or an exit code. */
int prepare_options_end(const struct way *w, const char *command);

bool prepare_by_firmware(const struct way *w);

/* ---- what they lead to ----------------------------------------------------------------------- */

#define PREPARE_WORDS (KB_ZONE_TEXT_MAX + 256)

/* With --via=firmware; all zero is empty. */
struct prepared {
	struct boot_file file;
	char nonce[KB_NONCE_DIGITS + 1]; /* for kexec's command line: a secret */
	char key[KB_NONCE_DIGITS + 1];   /* for the boot entry, see record_key() */
	char zone[KB_ZONE_TEXT_MAX];
	const char *no_zone;    /* why the zone is the built-in one; NULL: it is not */
	enum kb_status refused; /* first of what --force cannot overrule */
	const char *what;       /* what that is about, for the message */
	bool same;              /* firmware_same_file() was true */
};

void prepared_free(struct prepared *p);

/*
 * prepare_ask - what stands against the way, for `khoctl check` and `khoctl switch` alike
 * @file: UKI as the user gave it; @content: what is in it
 *
 * Adds the answers to @v, and puts the words for khoboot before the user's in w->cmdline: of an
 * option given twice the last counts. Changes nothing on the system.
 */
int prepare_ask(struct prepared *ret, struct way *w, const struct running *r, const char *file,
		const struct buffer *content, struct verdict *v);

/* Print on standard error what the user should know of a way that is taken. */
void prepare_note(const struct prepared *p, const struct running *r);

/*
 * For any boot entry: check the machine and find the file that firmware is to start; @file as the
 * user gave it, @name as for firmware_file(). Prints notes on standard error.
 */
int prepare_file(struct boot_file *ret, const struct running *r, const char *file,
		 const char *name);

/* Withdraw the memory overwrite request, and make it again after a failure. *@ret: it was made. */
int prepare_mor(bool *ret, const struct running *r);
int prepare_undo_mor(bool was, const struct running *r);

/* Is an image loaded? */
bool prepare_loaded(const struct running *r);

/*
 * Take back what was prepared for the next boot and not used: BootNext, if it names the entry with
 * that description, and the memory overwrite request, unless an image is @loaded that needs it
 * withdrawn. What somebody else prepared stays. Returns an exit code, after a message.
 */
int prepare_abandon(const struct running *r, const char *description, bool loaded);

/* How the entry of `khoctl switch` is called. */
#define PREPARE_ENTRY "khoboot handover"

/* Have firmware start the file at the next boot, which still has @content if it had it before. */
int prepare_commit(const struct prepared *p, const struct running *r, const struct buffer *content);

/* The same for any boot entry. */
int prepare_entry(const struct running *r, const char *description, const struct boot_file *file,
		  const char *text);

#endif
