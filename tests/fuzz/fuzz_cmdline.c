// SPDX-License-Identifier: BSD-2-Clause
/*
 * Command lines. First byte: flags and lock; second: room for the result; then outside, NUL,
 * .cmdline. Bytes from 0x80 on stand for pieces of options, which chance would not put together.
 */
#include <core/cmdline.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const pieces[] = {
	"khoboot.",
	"via=",
	"kho=",
	"bridge=",
	"on_error=",
	"on-error=",
	"log=",
	"kho-fdt=",
	"kho_scratch=",
	"direct",
	"firmware",
	"auto",
	"off",
	"park",
	"halt",
	"discard",
	"reset",
	"debug",
	"warn",
	"0x",
	"18446744073709551615",
	"ffffffff",
	"linux=",
	"initrd=",
	"\\a.efi",
	"BOOT_IMAGE=",
	"-- ",
	"\" ",
	"seal=",
	"zone=",
	"nonce=",
	"fence=",
	"calibrate=",
	"cpus=",
	"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
};

static char *expand(const uint8_t *data, size_t size, size_t *len)
{
	char *text = malloc(size * 64 + 1);

	*len = 0;
	for (size_t i = 0; i < size; i++) {
		const char *piece = pieces[data[i] % ARRAY_SIZE(pieces)];

		if (data[i] < 0x80) {
			text[(*len)++] = (char)data[i];
			continue;
		}
		memcpy(text + *len, piece, strlen(piece));
		*len += strlen(piece);
	}
	return realloc(text, *len ? *len : 1);
}

/* The words for the kernel have no option of khoboot, and splitting them again changes nothing. */
static void check(const char *words)
{
	struct cmdline_in in = {.builtin = {words, strlen(words)}};
	char *again = malloc(strlen(words) + 1);
	struct kb_options o;

	if (cmdline_split(&in, again, strlen(words) + 1, &o, NULL) || strcmp(words, again))
		abort();
	free(again);
}

static void split(const struct cmdline_in *in, size_t room)
{
	struct kb_diag diag = {0};
	char *buf = malloc(room);
	struct kb_options o;
	enum kb_status st;

	st = cmdline_split(in, buf, room, &o, &diag);
	if (st != diag.status)
		abort();
	if (!st && strncmp(buf, in->first.text ? in->first.text : "", in->first.len))
		abort();
	if (!st && strlen(buf) >= room)
		abort();
	if (!st)
		check(buf);
	free(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cmdline_in in = {0};
	struct kb_text value;
	const char *nul;
	char *text;
	size_t len;

	if (size < 2)
		return 0;
	text = expand(data + 2, size - 2, &len);
	nul = memchr(text, 0, len);
	in.flags = data[0] & (CMDLINE_PATHS | CMDLINE_LENIENT);
	in.locked = data[0] & 8;
	if (data[0] & 16)
		in.first = (struct kb_text){"elfcorehdr=0x1000", 17};
	in.outside = (struct kb_text){text, nul ? (size_t)(nul - text) : len};
	if (nul)
		in.builtin = (struct kb_text){nul + 1, len - in.outside.len - 1};
	split(&in, (size_t)data[1] * 16 + 1);
	cmdline_last(in.outside, "console", &value);
	free(text);
	return 0;
}
