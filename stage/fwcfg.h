/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's fw_cfg device (QEMU docs/specs/fw_cfg.rst): named files that the host gives to the guest.
 * Nothing is written to the device but the key of what is to be read. On a machine without one
 * nothing is touched (<arch/fwcfg_port.h>).
 */
#ifndef STAGE_FWCFG_H
#define STAGE_FWCFG_H

#include <khoboot/compiler.h>

/*
 * fwcfg_read - read the first @max bytes of the file @name into @buf
 *
 * Returns the size of the whole file, 0 when there is no such file, or no device.
 */
uint32_t fwcfg_read(const char *name, void *buf, uint32_t max);

/*
 * fwcfg_clear_request - physical address of the byte whose bit 0 makes QEMU clear all memory at the
 * next reset (hw/tpm/tpm_ppi.c, TCG PPI "MemoryOverwriteRequestControl"); 0: no such byte
 *
 * The byte is in a device, and is not mapped yet.
 */
uint64_t fwcfg_clear_request(void);

#endif
