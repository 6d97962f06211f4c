// SPDX-License-Identifier: BSD-2-Clause
/*
 * edit - damages one thing in a UKI, so that tests/boot/refuse can ask khoboot to notice it.
 *
 * Reads PE headers by itself: were it to use format/pe.c, it would refuse what it is to make.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"usage: edit ACTION ARGUMENT... FILE\n"
	"\n"
	"  text SECTION TEXT          replace the content; \\n is a new line\n"
	"  rename SECTION NAME        give the section another name\n"
	"  size SECTION BYTES         set its size in memory and in the file, not its content\n"
	"  over SECTION OTHER         say that it lies where OTHER lies\n"
	"  poke SECTION OFFSET BYTES VALUE\n"
	"                             write a little-endian number of 1 to 8 bytes into the "
	"content\n"
	"  clear SECTION OFFSET BYTES MASK\n"
	"                             clear the bits of MASK in such a number\n";

/* Offsets in a section header (PE/COFF specification, "Section Table"). */
#define S_NAME     0
#define S_VSIZE    8
#define S_VA       12
#define S_RAW_SIZE 16
#define S_RAW      20
#define S_BYTES    40
#define NAME_BYTES 8

static uint8_t *file;
static size_t size;

static _Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static _Noreturn void die(const char *fmt, ...)
{
	va_list ap;

	fputs("edit: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

/* @len bytes of the file from @at on */
static uint8_t *at(uint64_t offset, uint64_t len)
{
	if (offset > size || len > size - offset)
		die("0x%llx is outside the file", (unsigned long long)offset);
	return file + offset;
}

static uint64_t get(uint64_t offset, unsigned bytes)
{
	uint64_t v = 0;

	memcpy(&v, at(offset, bytes), bytes);
	return v;
}

static void put(uint64_t offset, unsigned bytes, uint64_t v)
{
	memcpy(at(offset, bytes), &v, bytes);
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t v = strtoull(text, &end, 0);

	if (end == text || *end)
		die("'%s' is not a number", text);
	return v;
}

static unsigned width(const char *text)
{
	uint64_t v = number(text);

	if (v < 1 || v > 8)
		die("a number of %s bytes", text);
	return (unsigned)v;
}

/* File offset of the header of section @name. */
static uint64_t section(const char *name)
{
	uint64_t pe = get(0x3c, 4), count = get(pe + 6, 2), table = pe + 24 + get(pe + 20, 2);

	for (uint64_t i = 0; i < count; i++)
		if (!strncmp((char *)at(table + i * S_BYTES, S_BYTES), name, NAME_BYTES))
			return table + i * S_BYTES;
	die("no section %s", name);
}

static void set_size(uint64_t s, uint64_t bytes)
{
	put(s + S_VSIZE, 4, bytes);
	put(s + S_RAW_SIZE, 4, bytes);
}

static void set_text(uint64_t s, const char *text)
{
	uint64_t len = 0, room = get(s + S_RAW_SIZE, 4);
	uint8_t *to = at(get(s + S_RAW, 4), room);

	for (; *text; text++, len++) {
		if (len == room)
			die("the section has only %llu bytes", (unsigned long long)room);
		to[len] = (uint8_t)*text;
		if (!strncmp(text, "\\n", 2)) {
			to[len] = '\n';
			text++;
		}
	}
	set_size(s, len);
}

static void rename_section(uint64_t s, const char *name)
{
	if (strlen(name) > NAME_BYTES)
		die("%s is too long", name);
	memset(at(s, NAME_BYTES), 0, NAME_BYTES);
	memcpy(at(s, NAME_BYTES), name, strlen(name));
}

static void put_over(uint64_t s, uint64_t other)
{
	put(s + S_VA, 4, get(other + S_VA, 4));
	put(s + S_RAW, 4, get(other + S_RAW, 4));
}

/* File offset of a number inside the content of section @s. */
static uint64_t inside(uint64_t s, const char *offset, unsigned bytes)
{
	uint64_t v = number(offset), room = get(s + S_RAW_SIZE, 4);

	if (v > room || bytes > room - v)
		die("%s is outside the section", offset);
	return get(s + S_RAW, 4) + v;
}

static void act(int argc, char **argv)
{
	uint64_t s = section(argv[1]), where;

	if (!strcmp(argv[0], "text") && argc == 3) {
		set_text(s, argv[2]);
	} else if (!strcmp(argv[0], "rename") && argc == 3) {
		rename_section(s, argv[2]);
	} else if (!strcmp(argv[0], "size") && argc == 3) {
		set_size(s, number(argv[2]));
	} else if (!strcmp(argv[0], "over") && argc == 3) {
		put_over(s, section(argv[2]));
	} else if (!strcmp(argv[0], "poke") && argc == 5) {
		put(inside(s, argv[2], width(argv[3])), width(argv[3]), number(argv[4]));
	} else if (!strcmp(argv[0], "clear") && argc == 5) {
		where = inside(s, argv[2], width(argv[3]));
		put(where, width(argv[3]), get(where, width(argv[3])) & ~number(argv[4]));
	} else {
		die("what is '%s'? See edit --help", argv[0]);
	}
}

static void read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	long len;

	if (!f || fseek(f, 0, SEEK_END) || (len = ftell(f)) < 0 || fseek(f, 0, SEEK_SET))
		die("%s: %s", path, strerror(errno));
	size = (size_t)len;
	file = malloc(size + 1);
	if (!file || fread(file, 1, size, f) != size)
		die("%s: cannot be read", path);
	fclose(f);
}

static void write_file(const char *path)
{
	FILE *f = fopen(path, "r+b");

	if (!f || fwrite(file, 1, size, f) != size || fclose(f))
		die("%s: %s", path, strerror(errno));
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--help")) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc < 4) {
		fputs(usage, stderr);
		return 2;
	}
	read_file(argv[argc - 1]);
	act(argc - 2, argv + 1);
	write_file(argv[argc - 1]);
	free(file);
	return 0;
}
