/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which 8250 serial port a kernel command line names as its console.
 *
 * Linux Documentation/admin-guide/kernel-parameters.txt, "console=": ttySn, uart[8250],io,ADDR,
 * uart[8250],mmio,ADDR, uart[8250],mmio32,ADDR, each with options behind a comma. The line settings
 * are left as firmware or the outgoing kernel set them.
 */
#ifndef KHOBOOT_CONSOLE_H
#define KHOBOOT_CONSOLE_H

#include <khoboot/compiler.h>

enum uart_kind { UART_NONE, UART_IO, UART_MMIO, UART_MMIO32 };

struct uart {
	enum uart_kind kind;
	uint64_t base; /* port number or physical address */
};

/*
 * console_parse - the port behind one value of console=
 * @value: the text behind "console=", @len bytes
 *
 * Returns UART_NONE in .kind for anything that is not an 8250 (tty0, hvc0, netcon...).
 */
struct uart console_parse(const char *value, size_t len);

/* The last console= of @cmdline (NUL-terminated) that names an 8250; else .kind is UART_NONE. */
struct uart console_find(const char *cmdline);

#endif
