// SPDX-License-Identifier: BSD-2-Clause
/* Sending lines to a serial port, with bounded waiting. */
#include <arch/uart.h>
#include <core/log.h>
#include <stage/serial.h>

/* Polls until a port counts as dead: far longer than a byte takes at 9600 baud. */
#define POLLS_MAX 2000000

static struct uart port;

bool serial_open(struct uart u)
{
	port = u;
	if (u.kind != UART_NONE && !uart_answers(u))
		port.kind = UART_NONE;
	return port.kind != UART_NONE;
}

static bool wait_until(bool (*done)(struct uart u))
{
	for (unsigned int i = 0; i < POLLS_MAX && port.kind != UART_NONE; i++)
		if (done(port))
			return true;
	port.kind = UART_NONE;
	return false;
}

static void put(char c)
{
	if (wait_until(uart_ready))
		uart_send(port, c);
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
	(void)wait_until(uart_idle);
}

void serial_log_to(struct uart u)
{
	if (kb_log_has_sink() || !serial_open(u))
		return;
	kb_log_replay(serial_line);
	kb_log_add_sink(serial_line);
}
