// SPDX-License-Identifier: BSD-2-Clause
/* khoctl inspect: what is in KHO data, of the running system or in a dump. */
#include "shown.h"

#include <stdio.h>
#include <stdlib.h>

static const char help[] =
	"Usage: khoctl inspect --dump FILE[@ADDRESS]... [OPTION]...\n"
	"       khoctl inspect --live[=in] [OPTION]...\n"
	"\n" SHOWN_HELP
	"  --list                 list each run of blocks, piece of the map and folio, too\n"
	"  --json[=FORM]          print JSON (docs/schema/inspect.json): pretty, short or off\n"
	"  -h, --help             show this text\n"
	"\n"
	"What cannot be read is left out, and named at the end with its code. Exit status: 0 all "
	"is\n"
	"sound, 1 there are faults or nothing was found, 2 wrong usage, 3 system error.\n";

/* clang-format off */
static const struct option options[] = {
	SHOWN_OPTIONS,
	{"list", no_argument, NULL, 'l'},
	CTL_JSON_OPTION,
	{"help", no_argument, NULL, 'h'},
	{0},
};
/* clang-format on */

struct request {
	struct shown_request from;
	bool list;
	enum json_form json;
};

static int take(void *ctx, int option, const char *arg)
{
	struct request *q = ctx;

	if (option == CTL_JSON)
		return ctl_take_json("inspect", arg, &q->json);
	if (option == 'l') {
		q->list = true;
		return CTL_OK;
	}
	return shown_take("inspect", &q->from, option, arg);
}

static int show(struct shown *s, const struct request *q)
{
	int ret = CTL_OK;

	if (q->json)
		ret = shown_json(s, q->list, q->json);
	else
		shown_text(s, q->list);
	if (!ret && (fflush(stdout) || ferror(stdout)))
		ret = ctl_system("standard output");
	return ret ? ret : shown_is_faulty(s) ? CTL_REFUSED : CTL_OK;
}

static int run(const struct request *q)
{
	struct shown *s = calloc(1, sizeof(*s));
	int ret;

	if (!s)
		abort();
	ret = shown_open(s, &q->from, "");
	if (!ret)
		ret = show(s, q);
	shown_close(s);
	free(s);
	return ret;
}

int cmd_inspect(int argc, char **argv)
{
	struct request q = {.json = JSON_OFF};
	int ret = ctl_options(argc, argv, "h", options, help, take, &q);

	if (ret >= 0)
		return ret;
	if (optind < argc)
		return ctl_usage("inspect: '%s' is no option; a dump is given by --dump",
				 argv[optind]);
	if (!q.from.files == (q.from.from == SHOWN_DUMP))
		return ctl_usage("inspect: give either --dump or --live");
	return run(&q);
}
