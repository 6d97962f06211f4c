// SPDX-License-Identifier: BSD-2-Clause
/* Reads /proc, /sys and debugfs of the running kernel; see running.h. */
#include "running.h"
#include "kernel_abi.h"

#include <core/cmdline.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>
#include <zlib.h>

const char *running_path(const struct running *r, const char *name, char path[PATH_MAX])
{
	if (r->debugfs[0] && !strncmp(name, DEBUGFS "/", sizeof(DEBUGFS)))
		snprintf(path, PATH_MAX, "%s%s", r->debugfs, name + strlen(DEBUGFS));
	else
		snprintf(path, PATH_MAX, "%s%s", r->root, name);
	return path;
}

/* A mount that is nowhere in the tree (Linux 5.2); -1: not allowed, or no such file system. */
static int mount_debugfs(void)
{
	int context = fsopen("debugfs", FSOPEN_CLOEXEC), ret = -1;

	if (context < 0)
		return -1;
	if (!fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		ret = fsmount(context, FSMOUNT_CLOEXEC, 0);
	close(context);
	return ret;
}

void running_see_debugfs(struct running *r)
{
	int fd;

	errno = 0;
	fd = running_exists(r, KHO_OUT) ? -1 : mount_debugfs();

	/* Root is refused by debugfs=off. */
	r->denied = fd < 0 && errno == EPERM && geteuid();
	/* Open until the program ends. */
	if (fd >= 0)
		snprintf(r->debugfs, sizeof(r->debugfs), "/proc/self/fd/%d", fd);
}

bool running_read(const struct running *r, const char *name, struct buffer *b)
{
	char path[PATH_MAX];

	if (buffer_read(b, running_path(r, name, path)))
		return false;
	buffer_append(b, "", 1);
	b->size--;
	return true;
}

bool running_exists(const struct running *r, const char *name)
{
	char path[PATH_MAX];

	return !access(running_path(r, name, path), F_OK);
}

uint64_t running_page_size(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

static int write_file(const struct running *r, const char *name, const char *text)
{
	char path[PATH_MAX];
	int fd = open(running_path(r, name, path), O_WRONLY | O_CLOEXEC);
	ssize_t n;
	int error;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	error = errno;
	close(fd);
	errno = error;
	return n < 0 ? -1 : 0;
}

/* ---- CPU ------------------------------------------------------------------------------------- */

/* The kernel clears the flag when it does not use 5-level paging (early_identify_cpu). */
bool running_la57(const struct running *r)
{
	struct buffer text = {0};
	bool found;

	found = running_read(r, "/proc/cpuinfo", &text) && memmem(text.data, text.size, " la57", 5);
	buffer_free(&text);
	return found;
}

/* ---- options --------------------------------------------------------------------------------- */

enum option { OPTION_MISSING, OPTION_OFF, OPTION_ON };

static enum option option(const struct running *r, const char *name)
{
	enum option ret = OPTION_MISSING;
	struct buffer text = {0};
	struct kb_text value;

	if (running_read(r, "/proc/cmdline", &text) &&
	    cmdline_last((struct kb_text){(char *)text.data, text.size}, name, &value) && value.len)
		ret = cmdline_true(value) ? OPTION_ON : OPTION_OFF;
	buffer_free(&text);
	return ret;
}

static bool option_on(const struct running *r, const char *name)
{
	return option(r, name) == OPTION_ON;
}

/* ---- configuration --------------------------------------------------------------------------- */

/* Packed by gzip, or not. */
static gzFile open_config(const struct running *r)
{
	static const char *const names[] = {"/proc/config.gz", "/boot/config-%s",
					    "/lib/modules/%s/config"};
	char name[PATH_MAX / 2], path[PATH_MAX];
	struct buffer text = {0};
	gzFile file = NULL;

	if (running_read(r, "/proc/sys/kernel/osrelease", &text))
		text.data[strcspn((char *)text.data, "\n/")] = 0;
	for (size_t i = 0; i < ARRAY_SIZE(names) && !file; i++) {
		snprintf(name, sizeof(name), names[i], text.data ? (char *)text.data : "");
		file = gzopen(running_path(r, name, path), "re");
	}
	buffer_free(&text);
	return file;
}

enum running_config running_config(const struct running *r, const char *name)
{
	const size_t len = strlen(name);
	gzFile file = open_config(r);
	enum running_config ret = file ? CONFIG_OFF : CONFIG_UNKNOWN;
	char line[4096];

	while (file && gzgets(file, line, sizeof(line)))
		if (!strncmp(line, name, len) && !strcmp(line + len, "=y\n"))
			ret = CONFIG_ON;
	if (file)
		gzclose(file);
	return ret;
}

int running_release(const struct running *r)
{
	unsigned int major = 0, minor = 0;
	struct buffer text = {0};

	if (running_read(r, "/proc/sys/kernel/osrelease", &text)) {
		if (sscanf((const char *)text.data, "%3u.%2u", &major, &minor) != 2)
			major = minor = 0;
	}
	buffer_free(&text);
	return (int)(major * 100 + minor);
}

/* ---- KHO ------------------------------------------------------------------------------------- */

/* Words are there for any kernel. Releases before 6.16 may have it from their distribution. */
static bool knows_kho(const struct running *r)
{
	const enum running_config built = running_config(r, "CONFIG_KEXEC_HANDOVER");
	const int rel = running_release(r);

	return built == CONFIG_UNKNOWN ? !rel || rel >= 616 : built == CONFIG_ON;
}

bool running_kho_on(const struct running *r)
{
	return running_exists(r, KHO_OUT) || (option_on(r, "kho") && knows_kho(r));
}

/* ---- finalize -------------------------------------------------------------------------------- */

/* Has the kernel debugfs? */
static bool knows_debugfs(const struct running *r)
{
	struct buffer text = {0};
	bool found = running_read(r, "/proc/filesystems", &text) &&
		     memmem(text.data, text.size, "\tdebugfs\n", 9);

	buffer_free(&text);
	return found;
}

/*
 * Where nothing is said on the command line, the configuration decides; where that is not known,
 * KHO may be on, but not without debugfs in the kernel. Where debugfs is seen and shows no KHO,
 * there is none; from 6.19 on it may be there and not be shown (CONFIG_KEXEC_HANDOVER_DEBUGFS).
 */
static bool may_be_on(const struct running *r, int rel)
{
	const enum option kho = option(r, "kho");
	enum running_config on = CONFIG_OFF;

	if (r->debugfs[0] && rel < 619)
		return false;
	if (kho == OPTION_MISSING)
		on = running_config(r, "CONFIG_KEXEC_HANDOVER_ENABLE_DEFAULT");
	if (on == CONFIG_UNKNOWN)
		return !r->debugfs[0] && knows_debugfs(r);
	return kho == OPTION_ON || on == CONFIG_ON;
}

/*
 * For a kernel that shows no KHO in debugfs. 6.19 and 7.0 finalize by themselves when live update
 * is on, later ones have nothing to finalize.
 */
static bool wants_finalize(const struct running *r)
{
	int rel = running_release(r);

	if (rel < 616 || rel > 700 || !may_be_on(r, rel))
		return false;
	return rel < 619 || !option_on(r, "liveupdate");
}

enum kb_status running_can_finalize(const struct running *r)
{
	if (running_exists(r, KHO_OUT) || !wants_finalize(r))
		return KB_OK;
	return r->denied ? KB_CTL_PERMISSION : KB_CTL_DEBUGFS;
}

bool running_must_finalize(const struct running *r)
{
	struct buffer text = {0};
	const bool must = running_read(r, KHO_OUT "/finalize", &text) && text.size &&
			  (text.data[0] == '0' || text.data[0] == 'N');

	buffer_free(&text);
	return must;
}

enum kb_status running_finalize(struct running *r)
{
	enum kb_status st = running_can_finalize(r);

	if (st || !running_exists(r, KHO_OUT "/finalize"))
		return st;
	if (!write_file(r, KHO_OUT "/finalize", "1"))
		r->finalized = true;
	else if (errno != EEXIST) /* EEXIST: it was done before */
		return KB_CTL_FINALIZE;
	return KB_OK;
}

void running_unfinalize(struct running *r)
{
	/* 6.19 refuses, and goes on preserving without it. */
	if (r->finalized)
		(void)write_file(r, KHO_OUT "/finalize", "0");
	r->finalized = false;
}

/*
 * The FDT is looked through for its version, not parsed: what debugfs shows ends where the FDT
 * ended at boot.
 */
bool running_kho(const struct running *r, struct buffer *text, struct kho_root *ret)
{
	struct kho_root root = {
		.page_shift = (unsigned int)__builtin_ctzll(running_page_size()),
	};
	struct kernel_versions v = {0};

	if (running_read(r, KHO_OUT "/fdt", text) && text->size)
		v = kernel_abi_versions(text->data, text->size);
	if (!v.unknown.len && !is_pow2(v.known))
		return false;
	root.version = v.unknown;
	root.abi = v.unknown.len ? kho_abi_parse(v.unknown, NULL)
				 : (enum kho_abi)__builtin_ctz(v.known);
	root.compatible = kho_abi_name(root.abi);
	*ret = root;
	return true;
}

/* ---- kexec_file_load(2) ---------------------------------------------------------------------- */

enum kb_status running_kexec_status(int error)
{
	switch (error) {
	case ENOSYS:
		return KB_CTL_NO_KEXEC;
	case EPERM:
	case EACCES:
		return KB_CTL_PERMISSION;
	case EADDRNOTAVAIL: /* kho_locate_mem_hole() */
		return KB_CTL_SCRATCH;
	case ENOEXEC:
		return KB_CTL_FORMAT;
	case EBUSY:
		return KB_CTL_BUSY;
	case ENODATA: /* no signature */
	case EBADMSG:
	case ENOKEY:
	case EKEYREJECTED:
	case EKEYREVOKED:
	case EKEYEXPIRED:
	case ENOPKG:
	case ELIBBAD:
		return KB_CTL_SIGNATURE;
	case ENOMEM:
		return KB_CTL_MEMORY;
	case EINVAL:
		return KB_CTL_INVALID;
	}
	return KB_OK;
}
