// SPDX-License-Identifier: BSD-2-Clause
/* PL011 (ARM DDI 0183, and its subset in the SBSA), and the 8250 with its registers in memory. */
#include <arch/cpu.h>
#include <arch/machine.h>
#include <arch/serial.h>

#define UART_TX       0
#define UART_LSR      5
#define LSR_TX_READY  0x20
#define LSR_TX_IDLE   0x40
#define LSR_NO_DEVICE 0xff

#define PL011_DR   0x00
#define PL011_FR   0x18
#define FR_BUSY    0x08
#define FR_TX_FULL 0x20

/* Polls before a port counts as dead: far longer than a byte at 9600 baud takes. */
#define POLLS_MAX 2000000

static struct uart port;

static uint32_t read32(uint64_t at)
{
	return *(volatile uint32_t *)(uintptr_t)at;
}

static void write32(uint64_t at, uint32_t v)
{
	*(volatile uint32_t *)(uintptr_t)at = v;
}

static uint8_t lsr(void)
{
	if (port.kind == UART_MMIO)
		return *(volatile uint8_t *)(uintptr_t)(port.base + UART_LSR);
	return (uint8_t)read32(port.base + 4 * UART_LSR);
}

static bool ready(void)
{
	if (port.kind == UART_PL011)
		return !(read32(port.base + PL011_FR) & FR_TX_FULL);
	return lsr() & LSR_TX_READY;
}

static bool idle(void)
{
	if (port.kind == UART_PL011)
		return !(read32(port.base + PL011_FR) & FR_BUSY);
	return lsr() & LSR_TX_IDLE;
}

static void transmit(char c)
{
	if (port.kind == UART_MMIO)
		*(volatile uint8_t *)(uintptr_t)(port.base + UART_TX) = (uint8_t)c;
	else
		write32(port.base, (uint8_t)c); /* UART_TX and PL011_DR alike */
}

static bool wait_until(bool (*done)(void))
{
	for (unsigned int i = 0; i < POLLS_MAX; i++)
		if (done())
			return true;
	port.kind = UART_NONE;
	return false;
}

static struct uart machine_port;

void serial_set_default(struct uart u)
{
	machine_port = u;
}

struct uart serial_named(const char *cmdline)
{
	struct uart u = console_find(cmdline);

	return u.kind == UART_NONE || u.kind == UART_IO ? machine_port : u;
}

struct uart serial_fallback(void)
{
	return machine_port;
}

/* This CPU has no ports, and stop() may come before the registers are mapped. */
static bool can_be_there(struct uart u)
{
	return u.kind != UART_NONE && u.kind != UART_IO && cpu_may_write(u.base);
}

bool serial_open(struct uart u)
{
	port = u;
	if (!can_be_there(u) || (u.kind != UART_PL011 && lsr() == LSR_NO_DEVICE))
		port.kind = UART_NONE;
	return port.kind != UART_NONE;
}

static void put(char c)
{
	if (port.kind != UART_NONE && wait_until(ready))
		transmit(c);
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
		wait_until(idle);
}
