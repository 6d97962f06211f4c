/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dumps in all formats, of a made-up memory (kho_image.h). No test library in here: fuzzers and the
 * tool that makes the dumps of tests/inspect use it too. Whatever fails aborts.
 */
#ifndef TESTS_MAKE_DUMP_H
#define TESTS_MAKE_DUMP_H

#include "kho_image.h"

/* A node of setup_data with the handover of @img, in a page of its own; a device tree with it. */
void make_setup_data(struct kho_image *img);
void make_device_tree(struct kho_image *img);

/* A file in memory; its path, valid until the next call: /proc/self/fd/N. */
int make_file(void);
const char *make_path(int fd);

/*
 * Write the used part of the field, in whole pages, as a dump. @machine: EM_X86_64, EM_AARCH64.
 * @packed: how pages of kdump are packed, 0, 1 (zlib), 32 (zstd), or what is said of pages that are
 * not packed; all-zero pages are left out of the dump if @no_zeros.
 */
void make_raw(const struct kho_image *img, int fd);
void make_elf(const struct kho_image *img, int fd, unsigned int machine, unsigned int pieces);
void make_kdump(const struct kho_image *img, int fd, unsigned int packed, bool no_zeros);

/* @from in makedumpfile's flattened form, its records in disorder. */
void make_flat(int from, int fd, uint64_t *random);

#endif
