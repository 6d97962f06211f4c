// SPDX-License-Identifier: BSD-2-Clause
/* khoctl calibrate: have khoboot learn what firmware writes over a reset, and show the result. */
#include "boot_entry.h"
#include "calibration.h"
#include "khoctl.h"
#include "prepare.h"

#include <linux/reboot.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

static const char help[] =
	"Usage: khoctl calibrate [--json[=FORM]] [--svg FILE] [--from FILE]\n"
	"       khoctl calibrate --start [--rounds N] [--reboot] UKI\n"
	"       khoctl calibrate --start [--rounds N] [--reboot] --boot-file PATH\n"
	"       khoctl calibrate --clear\n"
	"\n"
	"Show what firmware was seen to write over a warm reset, or learn it: the next boot fills\n"
	"free memory with a pattern, resets and compares, N times, and then goes on as usual.\n"
	"\n"
	"  --json[=pretty|short|off]  the result as JSON\n"
	"  --svg FILE         the result as a picture\n"
	"  --from FILE        take it from a copy of the variable's file in efivarfs\n"
	"  --start            calibrate at the next boot, by khoboot in UKI on the mounted ESP\n"
	"  --rounds N         resets, 1 to 16 (3)\n"
	"  --boot-file PATH   UKI as firmware finds it on the volume of this system's boot\n"
	"  --reboot           reboot now; stops no services\n"
	"  --clear            forget the result\n"
	"  -h, --help         show this text\n";

static const char description[] = "khoboot calibration";

struct request {
	bool start, clear, reboot;
	enum json_form json;
	const char *svg, *from, *boot_file, *file;
	const char *rounds; /* NULL: not given */
};

/* ---- options --------------------------------------------------------------------------------- */

enum { OPT_SVG = 256, OPT_FROM, OPT_START, OPT_ROUNDS, OPT_BOOT_FILE, OPT_REBOOT, OPT_CLEAR };

static const struct option options[] = {
	CTL_JSON_OPTION,
	{"svg", required_argument, NULL, OPT_SVG},
	{"from", required_argument, NULL, OPT_FROM},
	{"start", no_argument, NULL, OPT_START},
	{"rounds", required_argument, NULL, OPT_ROUNDS},
	{"boot-file", required_argument, NULL, OPT_BOOT_FILE},
	{"reboot", no_argument, NULL, OPT_REBOOT},
	{"clear", no_argument, NULL, OPT_CLEAR},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static int take_option(void *request, int option, const char *arg)
{
	struct request *r = request;

	switch (option) {
	case CTL_JSON:
		return ctl_take_json("calibrate", arg, &r->json);
	case OPT_SVG:
		r->svg = arg;
		break;
	case OPT_FROM:
		r->from = arg;
		break;
	case OPT_START:
		r->start = true;
		break;
	case OPT_ROUNDS:
		r->rounds = arg;
		break;
	case OPT_BOOT_FILE:
		r->boot_file = arg;
		break;
	case OPT_REBOOT:
		r->reboot = true;
		break;
	default:
		r->clear = true;
	}
	return CTL_OK;
}

static bool sound_rounds(const char *text)
{
	uint64_t n;

	return text_number((struct kb_text){text, strlen(text)}, &n) && n >= 1 &&
	       n <= KB_CALIBRATION_ROUNDS;
}

/* Refuse options that do not go together; returns an exit code, or -1 when all is well. */
static int check_options(const struct request *r)
{
	bool shows = r->json || r->svg || r->from;

	if (r->start + r->clear + shows > 1)
		return ctl_usage("calibrate: show, --start or --clear, one of them");
	if ((r->rounds || r->boot_file || r->reboot || r->file) && !r->start)
		return ctl_usage(
			"calibrate: a file, --rounds, --boot-file and --reboot are for --start");
	if (r->start && !r->file == !r->boot_file)
		return ctl_usage("calibrate: give a file or --boot-file");
	if (r->rounds && !sound_rounds(r->rounds))
		return ctl_usage("calibrate: --rounds takes 1 to %u, not '%s'",
				 KB_CALIBRATION_ROUNDS, r->rounds);
	return -1;
}

static int read_options(struct request *r, int argc, char **argv)
{
	int ret = ctl_options(argc, argv, ":h", options, help, take_option, r);

	if (ret >= 0)
		return ret;
	if (argc - optind > 1)
		return ctl_usage("calibrate: give one file");
	r->file = argv[optind];
	return check_options(r);
}

/* ---- start ----------------------------------------------------------------------------------- */

static int variable_failed(const char *name)
{
	ctl_system(name);
	return ctl_refuse("firmware", KB_CTL_VARIABLE, NULL);
}

static int write_entry(const struct request *r, const struct running *running,
		       const struct boot_file *file)
{
	char text[64];

	/* Delete what an interrupted run left; the old result stays until a new one is there. */
	if (efivar_delete(running, CALIBRATING_VARIABLE))
		return variable_failed(KB_CALIBRATING_NAME);
	snprintf(text, sizeof(text), "khoboot.calibrate=%s", r->rounds ? r->rounds : "3");
	return prepare_entry(running, description, file, text);
}

static int reboot_now(void)
{
	sync();
	reboot(LINUX_REBOOT_CMD_RESTART);
	return ctl_system("reboot");
}

static int start(const struct request *r, const struct running *running)
{
	struct boot_file file = {0};
	int ret = prepare_file(&file, running, r->file, r->boot_file);
	bool mor = false;

	if (!ret)
		ret = prepare_mor(&mor, running);
	if (!ret)
		ret = write_entry(r, running, &file);
	buffer_free(&file.path);
	if (!ret && r->reboot)
		ret = reboot_now();
	if (ret) {
		(void)boot_entry_take_back(running, description);
		(void)prepare_undo_mor(mor, running);
		return ret;
	}
	return ctl_print("reboot to calibrate; khoctl calibrate shows the result then\n");
}

static int clear(const struct running *running)
{
	int ret;

	if (efivar_delete(running, CALIBRATION_VARIABLE))
		return variable_failed(KB_CALIBRATION_NAME);
	if (efivar_delete(running, CALIBRATING_VARIABLE))
		return variable_failed(KB_CALIBRATING_NAME);
	ret = prepare_abandon(running, description, prepare_loaded(running));
	if (boot_entry_delete(running, description))
		return variable_failed(description);
	return ret;
}

/* ---- show ------------------------------------------------------------------------------------ */

static enum kb_status from_file(const struct buffer *b, struct kb_calibration *ret)
{
	const size_t attributes = sizeof(uint32_t);

	if (b->size < attributes)
		return KB_CAL_FORMAT;
	return calibration_read(b->data + attributes, b->size - attributes, ret);
}

/* The result, or else the state of a run that has not finished. */
static enum kb_status find(const struct running *running, struct kb_calibration *ret)
{
	enum kb_status st = firmware_calibration(running, CALIBRATION_VARIABLE, ret);

	if (st == KB_CTL_NOT_CALIBRATED)
		st = firmware_calibration(running, CALIBRATING_VARIABLE, ret);
	return st;
}

static int write_svg(const struct kb_calibration *c, const char *path)
{
	struct buffer b = {0};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int ret;

	if (!out)
		return ctl_system(path);
	calibration_svg(c, out);
	fclose(out);
	b = (struct buffer){(uint8_t *)text, size, size};
	ret = buffer_write(&b, path) ? ctl_system(path) : CTL_OK;
	buffer_free(&b);
	return ret;
}

static int print(const struct request *r, const struct kb_calibration *c)
{
	if (r->svg)
		return write_svg(c, r->svg);
	if (r->json)
		return ctl_print_json(calibration_json(c), r->json);
	calibration_text(c, stdout);
	return fflush(stdout) || ferror(stdout) ? ctl_system("standard output") : CTL_OK;
}

static int show(const struct request *r, const struct running *running)
{
	struct buffer file = {0};
	struct kb_calibration c;
	enum kb_status st;

	if (r->from && buffer_read(&file, r->from))
		return ctl_system(r->from);
	st = r->from ? from_file(&file, &c) : find(running, &c);
	buffer_free(&file);
	return st ? ctl_refuse(r->from ? r->from : "calibration", st, NULL) : print(r, &c);
}

int cmd_calibrate(int argc, char **argv)
{
	struct running running = {.root = ""};
	struct request r = {0};
	int ret = read_options(&r, argc, argv);

	if (ret >= 0)
		return ret;
	if (r.start)
		return start(&r, &running);
	return r.clear ? clear(&running) : show(&r, &running);
}
