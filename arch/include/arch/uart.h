/* SPDX-License-Identifier: BSD-2-Clause */
/* A serial port that firmware or an earlier kernel has set up: where it is, and its registers. */
#ifndef ARCH_UART_H
#define ARCH_UART_H

#include <core/console.h>

/*
 * The port that a kernel command line names as console; .kind is UART_NONE when it names none.
 * arm64: uart_set_default() names the port for a command line that has no address.
 */
struct uart uart_named(const char *cmdline);

/* The port for messages that must be seen although no port was named. */
struct uart uart_fallback(void);

/* ---- these need a @u whose .kind is not UART_NONE ---- */

/* False where this machine can have no such port, or has none at that address. */
bool uart_answers(struct uart u);

/* Is there room for a byte? */
bool uart_ready(struct uart u);

/* Send a byte, when uart_ready() says so. */
void uart_send(struct uart u, char c);

/* Has everything been sent? */
bool uart_idle(struct uart u);

/* The 8250: the line status register and its bits. The register to send is the first one. */
#define UART_LSR      5
#define LSR_TX_READY  0x20
#define LSR_TX_IDLE   0x40
#define LSR_NO_DEVICE 0xff

#endif
