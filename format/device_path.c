// SPDX-License-Identifier: BSD-2-Clause
/* Device paths: UEFI 2.10 section 10.3. Firmware or a loader made them; they are not trusted. */
#include <core/text.h>
#include <format/device_path.h>

#include <string.h>

#define TYPE_MEDIA  0x04
#define TYPE_END    0x7f
#define MEDIA_DRIVE 0x01
#define MEDIA_FILE  0x04
#define HEADER_SIZE 4
#define DRIVE_SIZE  42
#define SIG_GUID    2 /* SignatureType of a GPT partition */

struct node {
	uint8_t type, subtype;
	const uint8_t *data; /* what follows the header */
	size_t size;
};

/* Take the next node off; false at the end of the path, or of what can be read. */
static bool next(const uint8_t **at, size_t *left, struct node *ret)
{
	size_t size;

	if (!*at || *left < HEADER_SIZE || (*at)[0] == TYPE_END)
		return false;
	size = get_u16(*at + 2);
	if (size < HEADER_SIZE || size > *left)
		return false;
	*ret = (struct node){(*at)[0], (*at)[1], *at + HEADER_SIZE, size - HEADER_SIZE};
	*at += size;
	*left -= size;
	return true;
}

bool efi_path_partition(const void *path, uint8_t ret[16])
{
	size_t left = EFI_PATH_MAX;
	const uint8_t *at = path;
	struct node n;

	while (next(&at, &left, &n)) {
		if (n.type != TYPE_MEDIA || n.subtype != MEDIA_DRIVE ||
		    n.size < DRIVE_SIZE - HEADER_SIZE || n.data[37] != SIG_GUID)
			continue;
		memcpy(ret, n.data + 20, 16);
		return true;
	}
	return false;
}

/* Append the text of a file node, after a backslash if there is none between. */
static void append(const struct node *n, uint16_t *buf, size_t max, size_t *len)
{
	if (*len && *len < max && buf[*len - 1] != '\\' && n->size > 1 && get_u16(n->data) != '\\')
		buf[(*len)++] = '\\';
	for (size_t i = 0; i + 1 < n->size && *len < max && get_u16(n->data + i); i += 2)
		buf[(*len)++] = get_u16(n->data + i);
}

size_t efi_path_file(const void *path, uint16_t *buf, size_t max)
{
	size_t left = EFI_PATH_MAX, len = 0;
	const uint8_t *at = path;
	struct node n;

	buf[0] = 0;
	while (next(&at, &left, &n)) {
		if (n.type != TYPE_MEDIA || n.subtype != MEDIA_FILE) {
			buf[0] = 0;
			return 0;
		}
		append(&n, buf, max - 1, &len);
	}
	buf[len] = 0;
	return len;
}
