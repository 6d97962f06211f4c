/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware route as seen from the outgoing system: what rules out a reset that keeps memory,
 * which file firmware is to start, and what khoboot is told.
 */
#ifndef KHOCTL_FIRMWARE_H
#define KHOCTL_FIRMWARE_H

#include <route/calibration.h>

#include "running.h"

/*
 * firmware_check - can this machine be reset with its memory kept, as far as Linux can tell?
 * @what: what rules it out, for the message
 *
 * Writes nothing. Returns KB_OK; KB_ROUTE_NO_UEFI, KB_CTL_EFIVARS, KB_ROUTE_SECURE,
 * KB_ROUTE_CONFIDENTIAL, KB_ROUTE_ENCRYPTED, KB_CTL_VIRTIO_MEM, KB_CTL_HOTPLUG, KB_CTL_CAPSULE,
 * KB_ROUTE_TPM, KB_CTL_PPI, or KB_CTL_MOR when firmware has locked the request.
 */
__must_check enum kb_status firmware_check(const struct running *r, const char **what);

/*
 * firmware_clear_mor - withdraw the request to overwrite memory at the next reset
 *
 * Linux makes it at every boot (CONFIG_RESET_ATTACK_MITIGATION) so that no secrets are left to read
 * after a crash. Returns KB_OK, also when there is no such variable; KB_CTL_MOR when it stays set.
 */
__must_check enum kb_status firmware_clear_mor(const struct running *r);

/* Is memory to be overwritten at the next reset? */
bool firmware_mor_set(const struct running *r);

/* Did firmware_clear_mor() withdraw it since this system was booted, and nobody made it again? */
bool firmware_mor_withdrawn(const struct running *r);

/*
 * Make that request again, after firmware_clear_mor() and a switch that failed. KB_OK, or
 * KB_CTL_VARIABLE when firmware does not take it.
 */
__must_check enum kb_status firmware_restore_mor(const struct running *r);

bool firmware_secure_boot(const struct running *r);

/* Is the running system a confidential guest: SEV, TDX, an arm64 realm? */
bool firmware_confidential(const struct running *r);

/* Could a kernel on this machine encrypt its memory (AMD SME)? What cpu_may_encrypt() says. */
bool firmware_may_encrypt(const struct running *r);

/* Does the running kernel encrypt its own memory (AMD SME, mem_encrypt=on)? */
bool firmware_host_sme(const struct running *r);

/* Is there a memory module that ACPI can plug? Such are not in firmware's early memory map. */
bool firmware_plugs_memory(const struct running *r);

/* May memory be encrypted by TME, which only a register tells that cannot be read? */
bool firmware_tme_unknown(const struct running *r);

/* A file as firmware will find it. Owns @path; all zero is empty. */
struct boot_file {
	char name[512];     /* backslashes, from the root of the volume */
	struct buffer path; /* device path */
	bool anywhere;      /* firmware looks on all its volumes for it */
};

/*
 * firmware_file - how firmware finds @file
 * @file: real path in the running system
 * @name: path on the volume that the running system was started from, instead of @file; NULL: none
 * @ret: all zero
 *
 * Without @name, @file has to lie on a mounted EFI system partition, which has to be the one that
 * firmware started the running system from if that is known. Returns KB_OK, KB_CTL_NO_ESP,
 * KB_CTL_OTHER_ESP or KB_CTL_BOOT_FILE.
 */
__must_check enum kb_status firmware_file(const struct running *r, const char *file,
					  const char *name, struct boot_file *ret);

/*
 * firmware_same_file - is what firmware will start what is in @content?
 * @seen: false: the volume is not mounted, or not known
 *
 * Returns KB_OK, also when it is not seen, or KB_CTL_OTHER_FILE, also when there is no such file.
 */
__must_check enum kb_status firmware_same_file(const struct running *r, const struct boot_file *f,
					       const struct buffer *content, bool *seen);

/* Read a variable of calibration: KB_OK; KB_CTL_NOT_CALIBRATED without one; KB_CAL_FORMAT. */
__must_check enum kb_status firmware_calibration(const struct running *r, const char *name,
						 struct kb_calibration *ret);

/* Names of variables in efivarfs. */
#define CALIBRATION_VARIABLE KB_CALIBRATION_NAME "-" KB_VENDOR_GUID_TEXT
#define CALIBRATING_VARIABLE KB_CALIBRATING_NAME "-" KB_VENDOR_GUID_TEXT

/*
 * firmware_zone - text of the calibrated zone; "" when only the built-in one is known, or when that
 * is to be used
 *
 * Returns KB_OK, KB_CAL_FIRMWARE with "" when the calibration is not one of the running firmware,
 * or KB_CAL_LOST when calibration has shown that memory is not kept.
 */
__must_check enum kb_status firmware_zone(const struct running *r, char ret[KB_ZONE_TEXT_MAX]);

#endif
