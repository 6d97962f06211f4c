// SPDX-License-Identifier: BSD-2-Clause
/* khoctl uki: a kernel and what belongs to it, added to a khoboot image. */
#include <core/cmdline.h>
#include <core/diag.h>
#include <fdt/kho_target.h>
#include <format/uki.h>

#include "image.h"
#include "khoctl.h"
#include "next_kernel.h"
#include "ready_initrd.h"
#include "ready_kernel.h"
#include "sbat.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
	"Usage: khoctl uki --stub FILE [OPTION]... -o OUT\n"
	"\n"
	"Make one EFI image that firmware boots and that kexec loads, for the architecture of "
	"FILE.\n"
	"\n"
	"  --stub FILE             khoboot.efi, or an image made from it: parts that no option\n"
	"                          names are kept, a layout that kexec cannot load is mended\n"
	"  --linux FILE            kernel: x86_64, a bzImage; arm64, an Image, Image.gz, Image.zst "
	"or\n"
	"                          vmlinuz.efi\n"
	"  --ready[=LIST]          unpack beforehand what LIST names, so that a switch takes less "
	"time:\n"
	"                          kernel, initrd; with 'kernel,packed' the packed one is kept as "
	"well,\n"
	"                          for machines that cannot do without it. Default: kernel,initrd\n"
	"  --fallback FILE         second kernel, started if khoboot refuses the first: the "
	"running "
	"one's\n"
	"                          image; '' takes it out\n"
	"  --initrd FILE           initrd; several are put one after another\n"
	"  --cmdline TEXT|@FILE    command line; options of khoboot may be in it\n"
	"  --uname TEXT            release of the kernel, instead of the one that it names\n"
	"  --os-release TEXT|@FILE os-release of the system, instead of this one's\n"
	"  --sbat TEXT|@FILE       more lines for .sbat, by which images are revoked\n"
	"  -o, --output OUT        file to write\n"
	"  -h, --help              show this text\n"
	"\n"
	"An empty TEXT takes the part out.\n";

/* What --ready names. */
enum {
	READY_KERNEL = 1,
	READY_PACKED = 2, /* the packed kernel as well */
	READY_INITRD = 4,
	READY_DEFAULT = READY_KERNEL | READY_INITRD,
};

/* What was asked for. A part that no option names is kept as the stub has it. */
struct request {
	const char *stub;
	const char *output;
	const char *linux_path;
	const char *fallback_path; /* "": to be taken out */
	const char *uname;
	unsigned int ready; /* READY_* */
	bool have_cmdline, have_osrel, have_initrd;
	struct buffer cmdline, osrel, initrd;
	struct buffer sbat; /* of all --sbat */
};

/* A kernel of the result. */
struct source {
	const char *path;   /* of the file that it is from: its own, or the stub; NULL: no kernel */
	struct buffer file; /* of an option */
	struct next_kernel kernel;
	struct next_kernel_abi abi;
};

/* Everything that is in memory until the file is written. */
struct work {
	struct request req;
	struct buffer file;   /* the stub */
	struct pe stub;       /* its headers */
	struct uki old;       /* its parts */
	struct source first;  /* --linux */
	struct source second; /* --fallback; without a file when there is none */
	struct buffer ready;  /* the first kernel, unpacked; empty: it stays as it is */
	struct buffer sbat;   /* of the result */
	struct buffer out;
	struct image_part part[9];
	size_t parts;
};

/* ---- options --------------------------------------------------------------------------------- */

enum {
	OPT_STUB = 256,
	OPT_LINUX,
	OPT_READY,
	OPT_FALLBACK,
	OPT_INITRD,
	OPT_CMDLINE,
	OPT_UNAME,
	OPT_OSREL,
	OPT_SBAT
};

static const struct option options[] = {
	{"stub", required_argument, NULL, OPT_STUB},
	{"linux", required_argument, NULL, OPT_LINUX},
	{"ready", optional_argument, NULL, OPT_READY},
	{"fallback", required_argument, NULL, OPT_FALLBACK},
	{"initrd", required_argument, NULL, OPT_INITRD},
	{"cmdline", required_argument, NULL, OPT_CMDLINE},
	{"uname", required_argument, NULL, OPT_UNAME},
	{"os-release", required_argument, NULL, OPT_OSREL},
	{"sbat", required_argument, NULL, OPT_SBAT},
	{"output", required_argument, NULL, 'o'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

/*
 * The kernel unpacks archives that follow one another, each on a 4-byte boundary. Zeros end one
 * that is compressed by LZ4; without them it would go on into the next.
 */
static int add_initrd(struct request *r, const char *path)
{
	static const uint8_t zeros[4];

	r->have_initrd = true;
	if (r->initrd.size)
		buffer_append(&r->initrd, zeros, sizeof(zeros));
	buffer_align(&r->initrd, 4);
	return buffer_read(&r->initrd, path) ? ctl_system(path) : CTL_OK;
}

static int take_text(struct buffer *b, bool *have, const char *arg)
{
	*have = true;
	return buffer_from_arg(b, arg) ? ctl_system(arg) : CTL_OK;
}

static int add_sbat(struct request *r, const char *arg)
{
	struct buffer text = {0};
	struct kb_text list;
	int ret = buffer_from_arg(&text, arg) ? ctl_system(arg) : CTL_OK;

	if (!ret) {
		list = sbat_text(text.data, text.size);
		sbat_add(&r->sbat, list, (struct kb_text){0});
		if (!list.len)
			ret = ctl_usage("uki: --sbat: the first line does not begin with 'sbat,'");
	}
	buffer_free(&text);
	return ret;
}

static int take_ready(struct request *r, const char *arg)
{
	static const struct {
		const char *name;
		unsigned int what;
	} words[] = {{"kernel", READY_KERNEL}, {"packed", READY_PACKED}, {"initrd", READY_INITRD}};
	struct kb_text rest = {arg, arg ? strlen(arg) : 0};

	if (!arg)
		r->ready |= READY_DEFAULT;
	while (arg) {
		const bool last = !memchr(rest.text, ',', rest.len);
		const struct kb_text word = text_cut(&rest, ',');
		size_t i = 0;

		while (i < ARRAY_SIZE(words) && !text_is(word, words[i].name))
			i++;
		if (i == ARRAY_SIZE(words))
			return ctl_usage("uki: --ready: what is '%.*s'?", (int)word.len, word.text);
		r->ready |= words[i].what;
		if (last)
			break;
	}
	return CTL_OK;
}

static int take_option(void *request, int option, const char *arg)
{
	struct request *r = request;

	switch (option) {
	case OPT_STUB:
		r->stub = arg;
		return CTL_OK;
	case OPT_LINUX:
		r->linux_path = arg;
		return CTL_OK;
	case OPT_READY:
		return take_ready(r, arg);
	case OPT_FALLBACK:
		r->fallback_path = arg;
		return CTL_OK;
	case OPT_INITRD:
		return add_initrd(r, arg);
	case OPT_CMDLINE:
		return take_text(&r->cmdline, &r->have_cmdline, arg);
	case OPT_UNAME:
		r->uname = arg;
		return CTL_OK;
	case OPT_OSREL:
		return take_text(&r->osrel, &r->have_osrel, arg);
	case OPT_SBAT:
		return add_sbat(r, arg);
	default:
		r->output = arg;
		return CTL_OK;
	}
}

static int check_request(const struct request *r, int argc, char *const *argv, int next)
{
	if (next < argc)
		return ctl_usage("uki: what is '%s' for?", argv[next]);
	if (!r->stub)
		return ctl_usage("uki: --stub is missing");
	if (!r->output)
		return ctl_usage("uki: --output is missing");
	if (r->ready & READY_PACKED && !(r->ready & READY_KERNEL))
		return ctl_usage("uki: --ready: 'packed' is for 'kernel,packed'");
	return CTL_OK;
}

/* Exit code, or -1 to go on. */
static int read_options(struct request *r, int argc, char **argv)
{
	int ret = ctl_options(argc, argv, ":o:h", options, help, take_option, r);

	if (ret >= 0)
		return ret;
	ret = check_request(r, argc, argv, optind);
	return ret ? ret : -1;
}

/* ---- input ----------------------------------------------------------------------------------- */

static int read_stub(struct work *w)
{
	const char *path = w->req.stub;
	struct kb_diag diag = {0};
	enum kb_status st;

	if (buffer_read(&w->file, path))
		return ctl_system(path);
	st = image_open(w->file.data, w->file.size, &w->stub, &diag);
	if (!st)
		st = uki_find(&w->stub, &w->old, &diag);
	return st ? ctl_refuse(path, st, &diag) : CTL_OK;
}

/* No reason to refuse: the image may be for cold boots only. */
static void warn_of_version(const char *path, const struct next_kernel_abi *abi)
{
	struct uki_part section = {abi->kho.data, 0, abi->kho.size};
	struct kb_text name = kho_target_name(&section);

	if (name.len)
		ctl_warn(path, KB_CTL_VERSION, name);
}

/* A kernel from the file at @path; with NULL from the stub, where it is @part. */
static int read_kernel(struct work *w, struct source *k, const char *path,
		       const struct uki_part *part)
{
	struct kb_diag diag = {0};
	enum kb_status st;

	k->path = path ? path : w->req.stub;
	if (path && buffer_read(&k->file, path))
		return ctl_system(path);
	st = next_kernel_open(path ? k->file.data : part->data, path ? k->file.size : part->size,
			      w->stub.machine, &k->kernel, &diag);
	if (!st)
		st = next_kernel_abi(&k->kernel, &k->abi, &diag);
	if (st)
		return ctl_refuse(k->path, st, &diag);
	warn_of_version(k->path, &k->abi);
	return CTL_OK;
}

static int read_first(struct work *w)
{
	if (!w->req.linux_path && !w->old.kernel.data)
		return ctl_refuse(w->req.stub, KB_UKI_NO_LINUX, NULL);
	return read_kernel(w, &w->first, w->req.linux_path, &w->old.kernel);
}

/* One that is ready stays so; what it is packed from may be gone. */
static int make_ready(struct work *w)
{
	const struct next_kernel *k = &w->first.kernel;
	struct kb_diag diag = {0};
	enum kb_status st;

	if (!(w->req.ready & READY_KERNEL))
		return CTL_OK;
	if (k->is_ready && w->req.ready & READY_PACKED && k->ready.bzimage_size == k->bz.setup_size)
		return ctl_usage("uki: the packed kernel is not in %s any more; give --linux",
				 w->first.path);
	if (k->is_ready)
		return CTL_OK;
	if (k->machine == PE_MACHINE_ARM64)
		st = next_kernel_unpack(k, &w->ready, &diag);
	else
		st = ready_kernel_x86(k->data, &k->bz, w->req.ready & READY_PACKED, &w->ready,
				      &diag);
	return st ? ctl_refuse(w->first.path, st, &diag) : CTL_OK;
}

/* That an initrd cannot be made ready is no reason to refuse, unless nobody can unpack it. */
static int make_initrd_ready(struct work *w)
{
	struct buffer *given = &w->req.initrd, ready = {0};
	const struct uki_part *old = &w->old.initrd;
	struct kb_diag diag = {0};
	enum kb_status st;
	char at[32];

	if (!(w->req.ready & READY_INITRD) || !(w->req.have_initrd || old->data))
		return CTL_OK;
	st = ready_initrd(w->req.have_initrd ? given->data : old->data,
			  w->req.have_initrd ? given->size : old->size, READY_INITRD_MAX, &ready,
			  &diag);
	if (st == KB_CTL_INITRD_DAMAGED)
		return ctl_refuse("--initrd", st, &diag);
	if (st) {
		snprintf(at, sizeof(at), "at byte %" PRIu64, diag.at);
		ctl_warn("--initrd", st, (struct kb_text){at, strlen(at)});
		return CTL_OK;
	}
	buffer_free(given);
	*given = ready;
	w->req.have_initrd = true;
	return CTL_OK;
}

static int read_second(struct work *w)
{
	const char *path = w->req.fallback_path;
	int ret;

	if (path ? !*path : !w->old.back.data)
		return CTL_OK;
	ret = read_kernel(w, &w->second, path, &w->old.back);
	if (!ret && !w->second.abi.release.size)
		ret = ctl_refuse(w->second.path, KB_CTL_NO_RELEASE, NULL);
	return ret;
}

static struct kb_text text_of(const struct buffer *b)
{
	return (struct kb_text){(const char *)b->data, b->size};
}

/* The command line of the result, if an option has a say in whether it can be taken. */
static struct kb_text asked_cmdline(const struct work *w)
{
	const struct uki_part *old = &w->old.cmdline;

	if (w->req.have_cmdline)
		return text_of(&w->req.cmdline);
	return w->req.fallback_path ? (struct kb_text){old->data, old->size}
				    : (struct kb_text){NULL, 0};
}

/* Characters that every kernel of the result takes. */
static uint32_t longest_cmdline(const struct work *w)
{
	uint32_t first = w->first.kernel.cmdline_size, second = w->second.kernel.cmdline_size;

	return w->second.path && second < first ? second : first;
}

/* Refuse here what khoboot would refuse later, in the middle of a switch. */
static int check_cmdline(const struct work *w)
{
	struct cmdline_in in = {.builtin = asked_cmdline(w), .fallback = w->second.path};
	char words[KB_CMDLINE_MAX + 1];
	struct kb_diag diag = {0};
	struct kb_options parsed;
	enum kb_status st;

	if (!in.builtin.len)
		return CTL_OK;
	st = cmdline_split(&in, words, sizeof(words), &parsed, &diag);
	/* The door that takes more: which one will read the words is not known. */
	if (!st)
		st = cmdline_supported(&parsed, KB_DOOR_UEFI);
	if (!st && strlen(words) > longest_cmdline(w))
		st = kb_note(&diag, KB_CMDLINE_LONG, longest_cmdline(w), strlen(words));
	return st ? ctl_refuse("--cmdline", st, &diag) : CTL_OK;
}

/* ---- output ---------------------------------------------------------------------------------- */

static void add(struct work *w, const char *name, const void *data, size_t size)
{
	w->part[w->parts++] = (struct image_part){name, data, size};
}

/* The stub's .uname belongs to the stub's kernel. */
static int add_uname(struct work *w)
{
	if (w->req.uname) {
		add(w, ".uname", w->req.uname, strlen(w->req.uname));
		return CTL_OK;
	}
	if (!w->req.linux_path && w->old.uname.data)
		return CTL_OK;
	if (!w->first.abi.release.size)
		return ctl_refuse(w->first.path, KB_CTL_NO_RELEASE, NULL);
	add(w, ".uname", w->first.abi.release.data, w->first.abi.release.size);
	return CTL_OK;
}

/* Boot menus and `bootctl kernel-identify` know a UKI by its os-release. Default: this system's. */
static void default_osrel(struct work *w)
{
	struct buffer *text = &w->req.osrel;

	if (w->req.have_osrel || w->old.osrel.data)
		return;
	w->req.have_osrel =
		!buffer_read(text, "/etc/os-release") || !buffer_read(text, "/usr/lib/os-release");
}

/* The lines of a kernel of the stub that does not stay. */
static void add_former(struct buffer *to, const struct uki_part *kernel, bool stays)
{
	if (!stays && kernel->data)
		sbat_add(to, sbat_of_file(kernel->data, kernel->size), (struct kb_text){0});
}

static void add_sbat_of(struct work *w, const struct source *k)
{
	const struct kb_text none = {0};

	if (!k->path)
		return;
	sbat_add(&w->sbat, sbat_of_file(k->kernel.data, k->kernel.size), none);
	sbat_add(&w->sbat, text_of(&k->abi.sbat), none);
}

/*
 * By any of these lines the image can be revoked. Nobody looks at those in the kernels themselves
 * once the image as a whole is verified. Those of a kernel that is replaced go with it.
 */
static void merge_sbat(struct work *w)
{
	const struct uki_part *had = &w->old.sbat;
	const struct kb_text none = {0};
	struct buffer former = {0};

	add_former(&former, &w->old.kernel, !w->req.linux_path);
	add_former(&former, &w->old.back, !w->req.fallback_path);
	sbat_add(&w->sbat, sbat_text(had->data, had->size), text_of(&former));
	buffer_free(&former);
	add_sbat_of(w, &w->first);
	add_sbat_of(w, &w->second);
	sbat_add(&w->sbat, text_of(&w->req.sbat), none);
	sbat_add(&w->sbat, sbat_uki, none);
}

static int collect_parts(struct work *w)
{
	struct request *r = &w->req;

	default_osrel(w);
	if (r->have_osrel)
		add(w, ".osrel", r->osrel.data, r->osrel.size);
	if (r->have_cmdline)
		add(w, ".cmdline", r->cmdline.data, r->cmdline.size);
	merge_sbat(w);
	add(w, ".sbat", w->sbat.data, w->sbat.size);
	add(w, ".kho", w->first.abi.kho.data, w->first.abi.kho.size);
	if (w->second.path || w->req.fallback_path || w->old.khoback.data)
		add(w, ".khoback", w->second.abi.kho.data, w->second.abi.kho.size);
	if (r->have_initrd)
		add(w, ".initrd", r->initrd.data, r->initrd.size);
	if (w->ready.size)
		add(w, ".linux", w->ready.data, w->ready.size);
	else if (r->linux_path)
		add(w, ".linux", w->first.file.data, w->first.file.size);
	if (r->fallback_path)
		add(w, ".lnxback", w->second.file.data, w->second.file.size);
	return add_uname(w);
}

/* No reason to refuse: the image may be for cold boots only. */
static void warn_of_size(const struct work *w)
{
	struct pe pe;

	if (image_check(w->out.data, w->out.size, &pe, NULL) == KB_CTL_TOO_BIG)
		ctl_warn(w->req.output, KB_CTL_TOO_BIG, (struct kb_text){"kexec cannot", 12});
}

static int write_image(struct work *w)
{
	struct kb_diag diag = {0};
	enum kb_status st;

	st = image_layout(&w->stub, w->part, w->parts, &w->out, &diag);
	if (st)
		return ctl_refuse(w->req.stub, st, &diag);
	warn_of_size(w);
	return buffer_write(&w->out, w->req.output) ? ctl_system(w->req.output) : CTL_OK;
}

static int run(struct work *w)
{
	int ret = read_stub(w);

	if (!ret)
		ret = read_first(w);
	if (!ret)
		ret = make_ready(w);
	if (!ret)
		ret = make_initrd_ready(w);
	if (!ret)
		ret = read_second(w);
	if (!ret)
		ret = check_cmdline(w);
	if (!ret)
		ret = collect_parts(w);
	return ret ? ret : write_image(w);
}

static void source_free(struct source *k)
{
	buffer_free(&k->file);
	next_kernel_abi_free(&k->abi);
}

int cmd_uki(int argc, char **argv)
{
	struct work w = {0};
	int ret = read_options(&w.req, argc, argv);

	if (ret < 0)
		ret = run(&w);
	buffer_free(&w.req.cmdline);
	buffer_free(&w.req.osrel);
	buffer_free(&w.req.initrd);
	buffer_free(&w.req.sbat);
	buffer_free(&w.ready);
	buffer_free(&w.sbat);
	buffer_free(&w.file);
	source_free(&w.first);
	source_free(&w.second);
	buffer_free(&w.out);
	return ret;
}
