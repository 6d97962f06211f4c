// SPDX-License-Identifier: BSD-2-Clause
/* Can this machine be reset with its memory kept, and which file does firmware start then? */
#include "firmware.h"
#include "boot_entry.h"

#include <core/cmdline.h>
#include <format/smbios.h>

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- small files ----------------------------------------------------------------------------- */

/* Content of a file as text, without the newline; "" when it cannot be read. */
static void read_text(const struct running *r, const char *name, char *text, size_t size)
{
	struct buffer b = {0};

	*text = '\0';
	if (running_read(r, name, &b)) {
		snprintf(text, size, "%s", (const char *)b.data);
		text[strcspn(text, "\n")] = '\0';
	}
	buffer_free(&b);
}

static uint64_t read_number(const struct running *r, const char *dir, const char *entry,
			    const char *name, int base)
{
	char path[PATH_MAX], text[64];

	snprintf(path, sizeof(path), "%s/%s/%s", dir, entry, name);
	read_text(r, path, text, sizeof(text));
	return strtoull(text, NULL, base);
}

typedef bool entry_test(const struct running *r, const char *dir, const char *entry,
			const void *ctx);

/* Is there an entry of @dir, beginning with @prefix, of which @test is true? */
static bool any_entry(const struct running *r, const char *dir, const char *prefix,
		      entry_test *test, const void *ctx)
{
	char path[PATH_MAX];
	DIR *d = opendir(running_path(r, dir, path));
	bool found = false;
	struct dirent *e;

	if (!d)
		return false;
	while (!found && (e = readdir(d)))
		found = e->d_name[0] != '.' && !strncmp(e->d_name, prefix, strlen(prefix)) &&
			test(r, dir, e->d_name, ctx);
	closedir(d);
	return found;
}

static bool is_there(const struct running *r, const char *dir, const char *entry, const void *ctx)
{
	(void)r, (void)dir, (void)entry, (void)ctx;
	return true;
}

/* ---- what rules it out ----------------------------------------------------------------------- */

static bool no_uefi(const struct running *r)
{
	return !running_exists(r, "/sys/firmware/efi");
}

/* The directory is there and empty while nothing is mounted. */
static bool no_variables(const struct running *r)
{
	char path[PATH_MAX];

	return !any_entry(r, EFIVARS, "", is_there, NULL) ||
	       access(running_path(r, EFIVARS, path), W_OK);
}

bool firmware_secure_boot(const struct running *r)
{
	return efivar_number(r, EFI_GLOBAL("SecureBoot"), 1, 0) == 1 &&
	       efivar_number(r, EFI_GLOBAL("SetupMode"), 1, 0) == 0;
}

/* Words of the first line "flags" of /proc/cpuinfo, with spaces around. */
static void cpu_flags(const struct running *r, struct buffer *ret)
{
	struct buffer text = {0};
	const char *line = NULL;

	if (running_read(r, "/proc/cpuinfo", &text))
		line = strstr((const char *)text.data, "\nflags");
	if (line) {
		line = strchr(line, ':');
		buffer_append(ret, line, line ? strcspn(line, "\n") : 0);
	}
	buffer_append(ret, " ", 2);
	buffer_free(&text);
}

/* @flag: with spaces around */
static bool cpu_has(const struct running *r, const char *flag)
{
	struct buffer flags = {0};
	bool found;

	cpu_flags(r, &flags);
	found = strstr((const char *)flags.data, flag);
	buffer_free(&flags);
	return found;
}

/* The flags of SEV count only in a guest: on a host they say what its guests could use. */
static bool confidential_cpu(const struct running *r)
{
	return cpu_has(r, " tdx_guest ") ||
	       (cpu_has(r, " hypervisor ") &&
		(cpu_has(r, " sev ") || cpu_has(r, " sev_es ") || cpu_has(r, " sev_snp ")));
}

bool firmware_confidential(const struct running *r)
{
	return running_exists(r, "/dev/sev-guest") || running_exists(r, "/dev/tdx_guest") ||
	       running_exists(r, "/sys/firmware/coco") ||
	       /* An arm64 realm (Linux 6.14, arch/arm64/kernel/rsi.c). */
	       running_exists(r, "/sys/bus/platform/devices/arm-cca-dev") || confidential_cpu(r);
}

static bool has_tsme(const struct running *r, const char *dir, const char *entry, const void *ctx)
{
	(void)ctx;
	return read_number(r, dir, entry, "tsme_status", 10) == 1;
}

#define MSR_SYSCFG  0xc0010010 /* AMD */
#define SYSCFG_SME  (1u << 23)
#define MSR_TME     0x982 /* Intel IA32_TME_ACTIVATE */
#define TME_ENABLED (1u << 1)
#define TME_BYPASS  (1u << 31)

/* Bits of a register of CPU 0; false when it cannot be read. */
static bool read_msr(const struct running *r, uint32_t number, uint64_t *ret)
{
	char path[PATH_MAX];
	int fd = open(running_path(r, "/dev/cpu/0/msr", path), O_RDONLY | O_CLOEXEC);
	bool done;

	if (fd < 0)
		return false;
	done = pread(fd, ret, sizeof(*ret), (off_t)number) == (ssize_t)sizeof(*ret);
	close(fd);
	return done;
}

/* Of an option given twice the last counts. */
static bool asks_for_sme(const struct running *r)
{
	struct buffer words = {0};
	struct kb_text value;
	bool asked;

	asked = running_read(r, "/proc/cmdline", &words) &&
		cmdline_last((struct kb_text){(const char *)words.data, words.size}, "mem_encrypt",
			     &value) &&
		text_is(value, "on");
	buffer_free(&words);
	return asked;
}

/*
 * A kernel on which encryption is off may show the flag of SEV alone; it shows neither where
 * firmware has not enabled them (Linux arch/x86/kernel/cpu/amd.c:early_detect_mem_encrypt).
 */
bool firmware_may_encrypt(const struct running *r)
{
	uint64_t syscfg;

	if (cpu_has(r, " hypervisor "))
		return false;
	if (read_msr(r, MSR_SYSCFG, &syscfg))
		return syscfg & SYSCFG_SME;
	return cpu_has(r, " sme ") || cpu_has(r, " sev ");
}

/* Off unless asked for (Linux arch/x86/boot/startup/sme.c). */
bool firmware_host_sme(const struct running *r)
{
	return asks_for_sme(r) && firmware_may_encrypt(r);
}

/* "Key restored" (bit 2) is about this boot, and promises nothing for the next. */
static bool tme(const struct running *r)
{
	uint64_t v;

	return read_msr(r, MSR_TME, &v) && v & TME_ENABLED && !(v & TME_BYPASS);
}

/* Linux shows the flag of an Intel CPU whether memory bypasses the encryption or not. */
bool firmware_tme_unknown(const struct running *r)
{
	uint64_t v;

	return cpu_has(r, " tme ") && !read_msr(r, MSR_TME, &v);
}

/* Firmware draws a new key at a reset: all that is kept would be garbage. */
static bool encrypted(const struct running *r)
{
	return any_entry(r, "/sys/bus/pci/devices", "", has_tsme, NULL) || firmware_host_sme(r) ||
	       tme(r);
}

#define PCI_VENDOR_VIRTIO 0x1af4
#define PCI_VIRTIO_FIRST  0x1040
#define VIRTIO_ID_MEM     24

static bool is_virtio_mem(const struct running *r, const char *dir, const char *entry,
			  const void *ctx)
{
	(void)ctx;
	return read_number(r, dir, entry, "device", 16) == VIRTIO_ID_MEM;
}

/* The PCI device: this kernel may lack the driver, but an earlier one may have used the memory. */
static bool is_virtio_mem_pci(const struct running *r, const char *dir, const char *entry,
			      const void *ctx)
{
	(void)ctx;
	return read_number(r, dir, entry, "vendor", 16) == PCI_VENDOR_VIRTIO &&
	       read_number(r, dir, entry, "device", 16) == PCI_VIRTIO_FIRST + VIRTIO_ID_MEM;
}

/* A reset unplugs all memory of virtio-mem (QEMU: virtio_mem_system_reset). */
static bool virtio_mem(const struct running *r)
{
	return any_entry(r, "/sys/bus/virtio/devices", "virtio", is_virtio_mem, NULL) ||
	       any_entry(r, "/sys/bus/pci/devices", "", is_virtio_mem_pci, NULL);
}

#define ACPI_STA_ENABLED 2u

static bool is_enabled(const struct running *r, const char *dir, const char *entry, const void *ctx)
{
	(void)ctx;
	return read_number(r, dir, entry, "status", 0) & ACPI_STA_ENABLED;
}

/* Is this entry of the boot memory map RAM that shares a byte with the range at @ctx? */
static bool is_ram_of(const struct running *r, const char *dir, const char *entry, const void *ctx)
{
	const struct range *block = ctx;
	char path[PATH_MAX], type[64];

	snprintf(path, sizeof(path), "%s/%s/type", dir, entry);
	read_text(r, path, type, sizeof(type));
	return !strcmp(type, "System RAM") &&
	       read_number(r, dir, entry, "start", 0) < range_end(*block) &&
	       read_number(r, dir, entry, "end", 0) >= block->base;
}

#define MEMMAP "/sys/firmware/memmap"
#define BLOCKS "/sys/devices/system/memory"

/* Is this memory block in use, but was not there at boot? @ctx is the size of a block. */
static bool is_late_block(const struct running *r, const char *dir, const char *entry,
			  const void *ctx)
{
	const uint64_t size = *(const uint64_t *)ctx;
	struct range block = {strtoull(entry + strlen("memory"), NULL, 10) * size, size};
	char path[PATH_MAX], state[64];

	snprintf(path, sizeof(path), "%s/%s/state", dir, entry);
	read_text(r, path, state, sizeof(state));
	return !strcmp(state, "online") && !any_entry(r, MEMMAP, "", is_ram_of, &block);
}

static bool late_memory(const struct running *r)
{
	uint64_t size = read_number(r, BLOCKS, ".", "block_size_bytes", 16);

	return size && any_entry(r, MEMMAP, "", is_there, NULL) &&
	       any_entry(r, BLOCKS, "memory", is_late_block, &size);
}

bool firmware_plugs_memory(const struct running *r)
{
	return any_entry(r, "/sys/bus/acpi/devices", "PNP0C80:", is_enabled, NULL);
}

/*
 * arm64 kernels do not show firmware's early memory map (CONFIG_FIRMWARE_MEMMAP is on by default on
 * x86 only): there only ACPI can tell.
 */
static bool hotplugged(const struct running *r)
{
	return firmware_plugs_memory(r) || late_memory(r);
}

#define INDICATION_CAPSULE_FILE 0x4u /* EFI_OS_INDICATIONS_FILE_CAPSULE_DELIVERY_SUPPORTED */

/* A pending capsule: firmware would update itself and reset again before khoboot runs. */
static bool capsule(const struct running *r)
{
	return efivar_number(r, EFI_GLOBAL("OsIndications"), 8, 0) & INDICATION_CAPSULE_FILE ||
	       any_entry(r, EFIVARS, "CapsuleUpdateData", is_there, NULL);
}

#define FW_CFG_PPI "/sys/firmware/qemu_fw_cfg/by_name/etc/tpm/config/raw"
#define PPI_MOVV   0x15a /* QEMU include/hw/acpi/tpm.h: bit 0, clear memory at the next reset */

/* With QEMU's TPM, a request made through its ACPI method has all memory cleared. */
static bool tpm_clears(const struct running *r)
{
	struct buffer config = {0};
	char path[PATH_MAX];
	uint8_t movv = 0;
	int fd = -1;

	if (running_read(r, FW_CFG_PPI, &config) && config.size >= 4)
		fd = open(running_path(r, "/dev/mem", path), O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (pread(fd, &movv, 1, (off_t)get_u32(config.data) + PPI_MOVV) != 1)
			movv = 0;
		close(fd);
	}
	buffer_free(&config);
	return movv & 1;
}

/* "OPERATION [PARAMETER]" (TCG PC Client Physical Presence Interface); 0: no request. */
static bool tpm_request(const struct running *r)
{
	return read_number(r, "/sys/class/tpm", "tpm0", "ppi/request", 10) != 0;
}

static const char mor[] = "MemoryOverwriteRequestControl-e20939be-32d4-41be-a150-897f85d49829";

#define MOR_CLEAR_MEMORY 1u

bool firmware_mor_set(const struct running *r)
{
	return efivar_number(r, mor, 1, 0) & MOR_CLEAR_MEMORY;
}

/* 1 or 2, with a key, since firmware made the variable read-only (TCG platform reset attack). */
static bool mor_locked(const struct running *r)
{
	return firmware_mor_set(r) &&
	       efivar_number(r,
			     "MemoryOverwriteRequestControlLock-bb983ccf-151d-40e1-a07b-"
			     "4a17be168292",
			     1, 0);
}

enum kb_status firmware_check(const struct running *r, const char **what)
{
	static const struct {
		bool (*bad)(const struct running *r);
		enum kb_status status;
		const char *what;
	} checks[] = {
		{no_uefi, KB_ROUTE_NO_UEFI, "firmware"},
		{no_variables, KB_CTL_EFIVARS, EFIVARS},
		{firmware_secure_boot, KB_ROUTE_SECURE, "firmware"},
		{firmware_confidential, KB_ROUTE_CONFIDENTIAL, "CPU"},
		{encrypted, KB_ROUTE_ENCRYPTED, "memory"},
		{virtio_mem, KB_CTL_VIRTIO_MEM, "memory"},
		{hotplugged, KB_CTL_HOTPLUG, "memory"},
		{capsule, KB_CTL_CAPSULE, "firmware"},
		{tpm_clears, KB_ROUTE_TPM, "TPM"},
		{tpm_request, KB_CTL_PPI, "TPM"},
		{mor_locked, KB_CTL_MOR, "firmware"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		if (checks[i].bad(r)) {
			*what = checks[i].what;
			return checks[i].status;
		}
	return KB_OK;
}

/* ---- memory overwrite request ---------------------------------------------------------------- */

/* Only bit 0 is written: the others say how firmware may change it, which the owner decides. */
static void write_mor(const struct running *r, bool set)
{
	struct efivar v = {0};
	uint8_t value;

	if (!efivar_read(r, mor, &v))
		return;
	value = v.value.size ? v.value.data[0] & (uint8_t)~MOR_CLEAR_MEMORY : 0;
	if (set)
		value |= MOR_CLEAR_MEMORY;
	(void)efivar_write(r, mor, v.attributes, &value, sizeof(value));
	efivar_free(&v);
}

/* Gone with the next boot, as is what it says. */
#define WITHDRAWN "/run/khoboot-overwrite"

static void note_withdrawn(const struct running *r)
{
	char path[PATH_MAX];
	int fd = open(running_path(r, WITHDRAWN, path), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
}

enum kb_status firmware_clear_mor(const struct running *r)
{
	const bool was = firmware_mor_set(r);

	write_mor(r, false);
	if (firmware_mor_set(r))
		return KB_CTL_MOR;
	if (was)
		note_withdrawn(r);
	return KB_OK;
}

enum kb_status firmware_restore_mor(const struct running *r)
{
	char path[PATH_MAX];

	write_mor(r, true);
	if (!firmware_mor_set(r))
		return KB_CTL_VARIABLE;
	(void)unlink(running_path(r, WITHDRAWN, path));
	return KB_OK;
}

bool firmware_mor_withdrawn(const struct running *r)
{
	return running_exists(r, WITHDRAWN);
}

/* ---- the file that firmware starts ----------------------------------------------------------- */

/* A mount that holds the file. */
struct mount {
	unsigned int major, minor;
	char root[PATH_MAX]; /* what of the file system is mounted */
	char point[PATH_MAX];
	char type[32];
};

static bool is_octal(const char *s)
{
	return s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' && s[2] >= '0' &&
	       s[2] <= '7';
}

/* \040 and the like, as the kernel writes what would divide fields. */
static void unescape(char *text)
{
	char *to = text;

	while (*text) {
		if (*text == '\\' && is_octal(text + 1)) {
			*to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
				       (text[3] - '0'));
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

/* A line of /proc/self/mountinfo (proc_pid_mountinfo(5)). */
static bool read_mount(const char *line, struct mount *m)
{
	const char *type = strstr(line, " - ");

	if (!type || sscanf(type, " - %31s", m->type) != 1 ||
	    sscanf(line, "%*u %*u %u:%u %4095s %4095s", &m->major, &m->minor, m->root, m->point) !=
		    4)
		return false;
	unescape(m->root);
	unescape(m->point);
	return true;
}

/* The path of @file below the directory @dir, from the slash on; NULL when it is not there. */
static const char *below(const char *dir, const char *file)
{
	size_t len = strcmp(dir, "/") ? strlen(dir) : 0;

	return !strncmp(dir, file, len) && file[len] == '/' ? file + len : NULL;
}

/* The last of all mounts that @test is true of; false if there is none. */
static bool last_mount(const struct running *r,
		       bool (*test)(const struct running *r, const struct mount *m, void *ctx),
		       void *ctx, struct mount *ret)
{
	struct buffer text = {0};
	struct mount m;
	bool found = false;
	char *line, *rest;

	if (!running_read(r, "/proc/self/mountinfo", &text))
		return false;
	for (line = strtok_r((char *)text.data, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		if (read_mount(line, &m) && test(r, &m, ctx)) {
			found = true;
			*ret = m;
		}
	buffer_free(&text);
	return found;
}

struct holder {
	const char *file;
	size_t best; /* length of a mount point */
};

static bool holds_better(const struct running *r, const struct mount *m, void *ctx)
{
	struct holder *h = ctx;

	(void)r;
	if (!below(m->point, h->file) || strlen(m->point) < h->best)
		return false;
	h->best = strlen(m->point);
	return true;
}

/* The mount that @file is on: the longest mount point, and of several on one point the last. */
static bool find_mount(const struct running *r, const char *file, struct mount *ret)
{
	return last_mount(r, holds_better, &(struct holder){file, 0}, ret);
}

/* Value of "@name=" of the uevent of a block device; "" when it has none. */
static void device_property(const struct running *r, const struct mount *m, const char *name,
			    char *value, size_t size)
{
	struct buffer text = {0};
	char path[PATH_MAX];
	const char *at;

	*value = '\0';
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/uevent", m->major, m->minor);
	if (running_read(r, path, &text) && (at = strstr((const char *)text.data, name)))
		snprintf(value, size, "%.*s", (int)strcspn(at + strlen(name), "\n"),
			 at + strlen(name));
	buffer_free(&text);
}

/* Does udev's link for the partition point to the device with that name? */
static bool link_points_to(const struct running *r, const char *partuuid, const char *device)
{
	char name[PATH_MAX], path[PATH_MAX], target[PATH_MAX] = "";
	const char *base;

	snprintf(name, sizeof(name), "/dev/disk/by-partuuid/%s", partuuid);
	if (readlink(running_path(r, name, path), target, sizeof(target) - 1) < 0)
		return false;
	base = strrchr(target, '/');
	return *device && !strcmp(base ? base + 1 : target, device);
}

/* From Linux 6.10 on the kernel knows the PARTUUID; before, only udev does. */
static bool is_partition(const struct running *r, const struct mount *m, const char *partuuid)
{
	char own[PARTUUID_SIZE], device[64];

	device_property(r, m, "PARTUUID=", own, sizeof(own));
	if (*own)
		return !strcasecmp(own, partuuid);
	device_property(r, m, "DEVNAME=", device, sizeof(device));
	return link_points_to(r, partuuid, device);
}

/* The name that firmware has for @file on the mount @m. False when it cannot have one. */
static bool firmware_name(const struct mount *m, const char *file, char *name, size_t size)
{
	const char *root = strcmp(m->root, "/") ? m->root : "";
	int len = snprintf(name, size, "%s%s", root, below(m->point, file));

	if (len < 0 || (size_t)len >= size)
		return false;
	for (char *c = name; *c; c++) {
		if (*c == '\\' || !isascii(*c))
			return false;
		if (*c == '/')
			*c = '\\';
	}
	return true;
}

static enum kb_status name_on_esp(const struct running *r, const char *file,
				  const struct load_option *from, char *name, size_t size)
{
	char partuuid[PARTUUID_SIZE];
	struct mount m;

	if (!find_mount(r, file, &m) || strcmp(m.type, "vfat"))
		return KB_CTL_NO_ESP;
	if (from && load_option_partition(from, partuuid) && !is_partition(r, &m, partuuid))
		return KB_CTL_OTHER_ESP;
	return firmware_name(&m, file, name, size) ? KB_OK : KB_CTL_BOOT_FILE;
}

static enum kb_status given_name(const char *given, char *name, size_t size)
{
	if (*given != '\\' || strlen(given) >= size || strchr(given, '/'))
		return KB_CTL_BOOT_FILE;
	for (const char *c = given; *c; c++)
		if (!isascii(*c))
			return KB_CTL_BOOT_FILE;
	strcpy(name, given);
	return KB_OK;
}

enum kb_status firmware_file(const struct running *r, const char *file, const char *name,
			     struct boot_file *ret)
{
	struct load_option current;
	struct efivar entry = {0};
	enum kb_status st;
	bool known;

	known = boot_entry_current(r, &entry, &current);
	if (name)
		st = given_name(name, ret->name, sizeof(ret->name));
	else
		st = name_on_esp(r, file, known ? &current : NULL, ret->name, sizeof(ret->name));
	if (!st)
		ret->anywhere =
			!boot_entry_file_path(known ? &current : NULL, ret->name, &ret->path);
	efivar_free(&entry);
	return st;
}

static bool is_volume(const struct running *r, const struct mount *m, void *partuuid)
{
	return !strcmp(m->type, "vfat") && !strcmp(m->root, "/") && is_partition(r, m, partuuid);
}

/* Where the volume that the running system was booted from is mounted. */
static bool find_boot_volume(const struct running *r, struct mount *ret)
{
	char partuuid[PARTUUID_SIZE];
	struct load_option current;
	struct efivar entry = {0};
	bool found = boot_entry_current(r, &entry, &current) &&
		     load_option_partition(&current, partuuid) &&
		     last_mount(r, is_volume, partuuid, ret);

	efivar_free(&entry);
	return found;
}

enum kb_status firmware_same_file(const struct running *r, const struct boot_file *f,
				  const struct buffer *content, bool *seen)
{
	char path[PATH_MAX + sizeof(f->name)];
	struct buffer file = {0};
	struct mount m;
	bool same;

	*seen = find_boot_volume(r, &m);
	if (!*seen)
		return KB_OK;
	snprintf(path, sizeof(path), "%s%s", m.point, f->name);
	for (char *c = path + strlen(m.point); *c; c++)
		if (*c == '\\')
			*c = '/';
	same = running_read(r, path, &file) && buffer_equal(&file, content);
	buffer_free(&file);
	return same ? KB_OK : KB_CTL_OTHER_FILE;
}

/* ---- calibration ----------------------------------------------------------------------------- */

enum kb_status firmware_calibration(const struct running *r, const char *name,
				    struct kb_calibration *ret)
{
	struct efivar v;
	enum kb_status st;

	if (!efivar_read(r, name, &v))
		return KB_CTL_NOT_CALIBRATED;
	st = calibration_read(v.value.data, v.value.size, ret);
	efivar_free(&v);
	return st;
}

static uint32_t running_firmware(const struct running *r)
{
	struct buffer table = {0};
	uint32_t build = 0;

	if (running_read(r, "/sys/firmware/dmi/tables/DMI", &table))
		build = smbios_build_of(table.data, table.size);
	buffer_free(&table);
	return build;
}

enum kb_status firmware_zone(const struct running *r, char ret[KB_ZONE_TEXT_MAX])
{
	struct kb_calibration c;
	struct range_list zone;

	*ret = '\0';
	if (firmware_calibration(r, CALIBRATION_VARIABLE, &c))
		return KB_OK;
	if (c.state == KB_CALIBRATION_LOST)
		return KB_CAL_LOST;
	if (c.state != KB_CALIBRATION_COMPLETE)
		return KB_OK;
	if (!calibration_fits(&c, running_firmware(r)))
		return KB_CAL_FIRMWARE;
	zone = calibration_zone(&c);
	return zone_format(&zone, ret, KB_ZONE_TEXT_MAX);
}
