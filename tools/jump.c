// SPDX-License-Identifier: BSD-2-Clause
/* The jump into a loaded image; see jump.h. */
#include "jump.h"
#include "khoctl.h"

#include <errno.h>
#include <linux/reboot.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

/* By this systemd says that it is init (man page sd_booted(3)). */
#define SYSTEMD_RUNS "/run/systemd/system"

/* Not searched in $PATH: this runs as root. The last is that of NixOS. */
static const char *const places[] = {"/usr/bin/systemctl", "/bin/systemctl",
				     "/run/current-system/sw/bin/systemctl"};

enum kb_status jump_find(const struct running *r, const char **ret)
{
	const char *found = NULL;

	if (!running_exists(r, SYSTEMD_RUNS)) {
		*ret = NULL;
		return KB_OK;
	}
	for (size_t i = 0; i < ARRAY_SIZE(places) && !found; i++)
		if (running_exists(r, places[i]))
			found = places[i];
	if (!found)
		return KB_CTL_SYSTEMCTL;
	*ret = found;
	return KB_OK;
}

/*
 * Run it to its end; as for waitpid(2). Of the signals that we hold back it gets SIGINT, but not
 * those that systemd sends to the service or login that asks: it stops them at once, and
 * systemctl, killed before it could say that all is well, would look like a refusal.
 */
static int run(const char *systemctl, int *status)
{
	char path[PATH_MAX], verb[] = "kexec", *argv[] = {path, verb, NULL};
	posix_spawnattr_t attr;
	sigset_t held;
	pid_t pid;
	int error;

	snprintf(path, sizeof(path), "%s", systemctl);
	sigemptyset(&held);
	sigaddset(&held, SIGHUP);
	sigaddset(&held, SIGTERM);
	error = posix_spawnattr_init(&attr);
	if (!error)
		error = posix_spawnattr_setsigmask(&attr, &held);
	if (!error)
		error = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	if (!error)
		error = posix_spawn(&pid, path, NULL, &attr, argv, environ);
	if (error) {
		errno = error;
		return -1;
	}
	return waitpid(pid, status, 0) < 0 ? -1 : 0;
}

static int jump_by_systemd(const char *systemctl)
{
	int status;

	if (run(systemctl, &status))
		return ctl_system(systemctl);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return ctl_refuse("systemctl kexec", KB_CTL_SYSTEMD, NULL);
	return ctl_print("khoctl: systemd stops the services, and then jumps\n");
}

static int jump_at_once(void)
{
	sync();
	reboot(LINUX_REBOOT_CMD_KEXEC);
	return ctl_system("reboot");
}

int jump(const char *systemctl)
{
	return systemctl ? jump_by_systemd(systemctl) : jump_at_once();
}
