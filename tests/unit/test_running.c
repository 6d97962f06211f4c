// SPDX-License-Identifier: BSD-2-Clause
/* What khoctl believes of the running kernel, from made-up /proc and /sys. */
#include "unit.h"

#include "../../tools/running.h"
#include "fake_root.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define OUT "/sys/kernel/debug/kho/out"

static struct running running;

static int setup(void **state)
{
	(void)state;
	running.root = fake_root();
	running.finalized = false;
	return 0;
}

static void paging(void **state)
{
	(void)state;

	assert_false(running_la57(&running));
	fake_file("/proc/cpuinfo", "flags\t\t: fpu avx la5 gfni\n");
	assert_false(running_la57(&running));
	fake_file("/proc/cpuinfo", "flags\t\t: fpu la57 rdpid\n");
	assert_true(running_la57(&running));
}

/* ---- finalize -------------------------------------------------------------------------------- */

static void old_kernels_are_finalized(void **state)
{
	(void)state;

	fake_file(OUT "/finalize", "0\n");
	ok(running_finalize(&running));
	assert_fake_file(OUT "/finalize", "1\n"); /* debugfs keeps no rest of an older text */
	running_unfinalize(&running);
	assert_fake_file(OUT "/finalize", "0\n");
	fake_file(OUT "/finalize", "x");
	running_unfinalize(&running); /* only once */
	assert_fake_file(OUT "/finalize", "x");
}

static void new_kernels_are_left_alone(void **state)
{
	(void)state;

	fake_file(OUT "/scratch_phys", "");
	fake_file("/proc/cmdline", "kho=on");
	fake_file("/proc/sys/kernel/osrelease", "6.18.1\n");
	ok(running_finalize(&running));
	assert_false(running.finalized);
}

static void refusal_of_the_kernel(void **state)
{
	(void)state;

	fake_dirs(OUT "/finalize");
	assert_int_equal(symlink("/dev/full", fake_path(OUT "/finalize")), 0);
	assert_int_equal(running_finalize(&running), KB_CTL_FINALIZE);
	assert_int_equal(errno, ENOSPC);
	assert_false(running.finalized);
	assert_int_equal(unlink(fake_path(OUT "/finalize")), 0);
	assert_int_equal(mkdir(fake_path(OUT "/finalize"), 0777), 0);
	assert_int_equal(running_finalize(&running), KB_CTL_FINALIZE);
	assert_int_equal(errno, EISDIR);
}

/* Without debugfs only the release and the command line tell whether something is missing. */
static void hidden_debugfs(void **state)
{
	static const struct {
		const char *release, *cmdline;
		enum kb_status want;
	} t[] = {
		{"6.18.15\n", "quiet kho=on", KB_CTL_DEBUGFS},
		{"6.18.15\n", "kho=1", KB_CTL_DEBUGFS},
		{"6.16.0-rc1", "kho=y", KB_CTL_DEBUGFS},
		{"6.18.15\n", "kho=On", KB_CTL_DEBUGFS},
		{"6.18.15\n", "kho=ON", KB_CTL_DEBUGFS},
		{"6.18.15\n", "kho=oN", KB_CTL_DEBUGFS},
		{"6.18.15\n", "kho=enable", KB_CTL_DEBUGFS},
		{"6.18.15\n", "kho=Off", KB_OK},
		{"6.18.15\n", "kho=o", KB_OK},
		{"6.18.15\n", "kho=on liveupdate=on", KB_CTL_DEBUGFS},
		{"6.19.11\n", "kho=on", KB_CTL_DEBUGFS},
		{"6.19.11\n", "kho=on liveupdate=on", KB_OK},
		{"7.0.1\n", "kho=on", KB_CTL_DEBUGFS},
		{"7.0.1\n", "kho=on liveupdate=1", KB_OK},
		{"7.1.0\n", "kho=on", KB_OK},
		{"6.15.9\n", "kho=on", KB_OK},
		{"6.18.15\n", "quiet", KB_OK},
		{"6.18.15\n", "kho=off", KB_OK},
		{"6.18.15\n", "kho=on kho=off", KB_OK},
		{"6.18.15\n", "kho=", KB_OK},
		{"6.18.15\n", "-- kho=on", KB_OK},
		{"next\n", "kho=on", KB_OK},
	};
	(void)state;

	ok(running_finalize(&running)); /* no /proc either */
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		fake_file("/proc/sys/kernel/osrelease", t[i].release);
		fake_file("/proc/cmdline", t[i].cmdline);
		if (running_finalize(&running) != t[i].want)
			fail_msg("%s with %s", t[i].release, t[i].cmdline);
	}
}

/* "kho=on" alone does not give a kernel KHO. */
static void words_of_kernels_without_kho(void **state)
{
	static const struct {
		const char *release, *config;
		bool want;
	} t[] = {
		{"6.15.9\n", NULL, false},
		{"5.10.0\n", NULL, false},
		{"6.16.0-rc1\n", NULL, true},
		{"7.3.4\n", NULL, true},
		{"next\n", NULL, true},
		{"7.3.4\n", "CONFIG_KEXEC_FILE=y\n", false},
		{"7.3.4\n", "CONFIG_KEXEC_HANDOVER=y\n", true},
		{"6.12.1\n", "CONFIG_KEXEC_HANDOVER=y\n", true},
	};
	char config[64];
	(void)state;

	fake_file("/proc/cmdline", "quiet kho=on");
	assert_true(running_kho_on(&running));
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		fake_file("/proc/sys/kernel/osrelease", t[i].release);
		snprintf(config, sizeof(config), "/boot/config-%.*s",
			 (int)strcspn(t[i].release, "\n"), t[i].release);
		if (t[i].config)
			fake_file(config, t[i].config);
		if (running_kho_on(&running) != t[i].want)
			fail_msg("%s with %s", t[i].release, t[i].config);
	}
	fake_file("/proc/cmdline", "quiet");
	assert_false(running_kho_on(&running));
	fake_file("/proc/sys/kernel/osrelease", "6.15.9\n");
	fake_file(OUT "/scratch_phys", "");
	assert_true(running_kho_on(&running));
}

/* KHO can be on by the kernel's configuration, and nothing tells. */
static void on_by_default(void **state)
{
	(void)state;

	fake_file("/proc/sys/kernel/osrelease", "6.18.15\n");
	fake_file("/proc/cmdline", "quiet");
	fake_file("/proc/filesystems", "nodev\tsysfs\n");
	ok(running_finalize(&running));
	fake_file("/proc/filesystems", "nodev\tsysfs\nnodev\tdebugfs\n");
	assert_int_equal(running_finalize(&running), KB_CTL_DEBUGFS);
	running.denied = true;
	assert_int_equal(running_finalize(&running), KB_CTL_PERMISSION);
	running.denied = false;
	fake_file("/proc/cmdline", "kho=off");
	ok(running_finalize(&running));
	fake_file("/proc/cmdline", "quiet");
	fake_file("/proc/sys/kernel/osrelease", "7.1.1\n");
	ok(running_finalize(&running));
}

static void configurations(void **state)
{
	char path[PATH_MAX];
	gzFile packed;
	(void)state;

	fake_file("/proc/sys/kernel/osrelease", "7.3.4-test\n");
	assert_int_equal(running_config(&running, "CONFIG_IMA"), CONFIG_UNKNOWN);
	fake_file("/boot/config-7.3.4-test", "# CONFIG_IMA is not set\nCONFIG_IMA_KEXEC=y\nX=y\n");
	assert_int_equal(running_config(&running, "CONFIG_IMA"), CONFIG_OFF);
	assert_int_equal(running_config(&running, "CONFIG_IMA_KEXEC"), CONFIG_ON);
	assert_int_equal(running_config(&running, "CONFIG_IMA_KEX"), CONFIG_OFF);
	fake_dirs("/proc/config.gz");
	packed = gzopen(running_path(&running, "/proc/config.gz", path), "w");
	assert_true(packed && gzputs(packed, "CONFIG_IMA=y\n") > 0);
	gzclose(packed);
	assert_int_equal(running_config(&running, "CONFIG_IMA"), CONFIG_ON);
	assert_int_equal(running_config(&running, "CONFIG_IMA_KEXEC"), CONFIG_OFF);
}

/* What a mount of our own does not show is not there. */
static void debugfs_of_our_own(void **state)
{
	char path[PATH_MAX];
	(void)state;

	fake_file("/proc/sys/kernel/osrelease", "6.18.15\n");
	fake_file("/proc/cmdline", "kho=on");
	fake_file("/proc/filesystems", "nodev\tdebugfs\n");
	snprintf(running.debugfs, sizeof(running.debugfs), "/proc/self/fd/77");
	ok(running_finalize(&running));
	assert_string_equal(running_path(&running, OUT "/fdt", path),
			    "/proc/self/fd/77/kho/out/fdt");
	assert_string_equal(running_path(&running, "/proc/cmdline", path),
			    fake_path("/proc/cmdline"));
	/* From 6.19 on KHO may be on without its files. */
	fake_file("/proc/sys/kernel/osrelease", "6.19.1\n");
	assert_int_equal(running_finalize(&running), KB_CTL_DEBUGFS);
	fake_file("/proc/cmdline", "kho=on liveupdate=on");
	ok(running_finalize(&running));
	fake_file("/proc/cmdline", "quiet");
	ok(running_finalize(&running));
	fake_file("/boot/config-6.19.1", "CONFIG_KEXEC_HANDOVER_ENABLE_DEFAULT=y\n");
	assert_int_equal(running_finalize(&running), KB_CTL_DEBUGFS);
	running.debugfs[0] = 0;
}

/* ---- version --------------------------------------------------------------------------------- */

static bool kho(struct kho_root *ret)
{
	static struct buffer text;

	buffer_free(&text);
	return running_kho(&running, &text, ret);
}

static void version_of_the_data(void **state)
{
	static const char v4[] = "\xd0\x0d\xfe\xed....\0\0\0\x07\0\0\0\0kho-v4\0\0\0\0\0\x09";
	struct kho_root data = {.abi = (enum kho_abi)77};
	(void)state;

	assert_false(kho(&data));
	fake_file(OUT "/fdt", "");
	assert_false(kho(&data));
	fake_file(OUT "/fdt", "nothing");
	assert_false(kho(&data));
	fake_bytes(OUT "/fdt", "kho-v3\0kho-v4", 14);
	assert_false(kho(&data));
	assert_int_equal(data.abi, 77);
	fake_bytes(OUT "/fdt", v4, sizeof(v4));
	assert_true(kho(&data));
	assert_int_equal(data.abi, KHO_ABI_V4);
	assert_int_equal(1 << data.page_shift, sysconf(_SC_PAGESIZE));
	/* A version to come is a version, too: khoboot would refuse it after the jump. */
	fake_bytes(OUT "/fdt", "kho-v9", 7);
	assert_true(kho(&data));
	assert_int_equal(data.abi, KHO_ABI_UNKNOWN);
	/* One with more parts. */
	fake_bytes(OUT "/fdt", "kho-v4;radix-v1", 16);
	assert_true(kho(&data));
	assert_int_equal(data.abi, KHO_ABI_V4);
	assert_true(text_is(data.version, "kho-v4;radix-v1"));
	fake_bytes(OUT "/fdt", "kho-v4;radix-v2", 16);
	assert_true(kho(&data));
	assert_int_equal(data.abi, KHO_ABI_UNKNOWN);
}

/* ---- errno ----------------------------------------------------------------------------------- */

static void errno_of_kexec(void **state)
{
	static const struct {
		int error;
		enum kb_status want;
	} t[] = {
		{ENOSYS, KB_CTL_NO_KEXEC},
		{EPERM, KB_CTL_PERMISSION},
		{EACCES, KB_CTL_PERMISSION},
		{EADDRNOTAVAIL, KB_CTL_SCRATCH},
		{ENOEXEC, KB_CTL_FORMAT},
		{EBUSY, KB_CTL_BUSY},
		{ENODATA, KB_CTL_SIGNATURE},
		{EBADMSG, KB_CTL_SIGNATURE},
		{ENOKEY, KB_CTL_SIGNATURE},
		{EKEYREJECTED, KB_CTL_SIGNATURE},
		{ENOPKG, KB_CTL_SIGNATURE},
		{ENOMEM, KB_CTL_MEMORY},
		{EINVAL, KB_CTL_INVALID},
		{EIO, KB_OK},
		{0, KB_OK},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		assert_int_equal(running_kexec_status(t[i].error), t[i].want);
}

#define SYSTEM_TEST(f) cmocka_unit_test_setup_teardown(f, setup, fake_root_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SYSTEM_TEST(paging),
		SYSTEM_TEST(old_kernels_are_finalized),
		SYSTEM_TEST(new_kernels_are_left_alone),
		SYSTEM_TEST(refusal_of_the_kernel),
		SYSTEM_TEST(hidden_debugfs),
		SYSTEM_TEST(words_of_kernels_without_kho),
		SYSTEM_TEST(on_by_default),
		SYSTEM_TEST(configurations),
		SYSTEM_TEST(debugfs_of_our_own),
		SYSTEM_TEST(version_of_the_data),
		cmocka_unit_test(errno_of_kexec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
