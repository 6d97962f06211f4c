/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers of a serial port that somebody else has set up, and where this machine has one. */
#ifndef ARCH_UART_H
#define ARCH_UART_H

#include <core/console.h>

/* The port that a kernel command line names as console; .kind UART_NONE when it names none. */
struct uart uart_named(const char *cmdline);

/* Where to speak when no port was named and there is something to say. */
struct uart uart_fallback(void);

/* ---- .kind of @u is not UART_NONE ---- */

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
