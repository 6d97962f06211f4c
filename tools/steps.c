// SPDX-License-Identifier: BSD-2-Clause
/* The steps of khoctl switch as text; see steps.h. */
#include "steps.h"

#include <string.h>

static const char nonce[] = "khoboot.nonce=";

/* The number after it is drawn anew each time, and is a secret when it counts. */
static void print_words(const char *words, FILE *out)
{
	const char *at = strstr(words, nonce);

	if (!at) {
		fputs(words, out);
		return;
	}
	at += strlen(nonce);
	fprintf(out, "%.*s...", (int)(at - words), words);
	fputs(at + strcspn(at, " "), out);
}

static void print_load(const struct steps *s, int *n, FILE *out)
{
	fprintf(out, "%d. load %s, %" PRIu64 " bytes", ++*n, s->path, s->size);
	if (s->replaces)
		fputs(", in place of what is loaded", out);
	if (*s->words) {
		fputs(", with the words: ", out);
		print_words(s->words, out);
	}
	fprintf(out, "\n%d. read %s again: is it still what was checked?\n", ++*n, s->path);
}

static void print_jump(const struct steps *s, int *n, FILE *out)
{
	if (s->load_only)
		fprintf(out, "%d. stop here: the jump is left to you\n", ++*n);
	else if (s->systemctl)
		fprintf(out, "%d. jump: %s kexec; systemd stops the services first\n", ++*n,
			s->systemctl);
	else
		fprintf(out, "%d. jump: sync(2), reboot(2); no service is stopped\n", ++*n);
}

void steps_print(const struct steps *s, FILE *out)
{
	int n = 0;

	if (s->finalize)
		fprintf(out, "%d. finalize KHO\n", ++n);
	if (s->mor)
		fprintf(out, "%d. withdraw the request to overwrite memory at a reset\n", ++n);
	print_load(s, &n, out);
	if (s->boot_file)
		fprintf(out,
			"%d. write the boot entry \"%s\" (%s) and BootNext, which starts it once\n",
			++n, s->entry, s->boot_file);
	print_jump(s, &n, out);
	if (s->boot_file)
		fprintf(out, "%d. khoboot seals the memory and resets; firmware starts %s\n", ++n,
			s->boot_file);
	fputs("nothing of this was done\n", out);
}
