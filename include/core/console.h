/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which serial port, an 8250 or a PL011, a kernel command line names as its console.
 *
 * Linux Documentation/admin-guide/kernel-parameters.txt, "console=": ttySn, uart[8250],io,ADDR,
 * uart[8250],mmio,ADDR, uart[8250],mmio32,ADDR; "earlycon=": the same except ttySn, and
 * pl011,ADDR, pl011,mmio32,ADDR; options may follow after a comma. The line settings are left as
 * firmware or the outgoing kernel set them.
 */
#ifndef CORE_CONSOLE_H
#define CORE_CONSOLE_H

#include <core/range.h>

/* UART_MMIO is an 8250 with registers of 1 byte, UART_MMIO32 one with registers of 4 bytes. */
enum uart_kind { UART_NONE, UART_IO, UART_MMIO, UART_MMIO32, UART_PL011 };

struct uart {
	enum uart_kind kind;
	uint64_t base; /* port number or physical address */
};

/*
 * console_parse - the port that one value of console= names
 * @value: the text after "console=", @len bytes
 *
 * Returns UART_NONE in .kind for anything else (tty0, hvc0, ttyAMA0, netcon...).
 */
struct uart console_parse(const char *value, size_t len);

/* The same for the text after "earlycon=". */
struct uart console_parse_earlycon(const char *value, size_t len);

/*
 * console_find - the port that @cmdline (NUL-terminated) names
 *
 * It is that of the last console= that names a port, else of the last earlycon= that does:
 * console=ttyAMAn has no address. If there is neither, .kind is UART_NONE.
 */
struct uart console_find(const char *cmdline);

/* The page of the registers of a port in memory; size 0 for others. */
struct range console_registers(struct uart u);

/*
 * console_outside - @u, if it lies outside @ram; else none
 *
 * A command line may name any address, but no byte that is sent may end up in memory.
 */
struct uart console_outside(struct uart u, const struct range_list *ram);

#endif
