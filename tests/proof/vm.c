// SPDX-License-Identifier: BSD-2-Clause
/*
 * vm.c - QEMU as a child, its RAM in a file, its serial port passed through.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proof.h"

#define MORE_ARGUMENTS 16

static pid_t qemu;

/* QEMU's serial port, and what it has said so far. */
static int serial_in = -1, serial_out = -1;
static char said[1 << 20];
static size_t said_len;
static bool muted;

void vm_mute(bool mute)
{
	muted = mute;
}

_Noreturn void die(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

void report(const char *file, const char *fmt, ...)
{
	FILE *f = fopen(file, "a");
	va_list ap;

	if (!f)
		die("%s: %s", file, strerror(errno));
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	if (fputc('\n', f) == EOF || fclose(f))
		die("%s: %s", file, strerror(errno));
}

uint64_t number(const char *text)
{
	char *end;
	uint64_t v = strtoull(text, &end, 0);

	if (end == text || *end)
		die("'%s' is not a number", text);
	return v;
}

bool vm_pump(int ms)
{
	struct pollfd p = {.fd = serial_out, .events = POLLIN};
	char buf[4096];
	ssize_t n;

	if (poll(&p, 1, ms) <= 0)
		return true;
	n = read(serial_out, buf, sizeof(buf));
	if (n <= 0)
		return false;
	if (!muted && write(1, buf, (size_t)n) != n)
		die("stdout: %s", strerror(errno));
	if (said_len + (size_t)n < sizeof(said)) {
		memcpy(said + said_len, buf, (size_t)n);
		said_len += (size_t)n;
		said[said_len] = '\0';
	}
	return true;
}

const char *vm_said(const char *text)
{
	return strstr(said, text);
}

const char *vm_wait_for(const char *text)
{
	const char *at;

	while (!(at = vm_said(text)) || !strchr(at, '\n'))
		if (!vm_pump(-1))
			die("QEMU ended before the guest said '%s'", text);
	return at + strlen(text);
}

void vm_type(char byte)
{
	if (write(serial_in, &byte, 1) != 1)
		die("serial port: %s", strerror(errno));
}

static _Noreturn void exec_qemu(char **argv, int argc, const struct ram *ram, int fd,
				enum vm_side side)
{
	char memory[200], chardev[80];
	char **all = calloc((size_t)argc + MORE_ARGUMENTS, sizeof(*all));
	const char *more[] = {"-object",  memory, "-machine", "memory-backend=ram",
			      "-chardev", chardev};
	const char *gdb[] = {"-gdb", "chardev:side", "-S", NULL};
	const char *qmp[] = {"-mon", "chardev=side,mode=control", NULL};

	if (!all)
		die("out of memory");
	snprintf(memory, sizeof(memory),
		 "memory-backend-file,id=ram,share=on,size=%llu,mem-path=/proc/self/fd/%d",
		 (unsigned long long)ram->size, ram->fd);
	snprintf(chardev, sizeof(chardev), "socket,id=side,fd=%d", fd);
	memcpy(all, argv, (size_t)argc * sizeof(*all));
	memcpy(all + argc, more, sizeof(more));
	memcpy(all + argc + sizeof(more) / sizeof(*more), side == VM_GDB ? gdb : qmp,
	       side == VM_GDB ? sizeof(gdb) : sizeof(qmp));
	/* The watching script stops this program when time is up; QEMU must not outlive it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execvp(all[0], all);
	die("%s: %s", all[0], strerror(errno));
}

int vm_start(char **argv, int argc, const struct ram *ram, enum vm_side side)
{
	int in[2], out[2], other[2];

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, other))
		die("pipes: %s", strerror(errno));
	qemu = fork();
	if (qemu < 0)
		die("fork: %s", strerror(errno));
	if (qemu == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(other[0]);
		exec_qemu(argv, argc, ram, other[1], side);
	}
	close(in[0]);
	close(out[1]);
	close(other[1]);
	serial_in = in[1];
	serial_out = out[0];
	return other[0];
}

int vm_end(void)
{
	int status;

	while (vm_pump(-1))
		;
	if (waitpid(qemu, &status, 0) != qemu)
		die("waitpid: %s", strerror(errno));
	close(serial_in);
	close(serial_out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void vm_kill(void)
{
	kill(qemu, SIGKILL);
	vm_end();
	said_len = 0;
	said[0] = '\0';
}

void qmp_send(int qmp, const char *command)
{
	char line[1000];
	int len = snprintf(line, sizeof(line), *command == '{' ? "%s\n" : "{\"execute\": \"%s\"}\n",
			   command);

	if (write(qmp, line, (size_t)len) != len)
		die("QMP: %s", strerror(errno));
}

bool qmp_line(int qmp, char *line, size_t size)
{
	struct pollfd p = {.fd = qmp, .events = POLLIN};
	size_t len = 0;
	char c;

	for (;;) {
		if (poll(&p, 1, 20) == 0) {
			if (!vm_pump(0))
				return false;
			continue;
		}
		if (read(qmp, &c, 1) != 1)
			return false;
		if (c == '\n')
			break;
		if (len + 1 < size)
			line[len++] = c;
	}
	line[len] = '\0';
	return true;
}
