/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a device tree or ACPI told of this machine's devices, for those who ask later without
 * knowing where it came from. Nothing of it is at an address that could be guessed.
 */
#ifndef ARCH_ARM64_MACHINE_H
#define ARCH_ARM64_MACHINE_H

#include <core/console.h>

/* The console that uart_named() returns where the command line gives no address. */
void uart_set_default(struct uart u);

/* Registers of QEMU's fw_cfg; mapped. 0: none, as fwcfg_read() assumes until this is called. */
void fwcfg_set_base(uint64_t base);

#endif
