// SPDX-License-Identifier: BSD-2-Clause
/* Serial port: the 8250, at I/O ports or in memory. */
#include <arch/cpu_x86.h>
#include <arch/uart.h>

static uint8_t lsr(struct uart u)
{
	if (u.kind == UART_IO)
		return inb((uint16_t)(u.base + UART_LSR));
	if (u.kind == UART_MMIO)
		return *(volatile uint8_t *)(uintptr_t)(u.base + UART_LSR);
	return (uint8_t) * (volatile uint32_t *)(uintptr_t)(u.base + 4 * UART_LSR);
}

bool uart_answers(struct uart u)
{
	return lsr(u) != LSR_NO_DEVICE;
}

bool uart_ready(struct uart u)
{
	return lsr(u) & LSR_TX_READY;
}

bool uart_idle(struct uart u)
{
	return lsr(u) & LSR_TX_IDLE;
}

/* The register to send is the first one, whatever the distance between registers is. */
void uart_send(struct uart u, char c)
{
	if (u.kind == UART_IO)
		outb((uint16_t)u.base, (uint8_t)c);
	else if (u.kind == UART_MMIO)
		*(volatile uint8_t *)(uintptr_t)u.base = (uint8_t)c;
	else
		*(volatile uint32_t *)(uintptr_t)u.base = (uint8_t)c;
}

struct uart uart_named(const char *cmdline)
{
	return console_find(cmdline);
}

struct uart uart_fallback(void)
{
	return (struct uart){UART_IO, 0x3f8};
}
