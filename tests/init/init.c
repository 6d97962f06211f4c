// SPDX-License-Identifier: BSD-2-Clause
/*
 * init - the only user-space program of the boot tests, on both sides of a handover.
 *
 * Outgoing side (the default): reports the state of KHO, preserves what it is told to, loads the
 * next kernel and jumps. Incoming side (khotest.side=in): reports what arrived, and powers off.
 * What it says to the host goes through /dev/kmsg, so that a line of the kernel's own never cuts
 * one of ours in half: `khotest: key=value`, and `khotest: FAIL reason` before an early end.
 *
 * Words on the kernel command line (all begin `khotest.`):
 *   side=in          this is the incoming kernel
 *   side=both        this is the incoming kernel, and then the outgoing one for a third
 *   load=MODE        plain: /next/linux, /next/initrd and /next/cmdline by kexec_file_load;
 *                    uki: /next/uki.efi by kexec_file_load, with the initrd /next/beside if that
 *                    is there; khoctl: `khoctl switch`;
 *                    kexec: Debian's `kexec -s -l`
 *   cmdline=FILE     uki, khoctl, kexec: words to give along, one line (default: none)
 *   debug=1          ask the kernel to print where it loads (KEXEC_FILE_DEBUG)
 *   wait=1           say `khotest: ready=jump`, then wait for one byte on the console
 *   via=firmware     khoctl: take the firmware route, with the file boot_file=PATH on the ESP
 *   luo=N            preserve N non-adjacent pages in a memfd; the incoming side checks N pages
 *   set=NAME,...     preserve these sets of live update sessions (sets.c); the incoming side checks
 *                    them, and preserves what it got where it hands over in turn
 *   guest=MIB,CPUS   run a guest of its own, and hand it over (guest.c); MIB,CPUS,huge: its memory
 *                    in huge pages
 *   selftest=1       run /selftest -s 1, the incoming side /selftest -s 2: one of the kernel's own
 *                    programs (tools/testing/selftests/liveupdate)
 *   force=1          khoctl: go on where it refuses
 *   debugfs=off      khoctl: it is not mounted
 *   scratch=1        khoctl: first ask it how much scratch the next kernel needs
 *   hops=N           hand over N times more, to this kernel again (load=khoctl)
 *   report=1         have khoctl tell of the handover
 *   calibrate=N      have khoctl learn what firmware writes, by N resets, and show it; no handover
 *   trouble=WHAT     mor, mor-locked: ask firmware to clear memory; ppi: ask the TPM;
 *                    full: leave no room for EFI variables
 *   place=A-B,...    preserve a page in each of these ranges of physical addresses
 *   reserve=1        write into the memory of reserve_mem=; the incoming side checks it
 *   crash=1          load=uki, for a crash, and crash; the incoming kernel finds the outgoing one's
 *                    memory in /proc/vmcore
 *   sum=FILE         the incoming side says what cksum(1) would say of that file
 *   seed=S           seed of the pattern in the preserved pages
 *
 * Lines of both sides:
 *   side=in|out  release=  cpus=  cmdline=  efi=yes|no
 *   la57=yes|no (5-level paging in use; x86_64)  page=BYTES (arm64)
 *   kernel_at=PHYSICAL,VIRTUAL   where the kernel begins, in hexadecimal digits
 *   luo_bad=TEXT     one of the damaged words of the memfd (luo.c)
 * Outgoing side, in this order:
 *   kho=on|off       KHO of this kernel
 *   scratch_phys=, scratch_len=   the scratch areas
 *   placed=ADDR      one of the pages of place=
 *   luo_preserved=N, luo_runs=N   pages preserved, and in how many physical pieces they are
 *   guest=right      the guest runs, and has found itself right
 *   guest=stop       it is to stop for the jump; with load=khoctl it is khoctl's no more
 *   set_kept=NAME, N sessions, N files   one of the sets of set=
 *   marker=ADDR      with crash=1, where the marked page is
 *   finalize=done    kernels up to 6.19
 *   reserve_filled=ADDR   where the memory of reserve_mem= is
 *   loading=MODE     the script takes all that follows for khoboot's and the incoming kernel's
 *   guest=right      once more: khoctl has refused, and the guest goes on
 *   loaded_ms=N      what the load took, in ms
 *   ready=jump       with wait=1
 *   jump=now         the last line before the jump, unless khoctl jumps
 * Incoming side, in this order:
 *   secure_boot= e820_entries= and others   what the kernel was told (platform.c)
 *   restore=succeeded|failed|none   the verdict of the kernel's own test (lib/test_kho.c)
 *   kho_in=yes|no    debugfs has the FDT that was handed over
 *   scratch_phys=, scratch_len=   the scratch areas, for the kernel after this one
 *   setup_data=TYPE,BYTES   one for each node (x86_64)
 *   log: TEXT        each line of the log that khoboot left, in one of the nodes or in /chosen
 *   luo_checked=N, place_checked=N   no word of N pages has changed; absent without kho_in=yes
 *   guest=right      the guest is back, and has found itself right
 *   set_checked=NAME, N sessions, N files   all of them are as they were
 *   selftest=passed  with selftest=1
 *   mem_total=KB     what this kernel has, and what it got back; absent without kho_in=yes
 *   reserve_checked=ADDR   the same of the memory of reserve_mem=
 *   sum=CRC BYTES|none   with sum=
 *   vmcore_marker=ADDR   with crash=1: the marked page is in the dump, unchanged, and not RAM
 *   boot_next=none|set   is there still a BootNext
 *   mor=N            is memory to be cleared at the next reset
 *   stub=TEXT, image=TEXT, partition=TEXT   the variables StubInfo, StubImageIdentifier and
 *                    LoaderDevicePartUUID, in ASCII; "none" if there is none
 *   efivars=ok       a variable went through the runtime services and came back
 *   efivars=read-only   firmware sets none (U-Boot)
 *   end=ok           nothing failed; the power goes off
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "init.h"

#define BESIDE        "/next/beside"
#define SELFTEST      "/selftest"
#define KHO_DEBUGFS   "/sys/kernel/debug/kho"
#define SETUP_DATA    "/sys/kernel/boot_params/setup_data"
#define BOOT_NEXT     EFIVARS "/BootNext-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define TEST_VARIABLE EFIVARS "/KhoTest-6f1c0f3e-3c0b-4b1e-9a43-7b4b686f7465"

/* "GLBK" in memory: the node in which khoboot leaves its log. */
#define SETUP_KHOBOOT_LOG 0x4b424c47

/* include/uapi/linux/kexec.h */
#define KEXEC_FILE_ON_CRASH     0x2
#define KEXEC_FILE_NO_INITRAMFS 0x4
#define KEXEC_FILE_DEBUG        0x8

static char cmdline[4096];
static int kmsg = -1;

void say(const char *fmt, ...)
{
	char line[900];
	va_list ap;
	int head = snprintf(line, sizeof(line), "<2>khotest: ");

	va_start(ap, fmt);
	vsnprintf(line + head, sizeof(line) - (size_t)head - 1, fmt, ap);
	va_end(ap);
	strcat(line, "\n");
	if (write(kmsg, line, strlen(line)) < 0)
		fputs(line + 3, stdout);
}

int log_fd(void)
{
	return kmsg;
}

static _Noreturn void power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	/* Where the machine cannot power off, a reset ends QEMU as well (-no-reboot). */
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

_Noreturn void fail(const char *fmt, ...)
{
	char reason[700];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	say("FAIL %s", reason);
	power_off();
}

/* word("load"): the value of khotest.load=VALUE, in a static buffer, or NULL */
static const char *word(const char *key)
{
	static char value[256];
	char find[64];
	const char *at = cmdline;
	size_t len = (size_t)snprintf(find, sizeof(find), "khotest.%s=", key);

	while ((at = strstr(at, find))) {
		if (at == cmdline || at[-1] == ' ') {
			snprintf(value, sizeof(value), "%.*s", (int)strcspn(at + len, " \n"),
				 at + len);
			return value;
		}
		at += len;
	}
	return NULL;
}

static int word_is(const char *key, const char *value)
{
	const char *have = word(key);

	return have && !strcmp(have, value);
}

static uint64_t word_number(const char *key)
{
	const char *have = word(key);

	return have ? strtoull(have, NULL, 0) : 0;
}

/* Reads all of @path into @buf as a string; returns its length, or -1. */
static ssize_t read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t done = 0;
	ssize_t n = 1;

	if (fd < 0)
		return -1;
	while (done < size - 1 && (n = read(fd, buf + done, size - 1 - done)) > 0)
		done += (size_t)n;
	close(fd);
	buf[done] = '\0';
	return n < 0 ? -1 : (ssize_t)done;
}

static void mount_or_fail(const char *type, const char *dir)
{
	mkdir(dir, 0755);
	if (mount(type, dir, type, 0, NULL) && errno != EBUSY)
		fail("mount %s: %s", dir, strerror(errno));
}

/* The initramfs has no device nodes: made without root, it cannot. */
static void open_console(void)
{
	int fd = open("/dev/console", O_RDWR);

	if (fd < 0)
		return;
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
}

static void set_up(void)
{
	mount_or_fail("devtmpfs", "/dev");
	open_console();
	kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	mount_or_fail("proc", "/proc");
	mount_or_fail("sysfs", "/sys");
	mount_or_fail("debugfs", "/sys/kernel/debug");
	if (read_text("/proc/cmdline", cmdline, sizeof(cmdline)) < 0)
		fail("/proc/cmdline: %s", strerror(errno));
}

/* Page tables: 5-level paging is on when its flag is shown; arm64 has pages of three sizes. */
static void report_paging(void)
{
#ifdef __x86_64__
	static char text[1 << 16];
	int la57 = read_text("/proc/cpuinfo", text, sizeof(text)) > 0 && strstr(text, " la57");

	say("la57=%s", la57 ? "yes" : "no");
#else
	say("page=%zu", PAGE);
#endif
}

/* The number at the beginning of the first line of @path that has @what. */
static unsigned long long address_of(const char *path, const char *what)
{
	unsigned long long ret = 0;
	char line[256];
	FILE *f = fopen(path, "r");

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, what)) {
			ret = strtoull(line, NULL, 16);
			break;
		}
	if (f)
		fclose(f);
	return ret;
}

static void report_kernel(const char *side)
{
	struct utsname u;

	uname(&u);
	say("side=%s", side);
	say("release=%s", u.release);
	say("cpus=%ld", sysconf(_SC_NPROCESSORS_ONLN));
	report_paging();
	say("kernel_at=%llx,%llx", address_of("/proc/iomem", "Kernel code"),
	    address_of("/proc/kallsyms", " _text\n"));
	say("cmdline=%.*s", (int)strcspn(cmdline, "\n"), cmdline);
	say("efi=%s", access("/sys/firmware/efi", F_OK) ? "no" : "yes");
}

static long ms_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- outgoing side -------------------------------------------------------------------------- */

/* The areas as debugfs prints them, one number per line, made one line. */
static void report_scratch(const char *file)
{
	char path[128], text[512];

	snprintf(path, sizeof(path), KHO_DEBUGFS "/out/%s", file);
	if (read_text(path, text, sizeof(text)) < 0)
		return;
	for (char *c = text; *c; c++)
		if (*c == '\n')
			*c = c[1] ? ',' : '\0';
	say("%s=%s", file, text);
}

/* Up to 6.19 the map is only built when it is asked for, and kexec_file_load looks for it. */
static void finalize_kho(void)
{
	int fd = open(KHO_DEBUGFS "/out/finalize", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "1", 1) != 1)
		fail("finalize: %s", strerror(errno));
	close(fd);
	say("finalize=done");
}

static int open_or_fail(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fail("%s: %s", path, strerror(errno));
	return fd;
}

/* kexec_file_load; an @initrd or @cmdline_file of NULL means none. */
static void load_file(const char *kernel, const char *initrd, const char *cmdline_file)
{
	unsigned long flags = initrd ? 0 : KEXEC_FILE_NO_INITRAMFS;
	char args[4096] = "";

	if (cmdline_file && read_text(cmdline_file, args, sizeof(args)) < 0)
		fail("%s: %s", cmdline_file, strerror(errno));
	args[strcspn(args, "\n")] = '\0';
	if (word_number("debug"))
		flags |= KEXEC_FILE_DEBUG;
	if (word_number("crash"))
		flags |= KEXEC_FILE_ON_CRASH;
	if (syscall(SYS_kexec_file_load, open_or_fail(kernel), initrd ? open_or_fail(initrd) : -1,
		    strlen(args) + 1, args, flags))
		fail("kexec_file_load %s: %s", kernel, strerror(errno));
}

/* The status of wait(2); 0 is success. */
static int status_of(const char *const argv[])
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		fail("fork: %s", strerror(errno));
	if (pid == 0) {
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid)
		fail("waitpid: %s", strerror(errno));
	return status;
}

void run(const char *const argv[])
{
	int status = status_of(argv);

	if (status)
		fail("%s: wait status 0x%x", argv[0], (unsigned)status);
}

/* Is there something to do between the load and the jump? */
static bool loads_only(void)
{
	return word_number("wait") || word("guest");
}

/* A refusal must not cost anything: what runs here goes on, and is right. */
static void run_khoctl(const char *const argv[])
{
	int status = status_of(argv);

	if (status && word("guest"))
		guest_check_again();
	if (status)
		fail("%s: wait status 0x%x", argv[0], (unsigned)status);
}

/* Otherwise khoctl jumps by itself, so that the tests run what a user runs. */
static void load_khoctl(const char *args)
{
	const char *argv[12] = {"/khoctl", "switch", "/next/uki.efi"};
	const char *scratch[] = {"/khoctl", "scratch", "/next/uki.efi", NULL};
	static char boot_file[256];
	int n = 3;

	if (word_number("scratch"))
		run(scratch);
	if (word_is("via", "firmware")) {
		argv[n++] = "--via=firmware";
		argv[n++] = "--boot-file";
		argv[n++] = strcpy(boot_file, word("boot_file") ? word("boot_file") : "");
	}
	if (args) {
		argv[n++] = "--cmdline";
		argv[n++] = args;
	}
	if (word_number("debug"))
		argv[n++] = "--debug";
	if (word_number("force"))
		argv[n++] = "--force";
	if (loads_only())
		argv[n++] = "--load-only";
	if (word_is("debugfs", "off") && umount2("/sys/kernel/debug", MNT_DETACH))
		fail("/sys/kernel/debug: %s", strerror(errno));
	run_khoctl(argv);
	if (!loads_only())
		fail("khoctl switch came back");
}

static void load_kexec_tools(const char *args)
{
	char append[4200];
	const char *argv[8] = {"/sbin/kexec", "-s", "-l", "/next/uki.efi"};
	int n = 4;

	if (args) {
		snprintf(append, sizeof(append), "--command-line=%s", args);
		argv[n++] = append;
	}
	if (word_number("debug"))
		argv[n++] = "-d";
	run(argv);
}

static void load_next(void)
{
	static char args[4096];
	const char *file = word("cmdline");
	const char *given = NULL;
	long start = ms_now();

	if (word_number("hops") && word_is("side", "both"))
		again_make_image(cmdline, word_number("hops"), "/next/uki.efi");
	if (file) {
		if (read_text(file, args, sizeof(args)) < 0)
			fail("%s: %s", file, strerror(errno));
		args[strcspn(args, "\n")] = '\0';
		given = args;
	}
	if (word_is("load", "plain"))
		load_file("/next/linux", "/next/initrd", "/next/cmdline");
	else if (word_is("load", "uki"))
		load_file("/next/uki.efi", access(BESIDE, F_OK) ? NULL : BESIDE, word("cmdline"));
	else if (word_is("load", "khoctl"))
		load_khoctl(given);
	else if (word_is("load", "kexec"))
		load_kexec_tools(given);
	else
		fail("khotest.load is missing or unknown");
	say("loaded_ms=%ld", ms_now() - start);
}

/* The host answers when it is ready for the jump (it sets its breakpoints first). */
static void wait_for_host(void)
{
	struct termios t;
	char byte;

	if (!word_number("wait"))
		return;
	if (!tcgetattr(0, &t)) {
		t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		tcsetattr(0, TCSANOW, &t);
	}
	say("ready=jump");
	if (read(0, &byte, 1) != 1)
		fail("console: %s", strerror(errno));
}

/* khoctl prepares the firmware's next boot there. */
static void mount_efivars(void)
{
	if (!access("/sys/firmware/efi", F_OK))
		mount_or_fail("efivarfs", EFIVARS);
}

static void make_trouble(void)
{
	if (word_is("trouble", "mor"))
		trouble_mor(0);
	if (word_is("trouble", "mor-locked"))
		trouble_mor(1);
	if (word_is("trouble", "ppi"))
		trouble_ppi();
	if (word_is("trouble", "full"))
		trouble_full();
}

static void preserve(void)
{
	static char place[256], sets[256], guest[64];
	const char *selftest[] = {SELFTEST, "-s", "1", NULL};

	if (word_number("selftest"))
		run(selftest);
	if (word("guest") && !word_is("side", "both"))
		guest_start(strcpy(guest, word("guest")));
	if (word("set"))
		sets_preserve(strcpy(sets, word("set")), word_number("seed"));
	if (word("place"))
		place_preserve(strcpy(place, word("place")), word_number("seed"));
	if (word_number("luo"))
		luo_preserve(word_number("luo"), word_number("seed"));
	if (word_number("crash"))
		crash_mark(word_number("seed"));
}

static void outgoing(void)
{
	report_kernel("out");
	say("kho=%s", access(KHO_DEBUGFS "/out", F_OK) ? "off" : "on");
	report_scratch("scratch_phys");
	report_scratch("scratch_len");
	preserve();
	finalize_kho();
	/* Kernels up to 6.19 say only now where it is. */
	if (word_number("reserve"))
		reserve_fill(word_number("seed"));
	mount_efivars();
	make_trouble();
	say("loading=%s", word("load") ? word("load") : "none");
	load_next();
	wait_for_host();
	if (word("guest"))
		guest_stop();
	say("jump=now");
	if (word_number("crash"))
		crash_now();
	reboot(RB_KEXEC);
	fail("kexec: %s", strerror(errno));
}

/* ---- incoming side -------------------------------------------------------------------------- */

static const char *restore_result(const char *log)
{
	if (strstr(log, "KHO restore succeeded"))
		return "succeeded";
	if (strstr(log, "KHO restore failed"))
		return "failed";
	return "none";
}

static void report_restore(void)
{
	static char log[1 << 20];
	int n = klogctl(3 /* read all */, log, sizeof(log) - 1);

	if (n < 0)
		fail("kernel log: %s", strerror(errno));
	log[n] = '\0';
	say("restore=%s", restore_result(log));
	say("kho_in=%s", access(KHO_DEBUGFS "/in/fdt", F_OK) ? "no" : "yes");
	report_scratch("scratch_phys");
	report_scratch("scratch_len");
}

/* Prints khoboot's log line by line. It is text; whatever else is in there is shown as a dot. */
static void print_log(char *text, ssize_t len)
{
	for (ssize_t i = 0; i < len; i++)
		if ((text[i] < ' ' && text[i] != '\n') || text[i] > '~')
			text[i] = text[i] ? '.' : '\n';
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		say("log: %s", line);
}

static void report_setup_data_node(const char *name)
{
	static char data[1 << 18];
	char path[400], text[32];
	unsigned long type;
	ssize_t len;

	snprintf(path, sizeof(path), SETUP_DATA "/%s/type", name);
	if (read_text(path, text, sizeof(text)) < 0)
		return;
	type = strtoul(text, NULL, 0);
	snprintf(path, sizeof(path), SETUP_DATA "/%s/data", name);
	len = read_text(path, data, sizeof(data));
	say("setup_data=0x%lx,%zd", type, len);
	if (type == SETUP_KHOBOOT_LOG)
		print_log(data, len);
}

static void report_setup_data(void)
{
	DIR *dir = opendir(SETUP_DATA);
	struct dirent *e;

	if (!dir)
		return;
	while ((e = readdir(dir)))
		if (e->d_name[0] != '.')
			report_setup_data_node(e->d_name);
	closedir(dir);
}

static void report_log(void)
{
	size_t len;
	char *log = platform_log(&len);

	if (log)
		print_log(log, (ssize_t)len);
}

/* What the boot stub left for user space: four bytes of attributes, then UTF-16. */
static void say_variable(const char *key, const char *name)
{
	char path[128], text[64] = "none";
	uint8_t raw[4 + 2 * sizeof(text)];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), EFIVARS "/%s-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, raw, sizeof(raw));
		close(fd);
	}
	for (ssize_t i = 4; i + 1 < n; i += 2)
		text[(i - 4) / 2] = (char)raw[i];
	say("%s=%s", key, text);
}

/* One variable through the runtime services: they survived the handover if it comes back. */
static void check_efivars(void)
{
	static const uint8_t value[] = {7, 0, 0, 0, 'k', 'h', 'o', 't', 'e', 's', 't'};
	uint8_t back[sizeof(value) + 1];
	int fd;

	if (access("/sys/firmware/efi", F_OK))
		return;
	if (mount("efivarfs", EFIVARS, "efivarfs", 0, NULL)) {
		say("efivars=no (%s)", strerror(errno));
		return;
	}
	trouble_report_mor();
	say("boot_next=%s", access(BOOT_NEXT, F_OK) ? "none" : "set");
	say_variable("stub", "StubInfo");
	say_variable("image", "StubImageIdentifier");
	say_variable("partition", "LoaderDevicePartUUID");
	fd = open_variable(TEST_VARIABLE);
	if (fd < 0 && errno == EROFS) {
		say("efivars=read-only");
		return;
	}
	if (fd < 0 || write(fd, value, sizeof(value)) != sizeof(value))
		fail("efivarfs write: %s", strerror(errno));
	close(fd);
	fd = open_or_fail(TEST_VARIABLE);
	if (read(fd, back, sizeof(back)) != sizeof(value) || memcmp(back, value, sizeof(value)))
		fail("efivarfs read: not what was written");
	close(fd);
	say("efivars=ok");
}

static void run_selftest(void)
{
	const char *selftest[] = {SELFTEST, "-s", "2", NULL};

	run(selftest);
	say("selftest=passed");
}

/* Memory that was handed over counts as soon as it is taken back. */
static void report_memory(void)
{
	char text[512];
	const char *at;

	if (read_text("/proc/meminfo", text, sizeof(text)) > 0 && (at = strstr(text, "MemTotal:")))
		say("mem_total=%lu", strtoul(at + 9, NULL, 10));
}

static bool kho_came(void)
{
	return !access(KHO_DEBUGFS "/in/fdt", F_OK);
}

/* Without KHO data there is nothing to take back: the script expects the lines, or it does not. */
static void check_preserved(void)
{
	static char place[256], sets[256];

	if (!kho_came())
		return;
	if (word("guest"))
		guest_wait();
	if (word_number("selftest"))
		run_selftest();
	if (word("set"))
		sets_check(strcpy(sets, word("set")), word_number("seed"));
	if (word_number("reserve"))
		reserve_check(word_number("seed"));
	if (word("place"))
		place_check(strcpy(place, word("place")), word_number("seed"));
	if (word_number("luo"))
		luo_check(word_number("luo"), word_number("seed"));
	if (word("place") || word_number("luo"))
		luo_finish();
	report_memory();
}

static void check_arrival(const char *side)
{
	report_kernel(side);
	/* It waits for us: all else can be done while it finds out how it is. */
	if (word("guest") && kho_came())
		guest_resume();
	platform_report();
	report_restore();
	report_setup_data();
	report_log();
	check_preserved();
	if (word("sum"))
		sum_report(word("sum"));
	if (word_number("crash"))
		crash_check(word_number("seed"));
	check_efivars();
	if (word_number("report"))
		run((const char *const[]){"/khoctl", "report", NULL});
}

/* ---- calibration ----------------------------------------------------------------------------- */

/* The first boot has the next one calibrate, and the boot after that shows what was learned. */
static void calibrate(void)
{
	static char rounds[16];
	const char *start[] = {"/khoctl",     "calibrate", "--start",  "--rounds", rounds,
			       "--boot-file", BOOT_FILE,   "--reboot", NULL};
	const char *show[] = {"/khoctl", "calibrate", NULL};

	snprintf(rounds, sizeof(rounds), "%lu", (unsigned long)word_number("calibrate"));
	mount_efivars();
	if (access(CALIBRATION, F_OK)) {
		say("calibrate=start");
		run(start);
		fail("khoctl calibrate came back");
	}
	run(show);
	say("calibrate=shown");
}

int main(void)
{
	if (getpid() != 1) {
		fputs("init: this is the init of a test machine, it powers off\n", stderr);
		return 1;
	}
	set_up();
	if (word_number("calibrate")) {
		calibrate();
		say("end=ok");
		power_off();
	}
	if (word_is("side", "in")) {
		check_arrival("in");
		say("end=ok");
		power_off();
	}
	if (word_is("side", "both"))
		check_arrival("both");
	outgoing();
	return 0;
}
