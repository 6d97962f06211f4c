// SPDX-License-Identifier: BSD-2-Clause
/* khoctl report: gather what this system knows of the handover that led to it. */
#include "report.h"
#include "khoctl.h"

#include <dirent.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SETUP_DATA "/sys/kernel/boot_params/setup_data"
#define KHO_IN     "/sys/kernel/debug/kho/in/fdt"
#define LOG_TYPE   0x4b424c47u /* docs/abi.md */

static const char help[] =
	"Usage: khoctl report [OPTION]...\n"
	"\n"
	"What the handover that led to this kernel did: by which route, what was verified, how\n"
	"long it took, what khoboot warned of, and its log.\n"
	"\n"
	"  --log FILE             take khoboot's log from there, a copy of a serial port perhaps\n"
	"  --save                 keep the report, and what it says in short, in " HISTORY_DIR "\n"
	"  --digests              with digests of live update sessions, or why there are none\n"
	"  --json[=pretty|short|off]  print one object\n"
	"  -h, --help             show this text\n";

struct request {
	const char *log;
	bool save, digests;
	enum json_form json;
};

enum { OPT_LOG = 256, OPT_SAVE, OPT_DIGESTS };

static const struct option options[] = {
	{"log", required_argument, NULL, OPT_LOG},
	{"save", no_argument, NULL, OPT_SAVE},
	{"digests", no_argument, NULL, OPT_DIGESTS},
	CTL_JSON_OPTION,
	{"help", no_argument, NULL, 'h'},
	{0},
};

static int take_option(void *request, int option, const char *arg)
{
	struct request *r = request;

	switch (option) {
	case OPT_LOG:
		r->log = arg;
		return CTL_OK;
	case OPT_SAVE:
		r->save = true;
		return CTL_OK;
	case OPT_DIGESTS:
		r->digests = true;
		return CTL_OK;
	default:
		return ctl_take_json("report", arg, &r->json);
	}
}

/* ---- the log --------------------------------------------------------------------------------- */

static bool is_log(const struct running *running, const char *node)
{
	char name[sizeof(SETUP_DATA) + 300];
	struct buffer type = {0};
	bool is;

	snprintf(name, sizeof(name), SETUP_DATA "/%s/type", node);
	is = running_read(running, name, &type) &&
	     strtoul((const char *)type.data, NULL, 16) == LOG_TYPE;
	buffer_free(&type);
	return is;
}

/* x86_64: a setup_data node. */
static bool read_setup_data(const struct running *running, struct buffer *ret)
{
	char path[PATH_MAX], name[sizeof(SETUP_DATA) + 300];
	DIR *d = opendir(running_path(running, SETUP_DATA, path));
	bool found = false;
	struct dirent *e;

	while (d && !found && (e = readdir(d)))
		if (e->d_name[0] != '.' && is_log(running, e->d_name)) {
			snprintf(name, sizeof(name), SETUP_DATA "/%s/data", e->d_name);
			found = running_read(running, name, ret);
		}
	if (d)
		closedir(d);
	return found;
}

/*
 * arm64: a property of /chosen, in the tree as it was handed over. Where Linux goes by ACPI it is
 * the only one: nothing of it is in /proc/device-tree then.
 */
static bool read_property(const struct running *running, struct buffer *ret)
{
	struct buffer tree = {0};
	const void *p = NULL;
	int len = 0;

	if (running_read(running, "/sys/firmware/fdt", &tree) &&
	    !fdt_check_full(tree.data, tree.size))
		p = fdt_getprop(tree.data, fdt_path_offset(tree.data, "/chosen"), "khoboot,log",
				&len);
	if (p)
		buffer_append(ret, p, (size_t)len);
	buffer_free(&tree);
	return p;
}

static int read_log(const struct request *q, const struct running *running, struct buffer *text,
		    struct report *r)
{
	size_t at;

	if (q->log && buffer_read(text, q->log))
		return ctl_system(q->log);
	r->source = q->log ? q->log : NULL;
	if (!q->log && read_setup_data(running, text))
		r->source = SETUP_DATA;
	else if (!q->log && read_property(running, text))
		r->source = "/chosen/khoboot,log";
	r->log = (struct kb_text){(const char *)text->data, text->size};
	at = text->size ? report_log_last(r->log) : 0;
	r->log = (struct kb_text){r->log.text + at, r->log.len - at};
	r->has_log = r->log.len;
	if (!r->has_log)
		r->source = NULL;
	report_log_parse(r->log, &r->facts, NULL, NULL);
	return -1;
}

/* ---- the rest -------------------------------------------------------------------------------- */

static uint64_t clock_us(clockid_t which)
{
	struct timespec t = {0};

	clock_gettime(which, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void read_system(const struct running *running, struct report *r)
{
	struct history_switch here = {.size = 0};

	history_now(running, &here);
	memcpy(r->boot, here.boot, sizeof(r->boot));
	memcpy(r->release, here.release, sizeof(r->release));
	r->asked = history_read(running, &r->a);
	r->came = running_exists(running, KHO_IN);
	r->hops = history_hops(running);
	r->now_us = (struct log_number){true, here.time_us};
	r->up_us = (struct log_number){true, clock_us(CLOCK_BOOTTIME)};
}

static int print(const struct request *q, const struct running *running, const struct report *r)
{
	struct json_object *o = report_json(r);
	/* A cold boot is no hop. */
	struct json_object *hop = report_outcome(r) == REPORT_NONE ? NULL : report_hop(r);
	int ret = CTL_OK;

	if (!q->save)
		json_free(hop);
	else if (history_save(running, o, hop))
		ret = ctl_system(HISTORY_DIR);
	if (q->json) {
		const int printed = ctl_print_json(o, q->json);

		return ret ? ret : printed;
	}
	json_free(o);
	report_text(r, stdout);
	if (fflush(stdout) || ferror(stdout))
		return ctl_system("standard output");
	return ret;
}

int cmd_report(int argc, char **argv)
{
	struct running running = {.root = ""};
	struct report r = {.has_log = false};
	struct buffer text = {0};
	struct request q = {.log = NULL};
	int ret = ctl_options(argc, argv, ":h", options, help, take_option, &q);

	if (ret < 0 && argc != optind)
		ret = ctl_usage("report: takes no file but --log's");
	r.digests = q.digests;
	if (ret < 0)
		ret = read_log(&q, &running, &text, &r);
	if (ret < 0) {
		running_see_debugfs(&running);
		read_system(&running, &r);
		ret = print(&q, &running, &r);
	}
	json_free(r.hops);
	buffer_free(&text);
	return ret;
}
