// SPDX-License-Identifier: BSD-2-Clause
/* Records of memfds, of both versions. */
#include <luo/memfd.h>

#include <string.h>

/* Where the fields are that one version has elsewhere than the other, or not at all. */
static const struct layout {
	const char *handler;
	unsigned int seals, folios, array;
} layouts[] = {
	[LUO_MEMFD_V1] = {"memfd-v1", 0, 16, 24},
	[LUO_MEMFD_V2] = {"memfd-v2", 16, 24, 32},
};

#define ARRAY_BYTES 16
#define FOLIO_BYTES 16

enum luo_memfd_version luo_memfd_version(const char *handler)
{
	if (!strcmp(handler, layouts[LUO_MEMFD_V1].handler))
		return LUO_MEMFD_V1;
	return strcmp(handler, layouts[LUO_MEMFD_V2].handler) ? LUO_MEMFD_NONE : LUO_MEMFD_V2;
}

const char *luo_memfd_handler(enum luo_memfd_version version)
{
	return layouts[version].handler;
}

enum kb_status luo_memfd_read(const struct mem *m, unsigned int page_shift,
			      enum luo_memfd_version version, phys_t at, struct luo_memfd *ret,
			      struct kb_diag *diag)
{
	const struct layout *l = &layouts[version];
	const uint8_t *p = is_aligned(at.addr, 1ULL << page_shift)
				   ? mem_get(m, at, l->array + ARRAY_BYTES)
				   : NULL;

	if (!p)
		return kb_note(diag, KB_LUO_MEMFD, at.addr, 0);
	*ret = (struct luo_memfd){
		.pos = get_u64(p),
		.size = get_u64(p + 8),
		.seals = l->seals ? get_u32(p + l->seals) : LUO_SEAL_SEAL,
		.flags = l->seals ? get_u32(p + l->seals + 4) : 0,
		.folios = get_u64(p + l->folios),
		.array = {phys(get_u64(p + l->array)), get_u32(p + l->array + 8),
			  get_u16(p + l->array + 12), get_u16(p + l->array + 14)},
	};
	return KB_OK;
}

enum kb_status luo_memfd_check(const struct mem *m, unsigned int page_shift,
			       const struct luo_memfd *f, struct kb_diag *diag)
{
	uint64_t room = ((uint64_t)f->array.pages << page_shift) / FOLIO_BYTES;

	if (!f->folios)
		return KB_OK;
	if (f->folios > room)
		return kb_note(diag, KB_LUO_MEMFD, f->array.first.addr, f->folios);
	return luo_vmalloc_each(m, page_shift, &f->array, NULL, NULL, diag);
}

void luo_memfd_write(enum luo_memfd_version version, const struct luo_memfd *f, uint8_t *bytes)
{
	const struct layout *l = &layouts[version];

	put_u64(bytes, f->pos);
	put_u64(bytes + 8, f->size);
	if (l->seals) {
		put_u32(bytes + l->seals, f->seals);
		put_u32(bytes + l->seals + 4, f->flags);
	}
	put_u64(bytes + l->folios, f->folios);
	put_u64(bytes + l->array, f->array.first.addr);
	put_u32(bytes + l->array + 8, f->array.pages);
	put_u16(bytes + l->array + 12, f->array.flags);
	put_u16(bytes + l->array + 14, f->array.order);
}
