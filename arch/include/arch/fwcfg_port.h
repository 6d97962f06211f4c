/* SPDX-License-Identifier: BSD-2-Clause */
/* The registers of QEMU's fw_cfg device (QEMU docs/specs/fw_cfg.rst), for <stage/fwcfg.h>. */
#ifndef ARCH_FWCFG_PORT_H
#define ARCH_FWCFG_PORT_H

#include <khoboot/compiler.h>

/* May its registers be touched? x86: only in a guest. arm64: only if the device tree names them. */
bool fwcfg_may_be_there(void);

/* The next fwcfg_next() begins at the first byte of @key. */
void fwcfg_seek(uint16_t key);

/* Read the next @len bytes into @buf. */
void fwcfg_next(void *buf, size_t len);

#endif
