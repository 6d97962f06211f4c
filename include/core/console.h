/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which serial port, an 8250 or a PL011, a kernel command line names as its console.
 *
 * Linux Documentation/admin-guide/kernel-parameters.txt, "console=": ttySn, uart[8250],io,ADDR,
 * uart[8250],mmio,ADDR, uart[8250],mmio32,ADDR; "earlycon=": the same but for ttySn, and
 * pl011,ADDR, pl011,mmio32,ADDR; each with options behind a comma. The line settings are left as
 * firmware or the outgoing kernel set them.
 */
#ifndef CORE_CONSOLE_H
#define CORE_CONSOLE_H

#include <khoboot/compiler.h>

/* The second and third: an 8250 with registers of 1 or 4 bytes. */
enum uart_kind { UART_NONE, UART_IO, UART_MMIO, UART_MMIO32, UART_PL011 };

struct uart {
	enum uart_kind kind;
	uint64_t base; /* port number or physical address */
};

/*
 * console_parse - the port behind one value of console=
 * @value: the text behind "console=", @len bytes
 *
 * Returns UART_NONE in .kind for anything else (tty0, hvc0, ttyAMA0, netcon...).
 */
struct uart console_parse(const char *value, size_t len);

/* The same for the text behind "earlycon=". */
struct uart console_parse_earlycon(const char *value, size_t len);

/*
 * console_find - the port that @cmdline (NUL-terminated) names
 *
 * By the last console= that names one, or else the last earlycon= that does: a ttyAMAn has no
 * address of its own. Else .kind is UART_NONE.
 */
struct uart console_find(const char *cmdline);

#endif
