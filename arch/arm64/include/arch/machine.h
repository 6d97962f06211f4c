/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where this machine's devices are, as the device tree or ACPI said: uart.c and fwcfg_port.c keep
 * it. arm64 has no fixed addresses that they could assume instead.
 */
#ifndef ARCH_ARM64_MACHINE_H
#define ARCH_ARM64_MACHINE_H

#include <core/console.h>

/* The console that uart_named() returns where the command line gives no address. */
void uart_set_default(struct uart u);

/* @base: address of the registers of QEMU's fw_cfg, mapped; 0, as before the first call: none. */
void fwcfg_set_base(uint64_t base);

#endif
