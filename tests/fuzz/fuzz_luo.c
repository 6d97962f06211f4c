// SPDX-License-Identifier: BSD-2-Clause
/*
 * Live update data as a kernel wrote them, with some words changed, in the form of another kernel.
 * What is taken must not make that kernel panic; what is refused must be refused in the rehearsal,
 * before anything is written.
 *
 *	offset 0   writer, receiver
 *	       1   sessions, files
 *	       2   changes: where u16, how u8, with what u8
 */
#include "../unit/luo_kernel.h"

#include <bridge/luo.h>
#include <luo/luo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD (2 * SZ_1M)
#define EDITS 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct kho_edit edit[EDITS];
static _Alignas(8) uint8_t trial[SZ_4K << KHO_PAGES_ORDER_MAX];

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz_luo: %s\n", what);
	abort();
}

static uint8_t *open_piece(void *ctx, struct range piece)
{
	struct kho_image *img = ctx;

	return img->buf + (piece.base - KHO_IMAGE_BASE);
}

/* Another word of the field: a small number, an address in the field, or any. */
static void change(struct kho_image *img, const uint8_t *c)
{
	uint64_t at = KHO_IMAGE_BASE + get_u16(c) * 8ULL % (img->used - 8);
	uint64_t v = c[3];

	at &= ~7ULL;
	if (c[2] % 4 == 1)
		v = KHO_IMAGE_BASE + v * img->page;
	else if (c[2] % 4 == 2)
		v = kho_image_get(img, at) ^ 1ULL << v % 64;
	else if (c[2] % 4 == 3)
		v = v << 56 | ~0ULL >> 8;
	kho_image_put(img, at, v);
}

static void check_taken(struct kho_image *img, enum linux_release to, const struct kho_blob *out)
{
	struct entries e = {0};
	const char *wrong;

	entries_of(&e, img);
	wrong = linux_read(to, img, out->at.addr, out->size, &e, NULL);
	require(!wrong || strncmp(wrong, "panic", 5), wrong);
	entries_free(&e);
}

static void convert(struct kho_image *img, enum linux_release to, const struct kho_blob *in)
{
	struct range room = {KHO_IMAGE_BASE + FIELD / 2, FIELD / 2};
	const struct range_list from = {&room, 1, 1};
	const struct kho_dialect d = {.abi = KHO_ABI_V4,
				      .format = KHO_MAP_RADIX,
				      .page_shift = 12,
				      .names = {linux_names(to), strlen(linux_names(to))}};
	struct kho_pages p = {.m = &img->mem,
			      .k = img->kho,
			      .from = &from,
			      .trial = trial,
			      .open = open_piece,
			      .ctx = img,
			      .edit = edit,
			      .edit_max = EDITS};
	struct kho_blob first = {.size = 1}, out = {.size = 1};
	struct kb_diag diag = {0};
	enum kb_status st;

	kho_pages_begin(&p, true);
	kho_image_seal(img);
	st = bridge_write_luo(&p, in, &d, &first, &diag);
	require(!st || first.size == 1, "a refusal changed its output");
	for (size_t i = FIELD / 2; i < FIELD / 2 + 64 * 1024; i++)
		require(!img->buf[i], "a rehearsal wrote");
	if (st)
		return;
	kho_pages_begin(&p, false);
	require(!bridge_write_luo(&p, in, &d, &out, &diag), "refused after the rehearsal");
	require(first.at.addr == out.at.addr && first.size == out.size, "not as in the rehearsal");
	check_taken(img, to, &out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum linux_release from, to;
	struct kho_blob in = {.name = "LUO"};
	struct kho_image img;
	unsigned int files;
	struct model *m;
	uint64_t random;

	if (size < 2)
		return 0;
	from = data[0] % LINUXES;
	to = data[0] / LINUXES % LINUXES;
	random = data[0];
	kho_image_init_sized(&img, KHO_MAP_RADIX, 12, FIELD);
	files = data[1] / 16 % 4;
	m = model_make(&img, &random, data[1] % 16 * (files ? 1U : 6U), files, data[1] / 64 % 2,
		       true);
	in.at = phys(linux_write(from, &img, m, &in.size));
	kho_image_finish(&img);
	for (size_t i = 2; i + 4 <= size && img.used < FIELD / 2; i += 4)
		change(&img, data + i);
	if (img.used < FIELD / 2 && !kho_image_open(&img))
		convert(&img, to, &in);
	model_free(m);
	kho_image_free(&img);
	return 0;
}
