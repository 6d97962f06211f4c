/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UEFI variables, by efivarfs. A name is NAME-GUID, as the file is called.
 *
 * Linux 7.3.4 fs/efivarfs: a file is the attributes, 4 bytes, and the value; one write() is one
 * SetVariable(); all but a few known variables are immutable until that flag is taken off.
 */
#ifndef KHOCTL_EFIVARS_H
#define KHOCTL_EFIVARS_H

#include "running.h"

#define EFIVARS          "/sys/firmware/efi/efivars"
#define EFI_GLOBAL(name) name "-8be4df61-93ca-11d2-aa0d-00e098032b8c"

/* Non-volatile, boot services, runtime: what boot variables have (UEFI 2.10 section 3.3). */
#define EFIVAR_ATTRIBUTES 7u

/* Owns @value; all zero is empty. */
struct efivar {
	uint32_t attributes;
	struct buffer value;
};

void efivar_free(struct efivar *v);

/* False, and @ret untouched, when there is no such variable. */
bool efivar_read(const struct running *r, const char *name, struct efivar *ret);

/* The value as a little endian number; @otherwise if it does not exist or has another size. */
uint64_t efivar_number(const struct running *r, const char *name, size_t size, uint64_t otherwise);

/*
 * efivar_write - set a variable
 *
 * A variable that has this value is not written again: flash wears out. Returns 0; -1 with errno
 * set, and the variable is then what it was.
 */
int efivar_write(const struct running *r, const char *name, uint32_t attributes, const void *value,
		 size_t size);

/* Returns 0, also if it does not exist; -1 with errno set. */
int efivar_delete(const struct running *r, const char *name);

/*
 * efivar_each - call @visit for each variable until it returns true
 *
 * Returns whether one did.
 */
bool efivar_each(const struct running *r, bool (*visit)(void *ctx, const char *name), void *ctx);

#endif
