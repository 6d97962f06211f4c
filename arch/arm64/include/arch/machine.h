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

#define PL011_IDS 8

/*
 * uart_is_pl011 - are these the identification registers of Arm's PL011?
 * @id: UARTPeriphID0 to 3 and UARTPCellID0 to 3 (ARM DDI 0183, section 3.3)
 *
 * Memory is not taken for one by chance: 252 of the 256 bits are fixed.
 */
bool uart_is_pl011(const uint32_t id[PL011_IDS]);

/*
 * uart_set_unproven - a port, mapped, of which it is not known whether RAM is there
 *
 * Until there is a default, uart_fallback() returns it if it is a PL011 by its registers. They are
 * read only then: there may be nothing at all at the address. An 8250 has no such registers.
 */
void uart_set_unproven(struct uart u);

/* @base: address of the registers of QEMU's fw_cfg, mapped; 0, as before the first call: none. */
void fwcfg_set_base(uint64_t base);

#endif
