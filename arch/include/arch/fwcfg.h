/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's fw_cfg device (QEMU docs/specs/fw_cfg.rst): named files that the host gives to the guest.
 * Nothing is written to the device but what is to be read; on a machine that has none nothing is
 * touched: x86 looks only when it is a guest, arm64 only where a device tree names its registers.
 */
#ifndef ARCH_FWCFG_H
#define ARCH_FWCFG_H

#include <khoboot/compiler.h>

/*
 * fwcfg_read - the first @max bytes of the file @name
 *
 * Returns the size of the whole file, 0 when there is none (no file, no device).
 */
uint32_t fwcfg_read(const char *name, void *buf, uint32_t max);

/*
 * fwcfg_clear_request - physical address of the byte whose bit 0 makes QEMU clear all memory at the
 * next reset (hw/tpm/tpm_ppi.c, TCG PPI "MemoryOverwriteRequestControl"); 0: there is no such byte
 *
 * It is in a device: the caller maps it.
 */
uint64_t fwcfg_clear_request(void);

/* ---- what each architecture brings: arch/<arch>/fwcfg.c -------------------------------------- */

/* May the device be touched? */
bool fwcfg_may_be_there(void);

/* The next fwcfg_next() begins at the first byte of @key. */
void fwcfg_seek(uint16_t key);

/* The next @len bytes. */
void fwcfg_next(void *buf, size_t len);

#endif
