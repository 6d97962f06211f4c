// SPDX-License-Identifier: BSD-2-Clause
/* The directory tree that stands for a system's root; see fake_root.h. */
#include "fake_root.h"

#include "../../tools/efivars.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64];

const char *fake_root(void)
{
	snprintf(root, sizeof(root), "%s", "/tmp/khoctl-test-XXXXXX");
	assert_non_null(mkdtemp(root));
	return root;
}

int fake_root_remove(void **state)
{
	char command[128];
	(void)state;

	snprintf(command, sizeof(command), "rm -r '%s'", root);
	return system(command);
}

const char *fake_path(const char *path)
{
	static char full[4][256];
	static unsigned int next;
	char *to = full[next++ % 4];

	snprintf(to, sizeof(full[0]), "%s%s", root, path);
	return to;
}

void fake_dirs(const char *path)
{
	char part[256];

	for (const char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(p - path), path);
		mkdir(fake_path(part), 0777);
	}
}

void fake_bytes(const char *path, const void *data, size_t size)
{
	struct buffer b = {0};

	fake_dirs(path);
	buffer_append(&b, data, size);
	assert_int_equal(buffer_write(&b, fake_path(path)), 0);
	buffer_free(&b);
}

void fake_file(const char *path, const char *text)
{
	fake_bytes(path, text, strlen(text));
}

static const char *variable_file(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), EFIVARS "/%s", name);
	return path;
}

void fake_variable(const char *name, const void *value, size_t size)
{
	struct buffer b = {0};

	buffer_append(&b, "\7\0\0", 4);
	buffer_append(&b, value, size);
	fake_bytes(variable_file(name), b.data, b.size);
	buffer_free(&b);
}

static void assert_content(const char *path, const void *want, size_t size)
{
	struct buffer b = {0};

	assert_int_equal(buffer_read(&b, fake_path(path)), 0);
	assert_int_equal(b.size, size);
	assert_memory_equal(b.data, want, size);
	buffer_free(&b);
}

void assert_fake_file(const char *path, const char *want)
{
	assert_content(path, want, strlen(want));
}

void assert_fake_variable(const char *name, const void *value, size_t size)
{
	struct buffer b = {0};

	if (!value) {
		assert_int_equal(access(fake_path(variable_file(name)), F_OK), -1);
		return;
	}
	buffer_append(&b, "\7\0\0", 4);
	buffer_append(&b, value, size);
	assert_content(variable_file(name), b.data, b.size);
	buffer_free(&b);
}

void fake_full(bool full)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = full ? 0 : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}
