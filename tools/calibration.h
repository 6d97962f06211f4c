/* SPDX-License-Identifier: BSD-2-Clause */
/* A calibration as text, as JSON, and as a picture. docs/khoctl.8 describes them. */
#ifndef KHOCTL_CALIBRATION_H
#define KHOCTL_CALIBRATION_H

#include <route/calibration.h>

#include <stdio.h>

void calibration_text(const struct kb_calibration *c, FILE *out);

/* docs/schema/calibrate.json; for json_free(). */
struct json_object *calibration_json(const struct kb_calibration *c);

/* A bar for each piece of RAM: the zone, and in it what was touched, at least a pixel wide. */
void calibration_svg(const struct kb_calibration *c, FILE *out);

#endif
