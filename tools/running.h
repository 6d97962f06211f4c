/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the running kernel says about itself and about what it would hand over. Every path is below
 * a root directory, "" on a real system.
 *
 * Linux 6.17 to 7.3: kernel/liveupdate/kexec_handover_debugfs.c, before 6.19
 * kernel/kexec_handover.c.
 */
#ifndef KHOCTL_RUNNING_H
#define KHOCTL_RUNNING_H

#include <fdt/kho.h>

#include "buffer.h"

#include <limits.h>

struct running {
	const char *root;
	char debugfs[32]; /* path of a mount of our own, see running_see_debugfs(); "": none */
	bool denied;      /* that mount needs more rights */
	bool by_systemd;  /* systemd will jump, see jump.h */
	bool finalized;   /* by running_finalize(), so that it can be taken back */
};

/*
 * Where debugfs does not show KHO, look at a mount of our own, which nobody else sees: nothing
 * needs to be mounted. Without the right to mount nothing changes.
 */
void running_see_debugfs(struct running *r);

/* @name below the root. */
const char *running_path(const struct running *r, const char *name, char path[PATH_MAX]);

/* Append a whole file, and a NUL that is not counted. False when it cannot be read. */
bool running_read(const struct running *r, const char *name, struct buffer *b);

bool running_exists(const struct running *r, const char *name);

/* What debugfs shows of the data to come. */
#define DEBUGFS "/sys/kernel/debug"
#define KHO_OUT DEBUGFS "/kho/out"

uint64_t running_page_size(void);

enum running_config { CONFIG_UNKNOWN, CONFIG_OFF, CONFIG_ON };

/*
 * Was the kernel built with the option @name ("CONFIG_X")? By /proc/config.gz, or the file that
 * distributions install beside it.
 */
enum running_config running_config(const struct running *r, const char *name);

/*
 * Is KHO on, as far as debugfs or the command line says? Of a kernel that is known to have none
 * the words say nothing: by its configuration, or where that is not known by its release.
 */
bool running_kho_on(const struct running *r);

/* Is 5-level paging on? No when /proc/cpuinfo cannot be read. */
bool running_la57(const struct running *r);

/*
 * running_can_finalize - can the data be made ready, as far as is known before?
 *
 * KB_OK, also when there is nothing to do; KB_CTL_DEBUGFS or, without the right to look,
 * KB_CTL_PERMISSION, when KHO may be on and the file cannot be seen.
 */
__must_check enum kb_status running_can_finalize(const struct running *r);

/*
 * running_finalize - make the data ready to be handed over
 *
 * Kernels up to 6.19 have to be told, newer ones have no file for it. Returns KB_OK also when KHO
 * is off; KB_CTL_FINALIZE with errno set when the kernel refuses; what running_can_finalize()
 * returns.
 */
__must_check enum kb_status running_finalize(struct running *r);

/* Is there something for running_finalize() to do, as far as debugfs shows? */
bool running_must_finalize(const struct running *r);

/* Undo running_finalize(), as far as the kernel can: without it nothing more can be preserved. */
void running_unfinalize(struct running *r);

/* major * 100 + minor of the running kernel, 0 when it does not say. */
int running_release(const struct running *r);

/*
 * running_kho - version and page size of the data that will be handed over
 * @text: an empty buffer, which has to be kept as long as @ret
 * @ret: abi (KHO_ABI_UNKNOWN for a version to come), compatible, version and page_shift are set,
 *	 all else is zero
 *
 * False when KHO is off or when the kernel does not show it: from 6.19 on it does only until the
 * first handover. khoboot then checks alone, after the jump.
 */
bool running_kho(const struct running *r, struct buffer *text, struct kho_root *ret);

/* The refusal that an errno of kexec_file_load(2) stands for; KB_OK for any other errno. */
enum kb_status running_kexec_status(int error);

#endif
