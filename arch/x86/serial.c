// SPDX-License-Identifier: BSD-2-Clause
#include <arch/cpu.h>
#include <arch/serial.h>

#define UART_TX       0
#define UART_LSR      5
#define LSR_TX_READY  0x20
#define LSR_TX_IDLE   0x40
#define LSR_NO_DEVICE 0xff
/* Polls before a port counts as dead: far longer than a byte at 9600 baud takes. */
#define POLLS_MAX 2000000

static struct uart port;

static uint8_t reg_read(unsigned int reg)
{
	if (port.kind == UART_IO)
		return inb((uint16_t)(port.base + reg));
	if (port.kind == UART_MMIO)
		return *(volatile uint8_t *)(uintptr_t)(port.base + reg);
	return (uint8_t) * (volatile uint32_t *)(uintptr_t)(port.base + 4ULL * reg);
}

static void reg_write(unsigned int reg, uint8_t v)
{
	if (port.kind == UART_IO)
		outb((uint16_t)(port.base + reg), v);
	else if (port.kind == UART_MMIO)
		*(volatile uint8_t *)(uintptr_t)(port.base + reg) = v;
	else
		*(volatile uint32_t *)(uintptr_t)(port.base + 4ULL * reg) = v;
}

static bool wait_for(uint8_t bits)
{
	for (unsigned int i = 0; i < POLLS_MAX; i++)
		if ((reg_read(UART_LSR) & bits) == bits)
			return true;
	port.kind = UART_NONE;
	return false;
}

struct uart serial_named(const char *cmdline)
{
	return console_find(cmdline);
}

struct uart serial_fallback(void)
{
	return (struct uart){UART_IO, 0x3f8};
}

bool serial_open(struct uart u)
{
	port = u;
	if (u.kind == UART_NONE)
		return false;
	if (reg_read(UART_LSR) == LSR_NO_DEVICE)
		port.kind = UART_NONE;
	return port.kind != UART_NONE;
}

static void put(char c)
{
	if (port.kind != UART_NONE && wait_for(LSR_TX_READY))
		reg_write(UART_TX, (uint8_t)c);
}

void serial_line(const char *line)
{
	while (*line)
		put(*line++);
	put('\r');
	put('\n');
}

void serial_drain(void)
{
	if (port.kind != UART_NONE)
		wait_for(LSR_TX_IDLE);
}
