/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What user space can see of live update before the jump. The data are written only by the reboot
 * itself (Linux kernel/liveupdate/luo_core.c:liveupdate_reboot), and no ioctl lists anything:
 *
 *	sessions	a session lives as long as its file is open (luo_session_release), which
 *			/proc/PID/fd shows as "anon_inode:[luo_session] NAME". What is on its way
 *			through a socket is not seen. One taken back from the kernel before looks
 *			the same, although it is not handed on.
 *	files		not at all: the kernel keeps them open itself
 *	seals		of memfds that a process has open. Which of them are in a session, and which
 *			only a session has open, is not seen.
 */
#ifndef KHOCTL_LIVE_H
#define KHOCTL_LIVE_H

#include "running.h"

#include <core/text.h>

struct verdict;

struct live {
	bool device;       /* the running kernel has live update on */
	bool hidden;       /* there are processes that may not be looked into */
	uint64_t sessions; /* open, by name */
	uint64_t sealed;   /* open memfds with other seals than F_SEAL_SEAL, counted by file */
	/*
	 * systemd jumps: on its way down it may make a session of its own, for the file descriptor
	 * stores, with a sealed memfd in it.
	 */
	bool systemd;
};

/* Read it. Changes nothing: memfds are opened for reading to ask for their seals. */
void live_read(const struct running *r, struct live *ret);

/*
 * live_ask - add what the bridge would say: "sessions", "files" and "seals"
 * @names: versions of the next kernel, as in <fdt/kho_dialect.h>
 * @blocks: the running kernel may write lists that grow (7.2 and later)
 * @keeps_seals: it is not known to lose seals itself, as 6.19 does
 *
 * Also "systemd", about what it ends. Nothing is added where no session is open, or will be.
 */
void live_ask(struct verdict *v, const struct live *l, struct kb_text names, uint64_t page_size,
	      bool blocks, bool keeps_seals);

#endif
