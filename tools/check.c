// SPDX-License-Identifier: BSD-2-Clause
/* khoctl check: would khoboot and the next kernel take what this system would hand over? */
#include "check.h"
#include "firmware.h"
#include "image.h"
#include "jump.h"
#include "khoctl.h"
#include "machine.h"
#include "next_kernel.h"
#include "prepare.h"

#include <stdlib.h>
#include <string.h>

/* x86 keeps room for elfcorehdr= (Linux arch/x86/kernel/kexec-bzimage64.c); without NUL. */
#define KEXEC_WORDS_X86 (KB_CMDLINE_MAX - 31)

/* ---- the image ------------------------------------------------------------------------------- */

struct check_image *check_new(void)
{
	struct buffer b = {0};

	buffer_reserve(&b, sizeof(struct check_image));
	return memset(b.data, 0, sizeof(struct check_image));
}

void check_free(struct check_image *image)
{
	buffer_free(&image->file);
	buffer_free(&image->work);
	buffer_free(&image->second_work);
	free(image);
}

/* The running kernel looks at the length before khoboot does. */
static enum kb_status check_length(size_t len, uint16_t machine, struct kb_diag *diag)
{
	if (len > KB_CMDLINE_MAX)
		return kb_note(diag, KB_CMD_LONG, KB_CMDLINE_MAX, len);
	if (machine == PE_MACHINE_AMD64 && len > KEXEC_WORDS_X86)
		return kb_note(diag, KB_CTL_WORDS, KEXEC_WORDS_X86, len);
	return KB_OK;
}

/* Read the words that khoboot and the next kernel will get, put together as khoboot does it. */
static enum kb_status read_cmdline(const struct running *r, struct check_image *image,
				   struct kb_text words, struct kb_diag *diag)
{
	const struct uki_part *builtin = &image->uki.cmdline;
	struct cmdline_in in = {
		.builtin = {builtin->data, builtin->size},
		.outside = words,
		.locked = firmware_secure_boot(r),
		.fallback = image->uki.back.data,
	};
	enum kb_status st =
		cmdline_split(&in, image->cmdline, sizeof(image->cmdline), &image->options, diag);

	return st ? st : cmdline_supported(&image->options, KB_DOOR_BARE);
}

/* By its headers: the running CPU, and the length of the command line. */
static enum kb_status check_kernel(const struct running *r, const char *cmdline,
				   const struct uki_part *part, uint16_t machine,
				   struct kb_diag *diag)
{
	struct next_kernel k;
	enum kb_status st = next_kernel_open(part->data, part->size, machine, &k, diag);

	if (!st && machine == PE_MACHINE_AMD64)
		st = bzimage_check_5level(&k.bz, running_la57(r));
	if (!st && strlen(cmdline) > k.cmdline_size)
		st = kb_note(diag, KB_CMDLINE_LONG, k.cmdline_size, strlen(cmdline));
	return st;
}

/* The kernel as khoboot's own code of this architecture opens it. */
static enum kb_status open_kernel(const struct running *r, const struct check_image *image,
				  const struct uki_part *part, struct kb_text release,
				  struct buffer *buffer, struct kernel *ret, struct kb_diag *diag)
{
	const bool reset = image->options.via == KB_VIA_FIRMWARE;
	struct range work;
	enum kb_status st;

	buffer_reserve(buffer, KERNEL_WORK_SIZE + 1);
	work = (struct range){(uintptr_t)buffer->data, KERNEL_WORK_SIZE};
	st = kernel_open(part->data, part->size, work, ret, diag);
	if (!st)
		st = room_choose(ret, image->cmdline, running_la57(r), reset, diag);
	if (!st && !ret->release) {
		ret->release = release.text;
		ret->release_len = release.len;
	}
	return st;
}

static enum kb_status open_first(const struct running *r, struct check_image *image,
				 uint16_t machine, struct kb_diag *diag)
{
	const struct uki_part *part = &image->uki.kernel, *uname = &image->uki.uname;
	enum kb_status st = check_kernel(r, image->cmdline, part, machine, diag);

	return st ? st
		  : open_kernel(r, image, part, (struct kb_text){uname->data, uname->size},
				&image->work, &image->kernel, diag);
}

static enum kb_status open_image(const struct running *r, struct kb_text words,
				 struct check_image *image, struct pe *pe, struct kb_diag *diag)
{
	enum kb_status st = image_check(image->file.data, image->file.size, pe, diag);

	if (!st && !next_kernel_is_native(pe->machine))
		st = kb_note(diag, KB_PE_MACHINE, pe->header + 4, pe->machine);
	if (!st)
		st = uki_find(pe, &image->uki, diag);
	if (!st && !image->uki.kernel.data)
		st = kb_note(diag, KB_UKI_NO_LINUX, 0, 0);
	if (!st)
		st = check_length(words.len, pe->machine, diag);
	if (!st)
		st = read_cmdline(r, image, words, diag);
	if (!st)
		st = open_first(r, image, pe->machine, diag);
	if (!st)
		room_image(image->file.data, pe, &image->uki, &image->facts.image);
	return st;
}

/* Only khoboot's options say whether it would be tried. A refusal is an answer, not an end. */
static enum kb_status open_second(const struct running *r, struct check_image *image,
				  uint16_t machine)
{
	const struct uki_part *part = &image->uki.back, *section = &image->uki.khoback;
	struct uki_kho speaks = {.versions = 0};
	enum kb_status st = check_kernel(r, image->cmdline, part, machine, NULL);

	if (!st && section->data)
		st = uki_kho_parse(section->data, section->size, &speaks, NULL);
	return st ? st
		  : open_kernel(r, image, part, speaks.release, &image->second_work, &image->second,
				NULL);
}

static void add_second(const struct running *r, struct check_image *image, uint16_t machine)
{
	struct image_facts *f = &image->fallback;

	if (image->options.on_error != KB_ON_ERROR_FALLBACK)
		return;
	image->facts.fallback_refused = open_second(r, image, machine);
	*f = image->facts;
	f->kho = &image->uki.khoback;
	f->kernel = &image->second;
	f->reset = false; /* it goes by the direct route */
	if (!f->fallback_refused)
		image->facts.fallback = f;
}

enum kb_status check_open(const struct running *r, struct kb_text words, struct check_image *image,
			  struct kb_diag *diag)
{
	struct pe pe;
	enum kb_status st = open_image(r, words, image, &pe, diag);

	if (st)
		return st;
	image->facts.kho = &image->uki.kho;
	image->facts.kernel = &image->kernel;
	image->facts.cmdline = image->cmdline;
	image->facts.words = words.len;
	image->facts.kho_off = image->options.kho == KB_KHO_OFF;
	image->facts.bridge_off = image->options.bridge == KB_BRIDGE_OFF;
	image->facts.reset = image->options.via == KB_VIA_FIRMWARE;
	image->facts.zone = image->options.zone;
	add_second(r, image, pe.machine);
	return KB_OK;
}

/* ---- the system ------------------------------------------------------------------------------ */

static void ask_finalize(const struct running *r, struct verdict *v)
{
	const enum kb_status st = running_can_finalize(r);

	if (st == KB_CTL_PERMISSION)
		verdict_add_unknown(v, "finalize",
				    "only root sees whether KHO is on and can be finalized");
	else if (st)
		verdict_add_hard(v, "finalize", st);
}

enum kb_status check_system(const struct running *r, const struct check_image *image,
			    struct verdict *v)
{
	struct facts f;
	struct machine *m = machine_read(r, &f);

	if (!m)
		return KB_CTL_MEMORY;
	v->discard = image->options.on_error == KB_ON_ERROR_DISCARD;
	ask_finalize(r, v);
	verdict_ask(v, &f, &image->facts);
	machine_free(m);
	return KB_OK;
}

static void warn(const struct check *c, const char *what)
{
	if (c->status)
		fprintf(stderr, "khoctl: %s: KB-%03d %s; %s\n", c->name, (int)c->status,
			ctl_cause(c->status), what);
	else
		fprintf(stderr, "khoctl: %s: %s; %s\n", c->name, c->why, what);
}

/* Not known here, and worth a word before the jump. */
static void warn_unknown(const struct check *c)
{
	fprintf(stderr, "khoctl: %s: warning: %s", c->name, c->why);
	if (c->numbers)
		fprintf(stderr, " (have %" PRIu64 ", need %" PRIu64 " bytes)", c->have, c->need);
	fprintf(stderr, "; %s\n", c->warn);
}

void check_warn(const struct verdict *v, bool force)
{
	if (v->plan.changes)
		verdict_explain(&v->plan, "khoctl: plan: ", stderr);
	for (size_t i = 0; i < v->count; i++) {
		const struct check *c = &v->check[i];

		if (c->answer == ANSWER_DISCARD)
			warn(c, "the preserved data WILL BE LOST, as the options of khoboot say");
		if (c->warn)
			warn_unknown(c);
		if (c->answer == ANSWER_REFUSED && force)
			warn(c, "GOING ON BY --force: the machine may halt after the jump, or lose "
				"the preserved data");
	}
}

/* ---- the command ----------------------------------------------------------------------------- */

static const char help[] =
	"Usage: khoctl check [OPTION]... UKI\n"
	"\n"
	"Ask whether khoboot and the kernel of UKI would take what this system "
	"would hand over, on\n"
	"this machine. Changes nothing.\n"
	"\n" WAY_HELP "  --explain              say why each question is asked, what was looked "
	"at, and\n"
	"                         what khoboot would translate for the next kernel\n"
	"  --json[=pretty|short|off]  print one object\n"
	"  -h, --help             show this text\n";

enum { OPT_EXPLAIN = 256 };

static const struct option options[] = {
	WAY_OPTIONS,
	CTL_JSON_OPTION,
	{"explain", no_argument, NULL, OPT_EXPLAIN},
	{"help", no_argument, NULL, 'h'},
	{0},
};

struct request {
	struct way way;
	struct prepared prepared;
	enum json_form json;
	bool explain;
};

static int take_option(void *request, int option, const char *arg)
{
	struct request *r = request;

	if (option == CTL_JSON)
		return ctl_take_json("check", arg, &r->json);
	if (option != OPT_EXPLAIN)
		return prepare_option(&r->way, "check", option, arg);
	r->explain = true;
	return CTL_OK;
}

static enum kb_status ask(struct request *r, const struct running *running,
			  struct check_image *image, struct verdict *v, struct kb_diag *diag)
{
	const struct buffer *words = &r->way.cmdline;
	enum kb_status st =
		check_open(running, (struct kb_text){(const char *)words->data, words->size}, image,
			   diag);

	return st ? st : check_system(running, image, v);
}

static int print_text(const struct request *r, const struct verdict *v)
{
	if (r->explain)
		verdict_explain(&v->plan, "plan: ", stdout);
	verdict_text(v, r->explain, stdout);
	return fflush(stdout) || ferror(stdout) ? ctl_system("standard output") : CTL_OK;
}

static int print(const struct request *r, const char *path, const struct verdict *v)
{
	const char *via = prepare_by_firmware(&r->way) ? "firmware" : "direct";
	const int ret = r->json ? ctl_print_json(verdict_json(v, path, via, r->explain), r->json)
				: print_text(r, v);

	return ret ? ret : verdict_refusal(v) ? CTL_REFUSED : CTL_OK;
}

/* A file that is refused is a verdict, too, and the only one. */
static int answer(struct request *r, const char *path, const struct running *running,
		  struct check_image *image)
{
	struct kb_diag diag = {0};
	struct verdict v = {.count = 0};
	enum kb_status st;
	int ret;

	if (buffer_read(&image->file, path))
		return ctl_system(path);
	ret = prepare_ask(&r->prepared, &r->way, running, path, &image->file, &v);
	if (ret)
		return ret;
	st = ask(r, running, image, &v, &diag);
	if (st && !r->json)
		return ctl_refuse(path, st, &diag);
	if (st)
		v.count = 0;
	if (st)
		verdict_add_hard(&v, "image", st);
	return print(r, path, &v);
}

int cmd_check(int argc, char **argv)
{
	struct running running = {.root = ""};
	struct check_image *image = check_new();
	struct request r = {.json = JSON_OFF};
	int ret = ctl_options(argc, argv, ":h", options, help, take_option, &r);

	if (ret < 0 && argc - optind != 1)
		ret = ctl_usage("check: give one file");
	running_see_debugfs(&running);
	running.by_systemd = jump_find(&running);
	if (ret < 0)
		ret = prepare_options_end(&r.way, "check");
	if (ret < 0)
		ret = answer(&r, argv[optind], &running, image);
	prepared_free(&r.prepared);
	buffer_free(&r.way.cmdline);
	check_free(image);
	return ret;
}
