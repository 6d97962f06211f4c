// SPDX-License-Identifier: BSD-2-Clause
/* The values of the variables that a boot stub leaves for user space. */
#include <core/fmt.h>
#include <format/stub_vars.h>
#include <khoboot/layout.h>

static void end(struct stub_var *v, size_t len)
{
	v->text[len] = 0;
	v->size = (len + 1) * sizeof(v->text[0]);
}

static size_t append(struct stub_var *v, size_t len, const char *text)
{
	while (*text && len < STUB_TEXT_MAX - 1)
		v->text[len++] = (uint8_t)*text++;
	return len;
}

static size_t append_wide(struct stub_var *v, size_t len, const uint16_t *text)
{
	while (text && *text && len < STUB_TEXT_MAX - 1)
		v->text[len++] = *text++;
	return len;
}

/* The first three fields of a GUID are numbers, lowest byte first. */
static void set_guid(struct stub_var *v, const uint8_t *g)
{
	static const uint8_t order[] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
	static const char digits[] = "0123456789abcdef";
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			v->text[len++] = '-';
		v->text[len++] = (uint8_t)digits[g[order[i]] >> 4];
		v->text[len++] = (uint8_t)digits[g[order[i]] & 15];
	}
	end(v, len);
}

static void set_file(struct stub_var *v, const uint16_t *file)
{
	if (file && *file)
		end(v, append_wide(v, 0, file));
}

/* "NAME 2.08": the revision's upper half, and two digits of its lower one. */
static void set_revision(struct stub_var *v, size_t len, uint32_t revision)
{
	char number[24];

	kb_snprintf(number, sizeof(number), " %u.%02u", revision >> 16, revision & 0xffff);
	end(v, append(v, len, number));
}

static void set_features(struct stub_var *v)
{
	v->number = STUB_FEATURES;
	v->size = sizeof(v->number);
}

static void fill(const struct stub_start *s, struct stub_var *v)
{
	static const char info[] = KB_VERSION_STRING;

	if (s->has_partition) {
		set_guid(&v[0], s->partition);
		set_guid(&v[1], s->partition);
	}
	set_file(&v[2], s->file);
	set_file(&v[3], s->file);
	set_revision(&v[4], append_wide(&v[4], 0, s->vendor), s->firmware_revision);
	set_revision(&v[5], append(&v[5], 0, "UEFI"), s->uefi_revision);
	end(&v[6], append(&v[6], 0, info));
	set_features(&v[7]);
}

void stub_vars(const struct stub_start *start, struct stub_var ret[STUB_VARS])
{
	static const struct {
		const char *name;
		bool always;
	} names[STUB_VARS] = {
		{"LoaderDevicePartUUID", false},
		{"StubDevicePartUUID", true},
		{"LoaderImageIdentifier", false},
		{"StubImageIdentifier", true},
		{"LoaderFirmwareInfo", false},
		{"LoaderFirmwareType", false},
		{"StubInfo", true},
		{"StubFeatures", true},
	};

	for (size_t i = 0; i < STUB_VARS; i++)
		ret[i] = (struct stub_var){.name = names[i].name, .always = names[i].always};
	fill(start, ret);
}
