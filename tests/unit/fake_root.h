/* SPDX-License-Identifier: BSD-2-Clause */
/* A directory that stands for the root of a system: /proc, /sys and /dev as a test wants them. */
#ifndef TESTS_FAKE_ROOT_H
#define TESTS_FAKE_ROOT_H

#include "unit.h"

#include <khoboot/compiler.h>

/* Make an empty one; the path stays valid until the next. Only one at a time. */
const char *fake_root(void);

/* Teardown of a test. */
int fake_root_remove(void **state);

/* @path below it; valid until the fourth call from now. */
const char *fake_path(const char *path);

/* The directories that the file @path needs, which ends in '/' if it is one itself. */
void fake_dirs(const char *path);

void fake_bytes(const char *path, const void *data, size_t size);
void fake_file(const char *path, const char *text);

/* A variable in efivarfs with attributes 7; @name is NAME-GUID. */
void fake_variable(const char *name, const void *value, size_t size);

void assert_fake_file(const char *path, const char *want);

/* The variable has that value and attributes 7; not there when @value is NULL. */
void assert_fake_variable(const char *name, const void *value, size_t size);

/* Writes to files fail, until it is called with false; making them does not. */
void fake_full(bool full);

#endif
