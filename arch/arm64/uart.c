// SPDX-License-Identifier: BSD-2-Clause
/* Serial ports: PL011 (ARM DDI 0183, and its subset in the SBSA), 8250 with registers in memory. */
#include <arch/cpu_arm64.h>
#include <arch/machine.h>
#include <arch/uart.h>

#define PL011_FR   0x18
#define PL011_ID   0xfe0 /* of PL011_IDS registers */
#define FR_BUSY    0x08
#define FR_TX_FULL 0x20

static struct uart machine_port, unproven;

static uint32_t read32(uint64_t at)
{
	return *(volatile uint32_t *)(uintptr_t)at;
}

static uint8_t lsr(struct uart u)
{
	if (u.kind == UART_MMIO)
		return *(volatile uint8_t *)(uintptr_t)(u.base + UART_LSR);
	return (uint8_t)read32(u.base + 4 * UART_LSR);
}

/* This CPU has no I/O ports. stop_refused() may ask before the registers are mapped. */
bool uart_answers(struct uart u)
{
	if (u.kind == UART_IO || !cpu_may_write(u.base))
		return false;
	return u.kind == UART_PL011 || lsr(u) != LSR_NO_DEVICE;
}

bool uart_ready(struct uart u)
{
	if (u.kind == UART_PL011)
		return !(read32(u.base + PL011_FR) & FR_TX_FULL);
	return lsr(u) & LSR_TX_READY;
}

bool uart_idle(struct uart u)
{
	if (u.kind == UART_PL011)
		return !(read32(u.base + PL011_FR) & FR_BUSY);
	return lsr(u) & LSR_TX_IDLE;
}

/* The register to send is the first one of either port. */
void uart_send(struct uart u, char c)
{
	if (u.kind == UART_MMIO)
		*(volatile uint8_t *)(uintptr_t)u.base = (uint8_t)c;
	else
		*(volatile uint32_t *)(uintptr_t)u.base = (uint8_t)c;
}

void uart_set_default(struct uart u)
{
	machine_port = u;
}

struct uart uart_named(const char *cmdline)
{
	struct uart u = console_find(cmdline);

	return u.kind == UART_NONE || u.kind == UART_IO ? machine_port : u;
}

static bool is_identified(struct uart u)
{
	uint32_t id[PL011_IDS];

	if (u.kind != UART_PL011 || !is_aligned(u.base, SZ_4K) || !cpu_may_write(u.base))
		return false;
	for (size_t i = 0; i < PL011_IDS; i++)
		id[i] = read32(u.base + PL011_ID + 4 * i);
	return uart_is_pl011(id);
}

void uart_set_unproven(struct uart u)
{
	unproven = u;
}

struct uart uart_fallback(void)
{
	return machine_port.kind == UART_NONE && is_identified(unproven) ? unproven : machine_port;
}
