// SPDX-License-Identifier: BSD-2-Clause
/*
 * vmm - runs a guest, and has it outlive the host's kernel.
 *
 * The steps in order; docs/live-guest.md explains each of them, and what must not be forgotten:
 *
 *	kernel A        vmm start    make the guest, run it, preserve it while it runs
 *	                SIGHUP       ask it whether it is right
 *	                SIGTERM      stop it, write its state, hand the session to the manager, end
 *	kernel B        vmm resume   take it back, give it its state, run it, preserve it again
 *
 * Speaks to a service manager as to systemd: READY=1 when the guest is preserved and all of its
 * processors have found themselves right, RELOADING=1 and READY=1 again when it is asked for that
 * (Type=notify-reload), FDSTORE=1 with the session when it has stopped.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "vmm.h"

#define MIB (1024UL * 1024)

static const char usage[] =
	"usage: vmm start [--mem MIB] [--cpus N] [--huge] [--session NAME]\n"
	"       vmm resume [--session NAME]\n"
	"\n"
	"  --mem MIB       memory of the guest (default 64)\n"
	"  --cpus N        its processors (default 1)\n"
	"  --huge          its memory in pages of 2 MiB\n"
	"  --session NAME  of the live update session (default guest)\n"
	"\n"
	"SIGTERM stops the guest and writes its state. The session then goes to the\n"
	"service manager ($NOTIFY_SOCKET); without one vmm keeps it open, and waits for\n"
	"the jump.\n";

struct options {
	bool resume, huge;
	uint64_t memory;
	uint32_t cpus;
	const char *session;
};

/* In one piece: stderr may be a log of lines. */
_Noreturn void die(const char *fmt, ...)
{
	int error = errno;
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	printf("vmm: FAIL %s%s%s\n", text, error ? ": " : "", error ? strerror(error) : "");
	exit(1);
}

int must(int fd, unsigned long request, const void *argument, const char *what)
{
	int ret = ioctl(fd, request, argument);

	if (ret < 0)
		die("%s", what);
	return ret;
}

static uint64_t number(const char *text, uint64_t least, uint64_t most)
{
	char *end;
	unsigned long long ret = strtoull(text, &end, 10);

	errno = 0;
	if (*end || ret < least || ret > most)
		die("%s: must be a number from %lu to %lu", text, least, most);
	return ret;
}

static void parse(int argc, char **argv, struct options *ret)
{
	static const struct option names[] = {
		{"mem", required_argument, NULL, 'm'}, {"cpus", required_argument, NULL, 'c'},
		{"huge", no_argument, NULL, 'h'},      {"session", required_argument, NULL, 's'},
		{"help", no_argument, NULL, '?'},      {0},
	};
	int c;

	*ret = (struct options){.memory = 64 * MIB, .cpus = 1, .session = "guest"};
	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (c == 'm')
			ret->memory = number(optarg, 4, GUEST_MOST_MEMORY / MIB) * MIB;
		else if (c == 'c')
			ret->cpus = (uint32_t)number(optarg, 1, GUEST_MOST_CPUS);
		else if (c == 'h')
			ret->huge = true;
		else if (c == 's')
			ret->session = optarg;
		else
			break;
	}
	if (c != -1 || optind + 1 != argc) {
		fputs(usage, stderr);
		exit(2);
	}
	ret->resume = !strcmp(argv[optind], "resume");
	if (!ret->resume && strcmp(argv[optind], "start"))
		die("%s: must be start or resume", argv[optind]);
}

static double ms_since(const struct timespec *from)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - from->tv_sec) * 1e3 +
	       (double)(now.tv_nsec - from->tv_nsec) / 1e6;
}

static uint64_t clock_ns(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void start(struct vm *vm, const struct options *o)
{
	vm_make_files(vm, o->memory, o->cpus, o->huge);
	vm_create(vm);
	vm_load_program(vm);
	printf("vmm: guest starts: %lu MiB, processors: %u\n", o->memory / MIB, o->cpus);
}

/*
 * Until the guest has its state again, the old session stays open: if something fails here, it is
 * still there for a second try, where a service manager keeps it.
 */
static void resume(struct vm *vm, const struct options *o)
{
	int session = session_take(o->session, vm);
	uint64_t shift;

	vm_map_files(vm);
	printf("vmm: guest is back: %lu MiB, processors: %u\n", vm->state->memory / MIB, vm->cpus);
	vm_create(vm);
	shift = clock_shift(&vm->state->clock, cpu_host_tsc(), clock_ns(CLOCK_BOOTTIME),
			    clock_ns(CLOCK_REALTIME));
	for (unsigned int i = 0; i < vm->cpus; i++)
		cpu_restore(&vm->cpu[i], &vm->state->cpu[i], shift);
	session_finish(session);
	vm->state->complete = 0;
	printf("vmm: guest goes on after %lu rounds\n", vm_rounds(vm));
}

/* While the guest runs: what it writes from now on is preserved as well. */
static int preserve(struct vm *vm, const struct options *o)
{
	struct timespec from;
	int session;

	clock_gettime(CLOCK_MONOTONIC, &from);
	session = session_preserve(o->session, vm);
	printf("vmm: guest is preserved, in %.0f ms, while it runs\n", ms_since(&from));
	vm_is_preserved(vm);
	return session;
}

static void save(struct vm *vm)
{
	struct state *s = vm->state;
	uint64_t now = cpu_host_tsc();

	for (unsigned int i = 0; i < vm->cpus; i++)
		cpu_save(vm, &vm->cpu[i], &s->cpu[i]);
	s->clock = (struct clock_state){.host_tsc = now,
					.real_ns = clock_ns(CLOCK_REALTIME),
					.guest_tsc = now + s->cpu[0].tsc_offset,
					.tsc_khz = cpu_tsc_khz(&vm->cpu[0])};
	s->complete = 1;
}

static void check_again(struct vm *vm)
{
	struct timespec now;
	char text[64];

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%ld",
		 now.tv_sec * 1000000 + now.tv_nsec / 1000);
	notify(text, -1);
	vm_forget_right(vm);
}

static void wait_for_sigterm(struct vm *vm, const sigset_t *set)
{
	int which;

	do {
		sigwait(set, &which);
		if (which == SIGHUP)
			check_again(vm);
	} while (which != SIGTERM);
}

int main(int argc, char **argv)
{
	static struct vm vm;
	struct options o;
	sigset_t set;
	int session;

	parse(argc, argv, &o);
	setvbuf(stdout, NULL, _IOLBF, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL); /* in all threads, which inherit it */
	if (o.resume)
		resume(&vm, &o);
	else
		start(&vm, &o);
	vm_run(&vm);
	session = preserve(&vm, &o);

	wait_for_sigterm(&vm, &set);
	vm_stop(&vm);
	printf("vmm: guest has stopped after %lu rounds\n", vm_rounds(&vm));
	save(&vm);
	printf("vmm: state is written, %lu bytes\n", vm.state->bytes);
	if (notify("FDSTORE=1\nFDNAME=guest\nFDPOLL=0", session))
		return 0;
	/* Nobody else has the session: it would end with us. */
	printf("vmm: waits for the jump\n");
	for (;;)
		pause();
}
