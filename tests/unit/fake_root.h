/* SPDX-License-Identifier: BSD-2-Clause */
/* A directory that stands for the root of a system: /proc, /sys and /dev as a test wants them. */
#ifndef TESTS_FAKE_ROOT_H
#define TESTS_FAKE_ROOT_H

#include "unit.h"

#include <khoboot/compiler.h>

/* Make an empty root. Only one exists at a time; its path is valid until the next call. */
const char *fake_root(void);

/* Remove it again; to be used as teardown of a test. */
int fake_root_remove(void **state);

/* @path below the root; the result is valid for the next three calls. */
const char *fake_path(const char *path);

/* Make the directories of the file @path; a path that ends in '/' is itself a directory. */
void fake_dirs(const char *path);

void fake_bytes(const char *path, const void *data, size_t size);
void fake_file(const char *path, const char *text);

/* A variable in efivarfs with attributes 7; @name is NAME-GUID. */
void fake_variable(const char *name, const void *value, size_t size);

void assert_fake_file(const char *path, const char *want);

/* The variable has that value and attributes 7; with a @value of NULL it does not exist. */
void assert_fake_variable(const char *name, const void *value, size_t size);

/* From now on (true) writing to files fails, although making them works; or no longer (false). */
void fake_full(bool full);

#endif
