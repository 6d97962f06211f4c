/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of a serial port that somebody else has set up: what <arch/serial.h> asks the
 * architecture. .kind of @u is not UART_NONE.
 */
#ifndef ARCH_UART_H
#define ARCH_UART_H

#include <khoboot/console.h>

/* False where this machine can have no such port, or has none at that address. */
bool uart_answers(struct uart u);

/* There is room for a byte; then uart_send() may be called. */
bool uart_ready(struct uart u);
void uart_send(struct uart u, char c);

/* Everything is on the wire. */
bool uart_idle(struct uart u);

/* Of the 8250; its register to send is the first one. */
#define UART_LSR      5
#define LSR_TX_READY  0x20
#define LSR_TX_IDLE   0x40
#define LSR_NO_DEVICE 0xff

#endif
