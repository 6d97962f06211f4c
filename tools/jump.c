// SPDX-License-Identifier: BSD-2-Clause
/* The jump into a loaded image; see jump.h. */
#include "jump.h"
#include "khoctl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/reboot.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

/* By this systemd says that it is init (man page sd_booted(3)). */
#define SYSTEMD_RUNS "/run/systemd/system"

/* Not searched in $PATH: this runs as root. The last is that of NixOS. */
static const char *const places[] = {"/usr/bin/systemctl", "/bin/systemctl",
				     "/run/current-system/sw/bin/systemctl"};

/* From this one on it hands the stores over (systemd NEWS, CHANGES WITH 261). */
#define SYSTEMD_HANDS_OVER 261

/* ---- what systemctl says --------------------------------------------------------------------- */

/* Read up to a NUL that it appends; what does not fit is left out. */
static void read_some(int fd, char *text, size_t size)
{
	size_t len = 0;
	ssize_t n = 1;

	while (n && len < size - 1) {
		n = read(fd, text + len, size - 1 - len);
		if (n < 0 && errno != EINTR)
			break;
		len += n > 0 ? (size_t)n : 0;
	}
	text[len] = 0;
}

/* Returns waitpid's answer, or -1. */
static int finish(pid_t pid, int *status)
{
	pid_t ret;

	do
		ret = waitpid(pid, status, 0);
	while (ret < 0 && errno == EINTR);
	return ret < 0 ? -1 : 0;
}

/*
 * Returns 0, or an errno: then nothing was run. Signals that we hold back it holds back, too:
 * systemd sends them to the service or login that asks for the jump.
 */
static int start(const char *systemctl, const char *word, const posix_spawn_file_actions_t *files,
		 pid_t *pid)
{
	char path[PATH_MAX], verb[32], *argv[] = {path, verb, NULL};

	snprintf(path, sizeof(path), "%s", systemctl);
	snprintf(verb, sizeof(verb), "%s", word);
	return posix_spawn(pid, path, files, NULL, argv, environ);
}

static int start_into(const char *systemctl, const char *word, int out, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	int error = posix_spawn_file_actions_init(&files);

	if (error)
		return error;
	error = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	if (!error)
		error = start(systemctl, word, &files, pid);
	posix_spawn_file_actions_destroy(&files);
	return error;
}

/* The start of what it prints for @word; "" when there is nothing, for whatever reason. */
static void ask(const char *systemctl, const char *word, char *text, size_t size)
{
	int ends[2], status;
	pid_t pid;

	text[0] = 0;
	if (pipe2(ends, O_CLOEXEC))
		return;
	if (start_into(systemctl, word, ends[1], &pid))
		pid = -1;
	close(ends[1]);
	if (pid > 0)
		read_some(ends[0], text, size);
	close(ends[0]);
	if (pid > 0)
		(void)finish(pid, &status);
}

/* "systemd 261 (261.1-1)": false for all else, and for an older one. */
static bool hands_over(const char *systemctl)
{
	static const char word[] = "systemd ";
	unsigned int version = 0;
	char text[64];
	const char *c = text;

	ask(systemctl, "--version", text, sizeof(text));
	if (strncmp(c, word, strlen(word)))
		return false;
	for (c += strlen(word); *c >= '0' && *c <= '9'; c++) {
		version = version * 10 + (unsigned int)(*c - '0');
		if (version > 99999)
			return false;
	}
	return version >= SYSTEMD_HANDS_OVER && strchr(" .~-", *c) && *c;
}

static bool is_stopping(const char *systemctl)
{
	char text[32];

	ask(systemctl, "is-system-running", text, sizeof(text));
	return !strcmp(text, "stopping\n");
}

const char *jump_find(const struct running *r)
{
	if (!running_exists(r, SYSTEMD_RUNS))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (running_exists(r, places[i]))
			return hands_over(places[i]) ? places[i] : NULL;
	return NULL;
}

/* ---- the jump -------------------------------------------------------------------------------- */

/* It did not take the request; but an earlier one may be on its way, for what is loaded now. */
static int refused(const char *systemctl, bool *undo)
{
	*undo = !is_stopping(systemctl);
	if (!*undo)
		fputs("khoctl: the system goes down already: what was loaded stays loaded\n",
		      stderr);
	return ctl_refuse("systemctl kexec", KB_CTL_SYSTEMD, NULL);
}

/* Killed, say, after it had asked. */
static int unknown(void)
{
	fputs("khoctl: systemctl kexec: it did not end by itself: whether systemd jumps is not "
	      "known\n"
	      "khoctl: what was loaded stays loaded; if the system stays up, "
	      "undo it by khoctl switch --abort\n",
	      stderr);
	return CTL_SYSTEM;
}

static int jump_by_systemd(const char *systemctl, bool *undo)
{
	int status, error;
	pid_t pid;

	error = start(systemctl, "kexec", NULL, &pid);
	if (error) {
		errno = error;
		return ctl_system(systemctl);
	}
	*undo = false;
	if (finish(pid, &status) || !WIFEXITED(status))
		return unknown();
	if (WEXITSTATUS(status))
		return refused(systemctl, undo);
	/* Nobody may be left to read it: it has begun all the same. */
	(void)ctl_print("khoctl: systemd stops the services, and then jumps\n");
	return CTL_OK;
}

static int jump_at_once(void)
{
	sync();
	reboot(LINUX_REBOOT_CMD_KEXEC);
	return ctl_system("reboot");
}

int jump(const char *systemctl, bool *undo)
{
	*undo = true;
	return systemctl ? jump_by_systemd(systemctl, undo) : jump_at_once();
}
