// SPDX-License-Identifier: BSD-2-Clause
/* Boot entries and their device paths: reading, making and writing them; see boot_entry.h. */
#include "boot_entry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOAD_OPTION_ACTIVE 1u
#define FIRST_NUMBER       0x4b48u /* "KH" */
#define NUMBERS            0x10000u

/* Nodes of device paths: type, subtype, length of the node in 16 bits. */
#define NODE_SIZE    4u
#define NODE_MEDIA   0x04
#define MEDIA_HD     0x01
#define MEDIA_FILE   0x04
#define NODE_END     0x7f
#define END_ALL      0xff
#define HD_SIZE      42u
#define HD_PARTITION 4u
#define HD_SIGNATURE 24u
#define HD_SIGN_TYPE 41u
#define HD_SIGN_MBR  1
#define HD_SIGN_GUID 2

static bool node_is(const uint8_t *n, uint8_t type, uint8_t subtype)
{
	return n[0] == type && n[1] == subtype;
}

/* Bytes of the path at @path with its end node; 0 when it does not end within @room. */
static size_t path_length(const uint8_t *path, size_t room)
{
	size_t at = 0, len;

	while (room - at >= NODE_SIZE) {
		len = get_u16(path + at + 2);
		if (len < NODE_SIZE || len > room - at)
			return 0;
		if (node_is(path + at, NODE_END, END_ALL))
			return at + len;
		at += len;
	}
	return 0;
}

/* ---- load options ---------------------------------------------------------------------------- */

/* Bytes of the UCS-2 text with its NUL; 0 when it has none. */
static size_t ucs2_length(const uint8_t *text, size_t room)
{
	for (size_t i = 0; i + 2 <= room; i += 2)
		if (!get_u16(text + i))
			return i + 2;
	return 0;
}

bool load_option_parse(const void *data, size_t size, struct load_option *ret)
{
	const uint8_t *p = data;
	struct load_option o;
	size_t paths, at = 6;

	if (size < at)
		return false;
	o.attributes = get_u32(p);
	paths = get_u16(p + 4);
	o.description = p + at;
	o.description_size = ucs2_length(p + at, size - at);
	at += o.description_size;
	if (!o.description_size || paths > size - at)
		return false;
	o.path = p + at;
	o.path_size = path_length(p + at, paths);
	o.data = p + at + paths;
	o.data_size = size - at - paths;
	if (!o.path_size)
		return false;
	*ret = o;
	return true;
}

bool load_option_is(const struct load_option *o, const char *description)
{
	size_t len = strlen(description);

	if (o->description_size != 2 * (len + 1))
		return false;
	for (size_t i = 0; i < len; i++)
		if (get_u16(o->description + 2 * i) != (unsigned char)description[i])
			return false;
	return true;
}

static void append_u16(struct buffer *b, size_t v)
{
	uint16_t u = (uint16_t)v;

	buffer_append(b, &u, sizeof(u));
}

static void append_u32(struct buffer *b, uint32_t v)
{
	buffer_append(b, &v, sizeof(v));
}

static void append_ucs2(struct buffer *b, const char *text)
{
	for (; *text; text++)
		append_u16(b, (unsigned char)*text);
}

void load_option_make(const char *description, const struct buffer *path, const char *text,
		      struct buffer *out)
{
	append_u32(out, LOAD_OPTION_ACTIVE);
	append_u16(out, path->size);
	append_ucs2(out, description);
	append_u16(out, 0);
	buffer_append(out, path->data, path->size);
	append_ucs2(out, text);
}

/* ---- device paths ---------------------------------------------------------------------------- */

/* The first node of that kind; NULL when there is none. */
static const uint8_t *find_node(const struct load_option *o, uint8_t type, uint8_t subtype)
{
	const uint8_t *n = o->path;

	while (!node_is(n, type, subtype)) {
		if (node_is(n, NODE_END, END_ALL))
			return NULL;
		n += get_u16(n + 2);
	}
	return n;
}

bool load_option_partition(const struct load_option *o, char ret[PARTUUID_SIZE])
{
	const uint8_t *n = find_node(o, NODE_MEDIA, MEDIA_HD), *g;

	if (!n || get_u16(n + 2) != HD_SIZE)
		return false;
	g = n + HD_SIGNATURE;
	if (n[HD_SIGN_TYPE] == HD_SIGN_MBR)
		snprintf(ret, PARTUUID_SIZE, "%08x-%02x", get_u32(g),
			 (uint8_t)get_u32(n + HD_PARTITION));
	else if (n[HD_SIGN_TYPE] == HD_SIGN_GUID)
		snprintf(ret, PARTUUID_SIZE, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
			 get_u32(g), get_u16(g + 4), get_u16(g + 6), g[8], g[9], g[10], g[11],
			 g[12], g[13], g[14], g[15]);
	else
		return false;
	return true;
}

static void append_node(struct buffer *b, uint8_t type, uint8_t subtype, size_t size)
{
	uint8_t head[2] = {type, subtype};

	buffer_append(b, head, sizeof(head));
	append_u16(b, NODE_SIZE + size);
}

/* More than any real path has. With a file's node after it the length still fits in 16 bits. */
#define VOLUME_MAX 0x8000u

/* Bytes of @o's path that say where the volume is; 0 when they do not. */
static size_t volume_size(const struct load_option *o)
{
	const uint8_t *file = find_node(o, NODE_MEDIA, MEDIA_FILE);
	const uint8_t *hd = find_node(o, NODE_MEDIA, MEDIA_HD);
	size_t size = 0;

	if (file)
		size = (size_t)(file - o->path);
	else if (hd)
		size = (size_t)(hd - o->path) + get_u16(hd + 2);
	return size <= VOLUME_MAX ? size : 0;
}

bool boot_entry_file_path(const struct load_option *from, const char *file, struct buffer *out)
{
	size_t volume = from ? volume_size(from) : 0;

	if (volume)
		buffer_append(out, from->path, volume);
	append_node(out, NODE_MEDIA, MEDIA_FILE, 2 * (strlen(file) + 1));
	append_ucs2(out, file);
	append_u16(out, 0);
	append_node(out, NODE_END, END_ALL, 0);
	return volume;
}

/* ---- variables ------------------------------------------------------------------------------- */

static const char boot_next[] = EFI_GLOBAL("BootNext");

#define NAME_SIZE sizeof(EFI_GLOBAL("Boot0000"))

static const char *entry_name(uint64_t number, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, EFI_GLOBAL("Boot%04X"), (unsigned int)(uint16_t)number);
	return name;
}

static bool read_option(const struct running *r, const char *name, struct efivar *ret,
			struct load_option *option)
{
	struct efivar v;

	if (!efivar_read(r, name, &v))
		return false;
	if (!load_option_parse(v.value.data, v.value.size, option)) {
		efivar_free(&v);
		return false;
	}
	*ret = v;
	return true;
}

bool boot_entry_current(const struct running *r, struct efivar *ret, struct load_option *option)
{
	uint64_t number = efivar_number(r, EFI_GLOBAL("BootCurrent"), 2, NUMBERS);
	char name[NAME_SIZE];

	return number < NUMBERS && read_option(r, entry_name(number, name), ret, option);
}

/* Looking through the entries for one of ours. */
struct search {
	const struct running *r;
	const char *description;
	bool used[NUMBERS];
	unsigned int found; /* NUMBERS: none */
};

/* Number of the variable "Boot####", as UEFI writes it; NUMBERS when @name is not one. */
static unsigned int entry_number(const char *name)
{
	char again[NAME_SIZE];
	unsigned long number;

	if (strlen(name) != NAME_SIZE - 1 || strncmp(name, "Boot", 4))
		return NUMBERS;
	number = strtoul(name + 4, NULL, 16);
	return number < NUMBERS && !strcmp(entry_name(number, again), name) ? (unsigned int)number
									    : NUMBERS;
}

static bool look_at(void *ctx, const char *name)
{
	unsigned int number = entry_number(name);
	struct search *s = ctx;
	struct load_option o;
	struct efivar v;

	if (number == NUMBERS)
		return false;
	s->used[number] = true;
	if (!read_option(s->r, name, &v, &o))
		return false;
	if (load_option_is(&o, s->description))
		s->found = number;
	efivar_free(&v);
	return s->found != NUMBERS;
}

/* The entry with that description, else the first free number; NUMBERS when all are taken. */
static unsigned int find_entry(const struct running *r, const char *description, bool *existing)
{
	struct search s = {.r = r, .description = description, .found = NUMBERS};
	unsigned int number = FIRST_NUMBER;

	*existing = efivar_each(r, look_at, &s);
	if (*existing)
		return s.found;
	while (number < NUMBERS && s.used[number])
		number++;
	return number;
}

int boot_entry_write(const struct running *r, const char *description, const struct buffer *path,
		     const char *text)
{
	struct buffer option = {0};
	char name[NAME_SIZE];
	unsigned int number;
	uint16_t next;
	bool existing;
	int ret;

	number = find_entry(r, description, &existing);
	if (number == NUMBERS) {
		errno = ENOSPC;
		return -1;
	}
	load_option_make(description, path, text, &option);
	ret = efivar_write(r, entry_name(number, name), EFIVAR_ATTRIBUTES, option.data,
			   option.size);
	buffer_free(&option);
	next = (uint16_t)number;
	return ret ? ret : efivar_write(r, boot_next, EFIVAR_ATTRIBUTES, &next, sizeof(next));
}

int boot_entry_take_back(const struct running *r, const char *description)
{
	bool existing;
	unsigned int number = find_entry(r, description, &existing);

	if (existing && efivar_number(r, boot_next, 2, UINT64_MAX) == number)
		return efivar_delete(r, boot_next);
	return 0;
}

int boot_entry_delete(const struct running *r, const char *description)
{
	char name[NAME_SIZE];
	unsigned int number;
	bool existing;

	number = find_entry(r, description, &existing);
	return existing ? efivar_delete(r, entry_name(number, name)) : 0;
}
