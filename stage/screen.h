/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame buffer, for those who have no serial port: the lines that must be seen before we stop.
 */
#ifndef STAGE_SCREEN_H
#define STAGE_SCREEN_H

#include <core/screen.h>

/* Use @s from now on: it is usable, and mapped for writing in the page tables in use. */
void stage_screen_use(const struct screen *s);

/* Draw the last lines of the log, if there is a screen. A good boot never calls this. */
void stage_screen_show(void);

#endif
