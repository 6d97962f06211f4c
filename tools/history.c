// SPDX-License-Identifier: BSD-2-Clause
/* Files of khoctl report; see history.h. */
#include "history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SWITCH   HISTORY_DIR "/switch.json"
#define SWITCHED HISTORY_DIR "/switched.json"
#define REPORT   HISTORY_DIR "/report.json"
#define HOPS     HISTORY_DIR "/hops.json"

#define SWITCH_SCHEMA "khoboot/switch/1"
#define HOPS_SCHEMA   "khoboot/hops/1"

/* ---- the running system ---------------------------------------------------------------------- */

/* The first line of a file; "" when it cannot be read, or is too long. */
static void read_line(const struct running *r, const char *name, char *ret, size_t size)
{
	struct buffer text = {0};
	size_t len = 0;

	if (running_read(r, name, &text))
		len = strcspn((const char *)text.data, "\n");
	len = len < size ? len : 0;
	if (len)
		memcpy(ret, text.data, len);
	ret[len] = '\0';
	buffer_free(&text);
}

void history_boot(const struct running *r, char ret[HISTORY_ID])
{
	read_line(r, "/proc/sys/kernel/random/boot_id", ret, HISTORY_ID);
}

void history_now(const struct running *r, struct history_switch *ret)
{
	struct timespec t = {0};

	history_boot(r, ret->boot);
	read_line(r, "/proc/sys/kernel/osrelease", ret->release, HISTORY_TEXT);
	clock_gettime(CLOCK_REALTIME, &t);
	ret->time_us = (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* What was renamed is there after a crash only once its directory is. */
static int sync_dir(const char *path)
{
	const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -1;
	ret = fsync(fd);
	close(fd);
	return ret;
}

/* Where there is no directory it is made, unless there is no place for one: 1. */
static int make_dir(const struct running *r, char path[PATH_MAX])
{
	running_path(r, HISTORY_DIR, path);
	if (!mkdir(path, 0755) || errno == EEXIST)
		return 0;
	return errno == ENOENT ? 1 : -1;
}

static int write_json(const struct running *r, const char *name, const struct json_object *o)
{
	char path[PATH_MAX], *text = NULL;
	struct buffer b = {0};
	size_t size = 0;
	FILE *out;
	int ret = make_dir(r, path);

	if (ret)
		return ret < 0 ? -1 : 0;
	out = open_memstream(&text, &size);
	if (!out)
		return -1;
	ret = json_print(o, JSON_PRETTY, out);
	if (fclose(out))
		ret = -1;
	b = (struct buffer){(uint8_t *)text, size, size};
	if (!ret)
		ret = buffer_write(&b, running_path(r, name, path));
	if (!ret)
		ret = sync_dir(running_path(r, HISTORY_DIR, path));
	buffer_free(&b);
	return ret;
}

/* ---- the switch ------------------------------------------------------------------------------ */

int history_write(const struct running *r, const struct history_switch *s)
{
	struct json_object *o = json_new(SWITCH_SCHEMA);
	int ret;

	json_add_text(o, "boot", s->boot);
	json_add_text(o, "release", s->release);
	json_add_text(o, "file", s->file);
	json_add_bool(o, "reset", s->reset);
	json_add_bool(o, "jumps", s->jumps);
	json_add_bool(o, "systemd", s->systemd);
	json_add_number(o, "time_us", s->time_us);
	json_add_number(o, "load_us", s->load_us);
	json_add_number(o, "size", s->size);
	ret = write_json(r, SWITCH, o);
	json_free(o);
	return ret;
}

void history_forget(const struct running *r)
{
	char path[PATH_MAX];

	(void)unlink(running_path(r, SWITCH, path));
}

static struct json_object *read_json(const struct running *r, const char *name, const char *schema)
{
	char path[PATH_MAX];

	return json_read(running_path(r, name, path), schema);
}

/* False, unless all of it is there. */
static bool parse_switch(const struct json_object *o, struct history_switch *ret)
{
	struct history_switch s = {.size = 0};

	if (!json_get_text(o, "boot", s.boot, sizeof(s.boot)) ||
	    !json_get_text(o, "release", s.release, sizeof(s.release)) ||
	    !json_get_text(o, "file", s.file, sizeof(s.file)) ||
	    !json_get_bool(o, "reset", &s.reset) || !json_get_bool(o, "jumps", &s.jumps) ||
	    !json_get_bool(o, "systemd", &s.systemd) ||
	    !json_get_number(o, "time_us", &s.time_us) ||
	    !json_get_number(o, "load_us", &s.load_us) || !json_get_number(o, "size", &s.size))
		return false;
	*ret = s;
	return true;
}

bool history_read(const struct running *r, struct history_switch *ret)
{
	char boot[HISTORY_ID], into[HISTORY_ID];
	struct json_object *fresh = read_json(r, SWITCH, SWITCH_SCHEMA);
	struct json_object *used = read_json(r, SWITCHED, SWITCH_SCHEMA);
	struct history_switch s, old = {.time_us = 0};
	const bool was =
		used && json_get_text(used, "into", into, sizeof(into)) && parse_switch(used, &old);
	bool found;

	history_boot(r, boot);
	/* Power may have been lost when it was already known where it led. */
	found = fresh && *boot && parse_switch(fresh, &s) && strcmp(s.boot, boot) &&
		!(was && s.time_us == old.time_us);
	if (!found && was && !strcmp(into, boot)) {
		s = old;
		found = true;
	}
	json_free(fresh);
	json_free(used);
	if (found)
		*ret = s;
	return found;
}

/* ---- what stays ------------------------------------------------------------------------------ */

struct json_object *history_hops(const struct running *r)
{
	struct json_object *o = read_json(r, HOPS, HOPS_SCHEMA), *list = NULL;

	if (o && json_object_object_get_ex(o, "hops", &list) &&
	    json_object_is_type(list, json_type_array))
		json_object_get(list);
	else
		list = NULL;
	json_free(o);
	return list;
}

static bool is_of(const struct json_object *hop, const char *boot)
{
	char of[HISTORY_ID];

	return json_get_text(hop, "boot", of, sizeof(of)) && !strcmp(of, boot);
}

static int append_hop(const struct running *r, struct json_object *hop)
{
	struct json_object *list = history_hops(r), *o = json_new(HOPS_SCHEMA), *all;
	const size_t n = list ? json_object_array_length(list) : 0;
	const size_t first = n >= HISTORY_HOPS ? n - HISTORY_HOPS + 1 : 0;
	char boot[HISTORY_ID];
	int ret = 0;

	history_boot(r, boot);
	all = json_add_list(o, "hops");
	for (size_t i = first; i < n; i++)
		json_list_take(all, json_object_get(json_object_array_get_idx(list, i)));
	if (!n || !is_of(json_object_array_get_idx(list, n - 1), boot)) {
		json_list_take(all, hop);
		ret = write_json(r, HOPS, o);
	} else {
		json_free(hop);
	}
	json_free(o);
	json_free(list);
	return ret;
}

/* From now on it is known where it led. */
static int use_switch(const struct running *r)
{
	struct json_object *o = read_json(r, SWITCH, SWITCH_SCHEMA);
	char boot[HISTORY_ID];
	int ret = 0;

	history_boot(r, boot);
	if (o && !is_of(o, boot)) {
		json_add_text(o, "into", boot);
		ret = write_json(r, SWITCHED, o);
		if (!ret)
			history_forget(r);
	}
	json_free(o);
	return ret;
}

int history_save(const struct running *r, const struct json_object *report, struct json_object *hop)
{
	int ret = hop ? append_hop(r, hop) : 0;

	if (!ret)
		ret = write_json(r, REPORT, report);
	return ret ? ret : use_switch(r);
}
