// SPDX-License-Identifier: BSD-2-Clause
/*
 * The sub-blobs in the form of another kernel. Most pass as they are: "memblock" is the same in all
 * versions, and what khoboot does not know it does not touch.
 *
 *	LUO		converted, see <bridge/luo.h>
 *	kexec-metadata	7.1 and later have it; older kernels take every sub-blob for an FDT
 */
#include <core/log.h>
#include <libfdt.h>

#include <bridge/luo.h>

#include "internal.h"

#include <string.h>

#define METADATA         "kexec-metadata"
#define METADATA_BYTES   73 /* include/linux/kho/abi/kexec_metadata.h, version 1 */
#define METADATA_RELEASE 4
#define METADATA_COUNT   69

static bool is_fdt(const struct bridge *b, const struct kho_blob *blob)
{
	const uint8_t *p = mem_get(b->pages.m, blob->at, blob->size);

	return p && blob->size >= sizeof(struct fdt_header) && !fdt_check_header(p) &&
	       fdt_totalsize(p) <= blob->size;
}

static void keep(struct bridge *b, const struct kho_blob *blob)
{
	b->blob[b->blobs++] = *blob;
}

/* What the next kernel would misread. Its memory stays preserved, for nobody. */
static void leave_out(struct bridge *b, const struct kho_blob *blob)
{
	memcpy(b->left_out, blob->name, sizeof(b->left_out));
	if (!b->pages.rehearsal)
		kb_warn("bridge", "sub-blob '%s' is not handed over: no FDT, as kho-v1 wants it",
			blob->name);
}

static enum kb_status write_luo(struct bridge *b, const struct kho_blob *blob)
{
	struct kho_blob out = *blob;
	enum kb_status st = bridge_write_luo(&b->pages, blob, b->to, &out, &b->diag);

	if (st)
		return st;
	b->luo_differs = out.at.addr != blob->at.addr || !out.size;
	b->luo_converted = b->luo_differs && out.size;
	if (out.size)
		keep(b, &out);
	return KB_OK;
}

static enum kb_status write_blob(struct bridge *b, const struct kho_blob *blob)
{
	if (!strcmp(blob->name, "LUO"))
		return write_luo(b, blob);
	if (b->to->abi != KHO_ABI_V1 || is_fdt(b, blob)) {
		keep(b, blob);
		return KB_OK;
	}
	/* Of this one nothing is lost: its page has nothing else. */
	if (!strcmp(blob->name, METADATA))
		return kho_pages_drop(&b->pages, 0, blob->at);
	leave_out(b, blob);
	return KB_OK;
}

/* kho-v1 has none. The next kernel counts from here on. */
static enum kb_status make_metadata(struct bridge *b)
{
	static const char release[] = "unknown (kho-v1)";
	struct kho_blob blob = {.name = METADATA, .size = METADATA_BYTES};
	uint8_t *p;
	enum kb_status st = kho_pages_preserve(&b->pages, 0, &blob.at, &p);

	if (st)
		return st;
	put_u32(p, 1);
	memcpy(p + METADATA_RELEASE, release, sizeof(release));
	put_u32(p + METADATA_COUNT, 1);
	keep(b, &blob);
	return KB_OK;
}

enum kb_status bridge_write_blobs(struct bridge *b)
{
	const struct kho_root *root = &b->pages.k->root;
	enum kb_status st = KB_OK;

	b->blobs = 0;
	b->luo_differs = b->luo_converted = false;
	for (unsigned int i = 0; i < root->blob_count && !st; i++)
		st = write_blob(b, &root->blob[i]);
	if (!st && root->abi == KHO_ABI_V1 && b->to->abi != KHO_ABI_V1 &&
	    !kho_root_blob(root, METADATA))
		st = make_metadata(b);
	return st;
}
