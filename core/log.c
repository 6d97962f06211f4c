// SPDX-License-Identifier: BSD-2-Clause
/* The log: each line is formatted once, given to the sinks, and kept for the next system. */
#include <core/fmt.h>
#include <core/log.h>

#include <string.h>

static const char dropped[] = "khoboot: log: buffer full, later lines dropped\n";

/* The last lines, whatever became of the buffer. */
static char tail[KB_LOG_TAIL];
static size_t tail_used;

static struct {
	char *buf;
	size_t size;
	size_t used;
	bool full;
	kb_log_sink sinks[KB_LOG_SINKS];
	enum kb_log_level level;
} the_log = {.level = KB_INFO};

static void keep(const char *text, size_t len)
{
	size_t reserve = sizeof(dropped) - 1;

	if (the_log.full || the_log.size < reserve)
		return;
	if (len > the_log.size - reserve - the_log.used) {
		memcpy(the_log.buf + the_log.used, dropped, reserve);
		the_log.used += reserve;
		the_log.full = true;
		return;
	}
	memcpy(the_log.buf + the_log.used, text, len);
	the_log.used += len;
}

/* Drops as many of the oldest lines as @text needs. */
static void keep_last(const char *text, size_t len)
{
	size_t drop = 0;

	while (tail_used - drop > sizeof(tail) - len) {
		while (tail[drop] != '\n')
			drop++;
		drop++;
	}
	memmove(tail, tail + drop, tail_used - drop);
	tail_used -= drop;
	memcpy(tail + tail_used, text, len);
	tail_used += len;
}

const char *kb_log_tail(size_t *len)
{
	*len = tail_used;
	return tail;
}

void kb_log_buffer(char *buf, size_t size)
{
	const char *old = the_log.buf;
	size_t used = the_log.used;

	the_log.buf = buf;
	the_log.size = size;
	the_log.used = 0;
	the_log.full = false;
	if (old && used)
		keep(old, used);
}

const char *kb_log_text(size_t *len)
{
	*len = the_log.used;
	return the_log.buf;
}

void kb_log_add_sink(kb_log_sink sink)
{
	for (size_t i = 0; i < KB_LOG_SINKS; i++) {
		if (the_log.sinks[i] && the_log.sinks[i] != sink)
			continue;
		the_log.sinks[i] = sink;
		return;
	}
}

void kb_log_remove_sink(kb_log_sink sink)
{
	for (size_t i = 0; i < KB_LOG_SINKS; i++)
		if (the_log.sinks[i] == sink)
			the_log.sinks[i] = NULL;
}

void kb_log_replay(kb_log_sink sink)
{
	char line[256];
	size_t len = 0;

	for (size_t i = 0; i < the_log.used; i++) {
		if (the_log.buf[i] != '\n') {
			line[len] = the_log.buf[i];
			len += len < sizeof(line) - 1;
			continue;
		}
		line[len] = '\0';
		sink(line);
		len = 0;
	}
}

bool kb_log_has_sink(void)
{
	for (size_t i = 0; i < KB_LOG_SINKS; i++)
		if (the_log.sinks[i])
			return true;
	return false;
}

void kb_log_set_level(enum kb_log_level level)
{
	the_log.level = level;
}

#define LINE 256

/* Give the line to the sinks; returns its length. There is room for one more character. */
static size_t show(char line[LINE], const char *area, const char *fmt, va_list args)
{
	size_t len = kb_snprintf(line, LINE - 1, "khoboot: %s: ", area);

	len += kb_vsnprintf(line + len, LINE - 1 - len, fmt, args);
	if (len > LINE - 2)
		len = LINE - 2;
	for (size_t i = 0; i < KB_LOG_SINKS; i++)
		if (the_log.sinks[i])
			the_log.sinks[i](line);
	return len;
}

void kb_log_show(const char *area, const char *fmt, ...)
{
	char line[LINE];
	va_list args;

	if (KB_INFO > the_log.level)
		return;
	va_start(args, fmt);
	show(line, area, fmt, args);
	va_end(args);
}

void kb_log(enum kb_log_level level, const char *area, const char *fmt, ...)
{
	char line[LINE];
	va_list args;
	size_t len;

	if (level > the_log.level)
		return;
	va_start(args, fmt);
	len = show(line, area, fmt, args);
	va_end(args);
	line[len++] = '\n';
	keep(line, len);
	keep_last(line, len);
}

enum kb_status kb_refuse(const char *area, enum kb_status status, const struct kb_diag *diag)
{
	if (diag && diag->status)
		kb_error(area, "KB-%03d %s (at 0x%" PRIx64 ", value 0x%" PRIx64 ")", (int)status,
			 kb_cause(status), diag->at, diag->value);
	else
		kb_error(area, "KB-%03d %s", (int)status, kb_cause(status));
	kb_error(area, "KB-%03d remedy: %s", (int)status, kb_remedy(status));
	return status;
}
