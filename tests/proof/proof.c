// SPDX-License-Identifier: BSD-2-Clause
/*
 * proof - proves for one boot that khoboot changes no byte of what is handed over.
 *
 * Stands between a test script and QEMU: starts QEMU with guest RAM in shared memory and a gdb
 * stub, stops the guest at khoboot's first instruction, copies RAM, stops it again at the jump into
 * the next kernel, and compares every preserved byte and every byte of the metadata. The guest then
 * runs on: that the next kernel finds its data is for the script to check.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
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

/* bzImage: 64-bit entry, from the load address (Documentation/arch/x86/boot.rst) */
#define ENTRY_64 0x200

/* Where khoboot's protected-mode part, the part that is loaded, begins in the file and the ELF. */
#define LOADED_FROM 0x1000

static const char usage[] =
	"usage: proof --mem BYTES --jump ADDR --report FILE [--flip] -- QEMU [ARGUMENT]...\n"
	"\n"
	"  --mem BYTES    guest RAM; QEMU's own -m must say the same\n"
	"  --jump ADDR    address of khoboot_jump in khoboot.elf\n"
	"  --report FILE  append the result, one line\n"
	"  --flip         change one preserved byte between the stops: the proof must notice\n"
	"\n"
	"QEMU's serial port must be on its stdin and stdout; they are passed through. The guest "
	"says\n"
	"'khotest: ready=jump' and then waits for one byte. Exit status: that of QEMU, else 1 when "
	"a\n"
	"byte has changed, 2 when the proof could not be carried out.\n";

static struct {
	uint64_t mem;
	uint64_t jump;
	const char *report;
	int flip;
} opt;

/* QEMU's serial port, and what it has said so far. */
static int serial_in = -1, serial_out = -1;
static char said[1 << 20];
static size_t said_len;

_Noreturn void die(const char *fmt, ...)
{
	va_list ap;

	fputs("proof: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

/* Passes on what the serial port says, waiting for it up to @ms; false at its end. */
static bool pump(int ms)
{
	struct pollfd p = {.fd = serial_out, .events = POLLIN};
	char buf[4096];
	ssize_t n;

	if (poll(&p, 1, ms) <= 0)
		return true;
	n = read(serial_out, buf, sizeof(buf));
	if (n <= 0)
		return false;
	if (write(1, buf, (size_t)n) != n)
		die("stdout: %s", strerror(errno));
	if (said_len + (size_t)n < sizeof(said)) {
		memcpy(said + said_len, buf, (size_t)n);
		said_len += (size_t)n;
		said[said_len] = '\0';
	}
	return true;
}

static void idle(void)
{
	pump(0);
}

/* Runs the guest until it has said @text and the line is complete; returns what follows @text. */
static const char *wait_for(const char *text)
{
	const char *at;

	while (!(at = strstr(said, text)) || !strchr(at, '\n'))
		if (!pump(-1))
			die("QEMU ended before the guest said '%s'", text);
	return at + strlen(text);
}

/* ---- QEMU ----------------------------------------------------------------------------------- */

static _Noreturn void exec_qemu(char **argv, int argc, const struct ram *ram, int gdb)
{
	char memory[200], chardev[80];
	char **all = calloc((size_t)argc + 16, sizeof(*all));
	const char *more[] = {"-object",  memory,  "-machine", "memory-backend=ram",
			      "-chardev", chardev, "-gdb",     "chardev:gdb",
			      "-S",       NULL};

	if (!all)
		die("out of memory");
	snprintf(memory, sizeof(memory),
		 "memory-backend-file,id=ram,share=on,size=%llu,mem-path=/proc/self/fd/%d",
		 (unsigned long long)ram->size, ram->fd);
	snprintf(chardev, sizeof(chardev), "socket,id=gdb,fd=%d", gdb);
	memcpy(all, argv, (size_t)argc * sizeof(*all));
	memcpy(all + argc, more, sizeof(more));
	/* The watching script stops this program when time is up; QEMU must not outlive it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execvp(all[0], all);
	die("%s: %s", all[0], strerror(errno));
}

/* Starts QEMU, stopped before its first instruction, and connects to its gdb stub. */
static pid_t start_qemu(char **argv, int argc, const struct ram *ram)
{
	int in[2], out[2], gdb[2];
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, gdb))
		die("pipes: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(gdb[0]);
		exec_qemu(argv, argc, ram, gdb[1]);
	}
	close(in[0]);
	close(out[1]);
	close(gdb[1]);
	serial_in = in[1];
	serial_out = out[0];
	gdb_open(gdb[0], idle);
	return pid;
}

static int end_of_qemu(pid_t pid)
{
	int status;

	while (pump(-1))
		;
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid: %s", strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- the proof ------------------------------------------------------------------------------ */

/* Lets A load khoboot and get ready, then runs to khoboot's 64-bit entry. */
static uint64_t run_to_entry(struct gdb_regs *regs)
{
	uint64_t load;
	const char *at;

	gdb_continue();
	wait_for("khotest: ready=jump");
	at = strstr(said, "Loaded 64bit kernel at 0x");
	if (!at)
		die("the kernel did not print the load address: khotest.debug=1 is missing");
	load = strtoull(strchr(at, '0') + 2, NULL, 16);
	gdb_interrupt();
	if (write(serial_in, "g", 1) != 1)
		die("serial port: %s", strerror(errno));
	gdb_run_to(load + ENTRY_64, regs);
	return load;
}

/* A byte in the middle of the middle piece: what an overlapping placement would do. */
static void flip_one(struct ram *ram, const struct pieces *l)
{
	const struct piece *p = &l->p[l->count / 2];

	ram->live[ram_offset(ram, p->pa, p->len) + p->len / 2] ^= 1;
}

static uint64_t compare(const struct ram *ram, const struct pieces *l)
{
	uint64_t changed = 0;

	for (size_t i = 0; i < l->count; i++)
		changed += ram_changed(ram, l->p[i].pa, l->p[i].len);
	return changed;
}

static void write_report(const struct pieces *l, uint64_t load, uint64_t changed)
{
	FILE *f = fopen(opt.report, "a");

	if (!f)
		die("%s: %s", opt.report, strerror(errno));
	fprintf(f, "kho-v%u ranges=%zu preserved=%llu metadata=%llu khoboot=0x%llx changed=%llu\n",
		l->version, l->count, (unsigned long long)l->preserved,
		(unsigned long long)l->metadata, (unsigned long long)load,
		(unsigned long long)changed);
	if (fclose(f))
		die("%s: %s", opt.report, strerror(errno));
}

/* Returns the number of bytes that changed between khoboot's entry and its jump. */
static uint64_t prove(struct ram *ram)
{
	struct gdb_regs regs;
	struct kho_node node;
	struct pieces list;
	uint64_t load = run_to_entry(&regs), changed;

	walk_setup_data(ram, regs.rsi, &node);
	walk_kho(ram, &node, &list);
	ram_snapshot(ram);
	if (opt.flip)
		flip_one(ram, &list);
	gdb_run_to(load + opt.jump - LOADED_FROM, &regs);
	changed = compare(ram, &list);
	write_report(&list, load, changed);
	gdb_detach();
	return changed;
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t v = strtoull(text, &end, 0);

	if (end == text || *end)
		die("'%s' is not a number", text);
	return v;
}

static _Noreturn void show_usage(int status)
{
	fputs(usage, status ? stderr : stdout);
	exit(status);
}

static void parse_options(int argc, char **argv)
{
	static const struct option longs[] = {
		{"mem", required_argument, NULL, 'm'},    {"jump", required_argument, NULL, 'j'},
		{"report", required_argument, NULL, 'r'}, {"flip", no_argument, NULL, 'f'},
		{"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "+h", longs, NULL)) != -1) {
		if (c == 'm')
			opt.mem = number(optarg);
		else if (c == 'j')
			opt.jump = number(optarg);
		else if (c == 'r')
			opt.report = optarg;
		else if (c == 'f')
			opt.flip = 1;
		else
			show_usage(c == 'h' ? 0 : 2);
	}
	if (!opt.mem || opt.jump < LOADED_FROM || !opt.report || optind == argc)
		die("an argument is missing; see --help");
}

int main(int argc, char **argv)
{
	struct ram ram;
	uint64_t changed;
	pid_t qemu;
	int status;

	signal(SIGPIPE, SIG_IGN);
	parse_options(argc, argv);
	ram_create(&ram, opt.mem);
	qemu = start_qemu(argv + optind, argc - optind, &ram);
	changed = prove(&ram);
	status = end_of_qemu(qemu);
	return status ? status : changed != 0;
}
