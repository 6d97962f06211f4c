/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the running system is left for the image that was loaded.
 *
 *	systemd is init:  systemctl kexec --> services stop, their file descriptor stores are put
 *			  into a live update session, file systems are unmounted --> reboot(2)
 *	else, or asked:   sync(2) --> reboot(2)
 *
 * systemd saves the stores on its own way down only: a jump past it loses them.
 */
#ifndef KHOCTL_JUMP_H
#define KHOCTL_JUMP_H

#include "running.h"

/*
 * jump_find - who jumps? Before anything is loaded.
 * @ret: the path of systemctl; NULL where systemd is not init
 *
 * Returns KB_OK, or KB_CTL_SYSTEMCTL when systemd is init and its systemctl is in none of the
 * usual places. @ret is untouched on failure.
 */
__must_check enum kb_status jump_find(const struct running *r, const char **ret);

/*
 * jump - by @systemctl, or at once if that is NULL
 *
 * At once it returns only when the kernel refuses, as live update does while a session is open. By
 * systemd it returns CTL_OK when that has begun. Else an exit code, after a message: the image must
 * then be unloaded, it was meant for now.
 */
int jump(const char *systemctl);

#endif
