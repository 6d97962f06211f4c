/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log: one line per event, "khoboot: <area>: <what>". Lines go to the sinks and into a buffer
 * that is handed to the next operating system.
 *
 * There is only one log. It starts without buffer and sinks: lines logged then are lost.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <core/diag.h>
#include <khoboot/compiler.h>

enum kb_log_level { KB_ERROR, KB_WARN, KB_INFO, KB_DEBUG };

/* Receives whole lines, NUL-terminated, without the newline. */
typedef void (*kb_log_sink)(const char *line);

/*
 * kb_log_buffer - keep the lines in @buf, which the caller owns and must not change
 *
 * Lines that no longer fit are dropped from the buffer, not from the sinks; the buffer's last line
 * says so. If there was an earlier (smaller) buffer, its lines are copied to @buf.
 */
void kb_log_buffer(char *buf, size_t size);

/* Text kept so far; not NUL-terminated. */
const char *kb_log_text(size_t *len);

/*
 * The last lines, at most KB_LOG_TAIL bytes: also those that the buffer had no room for, and those
 * from before there was one. Not NUL-terminated.
 */
#define KB_LOG_TAIL 2048
const char *kb_log_tail(size_t *len);

/* Add a sink. At most KB_LOG_SINKS; a further one is ignored. */
#define KB_LOG_SINKS 2
void kb_log_add_sink(kb_log_sink sink);
void kb_log_remove_sink(kb_log_sink sink);

/* Give @sink the lines kept so far, for a console that could not be opened earlier. */
void kb_log_replay(kb_log_sink sink);

/* True if there is at least one sink. */
bool kb_log_has_sink(void);

/* Lines above @level are dropped. Default KB_INFO. */
void kb_log_set_level(enum kb_log_level level);

__printf(3, 4) void kb_log(enum kb_log_level level, const char *area, const char *fmt, ...);

/* The same for a line that is of no use later: of level KB_INFO, and only the sinks get it. */
__printf(2, 3) void kb_log_show(const char *area, const char *fmt, ...);

#define kb_error(area, ...) kb_log(KB_ERROR, area, __VA_ARGS__)
#define kb_warn(area, ...)  kb_log(KB_WARN, area, __VA_ARGS__)
#define kb_info(area, ...)  kb_log(KB_INFO, area, __VA_ARGS__)
#define kb_debug(area, ...) kb_log(KB_DEBUG, area, __VA_ARGS__)

/*
 * kb_refuse - report a refusal: "KB-nnn cause (details)" and "remedy: ..." as error lines
 * @diag: where and what, or NULL
 *
 * Returns @status, so that report and return are one statement.
 */
enum kb_status kb_refuse(const char *area, enum kb_status status, const struct kb_diag *diag);

#endif
