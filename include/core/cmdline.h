/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line: khoboot's own words are taken out, the kernel gets the rest.
 *
 * Words are split as the kernel does (lib/cmdline.c:next_arg): at white space outside double
 * quotes. No character escapes a quote. Words for the kernel keep their quotes. Everything after
 * a word "--" belongs to init.
 */
#ifndef CORE_CMDLINE_H
#define CORE_CMDLINE_H

#include <core/log.h>
#include <core/mem.h>
#include <core/range.h>
#include <core/text.h>
#include <khoboot/compiler.h>
#include <khoboot/layout.h>
#include <khoboot/status.h>

enum kb_via { KB_VIA_DIRECT, KB_VIA_FIRMWARE };
enum kb_kho { KB_KHO_AUTO, KB_KHO_OFF, KB_KHO_PARK };
enum kb_bridge { KB_BRIDGE_AUTO, KB_BRIDGE_OFF };
enum kb_digest { KB_DIGEST_ALL, KB_DIGEST_ZONE, KB_DIGEST_META };
enum kb_on_error {
	KB_ON_ERROR_HALT,
	KB_ON_ERROR_DISCARD,
	KB_ON_ERROR_RESET,
	KB_ON_ERROR_FALLBACK, /* the image's second kernel; where that cannot be, halt */
};

#define KB_INITRD_MAX   8
#define KB_NONCE_SIZE   32 /* bytes */
#define KB_NONCE_DIGITS (2 * KB_NONCE_SIZE)
#define KB_ROUNDS_MAX   16 /* of a calibration */
#define KB_CPUS_MAX     UINT16_MAX

/*
 * The first value of each enumeration is the default, except for the log level: KB_INFO, and for
 * on_error where the image has a second kernel: KB_ON_ERROR_FALLBACK.
 */
struct kb_options {
	enum kb_via via;           /* khoboot.via=direct|firmware */
	enum kb_kho kho;           /* khoboot.kho=auto|off|park */
	enum kb_bridge bridge;     /* khoboot.bridge=auto|off: rewrite the data for the kernel */
	enum kb_on_error on_error; /* khoboot.on_error=halt|discard|reset|fallback */
	enum kb_log_level log;     /* khoboot.log=error|warn|info|debug */
	struct range kho_fdt;      /* khoboot.kho-fdt=ADDR,SIZE; size 0: not given */
	struct range kho_scratch;  /* khoboot.kho-scratch=ADDR,SIZE */
	enum kb_digest seal;       /* khoboot.seal=all|zone|meta: what the record has digests of */
	struct kb_text zone;       /* khoboot.zone=BASE-END,...: see zone_parse() */
	struct kb_text nonce;      /* khoboot.nonce=64 hexadecimal digits, by khoctl switch */
	bool fence;                /* khoboot.fence=on|off: keep the kernel out of the zone */
	unsigned int calibrate;    /* khoboot.calibrate=ROUNDS, 1 to 16; 0: not given */
	unsigned int cpus;         /* khoboot.cpus=N: make digests by so many; 0: by all */
	struct kb_text kernel;     /* linux=\PATH, with CMDLINE_PATHS */
	struct kb_text initrd[KB_INITRD_MAX]; /* initrd=\PATH, in order, with CMDLINE_PATHS */
	size_t initrds;
	size_t ignored;    /* words from outside that were dropped because @locked is set */
	size_t wrong;      /* options that were dropped because of CMDLINE_LENIENT */
	bool from_outside; /* the words for the kernel are those given at start, not .cmdline */
	bool fallback;     /* the image has a second kernel, as @in said */
};

/* The UEFI door: take linux= and initrd= out of the words given at start. */
#define CMDLINE_PATHS 1u
/* A boot that must go on: wrong and unknown options are dropped and counted, not refused. */
#define CMDLINE_LENIENT 2u

struct cmdline_in {
	struct kb_text builtin; /* .cmdline of the image; ends at a NUL */
	struct kb_text outside; /* given at start: load options, kexec command line; likewise */
	struct kb_text first;   /* the outgoing kernel's own words; the next one gets them always */
	bool locked;            /* Secure Boot or lockdown is on */
	bool fallback;          /* the image has a second kernel */
	unsigned int flags;     /* CMDLINE_* */
};

/*
 * cmdline_split - options for khoboot, command line for the kernel
 * @in: the two sources
 * @buf: receives the words for the kernel, separated by single spaces, NUL-terminated
 * @size: bytes of @buf; KB_CMDLINE_MAX + 1 is always enough for what the doors pass
 * @ret: the options; texts in it point into @in's
 * @diag: at = position of the refused word in its text, value = 0 for .cmdline, 1 for outside
 *
 * An option from outside overrides the same one of .cmdline; in one text the last one wins. The
 * kernel gets the words from outside if there are any, else those of .cmdline. BOOT_IMAGE=, which
 * boot loaders add, does not count as a word. If @in->locked is set, only khoboot.via and
 * khoboot.log are taken from outside; other words are dropped and counted. @in->first is copied
 * unchanged before all of them.
 *
 * Returns KB_OK; KB_CMD_UNKNOWN for a word that begins with "khoboot." but is not an option;
 * KB_CMD_VALUE for a value that its option does not take (neither with CMDLINE_LENIENT);
 * KB_CMD_PATHS for more than KB_INITRD_MAX initrds; KB_CMD_LONG if the words do not fit into @buf.
 * @buf and @ret are untouched on failure.
 */
__must_check enum kb_status cmdline_split(const struct cmdline_in *in, char *buf, size_t size,
					  struct kb_options *ret, struct kb_diag *diag);

/* How a UEFI application was started: decides whether its first word is its own name. */
struct cmdline_start {
	bool shell;          /* by the UEFI Shell: it always is */
	bool net;            /* from a network device, by iPXE perhaps */
	struct kb_text file; /* the file that was loaded; absent: not known */
};

/*
 * cmdline_skip_program - load options without the program's name
 *
 * Boot entries and GRUB give words only, the UEFI Shell and iPXE put a name before them. The first
 * word is the name if @start says so; if it ends in ".efi"; if its last component is that of the
 * file; or if it is the only word, has no '=' and came over the network. Returns what follows it.
 */
struct kb_text cmdline_skip_program(struct kb_text t, const struct cmdline_start *start);

/* A word of a command line, with its quotes. */
struct cmdline_word {
	const char *text;
	size_t len;
	size_t pos; /* offset in the text */
};

/* Position of cmdline_next(). To begin, set text and len, and pos to 0. */
struct cmdline_iter {
	const char *text;
	size_t len;
	size_t pos;
};

/* The next word; false after the last one, with @ret untouched. Stops at a NUL. */
bool cmdline_next(struct cmdline_iter *it, struct cmdline_word *ret);

/*
 * The next word that is a parameter of the kernel, split as it does: at 0xa0, too (its isspace()
 * takes that for a space), and none after "--". False after the last one, with @ret untouched.
 */
bool cmdline_next_param(struct cmdline_iter *it, struct cmdline_word *ret);

/* Is @w the word "@name", without a value? Quotes, dash and underscore as in cmdline_value(). */
bool cmdline_is(const struct cmdline_word *w, const char *name);

/*
 * cmdline_value - the value of word "@name=VALUE", without quotes around it
 * @ret: untouched unless true; text points into @w
 *
 * True when @w is such a word. Dash and underscore in the name are the same, as in the kernel.
 */
bool cmdline_value(const struct cmdline_word *w, const char *name, struct kb_text *ret);

/*
 * cmdline_last - value of the last word "@name=" of @text, split as by cmdline_next_param()
 *
 * For parameters of which the kernel also takes the last. False if no such word is found.
 */
bool cmdline_last(struct kb_text text, const char *name, struct kb_text *ret);

/*
 * Is @value "on" for the kernel (Linux lib/kstrtox.c, kstrtobool)? Of 'e' kernels before 7.3 may
 * not know.
 */
bool cmdline_true(struct kb_text value);

/*
 * cmdline_take_address - take "@name=NUMBER" and the blank after it off the beginning of @t
 *
 * For words that a kernel has written: no quotes, no other form. False, and both untouched, if @t
 * begins otherwise.
 */
bool cmdline_take_address(struct kb_text *t, const char *name, uint64_t *ret);

/* The bytes of khoboot.nonce=, in digit order. False, and @ret untouched, if malformed. */
bool cmdline_nonce(struct kb_text t, uint8_t ret[KB_NONCE_SIZE]);

enum kb_door { KB_DOOR_BARE, KB_DOOR_UEFI };

/*
 * cmdline_supported - can @door do what the options ask for?
 *
 * An option that is known but not supported is never ignored. Returns KB_OK, KB_NO_PARK,
 * KB_NO_FALLBACK for khoboot.on_error=fallback without a second kernel, or
 * KB_NO_CARRIER for khoboot.kho-fdt= and khoboot.kho-scratch= given to the bare-metal door. That
 * door takes the addresses from the outgoing kernel only; if it ignored the options, the boot would
 * overwrite what they point to.
 */
__must_check enum kb_status cmdline_supported(const struct kb_options *o, enum kb_door door);

#endif
