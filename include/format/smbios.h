/* SPDX-License-Identifier: BSD-2-Clause */
/* The identity of a machine, as its firmware reports it. */
#ifndef FORMAT_SMBIOS_H
#define FORMAT_SMBIOS_H

#include <core/mem.h>

/*
 * smbios_uuid - UUID of the system (SMBIOS 3.6 section 7.2.1)
 * @m: a view of the memory that holds the tables
 * @entry: physical address of a 32-bit ("_SM_") or 64-bit ("_SM3_") entry point
 * @uuid: its 16 bytes as stored; zeros if the machine has none
 *
 * Returns KB_OK, or KB_SMBIOS (entry point or structures malformed, or outside @m) with @uuid
 * untouched.
 */
__must_check enum kb_status smbios_uuid(const struct mem *m, uint64_t entry, uint8_t uuid[16]);

/*
 * smbios_build - a number that tells this build of the firmware from others: a hash of the BIOS
 * information (section 7.1), which holds vendor, version and date
 *
 * 0 when it is not known: there is no such structure, or the tables are malformed.
 */
uint32_t smbios_build(const struct mem *m, uint64_t entry);

/* The same of @size bytes of structures, which Linux has as /sys/firmware/dmi/tables/DMI. */
uint32_t smbios_build_of(const uint8_t *table, size_t size);

#endif
