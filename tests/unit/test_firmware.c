// SPDX-License-Identifier: BSD-2-Clause
/* What rules out the firmware route, and which file firmware starts, on made-up systems. */
#include "fake_root.h"

#include "../../tools/boot_entry.h"
#include "../../tools/firmware.h"

#include <format/smbios.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static struct running running;

/* A machine for which nothing rules the route out. */
static int setup(void **state)
{
	(void)state;
	running = (struct running){.root = fake_root()};
	fake_variable(EFI_GLOBAL("BootOrder"), "\0\0", 2);
	fake_file("/proc/cpuinfo", "processor : 0\nflags\t\t: fpu hypervisor sse2\nflags : sev\n");
	return 0;
}

static enum kb_status check(void)
{
	const char *what = NULL;
	enum kb_status st = firmware_check(&running, &what);

	assert_int_equal(!st, !what);
	return st;
}

/* ---- what rules it out ----------------------------------------------------------------------- */

static void a_plain_machine_is_fine(void **state)
{
	(void)state;

	ok(check());
	fake_variable(EFI_GLOBAL("SecureBoot"), "\0", 1);
	fake_variable(EFI_GLOBAL("OsIndications"), "\x01\0\0\0\0\0\0\0", 8);
	fake_file("/sys/bus/virtio/devices/virtio0/device", "0x0001\n");
	fake_file("/sys/bus/acpi/devices/PNP0C80:00/status", "0\n");
	fake_file("/sys/bus/acpi/devices/PNP0C81:00/status", "15\n");
	fake_file("/sys/class/tpm/tpm0/ppi/request", "0\n");
	ok(check());
}

static void no_uefi(void **state)
{
	(void)state;

	running.root = "/no/such/directory";
	assert_int_equal(check(), KB_ROUTE_NO_UEFI);
}

static void no_variables(void **state)
{
	(void)state;

	assert_int_equal(unlink(fake_path(EFIVARS "/" EFI_GLOBAL("BootOrder"))), 0);
	assert_int_equal(check(), KB_CTL_EFIVARS);
	assert_int_equal(rmdir(fake_path(EFIVARS)), 0);
	assert_int_equal(check(), KB_CTL_EFIVARS);
}

static void secure_boot(void **state)
{
	(void)state;

	fake_variable(EFI_GLOBAL("SecureBoot"), "\1", 1);
	assert_int_equal(check(), KB_ROUTE_SECURE);
	fake_variable(EFI_GLOBAL("SetupMode"), "\0", 1);
	assert_int_equal(check(), KB_ROUTE_SECURE);
	fake_variable(EFI_GLOBAL("SetupMode"), "\1", 1);
	ok(check());
}

static void confidential_guests(void **state)
{
	static const struct {
		const char *flags;
		enum kb_status want;
	} t[] = {
		{"fpu hypervisor sev", KB_ROUTE_CONFIDENTIAL},
		{"sev_es fpu hypervisor", KB_ROUTE_CONFIDENTIAL},
		{"hypervisor sev_snp fpu", KB_ROUTE_CONFIDENTIAL},
		{"fpu tdx_guest", KB_ROUTE_CONFIDENTIAL},
		{"fpu sev sev_es sev_snp", KB_OK}, /* a host that could have such guests */
		{"fpu hypervisor sevx xsev", KB_OK},
		{"", KB_OK},
	};
	static const char *const files[] = {"/dev/sev-guest", "/dev/tdx_guest",
					    "/sys/firmware/coco/tdx",
					    "/sys/bus/platform/devices/arm-cca-dev"};
	char text[200];
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		snprintf(text, sizeof(text), "x : y\nflags\t\t: %s\nbugs : sev\n", t[i].flags);
		fake_file("/proc/cpuinfo", text);
		if (check() != t[i].want)
			fail_msg("flags: %s", t[i].flags);
	}
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		ok(check());
		fake_file(files[i], "");
		assert_int_equal(check(), KB_ROUTE_CONFIDENTIAL);
		assert_int_equal(unlink(fake_path(files[i])), 0);
		(void)rmdir(fake_path("/sys/firmware/coco"));
	}
}

/* Registers of CPU 0: a file with holes. */
static void set_msr(uint32_t number, uint64_t v)
{
	int fd;

	fake_file("/dev/cpu/0/msr", "");
	fd = open(fake_path("/dev/cpu/0/msr"), O_WRONLY);
	assert_int_equal(pwrite(fd, &v, sizeof(v), number), sizeof(v));
	close(fd);
}

static void encrypted_memory(void **state)
{
	(void)state;

	fake_file("/sys/bus/pci/devices/0000:00:00.2/tsme_status", "0\n");
	ok(check());
	fake_file("/sys/bus/pci/devices/0000:00:00.2/tsme_status", "1\n");
	assert_int_equal(check(), KB_ROUTE_ENCRYPTED);
	assert_int_equal(unlink(fake_path("/sys/bus/pci/devices/0000:00:00.2/tsme_status")), 0);
	fake_file("/proc/cmdline", "quiet mem_encrypt=on\n");
	ok(check());
	fake_file("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu sme hypervisor\n");
	ok(check());
	fake_file("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu sev\n");
	assert_true(firmware_may_encrypt(&running));
	fake_file("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu sme\n");
	assert_int_equal(check(), KB_ROUTE_ENCRYPTED);
	assert_true(firmware_host_sme(&running));
	fake_file("/proc/cmdline", "mem_encrypt=on quiet mem_encrypt=off xmem_encrypt=on\n");
	ok(check());
	fake_file("/proc/cmdline", "mem_encrypt=off mem_encrypt=on\n");
	set_msr(0xc0010010, 1 << 22);
	ok(check());
	set_msr(0xc0010010, 1 << 23);
	assert_int_equal(check(), KB_ROUTE_ENCRYPTED);
	fake_file("/proc/cmdline", "quiet\n");
	ok(check());
	/* Enabled, key restored; bypassed; not enabled. */
	set_msr(0x982, 1 << 1 | 1 << 2);
	assert_int_equal(check(), KB_ROUTE_ENCRYPTED);
	set_msr(0x982, 1 << 1 | 1u << 31);
	ok(check());
	set_msr(0x982, 1 << 0);
	ok(check());
}

static void tme_without_its_register(void **state)
{
	(void)state;

	fake_file("/proc/cpuinfo", "processor : 0\nflags\t\t: fpu vmx\n");
	assert_false(firmware_tme_unknown(&running));
	fake_file("/proc/cpuinfo", "processor : 0\nflags\t\t: fpu tme\n");
	assert_true(firmware_tme_unknown(&running));
	set_msr(0x982, 1 << 1 | 1u << 31);
	assert_false(firmware_tme_unknown(&running));
}

static void virtio_mem(void **state)
{
	(void)state;

	fake_file("/sys/bus/virtio/devices/virtio0/device", "0x0001\n");
	fake_file("/sys/bus/virtio/devices/virtio3/device", "0x0018\n");
	assert_int_equal(check(), KB_CTL_VIRTIO_MEM);
}

/* A kernel without the driver. */
static void virtio_mem_on_pci(void **state)
{
	(void)state;

	fake_file("/sys/bus/pci/devices/0000:00:02.0/vendor", "0x1af4\n");
	fake_file("/sys/bus/pci/devices/0000:00:02.0/device", "0x1042\n");
	fake_file("/sys/bus/pci/devices/0000:00:03.0/vendor", "0x8086\n");
	fake_file("/sys/bus/pci/devices/0000:00:03.0/device", "0x1058\n");
	ok(check());
	fake_file("/sys/bus/pci/devices/0000:00:02.0/device", "0x1058\n");
	assert_int_equal(check(), KB_CTL_VIRTIO_MEM);
}

static void memory_modules_of_acpi(void **state)
{
	(void)state;

	fake_file("/sys/bus/acpi/devices/PNP0C80:00/status", "0\n");
	fake_file("/sys/bus/acpi/devices/PNP0C80:01/status", "15\n");
	assert_int_equal(check(), KB_CTL_HOTPLUG);
}

static void block(unsigned int n, const char *state)
{
	char path[100];

	snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%u/state", n);
	fake_file(path, state);
}

static void boot_ram(const char *entry, const char *start, const char *end, const char *type)
{
	char path[100];

	snprintf(path, sizeof(path), "/sys/firmware/memmap/%s/start", entry);
	fake_file(path, start);
	snprintf(path, sizeof(path), "/sys/firmware/memmap/%s/end", entry);
	fake_file(path, end);
	snprintf(path, sizeof(path), "/sys/firmware/memmap/%s/type", entry);
	fake_file(path, type);
}

static void memory_that_was_not_there_at_boot(void **state)
{
	(void)state;

	fake_file("/sys/devices/system/memory/block_size_bytes", "8000000\n");
	fake_file("/sys/devices/system/memory/auto_online_blocks", "online\n");
	block(0, "online\n");
	block(7, "online\n");
	ok(check()); /* without the map of boot nothing is known */
	boot_ram("0", "0x0\n", "0x9ffff\n", "System RAM\n");
	boot_ram("1", "0x100000\n", "0x38000fff\n", "System RAM\n");
	boot_ram("2", "0x40000000\n", "0x47ffffff\n", "Reserved\n");
	ok(check()); /* block 7 begins with the last page of the second entry */
	block(8, "offline\n");
	ok(check());
	block(8, "online\n");
	assert_int_equal(check(), KB_CTL_HOTPLUG);
	block(8, "offline\n");
	boot_ram("1", "0x100000\n", "0x37ffffff\n", "System RAM\n");
	assert_int_equal(check(), KB_CTL_HOTPLUG);
}

static void firmware_updates(void **state)
{
	static const char capsule[] = "CapsuleUpdateData003-711c703f-c285-4b10-a3b0-36ecbd3c8be2";
	(void)state;

	fake_variable(EFI_GLOBAL("OsIndications"), "\x05\0\0\0\0\0\0\0", 8);
	assert_int_equal(check(), KB_CTL_CAPSULE);
	fake_variable(EFI_GLOBAL("OsIndications"), "\x01\0\0\0\0\0\0\0", 8);
	ok(check());
	fake_variable(capsule, "12345678", 8);
	assert_int_equal(check(), KB_CTL_CAPSULE);
}

static void requests_to_the_tpm(void **state)
{
	(void)state;

	fake_file("/sys/class/tpm/tpm0/ppi/request", "5\n");
	assert_int_equal(check(), KB_CTL_PPI);
	fake_file("/sys/class/tpm/tpm0/ppi/request", "23 1\n");
	assert_int_equal(check(), KB_CTL_PPI);
	fake_file("/sys/class/tpm/tpm0/ppi/request", "0 0\n");
	ok(check());
}

/* QEMU says where its page is, and /dev/mem may show it. */
static void memory_clear_request_of_qemu(void **state)
{
	static const char config[] = "/sys/firmware/qemu_fw_cfg/by_name/etc/tpm/config/raw";
	int fd;
	(void)state;

	fake_bytes(config, "\0\x50\xd4\xfe\2\1", 6);
	ok(check()); /* no /dev/mem */
	fake_file("/dev/mem", "");
	ok(check()); /* not to be read there */
	fd = open(fake_path("/dev/mem"), O_WRONLY);
	assert_int_equal(pwrite(fd, "\1", 1, 0xfed45000 + 0x15a), 1);
	assert_int_equal(check(), KB_ROUTE_TPM);
	assert_int_equal(pwrite(fd, "\2", 1, 0xfed45000 + 0x15a), 1);
	ok(check());
	close(fd);
}

#define MOR "MemoryOverwriteRequestControl-e20939be-32d4-41be-a150-897f85d49829"

static void memory_overwrite_request(void **state)
{
	enum kb_status st;
	(void)state;

	ok(firmware_clear_mor(&running));
	assert_fake_variable(MOR, NULL, 0);
	fake_variable(MOR, "\x11", 1);
	ok(firmware_clear_mor(&running));
	assert_fake_variable(MOR, "\x10", 1);
	assert_false(firmware_mor_withdrawn(&running)); /* no /run */
	fake_dirs("/run/");
	ok(firmware_clear_mor(&running));
	assert_false(firmware_mor_withdrawn(&running));
	fake_variable(MOR, "\x11", 1);
	ok(firmware_clear_mor(&running));
	assert_true(firmware_mor_withdrawn(&running));
	ok(firmware_restore_mor(&running));
	assert_fake_variable(MOR, "\x11", 1);
	assert_false(firmware_mor_withdrawn(&running));
	fake_variable(MOR, "\1", 1);
	fake_full(true);
	st = firmware_clear_mor(&running);
	fake_full(false);
	assert_int_equal(st, KB_CTL_MOR);
	assert_fake_variable(MOR, "\1", 1);
}

/* ---- the file that firmware starts ----------------------------------------------------------- */

#define HD(sign, type)                                                                             \
	"\x04\x01\x2a\x00\x01\x00\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00"                         \
	"\x00\x00\x10\x00\x00\x00\x00\x00" sign "\x02" type
#define GUID      "\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff"
#define HD_GPT    HD(GUID, "\x02")
#define FILE_BOOT "\x04\x04\x0a\x00\\\0a\0\0\0"
#define END       "\x7f\xff\x04\x00"
#define PARTUUID  "00112233-4455-6677-8899-aabbccddeeff"

static void booted_from(const void *path, size_t size)
{
	struct buffer p = {0}, option = {0};

	buffer_append(&p, path, size);
	load_option_make("system", &p, "", &option);
	fake_variable(EFI_GLOBAL("Boot0001"), option.data, option.size);
	fake_variable(EFI_GLOBAL("BootCurrent"), "\1\0", 2);
	buffer_free(&p);
	buffer_free(&option);
}

static void booted_from_esp(void)
{
	booted_from(HD_GPT FILE_BOOT END, sizeof(HD_GPT FILE_BOOT END) - 1);
}

static void mounts(void)
{
	fake_file("/proc/self/mountinfo",
		  "22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw\n"
		  "30 22 8:1 / /boot/efi rw shared:2 master:3 - vfat /dev/sda1 rw\n"
		  "31 22 8:1 /EFI/Linux /ukis rw - vfat /dev/sda1 rw\n"
		  "32 22 8:1 / /my\\040esp rw - vfat /dev/sda1 rw\n"
		  "33 22 8:5 / /other rw - vfat /dev/sda5 rw\n"
		  "34 22 8:6 / /twice rw - ext4 /dev/sda6 rw\n"
		  "35 22 8:1 / /twice rw - vfat /dev/sda1 rw\n"
		  "malformed\n");
	fake_file("/sys/dev/block/8:1/uevent", "DEVNAME=sda1\nPARTUUID=" PARTUUID "\n");
	fake_file("/sys/dev/block/8:5/uevent",
		  "DEVNAME=sda5\nPARTUUID=00112233-4455-6677-8899-aabbccddee00\n");
}

static enum kb_status find(const char *file, const char *name, struct boot_file *ret)
{
	*ret = (struct boot_file){0};
	return firmware_file(&running, file, name, ret);
}

static enum kb_status refused(const char *file, const char *name)
{
	struct boot_file f;
	enum kb_status st = find(file, name, &f);

	buffer_free(&f.path);
	return st;
}

static void assert_named(const char *file, const char *want)
{
	struct boot_file f;

	ok(find(file, NULL, &f));
	assert_string_equal(f.name, want);
	assert_false(f.anywhere);
	assert_true(f.path.size > sizeof(HD_GPT) - 1);
	assert_memory_equal(f.path.data, HD_GPT, sizeof(HD_GPT) - 1);
	buffer_free(&f.path);
}

static void files_on_the_esp(void **state)
{
	(void)state;

	booted_from_esp();
	mounts();
	assert_named("/boot/efi/EFI/Linux/next.efi", "\\EFI\\Linux\\next.efi");
	assert_named("/ukis/next.efi", "\\EFI\\Linux\\next.efi");
	assert_named("/my esp/a b.efi", "\\a b.efi");
	assert_named("/twice/a", "\\a"); /* the upper mount */
}

static void files_elsewhere(void **state)
{
	char longer[600] = "/boot/efi/";
	(void)state;

	assert_int_equal(refused("/boot/efi/a", NULL), KB_CTL_NO_ESP); /* no mountinfo */
	booted_from_esp();
	mounts();
	assert_int_equal(refused("/root/a", NULL), KB_CTL_NO_ESP);
	assert_int_equal(refused("/boot/efix/a", NULL), KB_CTL_NO_ESP);
	assert_int_equal(refused("/other/a", NULL), KB_CTL_OTHER_ESP);
	assert_int_equal(refused("/boot/efi/\xc3\xa4", NULL), KB_CTL_BOOT_FILE);
	assert_int_equal(refused("/boot/efi/a\\b", NULL), KB_CTL_BOOT_FILE);
	/* A backslash and 510 characters fit, one more does not. */
	memset(longer + 10, 'x', 510);
	ok(refused(longer, NULL));
	longer[520] = 'x';
	assert_int_equal(refused(longer, NULL), KB_CTL_BOOT_FILE);
}

/* Before Linux 6.10 only udev knows the names of partitions. */
static void partitions_by_udev(void **state)
{
	(void)state;

	booted_from_esp();
	mounts();
	fake_file("/sys/dev/block/8:1/uevent", "DEVNAME=sda1\n");
	assert_int_equal(refused("/boot/efi/a", NULL), KB_CTL_OTHER_ESP);
	fake_dirs("/dev/disk/by-partuuid/");
	assert_int_equal(symlink("../../sda5", fake_path("/dev/disk/by-partuuid/" PARTUUID)), 0);
	assert_int_equal(refused("/boot/efi/a", NULL), KB_CTL_OTHER_ESP);
	assert_int_equal(unlink(fake_path("/dev/disk/by-partuuid/" PARTUUID)), 0);
	assert_int_equal(symlink("../../sda1", fake_path("/dev/disk/by-partuuid/" PARTUUID)), 0);
	assert_named("/boot/efi/a", "\\a");
}

static void a_name_is_taken_as_given(void **state)
{
	struct boot_file f;
	(void)state;

	booted_from_esp();
	ok(find(NULL, "\\EFI\\a.efi", &f));
	assert_string_equal(f.name, "\\EFI\\a.efi");
	assert_memory_equal(f.path.data, HD_GPT, sizeof(HD_GPT) - 1);
	assert_int_equal(f.path.size, sizeof(HD_GPT) - 1 + 4 + 22 + 4);
	buffer_free(&f.path);
	assert_int_equal(refused(NULL, ""), KB_CTL_BOOT_FILE);
	assert_int_equal(refused(NULL, "a.efi"), KB_CTL_BOOT_FILE);
	assert_int_equal(refused(NULL, "\\EFI/a.efi"), KB_CTL_BOOT_FILE);
	assert_int_equal(refused(NULL, "\\\xc3\xa4"), KB_CTL_BOOT_FILE);
}

/* An entry that firmware made for a whole disk does not name a partition. */
static void unknown_volumes(void **state)
{
	struct boot_file f;
	(void)state;

	mounts();
	ok(find("/other/a", NULL, &f)); /* no BootCurrent */
	assert_true(f.anywhere);
	buffer_free(&f.path);
	booted_from("\x02\x01\x0c\x00\xd0\x41\x03\x0a\0\0\0\0" END, 16);
	ok(find(NULL, "\\a", &f));
	assert_true(f.anywhere);
	assert_memory_equal(f.path.data, FILE_BOOT END, f.path.size);
	buffer_free(&f.path);
}

/* ---- zone ------------------------------------------------------------------------------------ */

static void calibrated(struct kb_calibration *c, uint32_t state)
{
	calibration_init(c, 2, 77);
	c->state = state;
	c->done = 2;
	if (state == KB_CALIBRATION_COMPLETE) {
		c->zone_count = 2;
		c->zone[0] = (struct range){0, SZ_1M};
		c->zone[1] = (struct range){0x800000, 0x10000};
	}
	fake_variable(CALIBRATION_VARIABLE, c, sizeof(*c));
}

/* BIOS information: type, length, handle; one string. */
static const uint8_t dmi[] = "\0\6\1\0\1\1"
			     "1.0\0\0";
static const uint8_t update[] = "\0\6\1\0\1\1"
				"1.1\0\0";

static void the_zone_is_the_calibrated_one(void **state)
{
	char text[KB_ZONE_TEXT_MAX] = "x";
	struct kb_calibration c;
	(void)state;

	ok(firmware_zone(&running, text));
	assert_string_equal(text, "");
	assert_int_equal(firmware_calibration(&running, CALIBRATION_VARIABLE, &c),
			 KB_CTL_NOT_CALIBRATED);
	calibrated(&c, KB_CALIBRATION_COMPLETE);
	/* Of another firmware, or of nobody knows which. */
	assert_int_equal(firmware_zone(&running, text), KB_CAL_FIRMWARE);
	assert_string_equal(text, "");
	fake_bytes("/sys/firmware/dmi/tables/DMI", dmi, sizeof(dmi));
	assert_int_equal(firmware_zone(&running, text), KB_CAL_FIRMWARE);
	c.firmware_build = smbios_build_of(dmi, sizeof(dmi));
	fake_variable(CALIBRATION_VARIABLE, &c, sizeof(c));
	ok(firmware_zone(&running, text));
	assert_string_equal(text, "0-100000,800000-810000");
	fake_bytes("/sys/firmware/dmi/tables/DMI", update, sizeof(update));
	assert_int_equal(firmware_zone(&running, text), KB_CAL_FIRMWARE);
	fake_variable(CALIBRATION_VARIABLE, &c, sizeof(c) - 1);
	assert_int_equal(firmware_calibration(&running, CALIBRATION_VARIABLE, &c), KB_CAL_FORMAT);
	ok(firmware_zone(&running, text));
	assert_string_equal(text, "");
	calibrated(&c, KB_CALIBRATION_LOST);
	assert_int_equal(firmware_zone(&running, text), KB_CAL_LOST);
}

#define SYSTEM_TEST(f) cmocka_unit_test_setup_teardown(f, setup, fake_root_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SYSTEM_TEST(a_plain_machine_is_fine),
		SYSTEM_TEST(no_uefi),
		SYSTEM_TEST(no_variables),
		SYSTEM_TEST(secure_boot),
		SYSTEM_TEST(confidential_guests),
		SYSTEM_TEST(encrypted_memory),
		SYSTEM_TEST(tme_without_its_register),
		SYSTEM_TEST(virtio_mem),
		SYSTEM_TEST(virtio_mem_on_pci),
		SYSTEM_TEST(memory_modules_of_acpi),
		SYSTEM_TEST(memory_that_was_not_there_at_boot),
		SYSTEM_TEST(firmware_updates),
		SYSTEM_TEST(requests_to_the_tpm),
		SYSTEM_TEST(memory_clear_request_of_qemu),
		SYSTEM_TEST(memory_overwrite_request),
		SYSTEM_TEST(files_on_the_esp),
		SYSTEM_TEST(files_elsewhere),
		SYSTEM_TEST(partitions_by_udev),
		SYSTEM_TEST(a_name_is_taken_as_given),
		SYSTEM_TEST(unknown_volumes),
		SYSTEM_TEST(the_zone_is_the_calibrated_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
