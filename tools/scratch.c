// SPDX-License-Identifier: BSD-2-Clause
/* khoctl scratch: what KHO costs on this machine, and the areas that a next UKI needs. */
#include "scratch.h"
#include "check.h"
#include "jump.h"
#include "khoctl.h"
#include "machine.h"
#include "prepare.h"

#include <string.h>
#include <sys/klog.h>

static const char help[] =
	"Usage: khoctl scratch [OPTION]... [UKI]\n"
	"\n"
	"Say what KHO costs on this machine and, with UKI, which kho_scratch= this kernel needs "
	"on its\n"
	"command line so that UKI can take over: each part of the sum has a line. Changes "
	"nothing.\n"
	"\n"
	"  --via=direct|firmware   by which route; default: what UKI says, else direct\n"
	"  --cmdline TEXT|@FILE    command line instead of the one in UKI\n"
	"  --json[=FORM]           print one object; FORM is pretty (default), short or off\n"
	"  -h, --help              show this text\n";

enum { OPT_JSON = 256 };

static const struct option options[] = {
	{"via", required_argument, NULL, WAY_VIA},
	{"cmdline", required_argument, NULL, WAY_CMDLINE},
	{"json", optional_argument, NULL, OPT_JSON},
	{"help", no_argument, NULL, 'h'},
	{0},
};

struct request {
	struct way way;
	enum json_form json;
};

static int take_option(void *request, int option, const char *arg)
{
	struct request *r = request;

	if (option != OPT_JSON)
		return prepare_option(&r->way, "scratch", option, arg);
	return json_form_parse(arg, &r->json)
		       ? CTL_OK
		       : ctl_usage("scratch: --json takes pretty, short or off, not '%s'", arg);
}

static int print(const struct request *r, const char *path, const struct scratch_facts *s,
		 const struct scratch_plan *p)
{
	struct json_object *o;
	int ret = 0;

	if (r->json == JSON_OFF) {
		scratch_text(s, p, stdout);
	} else {
		o = json_new("khoboot/scratch/1");
		scratch_json(s, p, path, o);
		ret = json_print(o, r->json, stdout);
		json_free(o);
	}
	return ret || fflush(stdout) || ferror(stdout) ? ctl_system("standard output") : CTL_OK;
}

static int answer_image(const struct request *r, const char *path, const struct running *running,
			const struct scratch_facts *s, struct check_image *image)
{
	const struct buffer *words = &r->way.cmdline;
	struct kb_diag diag = {0};
	struct scratch_plan plan;
	enum kb_status st;

	if (buffer_read(&image->file, path))
		return ctl_system(path);
	st = check_open(running, (struct kb_text){(const char *)words->data, words->size}, image,
			&diag);
	if (r->way.via)
		image->facts.reset = prepare_by_firmware(&r->way);
	if (!st)
		st = scratch_plan(s, &image->facts, &plan);
	return st ? ctl_refuse(path, st, &diag) : print(r, path, s, &plan);
}

#define READ_ALL  3 /* SYSLOG_ACTION_READ_ALL */
#define READ_SIZE 10

/* What there is of the kernel's log; empty without the right to read it. */
static void read_log(struct buffer *log)
{
	const int size = klogctl(READ_SIZE, NULL, 0);
	int n;

	buffer_reserve(log, size > 0 ? (size_t)size + 1 : 1);
	n = size > 0 ? klogctl(READ_ALL, (char *)log->data, size) : 0;
	log->data[n > 0 ? n : 0] = 0;
}

static int answer(const struct request *r, const char *path, const struct running *running)
{
	struct check_image *image = check_new();
	struct scratch_facts s;
	struct facts f;
	struct machine *m = machine_read(running, &f);
	struct buffer log = {0};
	int ret;

	read_log(&log);
	if (!m || !scratch_read(running, &f, (const char *)log.data, &s)) {
		ret = ctl_refuse("scratch", KB_CTL_MEMORY, NULL);
	} else {
		ret = path ? answer_image(r, path, running, &s, image) : print(r, path, &s, NULL);
		scratch_free(&s);
	}
	machine_free(m);
	check_free(image);
	buffer_free(&log);
	return ret;
}

int cmd_scratch(int argc, char **argv)
{
	struct running running = {.root = ""};
	struct request r = {.json = JSON_OFF};
	int ret = ctl_options(argc, argv, ":h", options, help, take_option, &r);

	if (ret < 0 && argc - optind > 1)
		ret = ctl_usage("scratch: give one file, or none");
	running_see_debugfs(&running);
	if (ret < 0)
		ret = answer(&r, argv[optind], &running);
	buffer_free(&r.way.cmdline);
	return ret;
}
