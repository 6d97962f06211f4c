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

int prepare_file(struct boot_file *ret, const struct running *r, const char *file, const char *name)
{
	const char *what = NULL;
	enum kb_status st = firmware_check(r, &what);
	char *real = NULL;

	if (st)
		return ctl_refuse(what, st, NULL);
	if (!name) {
		real = realpath(file, NULL);
		if (!real)
			return ctl_system(file);
	}
	st = firmware_file(r, real, name, ret);
	free(real);
	if (st)
		return ctl_refuse(name ? name : file, st, NULL);
	if (ret->anywhere)
		fprintf(stderr,
			"khoctl: boot entry: firmware will look for %s on all its volumes\n",
			ret->name);
	return CTL_OK;
}

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
static enum kb_status choose_zone(const struct running *r, bool new_firmware, char *ret)
{
	const char *why = "not calibrated with the new firmware";
	enum kb_status st = KB_OK;

	*ret = '\0';
	if (!new_firmware) {
		why = "not calibrated";
		st = firmware_zone(r, ret);
	}
	if (st == KB_CAL_FIRMWARE)
		why = "calibrated with another firmware (KB-753)";
	else if (st)
		return st;
	if (!*ret)
		fprintf(stderr, "khoctl: zone: %s, taking the built-in one; see khoctl calibrate\n",
			why);
	return KB_OK;
}

void prepare_words(char ret[PREPARE_WORDS], const char *nonce, const char *zone, const char *seal)
{
	snprintf(ret, PREPARE_WORDS, "khoboot.via=firmware khoboot.nonce=%s %s%s%s%s%s%s", nonce,
		 *zone ? "khoboot.zone=" : "", zone, *zone ? " " : "", seal ? "khoboot.seal=" : "",
		 seal ? seal : "", seal ? " " : "");
}

static int plan_words(struct prepared *p, const struct running *r, const char *seal,
		      bool new_firmware)
{
	char zone[KB_ZONE_TEXT_MAX];
	enum kb_status st = choose_zone(r, new_firmware, zone);

	if (st)
		return ctl_refuse("memory", st, NULL);
	prepare_words(p->words, p->nonce, zone, seal);
	return CTL_OK;
}

int prepare_switch(struct prepared *ret, const struct running *r, const char *file,
		   const char *name, const char *seal, bool new_firmware)
{
	int exit = prepare_file(&ret->file, r, file, name);

	if (!exit)
		exit = draw_nonce(ret);
	return exit ? exit : plan_words(ret, r, seal, new_firmware);
}

int prepare_mor(bool *ret, const struct running *r)
{
	enum kb_status st;

	*ret = firmware_mor_set(r);
	st = firmware_clear_mor(r);
	return st ? ctl_refuse("firmware", st, NULL) : CTL_OK;
}

void prepare_undo_mor(bool was, const struct running *r)
{
	if (was)
		firmware_restore_mor(r);
}

int prepare_entry(const struct running *r, const char *description, const struct boot_file *file,
		  const char *text)
{
	if (!boot_entry_write(r, description, &file->path, text))
		return CTL_OK;
	ctl_system("boot entry");
	return ctl_refuse("firmware", KB_CTL_VARIABLE, NULL);
}

int prepare_commit(const struct prepared *p, const struct running *r)
{
	char text[sizeof("khoboot.nonce=") + KB_NONCE_DIGITS];

	snprintf(text, sizeof(text), "khoboot.nonce=%s", p->key);
	return prepare_entry(r, "khoboot handover", &p->file, text);
}
