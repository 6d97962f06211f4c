/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The variables by which a boot stub tells user space how it was started: those of systemd's boot
 * loader interface and of systemd-stub (man pages systemd-boot(7), systemd-stub(7); UAPI group).
 * systemd finds the EFI system partition by LoaderDevicePartUUID. All are volatile, with boot and
 * runtime access, and have the vendor GUID 4a67b082-0a4c-41cf-b6c7-440b29bb8c4f.
 */
#ifndef FORMAT_STUB_VARS_H
#define FORMAT_STUB_VARS_H

#include <khoboot/compiler.h>

#define STUB_VARS     8
#define STUB_TEXT_MAX 256 /* units of UTF-16, with the NUL */

/* StubFeatures: the partitions are reported, that of the boot loader and that of the image. */
#define STUB_FEATURES ((1ULL << 0) | (1ULL << 10))

/* What is known of this start. */
struct stub_start {
	bool has_partition;
	uint8_t partition[16];  /* GUID of the GPT partition that the image came from */
	const uint16_t *file;   /* its path there, NUL-terminated; empty: not known */
	const uint16_t *vendor; /* FirmwareVendor of the system table; may be NULL */
	uint32_t firmware_revision, uefi_revision;
};

struct stub_var {
	const char *name;
	bool always;     /* also when a boot manager has set it */
	uint64_t number; /* StubFeatures is a number, not a text */
	uint16_t text[STUB_TEXT_MAX];
	size_t size; /* bytes of the value, a text with its NUL; 0: not to be set */
};

/*
 * stub_vars - the variables that a stub sets, and their values
 *
 * Those of the boot loader (Loader...) are for when none has set them: it knows better. Those of
 * the stub describe this image. A text that is too long is cut off.
 */
void stub_vars(const struct stub_start *start, struct stub_var ret[STUB_VARS]);

#endif
