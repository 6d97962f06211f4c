// SPDX-License-Identifier: BSD-2-Clause
/* khoctl: commands and the way they speak to the user. */
#include <khoboot/layout.h>

#include "khoctl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
	"Usage: khoctl COMMAND [OPTION]...\n"
	"\n"
	"Commands:\n"
	"  uki        make one file of khoboot.efi, a kernel, initrds and a command line\n"
	"  check      ask whether such a file could take over from the running system\n"
	"  switch     hand the running system over to the kernel of such a file\n"
	"  report     say what the handover that led to the running system did\n"
	"  inspect    show KHO data: of the running system, or in a dump of memory\n"
	"  extract    take one file, range or sub-blob of KHO data out of a dump\n"
	"  scratch    say what KHO costs here, and which kho_scratch= such a file needs\n"
	"  plot       draw memory, and where such a file will be put\n"
	"  calibrate  learn and show which memory firmware writes over a reset\n"
	"\n"
	"  -h, --help      show this text; khoctl COMMAND --help shows the options of COMMAND\n"
	"  -V, --version   show the version\n"
	"\n"
	"Exit status: 0 done, 1 refused (a KB code was printed), 2 wrong usage, 3 system error.\n";

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	/* clang-format off */
	{"uki", cmd_uki},
	{"check", cmd_check},
	{"switch", cmd_switch},
	{"report", cmd_report},
	{"inspect", cmd_inspect},
	{"extract", cmd_extract},
	{"calibrate", cmd_calibrate},
	{"scratch", cmd_scratch},
	{"plot", cmd_plot},
	/* clang-format on */
};

int ctl_refuse(const char *what, enum kb_status status, const struct kb_diag *diag)
{
	fprintf(stderr, "khoctl: %s: KB-%03d %s", what, (int)status, ctl_cause(status));
	if (diag && diag->status)
		fprintf(stderr, " (at 0x%" PRIx64 ", value 0x%" PRIx64 ")", diag->at, diag->value);
	fprintf(stderr, "\nkhoctl: %s: KB-%03d remedy: %s\n", what, (int)status,
		ctl_remedy(status));
	return CTL_REFUSED;
}

void ctl_warn(const char *what, enum kb_status status, struct kb_text which)
{
	fprintf(stderr, "khoctl: %s: warning: KB-%03d %s (%.*s)\n", what, (int)status,
		ctl_cause(status), (int)which.len, which.text);
	fprintf(stderr, "khoctl: %s: KB-%03d remedy: %s\n", what, (int)status, ctl_remedy(status));
}

int ctl_system(const char *what)
{
	fprintf(stderr, "khoctl: %s: %s\n", what, strerror(errno));
	return CTL_SYSTEM;
}

int ctl_usage(const char *fmt, ...)
{
	va_list args;

	fputs("khoctl: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputs("\nTry 'khoctl --help'.\n", stderr);
	return CTL_USAGE;
}

static int bad_option(int found, char *const *argv)
{
	const char *why = found == ':' ? "needs a value" : "is not known or takes no value";

	return ctl_usage("%s: option %s %s", argv[0], argv[optind - 1], why);
}

int ctl_options(int argc, char **argv, const char *shorts, const struct option *longs,
		const char *text, ctl_option_fn *take, void *request)
{
	int option, ret;

	opterr = 0;
	while ((option = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (option == 'h')
			return ctl_print(text);
		if (option == '?' || option == ':')
			return bad_option(option, argv);
		ret = take(request, option, optarg);
		if (ret)
			return ret;
	}
	return -1;
}

int ctl_take_json(const char *command, const char *arg, enum json_form *ret)
{
	return json_form_parse(arg, ret) ? CTL_OK
					 : ctl_usage("%s: --json takes pretty, short or off, "
						     "not '%s'",
						     command, arg);
}

int ctl_print_json(struct json_object *o, enum json_form form)
{
	const int failed = json_print(o, form, stdout);

	json_free(o);
	return failed ? ctl_system("standard output") : CTL_OK;
}

int ctl_print(const char *text)
{
	if (fputs(text, stdout) < 0 || fflush(stdout))
		return ctl_system("standard output");
	return CTL_OK;
}

static bool is_one_of(const char *word, const char *a, const char *b)
{
	return !strcmp(word, a) || !strcmp(word, b);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return ctl_usage("a command is missing");
	if (is_one_of(argv[1], "-h", "--help"))
		return ctl_print(help);
	if (is_one_of(argv[1], "-V", "--version"))
		return ctl_print("khoctl " KB_VERSION "\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	return ctl_usage("there is no command '%s'", argv[1]);
}
