/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boot entries: load options (UEFI 2.10 section 3.1.3) and the device paths in them (section 10).
 */
#ifndef KHOCTL_BOOT_ENTRY_H
#define KHOCTL_BOOT_ENTRY_H

#include "efivars.h"

/* Points into what was parsed. */
struct load_option {
	uint32_t attributes;
	const uint8_t *description; /* UCS-2 with a NUL */
	size_t description_size;    /* bytes, with the NUL */
	const uint8_t *path;        /* the first device path, with its end node */
	size_t path_size;
	const uint8_t *data; /* optional data */
	size_t data_size;
};

/*
 * load_option_parse - the parts of a boot entry
 *
 * False, and @ret untouched, unless the description ends, the list of paths lies inside and its
 * first path is made of whole nodes up to an end node.
 */
bool load_option_parse(const void *data, size_t size, struct load_option *ret);

/* Is that ASCII text the description? */
bool load_option_is(const struct load_option *o, const char *description);

/* Write an active entry to the empty buffer @out; both texts are ASCII. */
void load_option_make(const char *description, const struct buffer *path, const char *text,
		      struct buffer *out);

/* "xxxxxxxx-xx" or a GUID, and a NUL: how Linux names a partition. */
#define PARTUUID_SIZE 40

/* The partition that @o's path has a node of; false, and @ret untouched, when it has none. */
bool load_option_partition(const struct load_option *o, char ret[PARTUUID_SIZE]);

/*
 * boot_entry_file_path - device path of another file of the volume that @from was started from
 * @from: boot entry; NULL when it is not known
 * @file: ASCII, backslashes, from the root of the volume
 * @out: an empty buffer
 *
 * The nodes before @from's file, or all of them when they end in a partition. An entry that
 * firmware made for a whole disk says neither: then the path has only the file, for which firmware
 * looks on all its volumes (section 3.1.2), and false is returned.
 */
bool boot_entry_file_path(const struct load_option *from, const char *file, struct buffer *out);

/* The entry that the running system was started by. False when it is not known or malformed. */
bool boot_entry_current(const struct running *r, struct efivar *ret, struct load_option *option);

/*
 * boot_entry_write - have firmware start an entry at the next boot, and only then
 *
 * Writes the entry with that description, or a new one from Boot4B48 on, which is in no boot order,
 * and BootNext. Returns 0, or -1 with errno set: BootNext is then not set.
 */
int boot_entry_write(const struct running *r, const char *description, const struct buffer *path,
		     const char *text);

/*
 * Take back what boot_entry_write() set for the next boot, if BootNext still names the entry with
 * that description. The entry stays, for the next time. Returns 0, also when there is nothing to
 * take back; -1 with errno set.
 */
int boot_entry_take_back(const struct running *r, const char *description);

/* Delete the entry with that description. Returns 0, also without one; -1 with errno set. */
int boot_entry_delete(const struct running *r, const char *description);

#endif
