/* SPDX-License-Identifier: BSD-2-Clause */
/* khoctl: what its commands share. Exit codes and options are documented in docs/khoctl.8. */
#ifndef KHOCTL_H
#define KHOCTL_H

#include <core/mem.h>
#include <core/text.h>
#include <khoboot/compiler.h>

#include "json.h"
#include "status.h"

#include <getopt.h>

enum ctl_exit {
	CTL_OK = 0,
	CTL_REFUSED = 1, /* a KB code was printed */
	CTL_USAGE = 2,
	CTL_SYSTEM = 3, /* the operating system failed us; errno was printed */
};

/* Commands: like main(), argv[0] is the command's name. */
int cmd_uki(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_switch(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_inspect(int argc, char **argv);
int cmd_extract(int argc, char **argv);
int cmd_calibrate(int argc, char **argv);
int cmd_scratch(int argc, char **argv);
int cmd_plot(int argc, char **argv);

/* Print "khoctl: @what: KB-nnn cause" and the remedy; returns CTL_REFUSED. @diag may be NULL. */
int ctl_refuse(const char *what, enum kb_status status, const struct kb_diag *diag);

/* Print the same as a warning; @which says what it is about. */
void ctl_warn(const char *what, enum kb_status status, struct kb_text which);

/* Print "khoctl: @what: " and the text of errno; returns CTL_SYSTEM. */
int ctl_system(const char *what);

/* Print "khoctl: " and the message and where to find help; returns CTL_USAGE. */
__printf(1, 2) int ctl_usage(const char *fmt, ...);

/* Take one option of a command; @request is the command's. Any result but CTL_OK ends reading. */
typedef int ctl_option_fn(void *request, int option, const char *arg);

/*
 * Read the options of a command with getopt_long(); optind is then the first other word.
 * Returns -1 to go on, or the exit code: the help @text was printed, an option is unknown, or
 * @take said so.
 */
int ctl_options(int argc, char **argv, const char *shorts, const struct option *longs,
		const char *text, ctl_option_fn *take, void *request);

/* Of a command that reads: its option, and what takes the value. */
enum { CTL_JSON = 1024 };

/* clang-format off */
#define CTL_JSON_OPTION {"json", optional_argument, NULL, CTL_JSON}
/* clang-format on */

int ctl_take_json(const char *command, const char *arg, enum json_form *ret);

/* Print @o to standard output and free it; returns CTL_OK, or CTL_SYSTEM when that fails. */
int ctl_print_json(struct json_object *o, enum json_form form);

/* Write @text to standard output; returns CTL_OK, or CTL_SYSTEM when it cannot be written. */
int ctl_print(const char *text);

#endif
