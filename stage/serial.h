/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Output to a serial port that firmware or an earlier kernel has set up. Waiting is bounded: a dead
 * port costs time only once.
 */
#ifndef STAGE_SERIAL_H
#define STAGE_SERIAL_H

#include <core/console.h>

/* Use @u for serial_line() from now on; MMIO must be mapped. False when there is no such port. */
bool serial_open(struct uart u);

/* A log sink: the line, then CR LF. */
void serial_line(const char *line);

/*
 * Make @u a sink of the log, if the log has none and there is such a port. The port also gets the
 * lines that were logged before.
 */
void serial_log_to(struct uart u);

/* Wait (bounded) until the port has sent everything. */
void serial_drain(void);

#endif
