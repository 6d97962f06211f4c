/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Output to a serial port that somebody else has set up. Bounded waiting: a dead port costs time
 * once.
 */
#ifndef STAGE_SERIAL_H
#define STAGE_SERIAL_H

#include <core/console.h>

/* Use @u for serial_line() from now on. False when there is no such port. MMIO must be mapped. */
bool serial_open(struct uart u);

/* A log sink: the line, then CR LF. */
void serial_line(const char *line);

/*
 * Make @u a sink of the log, when the log has none and there is such a port. It gets the lines that
 * were logged before, too.
 */
void serial_log_to(struct uart u);

/* Wait (bounded) until the port has sent everything. */
void serial_drain(void);

#endif
