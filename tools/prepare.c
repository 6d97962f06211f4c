// SPDX-License-Identifier: BSD-2-Clause
/* What khoctl does before a reset: check, find the file, set the next boot; see prepare.h. */
#include "prepare.h"
#include "boot_entry.h"
#include "khoctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void prepared_free(struct prepared *p)
{
	buffer_free(&p->file.path);
}

/* ---- options --------------------------------------------------------------------------------- */

bool prepare_by_firmware(const struct way *w)
{
	return w->via && !strcmp(w->via, "firmware");
}

static int take_via(struct way *w, const char *command, const char *arg)
{
	if (strcmp(arg, "direct") && strcmp(arg, "firmware"))
		return ctl_usage("%s: --via takes direct or firmware, not '%s'", command, arg);
	w->via = arg;
	return CTL_OK;
}

static int take_seal(struct way *w, const char *command, const char *arg)
{
	if (strcmp(arg, "all") && strcmp(arg, "zone") && strcmp(arg, "meta"))
		return ctl_usage("%s: --seal takes all, zone or meta, not '%s'", command, arg);
	w->seal = arg;
	return CTL_OK;
}

int prepare_option(struct way *w, const char *command, int option, const char *arg)
{
	switch (option) {
	case WAY_VIA:
		return take_via(w, command, arg);
	case WAY_SEAL:
		return take_seal(w, command, arg);
	case WAY_BOOT_FILE:
		w->boot_file = arg;
		return CTL_OK;
	case WAY_NEW_FIRMWARE:
		w->new_firmware = true;
		return CTL_OK;
	default:
		return buffer_from_arg(&w->cmdline, arg) ? ctl_system(arg) : CTL_OK;
	}
}

int prepare_options_end(const struct way *w, const char *command)
{
	if ((w->boot_file || w->seal || w->new_firmware) && !prepare_by_firmware(w))
		return ctl_usage("%s: --boot-file, --seal and --new-firmware are for "
				 "--via=firmware",
				 command);
	return -1;
}

/* ---- the file -------------------------------------------------------------------------------- */

static int find_file(struct boot_file *ret, const struct running *r, const char *file,
		     const char *name, enum kb_status *st)
{
	char *real = name ? NULL : realpath(file, NULL);

	if (!name && !real)
		return ctl_system(file);
	*st = firmware_file(r, real, name, ret);
	free(real);
	return CTL_OK;
}

#define TME_WHY "the CPU has TME, and without /dev/cpu/0/msr it is not known whether it is on"

static void note_file(const struct boot_file *file)
{
	if (file->anywhere)
		fprintf(stderr,
			"khoctl: boot entry: firmware will look for %s on all its volumes\n",
			file->name);
}

static void note_tme(const struct running *r)
{
	if (firmware_tme_unknown(r))
		fprintf(stderr, "khoctl: memory: %s\n", TME_WHY);
}

int prepare_file(struct boot_file *ret, const struct running *r, const char *file, const char *name)
{
	const char *what = NULL;
	enum kb_status st = firmware_check(r, &what);
	int exit;

	if (st)
		return ctl_refuse(what, st, NULL);
	exit = find_file(ret, r, file, name, &st);
	if (exit)
		return exit;
	if (st)
		return ctl_refuse(name ? name : file, st, NULL);
	note_file(ret);
	note_tme(r);
	return CTL_OK;
}

/* ---- the firmware route ---------------------------------------------------------------------- */

static void format_digits(const uint8_t bytes[KB_NONCE_SIZE], char ret[KB_NONCE_DIGITS + 1])
{
	for (size_t i = 0; i < KB_NONCE_SIZE; i++)
		snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
}

static int draw_nonce(struct prepared *p)
{
	uint8_t bytes[KB_NONCE_SIZE], key[KB_SHA256_SIZE];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return ctl_system("getrandom");
	record_key(bytes, key);
	format_digits(bytes, p->nonce);
	format_digits(key, p->key);
	return CTL_OK;
}

/* The text of the zone; "" for the built-in one, and why. */
static enum kb_status choose_zone(const struct running *r, bool new_firmware, struct prepared *p)
{
	enum kb_status st = new_firmware ? KB_OK : firmware_zone(r, p->zone);

	if (st == KB_CAL_FIRMWARE)
		p->no_zone = "calibrated with another firmware (KB-753)";
	else if (new_firmware)
		p->no_zone = "not calibrated with the new firmware";
	else if (!st && !*p->zone)
		p->no_zone = "not calibrated";
	return st == KB_CAL_FIRMWARE ? KB_OK : st;
}

/* Which --force does not overrule: without it there is no reset to try. */
static void add_hard(struct prepared *p, struct verdict *v, const char *name, const char *what,
		     enum kb_status st)
{
	verdict_add_hard(v, name, st);
	if (st && !p->refused) {
		p->refused = st;
		p->what = what;
	}
}

static void ask_same_file(struct prepared *p, const struct way *w, const struct running *r,
			  const struct buffer *content, struct verdict *v)
{
	bool seen = true;
	enum kb_status st = w->boot_file ? firmware_same_file(r, &p->file, content, &seen) : KB_OK;

	p->same = w->boot_file && seen && !st;
	if (!seen)
		verdict_add_unknown(v, "boot_file",
				    "its volume is not mounted here, or not known: is it UKI?");
	else if (!st && p->file.anywhere)
		verdict_add_unknown(v, "boot_file", "firmware will look for it on all its volumes");
	else
		verdict_add_hard(v, "boot_file", st);
}

static int ask_file(struct prepared *p, const struct way *w, const struct running *r,
		    const char *file, const struct buffer *content, struct verdict *v)
{
	enum kb_status st;
	int exit = find_file(&p->file, r, file, w->boot_file, &st);

	if (exit)
		return exit;
	if (st)
		add_hard(p, v, "boot_file", w->boot_file ? w->boot_file : file, st);
	else
		ask_same_file(p, w, r, content, v);
	return CTL_OK;
}

static void add_words(const struct prepared *p, struct way *w)
{
	char text[PREPARE_WORDS];

	snprintf(text, sizeof(text), "khoboot.via=firmware khoboot.nonce=%s %s%s%s%s%s%s", p->nonce,
		 *p->zone ? "khoboot.zone=" : "", p->zone, *p->zone ? " " : "",
		 w->seal ? "khoboot.seal=" : "", w->seal ? w->seal : "", w->seal ? " " : "");
	buffer_prepend(&w->cmdline, text, strlen(text));
}

static int ask_firmware(struct prepared *p, struct way *w, const struct running *r,
			const char *file, const struct buffer *content, struct verdict *v)
{
	const char *what = NULL;
	enum kb_status st = firmware_check(r, &what);
	int exit;

	add_hard(p, v, "firmware", what, st);
	if (firmware_tme_unknown(r))
		verdict_add_unknown(v, "tme", TME_WHY);
	exit = ask_file(p, w, r, file, content, v);
	add_hard(p, v, "zone", "memory", choose_zone(r, w->new_firmware, p));
	if (!exit)
		exit = draw_nonce(p);
	if (!exit)
		add_words(p, w);
	return exit;
}

int prepare_ask(struct prepared *ret, struct way *w, const struct running *r, const char *file,
		const struct buffer *content, struct verdict *v)
{
	static const char direct[] = "khoboot.via=direct ";

	if (prepare_by_firmware(w))
		return ask_firmware(ret, w, r, file, content, v);
	if (w->via)
		buffer_prepend(&w->cmdline, direct, strlen(direct));
	return CTL_OK;
}

void prepare_note(const struct prepared *p, const struct running *r)
{
	note_file(&p->file);
	note_tme(r);
	if (p->no_zone)
		fprintf(stderr, "khoctl: zone: %s, taking the built-in one; see khoctl calibrate\n",
			p->no_zone);
}

/* ---- changes --------------------------------------------------------------------------------- */

int prepare_mor(bool *ret, const struct running *r)
{
	enum kb_status st;

	*ret = firmware_mor_set(r);
	st = firmware_clear_mor(r);
	return st ? ctl_refuse("firmware", st, NULL) : CTL_OK;
}

int prepare_undo_mor(bool was, const struct running *r)
{
	const enum kb_status st = was ? firmware_restore_mor(r) : KB_OK;

	return st ? ctl_refuse("memory overwrite request", st, NULL) : CTL_OK;
}

bool prepare_loaded(const struct running *r)
{
	struct buffer text = {0};
	const bool loaded = running_read(r, "/sys/kernel/kexec_loaded", &text) && text.size &&
			    text.data[0] != '0';

	buffer_free(&text);
	return loaded;
}

int prepare_abandon(const struct running *r, const char *description, bool loaded)
{
	int ret = CTL_OK, mor;

	if (boot_entry_take_back(r, description)) {
		ctl_system("BootNext");
		ret = ctl_refuse("firmware", KB_CTL_VARIABLE, NULL);
	}
	mor = prepare_undo_mor(firmware_mor_withdrawn(r) && !loaded, r);
	return ret ? ret : mor;
}

int prepare_entry(const struct running *r, const char *description, const struct boot_file *file,
		  const char *text)
{
	if (!boot_entry_write(r, description, &file->path, text))
		return CTL_OK;
	ctl_system("boot entry");
	return ctl_refuse("firmware", KB_CTL_VARIABLE, NULL);
}

int prepare_commit(const struct prepared *p, const struct running *r, const struct buffer *content)
{
	char text[sizeof("khoboot.nonce=") + KB_NONCE_DIGITS];
	bool seen;

	/* It may have been replaced since it was asked about. */
	if (p->same && firmware_same_file(r, &p->file, content, &seen))
		return ctl_refuse(p->file.name, KB_CTL_OTHER_FILE, NULL);
	snprintf(text, sizeof(text), "khoboot.nonce=%s", p->key);
	return prepare_entry(r, PREPARE_ENTRY, &p->file, text);
}
