// SPDX-License-Identifier: BSD-2-Clause
/*
 * The parts of an image and its .kho section. The first byte chooses: a text that is a .kho
 * section, or a door; the input is then laid over the PE header of a sound image by exclusive or.
 */
#include "../unit/make_image.h"

#include <fdt/kho_target.h>
#include <format/uki.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct buffer sound;
static volatile uint8_t sink;

static void make_sound(void)
{
	static const char *const names[] = {".linux", ".initrd", ".ucode", ".cmdline",
					    ".osrel", ".uname",  ".kho",   ".profils"};
	char page[0x1000] = "kho=kho-v4\npage=4096\n";

	make_stub(&sound);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		make_section(&sound, names[i], page, sizeof(page));
}

static void read_part(const struct uki_part *p)
{
	const uint8_t *bytes = p->data;

	if (!p->data && p->size)
		abort();
	if (p->size) {
		sink = bytes[0];
		sink = bytes[p->size - 1];
	}
}

static void check_text(struct kb_text t, size_t max)
{
	if (t.len > max)
		abort();
	for (size_t i = 0; i < t.len; i++)
		if (t.text[i] < ' ' || t.text[i] > '~')
			abort();
}

/* Whatever .kho says, what is to be written is one of the forms that can be. */
static void read_dialect(const void *data, size_t size, enum kho_abi abi)
{
	const struct kho_root root = {.abi = abi, .page_shift = 12};
	struct uki_part part = {data, 0, size};
	struct kb_diag diag = {0};
	struct kho_dialect to;
	enum kb_status st =
		kho_target_dialect(&part, (struct kb_text){0}, &root, NULL, NULL, &to, &diag);

	if (st != diag.status)
		abort();
	(void)kho_target_name(&part);
	if (st)
		return;
	if (kho_abi_parse(to.compatible, NULL) != to.abi || to.page_shift != 12 ||
	    (to.format == KHO_MAP_RADIX) != (to.abi != KHO_ABI_V1))
		abort();
	check_text(to.compatible, UKI_KHO_NAME_MAX);
	check_text(to.names, UKI_KHO_ABI_MAX);
}

static void read_kho(const void *data, size_t size)
{
	struct kb_diag diag = {0};
	struct uki_kho k;

	if (uki_kho_parse(data, size, &k, &diag) != diag.status)
		abort();
	if (!diag.status && (!is_pow2(k.page_size) || k.page_size < 4096 || k.versions & 1))
		abort();
	if (diag.status)
		return;
	check_text(k.unknown, UKI_KHO_NAME_MAX);
	check_text(k.release, UKI_KHO_RELEASE_MAX);
	check_text(k.luo, UKI_KHO_ABI_MAX);
	check_text(k.abi, UKI_KHO_ABI_MAX);
	read_dialect(data, size, KHO_ABI_V1);
	read_dialect(data, size, KHO_ABI_V4);
}

static void read_parts(const struct uki *u)
{
	read_part(&u->kernel);
	read_part(&u->initrd);
	read_part(&u->ucode);
	read_part(&u->cmdline);
	read_part(&u->osrel);
	read_part(&u->uname);
	read_part(&u->sbat);
	read_part(&u->kho);
	if (u->kho.data)
		read_kho(u->kho.data, u->kho.size);
}

static void open_image(const uint8_t *data, size_t size, uint64_t start)
{
	uint8_t *image = malloc(sound.size - start);
	enum kb_status st;
	struct uki u;

	memcpy(image, sound.data + start, sound.size - start);
	for (size_t i = 0; i < size && STUB_COFF + i < sound.size; i++)
		image[STUB_COFF - start + i] ^= data[i];
	st = start ? uki_open_flat(image, start, sound.size - start, &u, NULL)
		   : uki_open_mapped(image, sound.size, &u, NULL);
	if (!st)
		read_parts(&u);
	free(image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!sound.size)
		make_sound();
	if (!size)
		return 0;
	if (data[0] & 2)
		read_kho(data + 1, size - 1);
	else
		open_image(data + 1, size - 1, data[0] & 1 ? KB_SETUP_SIZE : 0);
	return 0;
}
