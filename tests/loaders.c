// SPDX-License-Identifier: BSD-2-Clause
/*
 * loaders - does a file pass the checks of those who will load it? And files to try that on.
 *
 *   loaders kexec FILE...
 *	Linux arch/x86/kernel/kexec-bzimage64.c, bzImage64_probe and bzImage64_load, or
 *	arch/arm64/kernel/kexec_image.c, image_probe and image_load; and what a UKI needs besides
 *	when its sections are not mapped
 *   loaders firmware FILE...
 *	edk2 MdePkg/Library/BasePeCoffLib, MdeModulePkg/Core/Dxe/Misc/MemoryProtection.c; sbsign's
 *	"gap in section table"
 *   loaders ukify STUB OUT NAME FILE [NAME FILE]...
 *	add sections as ukify does: pages in memory, FileAlignment in the file
 *   loaders kernel OUT STRING [RELEASE]
 *	a bzImage whose packed kernel holds STRING; "A|B": two strings
 *   loaders sbat KERNEL OUT FILE
 *	the same kernel as a PE file, with FILE as .sbat
 *   loaders image OUT STRING FLAGS [RELEASE]
 *	an arm64 Image with these flags that holds STRING
 *   loaders zboot OUT PACKING FILE
 *	an EFI zboot image of FILE, which was packed so
 *   loaders section FILE NAME
 *	the bytes of a section, on standard output
 *   loaders stub OUT
 *	an arm64 khoboot.efi without code
 *
 * Written from those sources and shares no code with khoboot, which it judges. Exit status 1 with
 * a line on standard error for the first rule that is broken.
 */
#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

struct file {
	const char *name;
	uint8_t *data;
	size_t size;
};

static void die(const char *name, const char *what)
{
	fprintf(stderr, "loaders: %s: %s\n", name, what);
	exit(1);
}

static void need(const struct file *f, bool condition, const char *rule)
{
	if (!condition)
		die(f->name, rule);
}

static uint32_t get(const struct file *f, size_t at, int bytes)
{
	uint32_t v = 0;

	need(f, at + (size_t)bytes <= f->size, "the file ends in its headers");
	for (int i = bytes - 1; i >= 0; i--)
		v = v << 8 | f->data[at + (size_t)i];
	return v;
}

static void set(struct file *f, size_t at, int bytes, uint32_t v)
{
	for (int i = 0; i < bytes; i++)
		f->data[at + (size_t)i] = (uint8_t)(v >> 8 * i);
}

static struct file read_whole(const char *name)
{
	struct file f = {name, NULL, 0};
	FILE *s = fopen(name, "rb");
	size_t n;

	if (!s)
		die(name, strerror(errno));
	do {
		f.data = realloc(f.data, f.size + 65536);
		n = fread(f.data + f.size, 1, 65536, s);
		f.size += n;
	} while (n);
	fclose(s);
	return f;
}

static void write_whole(const struct file *f, const char *name)
{
	FILE *s = fopen(name, "wb");

	if (!s || fwrite(f->data, 1, f->size, s) != f->size || fclose(s))
		die(name, strerror(errno));
}

static void grow(struct file *f, size_t size)
{
	f->data = realloc(f->data, size);
	memset(f->data + f->size, 0, size - f->size);
	f->size = size;
}

static bool is_arm64(const struct file *f)
{
	return f->size >= 64 && !memcmp(f->data + 56, "ARM\x64", 4);
}

static uint32_t up(uint32_t v, uint32_t align)
{
	return (v + align - 1) / align * align;
}

/* ---- PE -------------------------------------------------------------------------------------- */

struct pe {
	uint32_t coff, opt, table, sections;
};

struct section {
	char name[9];
	uint32_t vsize, va, raw_size, raw, flags;
};

static struct pe pe_of(const struct file *f)
{
	struct pe p;

	need(f, get(f, 0, 2) == 0x5a4d, "no MZ");
	p.coff = get(f, 0x3c, 4);
	need(f, get(f, p.coff, 4) == 0x4550, "no PE");
	p.opt = p.coff + 24;
	p.table = p.opt + get(f, p.coff + 20, 2);
	p.sections = get(f, p.coff + 6, 2);
	return p;
}

static struct section section_of(const struct file *f, const struct pe *p, uint32_t i)
{
	uint32_t e = p->table + 40 * i;
	struct section s = {
		.vsize = get(f, e + 8, 4),
		.va = get(f, e + 12, 4),
		.raw_size = get(f, e + 16, 4),
		.raw = get(f, e + 20, 4),
		.flags = get(f, e + 36, 4),
	};

	memcpy(s.name, f->data + e, 8);
	return s;
}

/* ---- firmware -------------------------------------------------------------------------------- */

static void check_pe_headers(const struct file *f, const struct pe *p)
{
	uint32_t dirs = get(f, p->opt + 108, 4), image = get(f, p->opt + 56, 4);
	uint32_t headers = get(f, p->opt + 60, 4);

	need(f, get(f, p->coff + 4, 2) == (is_arm64(f) ? 0xaa64 : 0x8664),
	     "Machine is not that of the kernel's header");
	need(f, get(f, p->opt, 2) == 0x20b, "not PE32+");
	need(f, get(f, p->opt + 68, 2) == 10, "Subsystem is not EFI application");
	need(f, get(f, p->opt + 70, 2) & 0x100, "DllCharacteristics without NX_COMPAT");
	need(f, !(get(f, p->coff + 22, 2) & 1), "relocations stripped");
	need(f, dirs <= 16 && get(f, p->coff + 20, 2) - 112 == dirs * 8,
	     "SizeOfOptionalHeader and NumberOfRvaAndSizes differ");
	need(f, image > p->table && (image - p->table) / 40 > p->sections, "too many sections");
	need(f, headers > p->table && headers < image, "SizeOfHeaders");
	need(f, (headers - p->table) / 40 >= p->sections, "section table passes SizeOfHeaders");
	need(f, headers <= f->size, "SizeOfHeaders passes the file");
	need(f, get(f, p->opt + 32, 4) == 0x1000, "SectionAlignment is not a page");
	need(f, image % 0x1000 == 0, "SizeOfImage is not a multiple of SectionAlignment");
}

/* @end: where the section before ends in memory. */
static void check_pe_section(const struct file *f, const struct pe *p, const struct section *s,
			     uint32_t end)
{
	uint32_t headers = get(f, p->opt + 60, 4), image = get(f, p->opt + 56, 4);
	uint64_t size = s->vsize ? s->vsize : s->raw_size;

	need(f, s->va % 0x1000 == 0, "a section is not page aligned");
	need(f, s->va >= end, "sections overlap or are not ascending");
	need(f, s->va == end, "a gap between sections");
	need(f, s->va + size <= image, "a section passes SizeOfImage");
	need(f, !(s->flags & 0x80000000) || !(s->flags & 0x20000020), "a section with W and X");
	if (!s->raw_size)
		return;
	need(f, s->raw >= headers && s->va >= headers, "a section in the headers");
	need(f, s->raw % get(f, p->opt + 36, 4) == 0, "raw data is not file aligned");
	need(f, (uint64_t)s->raw + s->raw_size <= f->size, "raw data passes the file");
}

static void check_entry(const struct file *f, const struct pe *p)
{
	uint32_t entry = get(f, p->opt + 16, 4);

	for (uint32_t i = 0; i < p->sections; i++) {
		struct section s = section_of(f, p, i);

		if (entry >= s.va && entry < s.va + s.vsize) {
			need(f, s.flags & 0x20000000, "the entry point is not in code");
			return;
		}
	}
	die(f->name, "the entry point is in no section");
}

/* The relocation directory consists of whole blocks. */
static void check_relocations(const struct file *f, const struct pe *p)
{
	uint32_t at = get(f, p->opt + 112 + 40, 4), size = get(f, p->opt + 112 + 44, 4);
	uint32_t raw = 0;

	for (uint32_t i = 0; i < p->sections; i++) {
		struct section s = section_of(f, p, i);

		if (at >= s.va && at + size <= s.va + s.vsize)
			raw = s.raw + at - s.va;
	}
	need(f, !size || raw, "base relocations are in no section");
	for (uint32_t done = 0; done < size;) {
		uint32_t block = get(f, raw + done + 4, 4);

		need(f, block >= 8 && block <= size - done, "a block of base relocations");
		done += block;
	}
}

static void check_firmware(const struct file *f)
{
	struct pe p = pe_of(f);
	uint32_t end = get(f, p.opt + 60, 4);

	check_pe_headers(f, &p);
	for (uint32_t i = 0; i < p.sections; i++) {
		struct section s = section_of(f, &p, i);

		check_pe_section(f, &p, &s, end);
		end = up(s.va + (s.vsize ? s.vsize : s.raw_size), 0x1000);
	}
	need(f, end == get(f, p.opt + 56, 4), "SizeOfImage is not the end of the sections");
	check_entry(f, &p);
	check_relocations(f, &p);
}

/* ---- kexec ----------------------------------------------------------------------------------- */

static void check_probe(const struct file *f)
{
	need(f, f->size >= 1024, "shorter than 1024 bytes");
	need(f, !memcmp(f->data + 0x202, "HdrS", 4), "no HdrS");
	need(f, get(f, 0x1fe, 2) == 0xaa55, "no boot flag");
	need(f, get(f, 0x206, 2) >= 0x20c, "protocol before 2.12");
	need(f, get(f, 0x211, 1) & 1, "not LOADED_HIGH");
	need(f, get(f, 0x236, 2) & 1, "no XLF_KERNEL_64");
	need(f, get(f, 0x236, 2) & 2, "no XLF_CAN_BE_LOADED_ABOVE_4G");
	need(f, get(f, 0x236, 2) & 0x20, "no XLF_5LEVEL");
	need(f, get(f, 0x234, 1), "not relocatable");
}

static uint32_t setup_size(const struct file *f)
{
	uint32_t sects = get(f, 0x1f1, 1);

	return ((sects ? sects : 4) + 1) * 512;
}

static void check_load(const struct file *f)
{
	uint32_t setup = setup_size(f), init = get(f, 0x260, 4), align = get(f, 0x230, 4);

	need(f, f->size > setup, "nothing after the setup sectors");
	need(f, get(f, 0x201, 1) < 0x80, "the length of the header is a signed char");
	need(f, 0x202 + get(f, 0x201, 1) <= 0x290, "the header passes boot_params' room for it");
	need(f, init >= f->size - setup, "init_size is less than what is loaded");
	need(f, align && !(align & (align - 1)), "kernel_alignment");
	need(f, get(f, 0x25c, 4) || get(f, 0x258, 4) >= 0x100000, "pref_address below 1 MiB");
	need(f, get(f, 0x238, 4) >= 2047, "cmdline_size");
}

/* kexec does not map sections, nor write zeros after their raw data. */
static void check_sections(const struct file *f, const struct pe *p)
{
	for (uint32_t i = 0; i < p->sections; i++) {
		struct section s = section_of(f, p, i);

		need(f, s.va == s.raw, "VirtualAddress is not PointerToRawData");
		need(f, s.vsize <= s.raw_size, "zeros after raw data");
	}
}

#define ARENA 0x800000 /* of khoboot, after its image */

static void check_flat(const struct file *f)
{
	uint32_t setup = setup_size(f);
	struct pe p = pe_of(f);
	uint32_t end = get(f, p.opt + 56, 4);

	need(f, p.coff >= setup, "the PE header is not loaded");
	check_sections(f, &p);
	need(f, end > setup && end <= f->size, "SizeOfImage passes the file");
	need(f, get(f, 0x260, 4) >= end - setup + ARENA, "init_size has no room for the arena");
}

static void check_image(const struct file *f)
{
	uint32_t size = get(f, 16, 4), image;
	struct pe p = pe_of(f);

	need(f, size && !get(f, 20, 4), "image_size");
	need(f, !get(f, 8, 4) && !get(f, 12, 4), "text_offset");
	need(f, get(f, 24, 4) == 8 && !get(f, 28, 4), "flags: little endian, any pages, anywhere");
	need(f, size >= f->size, "image_size is less than what is loaded");
	check_sections(f, &p);
	image = get(f, p.opt + 56, 4);
	need(f, image == up((uint32_t)f->size, 0x1000), "SizeOfImage is not the end of the file");
	need(f, size >= image + ARENA, "image_size has no room for the arena");
}

static void check_kexec(const struct file *f)
{
	if (is_arm64(f)) {
		check_image(f);
		return;
	}
	check_probe(f);
	check_load(f);
	check_flat(f);
}

static void dump_section(const char *name, const char *section)
{
	struct file f = read_whole(name);
	struct pe p = pe_of(&f);

	for (uint32_t i = 0; i < p.sections; i++) {
		struct section s = section_of(&f, &p, i);

		if (strncmp(s.name, section, 8))
			continue;
		need(&f, (uint64_t)s.raw + s.vsize <= f.size, "raw data passes the file");
		fwrite(f.data + s.raw, 1, s.vsize, stdout);
		free(f.data);
		return;
	}
	die(name, "no such section");
}

/* ---- making ---------------------------------------------------------------------------------- */

static void add_section(struct file *f, const char *name, const struct file *content)
{
	struct pe p = pe_of(f);
	struct section last = section_of(f, &p, p.sections - 1);
	uint32_t align = get(f, p.opt + 36, 4), raw = up((uint32_t)f->size, align);
	uint32_t e = p.table + 40 * p.sections;
	uint32_t va = up(last.va + last.vsize, 0x1000), size = (uint32_t)content->size;

	grow(f, raw + up(size, align));
	memcpy(f->data + raw, content->data, size);
	strncpy((char *)f->data + e, name, 8);
	set(f, e + 8, 4, size);
	set(f, e + 12, 4, va);
	set(f, e + 16, 4, up(size, align));
	set(f, e + 20, 4, raw);
	/* .linux is code: old kernels were started where they are. */
	set(f, e + 36, 4, strcmp(name, ".linux") ? 0x40000040 : 0x40000020);
	set(f, p.coff + 6, 2, p.sections + 1);
	set(f, p.opt + 56, 4, up(va + size, 0x1000));
	set(f, p.opt + 64, 4, 0);
}

static void make_ukify(int argc, char **argv)
{
	struct file f = read_whole(argv[0]);

	for (int i = 2; i + 1 < argc; i += 2) {
		struct file content = read_whole(argv[i + 1]);

		add_section(&f, argv[i], &content);
		free(content.data);
	}
	write_whole(&f, argv[1]);
	free(f.data);
}

/* An ELF file of one segment from 16 MiB on, which begins with its second page; not relocatable. */
static void make_elf(uint8_t *kernel, uint32_t size)
{
	const Elf64_Ehdr e = {
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_entry = 0x1000000,
		.e_phoff = sizeof(e),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
	};
	const Elf64_Phdr p = {
		.p_type = PT_LOAD,
		.p_offset = 0x1000,
		.p_paddr = 0x1000000,
		.p_filesz = size - 0x1000,
		.p_memsz = size,
	};

	memcpy(kernel, &e, sizeof(e));
	memcpy(kernel + sizeof(e), &p, sizeof(p));
}

static uint32_t pack(uint8_t *out, uint32_t room, const char *string)
{
	static uint8_t kernel[65536];
	z_stream z = {.next_in = kernel, .avail_in = sizeof(kernel)};

	make_elf(kernel, sizeof(kernel));
	for (size_t i = 0; string[i]; i++)
		kernel[12345 + i] = string[i] == '|' ? 0 : (uint8_t)string[i];
	z.next_out = out;
	z.avail_out = room;
	if (deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK ||
	    deflate(&z, Z_FINISH) != Z_STREAM_END)
		die(string, "cannot be packed");
	deflateEnd(&z);
	return (uint32_t)z.total_out;
}

static void make_kernel(const char *out, const char *string, const char *release)
{
	struct file f = {out, NULL, 0};

	grow(&f, 0x5000);
	set(&f, 0x1f1, 1, 3);
	set(&f, 0x1fe, 2, 0xaa55);
	memcpy(f.data + 0x200, "\xeb\x6aHdrS\x0f\x02", 8);
	set(&f, 0x211, 1, 1);
	set(&f, 0x230, 4, 0x200000);
	set(&f, 0x234, 2, 21 << 8 | 1);
	set(&f, 0x236, 2, 0x63);
	set(&f, 0x238, 4, 2047);
	set(&f, 0x258, 4, 0x1000000);
	set(&f, 0x260, 4, 0x1000000);
	set(&f, 0x248, 4, 0x400);
	set(&f, 0x24c, 4, pack(f.data + 2048 + 0x400, 0x4000, string));
	if (release) {
		set(&f, 0x20e, 2, 0x100);
		strcpy((char *)f.data + 0x300, release);
	}
	write_whole(&f, out);
	free(f.data);
}

/* The setup sectors have room for a PE header after the release. */
static void make_sbat(const char *kernel, const char *out, const char *name)
{
	struct file f = read_whole(kernel), content = read_whole(name);
	uint32_t at = up((uint32_t)f.size, 0x1000), size = (uint32_t)content.size;
	uint32_t e = 0x400 + 24 + 240;

	grow(&f, at + 0x1000);
	memcpy(f.data + at, content.data, content.size);
	memcpy(f.data, "MZ", 2);
	set(&f, 0x3c, 4, 0x400);
	memcpy(f.data + 0x400, "PE\0\0\x64\x86\1", 7);
	set(&f, 0x400 + 20, 4, 0x22600f0);
	set(&f, 0x400 + 24, 2, 0x20b);
	set(&f, 0x400 + 24 + 32, 4, 0x1000);
	set(&f, 0x400 + 24 + 36, 4, 0x200);
	set(&f, 0x400 + 24 + 56, 4, at + 0x1000);
	set(&f, 0x400 + 24 + 60, 4, 0x800);
	set(&f, 0x400 + 24 + 68, 2, 10);
	set(&f, 0x400 + 24 + 108, 4, 16);
	memcpy(f.data + e, ".sbat", 5);
	set(&f, e + 8, 4, size);
	set(&f, e + 12, 4, at);
	set(&f, e + 16, 4, up(size, 0x200));
	set(&f, e + 20, 4, at);
	set(&f, e + 36, 4, 0x40000040);
	write_whole(&f, out);
	free(f.data);
	free(content.data);
}

static void make_image(const char *out, const char *string, const char *flags, const char *release)
{
	struct file f = {out, NULL, 0};

	grow(&f, 0x8000);
	set(&f, 16, 4, 0x20000);
	set(&f, 24, 4, (uint32_t)strtoul(flags, NULL, 0));
	memcpy(f.data + 56, "ARM\x64", 4);
	if (release)
		sprintf((char *)f.data + 0x1000, "Linux version %s (user@host) #1", release);
	strcpy((char *)f.data + 0x7001, string);
	write_whole(&f, out);
	free(f.data);
}

static void make_zboot(const char *out, const char *packing, const char *packed)
{
	struct file f = {out, NULL, 0}, content = read_whole(packed);

	grow(&f, 0x1000 + content.size);
	memcpy(f.data, "MZ\0\0zimg", 8);
	set(&f, 8, 4, 0x1000);
	set(&f, 12, 4, (uint32_t)content.size);
	strcpy((char *)f.data + 24, packing);
	memcpy(f.data + 0x1000, content.data, content.size);
	write_whole(&f, out);
	free(f.data);
	free(content.data);
}

static void stub_section(struct file *f, uint32_t i, const char *name, uint32_t flags)
{
	uint32_t e = 0x148 + 40 * i, at = 0x1000 + 0x1000 * i;

	strcpy((char *)f->data + e, name);
	set(f, e + 8, 4, 0x1000);
	set(f, e + 12, 4, at);
	set(f, e + 16, 4, 0x1000);
	set(f, e + 20, 4, at);
	set(f, e + 36, 4, flags);
}

static void make_stub(const char *out)
{
	struct file f = {out, NULL, 0};

	grow(&f, 0x5000);
	memcpy(f.data, "MZ\x40\xfa", 4);
	set(&f, 16, 4, 0x5000 + ARENA);
	set(&f, 24, 4, 8);
	memcpy(f.data + 56, "ARM\x64", 4);
	set(&f, 0x3c, 4, 0x40);
	strcpy((char *)f.data + 0xf00, "khoboot 0");
	memcpy(f.data + 0x40, "PE\0\0\x64\xaa\4", 7);
	set(&f, 0x54, 4, 0x22600f0);
	set(&f, 0x58, 2, 0x20b);
	set(&f, 0x68, 4, 0x1000);
	set(&f, 0x78, 4, 0x1000);
	set(&f, 0x7c, 4, 0x200);
	set(&f, 0x90, 4, 0x5000);
	set(&f, 0x94, 4, 0x1000);
	set(&f, 0x9c, 4, 0x100000a);
	set(&f, 0xc4, 4, 16);
	stub_section(&f, 0, ".text", 0x60000020);
	stub_section(&f, 1, ".rodata", 0x40000040);
	stub_section(&f, 2, ".data", 0xc0000040);
	stub_section(&f, 3, ".sbat", 0x40000040);
	write_whole(&f, out);
	free(f.data);
}

/* ---- main ------------------------------------------------------------------------------------ */

static void check_each(char **names, void (*check)(const struct file *f))
{
	for (; *names; names++) {
		struct file f = read_whole(*names);

		check(&f);
		free(f.data);
	}
}

int main(int argc, char **argv)
{
	const char *mode = argc > 2 ? argv[1] : "";

	if (!strcmp(mode, "kexec"))
		check_each(argv + 2, check_kexec);
	else if (!strcmp(mode, "firmware"))
		check_each(argv + 2, check_firmware);
	else if (!strcmp(mode, "sbat") && argc == 5)
		make_sbat(argv[2], argv[3], argv[4]);
	else if (!strcmp(mode, "ukify") && argc > 3)
		make_ukify(argc - 2, argv + 2);
	else if (!strcmp(mode, "kernel") && argc > 3)
		make_kernel(argv[2], argv[3], argv[4]);
	else if (!strcmp(mode, "image") && argc > 4)
		make_image(argv[2], argv[3], argv[4], argv[5]);
	else if (!strcmp(mode, "zboot") && argc > 4)
		make_zboot(argv[2], argv[3], argv[4]);
	else if (!strcmp(mode, "section") && argc > 3)
		dump_section(argv[2], argv[3]);
	else if (!strcmp(mode, "stub"))
		make_stub(argv[2]);
	else
		die("usage", "see tests/loaders.c");
	return 0;
}
