// SPDX-License-Identifier: BSD-2-Clause
/* The result of a calibration as text, as JSON and as an SVG picture; see calibration.h. */
#include "calibration.h"
#include "json.h"

#include <string.h>

static const char *state_name(const struct kb_calibration *c)
{
	static const char *const names[] = {
		[KB_CALIBRATION_RUNNING] = "running",
		[KB_CALIBRATION_COMPLETE] = "complete",
		[KB_CALIBRATION_LOST] = "lost",
	};

	return names[c->state];
}

static uint64_t sum(const struct range *r, uint32_t count)
{
	uint64_t bytes = 0;

	while (count--)
		bytes += r[count].size;
	return bytes;
}

static unsigned long long llu(uint64_t v)
{
	return v;
}

/* ---- text ------------------------------------------------------------------------------------ */

static void text_ranges(FILE *out, const char *what, const struct range *r, uint32_t count)
{
	fprintf(out, "\n%s: %llu KiB in %u ranges\n", what, llu(sum(r, count) / 1024), count);
	for (uint32_t i = 0; i < count; i++)
		fprintf(out, "  0x%012llx-0x%012llx %12llu KiB\n", llu(r[i].base),
			llu(range_end(r[i])), llu(r[i].size / 1024));
}

static void text_rounds(FILE *out, const struct kb_calibration *c)
{
	fprintf(out, "\nreset %12s %12s %12s   (pages of 4 KiB)\n", "touched", "silent", "drift");
	for (uint32_t i = 0; i < c->done; i++)
		fprintf(out, "%5u %12llu %12llu %12llu\n", i + 1, llu(c->round[i].touched),
			llu(c->round[i].silent), llu(c->round[i].drift));
}

void calibration_text(const struct kb_calibration *c, FILE *out)
{
	struct range_list zone = {(struct range *)(uintptr_t)c->zone, c->zone_count, KB_ZONE_MAX};
	char text[KB_ZONE_TEXT_MAX];

	fprintf(out, "firmware: %s, revision 0x%x\n", c->firmware_vendor, c->firmware_revision);
	fprintf(out, "calibration: %s, %u of %u resets, margin %llu KiB\n", state_name(c), c->done,
		c->rounds, llu(c->margin / 1024));
	text_rounds(out, c);
	text_ranges(out, "RAM", c->ram, c->ram_count);
	text_ranges(out, "touched", c->touched, c->touched_count);
	text_ranges(out, "zone", c->zone, c->zone_count);
	if (!zone_format(&zone, text, sizeof(text)))
		fprintf(out, "\nkhoboot.zone=%s\n", text);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void json_ranges(struct json_object *o, const char *name, const struct range *r,
			uint32_t count)
{
	struct json_object *list = json_add_list(o, name), *in;

	for (uint32_t i = 0; i < count; i++) {
		in = json_list_object(list);
		json_add_number(in, "base", r[i].base);
		json_add_number(in, "size", r[i].size);
	}
}

static void json_rounds(struct json_object *o, const struct kb_calibration *c)
{
	struct json_object *list = json_add_list(o, "resets"), *in;

	for (uint32_t i = 0; i < c->done; i++) {
		in = json_list_object(list);
		json_add_number(in, "touched", c->round[i].touched);
		json_add_number(in, "silent", c->round[i].silent);
		json_add_number(in, "drift", c->round[i].drift);
	}
}

struct json_object *calibration_json(const struct kb_calibration *c)
{
	struct json_object *o = json_new("khoboot/calibrate/1");

	json_add_text(o, "state", state_name(c));
	json_add_text(o, "firmware_vendor", c->firmware_vendor);
	json_add_number(o, "firmware_revision", c->firmware_revision);
	json_add_number(o, "rounds", c->rounds);
	json_add_number(o, "done", c->done);
	json_add_number(o, "margin", c->margin);
	json_ranges(o, "ram", c->ram, c->ram_count);
	json_ranges(o, "touched", c->touched, c->touched_count);
	json_ranges(o, "zone", c->zone, c->zone_count);
	json_rounds(o, c);
	return o;
}

/* ---- picture --------------------------------------------------------------------------------- */

#define BAR_X      20.0
#define BAR_WIDTH  960.0
#define BAR_HEIGHT 40
#define ROW_HEIGHT 90
#define TOP        70

#define RAM_COLOUR     "#e6e9ed"
#define ZONE_COLOUR    "#f3b34c"
#define TOUCHED_COLOUR "#b3261e"

static void svg_rect(FILE *out, struct range bar, struct range r, int y, const char *colour)
{
	double scale = BAR_WIDTH / (double)bar.size;
	double x = BAR_X + (double)(r.base - bar.base) * scale, width = (double)r.size * scale;

	fprintf(out,
		"<rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" fill=\"%s\">"
		"<title>0x%llx-0x%llx</title></rect>\n",
		x, y, width < 1 ? 1 : width, BAR_HEIGHT, colour, llu(r.base), llu(range_end(r)));
}

static void svg_text(FILE *out, double x, int y, const char *anchor, const char *text)
{
	fprintf(out, "<text x=\"%.0f\" y=\"%d\" text-anchor=\"%s\">", x, y, anchor);
	for (; *text; text++) {
		if (strchr("<>&", *text))
			fprintf(out, "&#%d;", *text);
		else
			fputc((unsigned char)*text < 0x20 ? '?' : *text, out);
	}
	fputs("</text>\n", out);
}

static void svg_address(FILE *out, double x, int y, const char *anchor, uint64_t address)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%llx", llu(address));
	svg_text(out, x, y, anchor, text);
}

static void svg_parts(FILE *out, struct range bar, const struct range *r, uint32_t count, int y,
		      const char *colour)
{
	for (uint32_t i = 0; i < count; i++)
		if (ranges_overlap(bar, r[i]))
			svg_rect(out, bar, range_intersect(bar, r[i]), y, colour);
}

static void svg_bar(FILE *out, const struct kb_calibration *c, struct range ram, int y)
{
	svg_rect(out, ram, ram, y, RAM_COLOUR);
	svg_parts(out, ram, c->zone, c->zone_count, y, ZONE_COLOUR);
	svg_parts(out, ram, c->touched, c->touched_count, y, TOUCHED_COLOUR);
	svg_address(out, BAR_X, y + BAR_HEIGHT + 18, "start", ram.base);
	svg_address(out, BAR_X + BAR_WIDTH, y + BAR_HEIGHT + 18, "end", range_end(ram));
}

static void svg_legend(FILE *out, const struct kb_calibration *c)
{
	char text[200];

	snprintf(text, sizeof(text), "%s, revision 0x%x: %s, %u of %u resets", c->firmware_vendor,
		 c->firmware_revision, state_name(c), c->done, c->rounds);
	svg_text(out, BAR_X, 24, "start", text);
	snprintf(text, sizeof(text), "red: touched, %llu KiB; amber: zone, %llu KiB; grey: RAM",
		 llu(sum(c->touched, c->touched_count) / 1024),
		 llu(sum(c->zone, c->zone_count) / 1024));
	svg_text(out, BAR_X, 46, "start", text);
}

void calibration_svg(const struct kb_calibration *c, FILE *out)
{
	int height = TOP + (int)c->ram_count * ROW_HEIGHT;

	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1000 %d\" "
		"font-family=\"sans-serif\" font-size=\"14\">\n"
		"<rect width=\"1000\" height=\"%d\" fill=\"white\"/>\n",
		height, height);
	svg_legend(out, c);
	for (uint32_t i = 0; i < c->ram_count; i++)
		svg_bar(out, c, c->ram[i], TOP + (int)i * ROW_HEIGHT);
	fputs("</svg>\n", out);
}
