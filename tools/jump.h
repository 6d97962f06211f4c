/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the running system is left for the image that was loaded.
 *
 *	systemd 261 and later:	systemctl kexec --> services stop, their file descriptor stores are
 *				put into a live update session, file systems are unmounted
 *				--> reboot(2)
 *	else, or asked:		sync(2) --> reboot(2)
 *
 * systemd saves the stores on its own way down only: a jump past it loses them. An older one saves
 * none: it would end whoever holds a session, and what the session preserves would be lost.
 */
#ifndef KHOCTL_JUMP_H
#define KHOCTL_JUMP_H

#include "running.h"

/*
 * jump_find - who jumps? Before anything is loaded.
 *
 * Returns the path of systemctl; NULL, at once, where systemd is not init, or is older, or does not
 * say how old it is.
 */
const char *jump_find(const struct running *r);

/*
 * jump - by @systemctl, or at once if that is NULL
 * @undo: must what was loaded be unloaded? It was meant for now. Not when systemd may be on its way
 *	  to jump.
 *
 * At once it returns only when the kernel refuses, as live update does while a session is open. By
 * systemd it returns CTL_OK when that has begun. Else an exit code, after a message.
 */
int jump(const char *systemctl, bool *undo);

#endif
