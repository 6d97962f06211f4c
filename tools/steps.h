/* SPDX-License-Identifier: BSD-2-Clause */
/* What khoctl switch --dry-run prints: the steps that it would take, in order. */
#ifndef KHOCTL_STEPS_H
#define KHOCTL_STEPS_H

#include <khoboot/compiler.h>

#include <stdio.h>

struct steps {
	const char *path; /* of the image */
	uint64_t size;
	const char *words;     /* kexec's command line; the nonce in it is not shown */
	bool finalize;         /* KHO has to be finalized first */
	bool replaces;         /* an image is loaded already */
	const char *boot_file; /* by firmware: what it starts; NULL: the direct route */
	const char *entry;     /* description of the boot entry */
	bool mor;              /* a memory overwrite request is withdrawn */
	const char *systemctl; /* who jumps; NULL: reboot(2) */
	bool load_only;
};

void steps_print(const struct steps *s, FILE *out);

#endif
