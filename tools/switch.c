// SPDX-License-Identifier: BSD-2-Clause
/* khoctl switch: load an image with kexec_file_load(2) and jump. */
#include "boot_entry.h"
#include "check.h"
#include "history.h"
#include "jump.h"
#include "khoctl.h"
#include "prepare.h"
#include "progress.h"
#include "running.h"
#include "steps.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef KEXEC_FILE_DEBUG /* Linux 6.8 */
#define KEXEC_FILE_DEBUG 0x00000008
#endif

static const char help[] =
	"Usage: khoctl switch [OPTION]... UKI\n"
	"       khoctl switch --abort\n"
	"\n"
	"Hand the running system over to the kernel of UKI, with the memory that Kexec Handover\n"
	"preserves. Where systemd 261 or later runs it stops the services, and jumps; else nobody\n"
	"stops them: do that first.\n"
	"\n" WAY_HELP "  --load-only            check and load, do not jump\n"
	"  --no-systemd           jump at once where systemd runs, too: what services keep in\n"
	"                         systemd's file descriptor stores is lost\n"
	"  --abort                undo --load-only: unload, and delete the boot entry\n"
	"  --unload               the same, but keep the entry: for what runs at each boot\n"
	"  --dry-run              check, show the steps, and do nothing\n"
	"  --progress             tell how far reading and loading are\n"
	"  --force                go on where khoctl check refuses; data may be lost\n"
	"  --debug                have the running kernel log how it loads\n"
	"  -h, --help             show this text\n";

struct request {
	const char *path;
	bool load_only;
	bool dry_run;
	bool no_systemd;
	const char *systemctl; /* by which it jumps; NULL: by reboot(2) */
	bool abort;
	bool keep_entry; /* for the next time: flash wears out */
	bool debug;
	bool force;
	bool going; /* systemd jumps, or may: nothing is undone any more */
	int fd;     /* of the file that was checked: the one that is loaded */
	struct way way;
	struct prepared prepared;
	struct progress progress;
	uint64_t load_us;
};

/* ---- options --------------------------------------------------------------------------------- */

enum {
	OPT_LOAD_ONLY = 256,
	OPT_DRY_RUN,
	OPT_NO_SYSTEMD,
	OPT_ABORT,
	OPT_UNLOAD,
	OPT_PROGRESS,
	OPT_FORCE,
	OPT_DEBUG
};

static const struct option options[] = {
	WAY_OPTIONS,
	{"load-only", no_argument, NULL, OPT_LOAD_ONLY},
	{"no-systemd", no_argument, NULL, OPT_NO_SYSTEMD},
	{"dry-run", no_argument, NULL, OPT_DRY_RUN},
	{"abort", no_argument, NULL, OPT_ABORT},
	{"unload", no_argument, NULL, OPT_UNLOAD},
	{"progress", no_argument, NULL, OPT_PROGRESS},
	{"debug", no_argument, NULL, OPT_DEBUG},
	{"force", no_argument, NULL, OPT_FORCE},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static int take_option(void *request, int option, const char *arg)
{
	struct request *r = request;

	switch (option) {
	case OPT_LOAD_ONLY:
		r->load_only = true;
		return CTL_OK;
	case OPT_NO_SYSTEMD:
		r->no_systemd = true;
		return CTL_OK;
	case OPT_DRY_RUN:
		r->dry_run = true;
		return CTL_OK;
	case OPT_ABORT:
		r->abort = true;
		return CTL_OK;
	case OPT_UNLOAD:
		r->abort = r->keep_entry = true;
		return CTL_OK;
	case OPT_PROGRESS:
		r->progress.on = true;
		return CTL_OK;
	case OPT_FORCE:
		r->force = true;
		return CTL_OK;
	case OPT_DEBUG:
		r->debug = true;
		return CTL_OK;
	default:
		return prepare_option(&r->way, "switch", option, arg);
	}
}

/* Exit code, or -1 to go on. */
static int read_options(struct request *r, int argc, char **argv)
{
	int ret = ctl_options(argc, argv, ":h", options, help, take_option, r);

	if (ret >= 0)
		return ret;
	if (r->abort && argc != 2)
		return ctl_usage("switch: --abort and --unload stand alone");
	if (r->abort)
		return -1;
	if (argc - optind != 1)
		return ctl_usage("switch: give one file");
	r->path = argv[optind];
	return prepare_options_end(&r->way, "switch");
}

/* ---- checks ---------------------------------------------------------------------------------- */

/* What would be handed over, and is there room? The refusals can be overruled by --force. */
static int check_machine(struct running *running, const struct request *r,
			 const struct check_image *image, struct verdict *v)
{
	const struct check *c;
	enum kb_status st;

	st = r->dry_run ? KB_OK : running_finalize(running);
	if (st == KB_CTL_FINALIZE)
		ctl_system("KHO");
	if (st)
		return ctl_refuse("KHO", st, NULL);
	st = check_system(running, image, v);
	if (st)
		return ctl_refuse("KHO", st, NULL);
	check_warn(v, r->force);
	c = verdict_refusal(v);
	return c && !r->force ? ctl_refuse(r->path, c->status, NULL) : CTL_OK;
}

/* ---- the load -------------------------------------------------------------------------------- */

static long kexec_file_load(int fd, const char *cmdline, size_t len, unsigned long flags)
{
	return syscall(SYS_kexec_file_load, fd, -1, len, cmdline, flags);
}

static uint64_t clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static int load(struct request *r)
{
	unsigned long flags = KEXEC_FILE_NO_INITRAMFS | (r->debug ? KEXEC_FILE_DEBUG : 0);
	enum kb_status st;
	uint64_t began;
	int error;
	long ret;

	buffer_append(&r->way.cmdline, "", 1);
	progress_begin(&r->progress, r->path, "loaded", 0);
	began = clock_us();
	ret = kexec_file_load(r->fd, (const char *)r->way.cmdline.data, r->way.cmdline.size, flags);
	error = errno;
	progress_end(&r->progress, !ret);
	r->load_us = clock_us() - began;
	if (!ret)
		return CTL_OK;
	errno = error;
	ctl_system("kexec_file_load");
	st = running_kexec_status(error);
	return st ? ctl_refuse(r->path, st, NULL) : CTL_SYSTEM;
}

static int unload(void)
{
	return kexec_file_load(-1, NULL, 0, KEXEC_FILE_UNLOAD | KEXEC_FILE_NO_INITRAMFS) ? -1 : 0;
}

/* Undo --load-only. The image goes first: it needs what else was prepared. */
static int give_up(const struct request *r, const struct running *running)
{
	enum kb_status st;
	int ret, error = unload() ? errno : 0;

	/* Forbidden, or not built: where nothing is loaded BootNext must go all the same. */
	if (r->keep_entry && error && error != EBUSY && !prepare_loaded(running))
		error = 0;
	if (error) {
		errno = error;
		st = running_kexec_status(error);
		ctl_system("kexec_file_load");
		return st ? ctl_refuse("unload", st, NULL) : CTL_SYSTEM;
	}
	if (!r->keep_entry)
		history_forget(running);
	ret = prepare_abandon(running, PREPARE_ENTRY, false);
	if (!ret && !r->keep_entry && boot_entry_delete(running, PREPARE_ENTRY)) {
		ctl_system("boot entry");
		ret = ctl_refuse("firmware", KB_CTL_VARIABLE, NULL);
	}
	return ret;
}

/* The whole file; the progress is told. */
static int read_file(struct request *r, int fd, const char *verb, struct buffer *ret)
{
	struct stat st;
	int failed;

	progress_begin(&r->progress, r->path, verb, fstat(fd, &st) ? 0 : (uint64_t)st.st_size);
	failed = buffer_read_fd_told(ret, fd, progress_at, &r->progress);
	progress_end(&r->progress, !failed);
	return failed;
}

/* Is @now, which was read, what was checked? Frees it. */
static int compare(const struct request *r, bool was_read, struct buffer *now,
		   const struct buffer *checked)
{
	int ret = CTL_OK;

	if (!was_read)
		ret = ctl_system(r->path);
	else if (!buffer_equal(now, checked))
		ret = ctl_refuse(r->path, KB_CTL_CHANGED, NULL);
	buffer_free(now);
	return ret;
}

/*
 * Is what was loaded what was checked? The descriptor keeps the file from being replaced, but not
 * from being written to; and firmware will find it by its name.
 */
static int check_unchanged(struct request *r, const struct buffer *checked)
{
	struct buffer loaded = {0}, named = {0};
	bool was_read = !lseek(r->fd, 0, SEEK_SET) && !read_file(r, r->fd, "read again", &loaded);
	int ret = compare(r, was_read, &loaded, checked);

	if (ret || !prepare_by_firmware(&r->way) || r->way.boot_file)
		return ret;
	was_read = !buffer_read(&named, r->path);
	return compare(r, was_read, &named, checked);
}

/* ---- in order -------------------------------------------------------------------------------- */

/* What --force does not overrule. */
static int check_way(struct request *r, const struct running *running,
		     const struct check_image *image, struct verdict *v)
{
	const struct prepared *p = &r->prepared;
	int ret = prepare_ask(&r->prepared, &r->way, running, r->path, &image->file, v);

	if (!ret && p->refused)
		ret = ctl_refuse(p->what, p->refused, NULL);
	if (!ret)
		prepare_note(p, running);
	return ret;
}

/* Nobody stops half of what follows. */
static void hold_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* For khoctl report in the next kernel. The switch does not depend on it. */
static void remember(const struct request *r, const struct running *running, uint64_t size)
{
	struct history_switch s = {
		.reset = prepare_by_firmware(&r->way),
		.jumps = !r->load_only,
		.systemd = !r->load_only && r->systemctl,
		.load_us = r->load_us,
		.size = size,
	};

	snprintf(s.file, sizeof(s.file), "%s", r->path);
	history_now(running, &s);
	if (history_write(running, &s))
		ctl_system(HISTORY_DIR ": khoctl report will not know of this switch");
}

/* What was loaded before, for a reset perhaps, is gone with the load. */
static int after_load(struct request *r, const struct running *running,
		      const struct buffer *checked)
{
	int ret = check_unchanged(r, checked);
	bool undo = true;

	if (ret)
		return ret;
	if (prepare_by_firmware(&r->way))
		ret = prepare_commit(&r->prepared, running, checked);
	else
		(void)prepare_abandon(running, PREPARE_ENTRY, false);
	if (ret)
		return ret;
	remember(r, running, checked->size);
	if (r->load_only)
		return CTL_OK;
	ret = jump(r->systemctl, &undo);
	r->going = !undo;
	return ret;
}

/*
 * The steps that change the machine, the least harmful first. Variables are written only after the
 * image was loaded: a load that fails does not wear the flash.
 */
static int commit(struct request *r, const struct running *running, const struct buffer *checked)
{
	bool mor = false;
	int ret;

	hold_signals();
	ret = prepare_by_firmware(&r->way) ? prepare_mor(&mor, running) : CTL_OK;
	if (!ret)
		ret = load(r);
	if (ret) {
		/* An earlier image is still there, with what was prepared for it. */
		(void)prepare_undo_mor(mor, running);
		return ret;
	}
	ret = after_load(r, running, checked);
	if (ret && !r->going) {
		(void)unload();
		(void)prepare_abandon(running, PREPARE_ENTRY, false);
		history_forget(running);
	}
	return ret;
}

static int show_steps(const struct request *r, const struct running *running, uint64_t size)
{
	const bool reset = prepare_by_firmware(&r->way);
	struct steps s = {
		.path = r->path,
		.size = size,
		.words = (const char *)r->way.cmdline.data,
		.finalize = running_must_finalize(running),
		.replaces = prepare_loaded(running),
		.boot_file = reset ? r->prepared.file.name : NULL,
		.entry = PREPARE_ENTRY,
		.mor = reset && firmware_mor_set(running),
		.systemctl = r->systemctl,
		.load_only = r->load_only,
	};

	steps_print(&s, stdout);
	return fflush(stdout) || ferror(stdout) ? ctl_system("standard output") : CTL_OK;
}

static int go(struct request *r, const struct running *running, const struct buffer *checked)
{
	if (!r->dry_run)
		return commit(r, running, checked);
	buffer_append(&r->way.cmdline, "", 1);
	return show_steps(r, running, checked->size);
}

static int run(struct request *r, struct running *running, struct check_image *image)
{
	struct verdict v = {.count = 0};
	struct kb_diag diag = {0};
	struct kb_text words;
	enum kb_status st;
	int ret;

	if (!r->no_systemd)
		r->systemctl = jump_find(running);
	running->by_systemd = r->systemctl;
	r->fd = open(r->path, O_RDONLY | O_CLOEXEC);
	if (r->fd < 0 || read_file(r, r->fd, "read", &image->file))
		return ctl_system(r->path);
	ret = check_way(r, running, image, &v);
	if (ret)
		return ret;
	words = (struct kb_text){(const char *)r->way.cmdline.data, r->way.cmdline.size};
	st = check_open(running, words, image, &diag);
	if (st)
		return ctl_refuse(r->path, st, &diag);
	ret = check_machine(running, r, image, &v);
	return ret ? ret : go(r, running, &image->file);
}

int cmd_switch(int argc, char **argv)
{
	struct running running = {.root = ""};
	struct check_image *image = check_new();
	struct request r = {.fd = -1};
	int ret = read_options(&r, argc, argv);

	running_see_debugfs(&running);
	if (ret < 0 && r.abort)
		ret = give_up(&r, &running);
	if (ret < 0)
		ret = run(&r, &running, image);
	if (ret && !r.going)
		running_unfinalize(&running);
	prepared_free(&r.prepared);
	if (r.fd >= 0)
		close(r.fd);
	check_free(image);
	buffer_free(&r.way.cmdline);
	return ret;
}
