// SPDX-License-Identifier: BSD-2-Clause
/* The kernel of an image, bzImage or arm64 Image, packed or not; see next_kernel.h. */
#include <core/diag.h>
#include <format/pe.h>

#include "kernel_abi.h"
#include "next_kernel.h"
#include "sbat.h"

#include <stdlib.h>
#include <string.h>

/* ---- headers --------------------------------------------------------------------------------- */

static struct range work_area(struct buffer *b)
{
	buffer_reserve(b, UNPACK_WORK_SIZE);
	return (struct range){(uintptr_t)b->data, UNPACK_WORK_SIZE};
}

static enum kb_status open_x86(struct next_kernel *k, struct kb_diag *diag)
{
	enum kb_status st;

	k->is_ready = ready_is(k->data, k->size);
	if (!k->is_ready)
		st = bzimage_parse(k->data, k->size, &k->bz, diag);
	else
		st = ready_open(k->data, k->size, &k->ready, diag);
	if (!st && k->is_ready)
		st = bzimage_parse_setup(k->ready.bzimage, k->ready.bzimage_size, &k->bz, diag);
	k->cmdline_size = k->bz.cmdline_size;
	return st;
}

static enum kb_status open_arm64(struct next_kernel *k, struct kb_diag *diag)
{
	struct buffer work = {0};
	enum kb_status st = arm64_kernel_open(k->data, k->size, work_area(&work), &k->arm64, diag);

	buffer_free(&work);
	k->cmdline_size = ARM64_CMDLINE_MAX;
	return st;
}

enum kb_status next_kernel_open(const void *data, size_t size, uint16_t machine,
				struct next_kernel *ret, struct kb_diag *diag)
{
	struct next_kernel k = {.machine = machine, .data = data, .size = size}, other = k;
	const bool arm64 = machine == PE_MACHINE_ARM64;
	struct kb_diag why = {0};
	enum kb_status st = arm64 ? open_arm64(&k, &why) : open_x86(&k, &why);

	if (!st)
		*ret = k;
	else if (!(arm64 ? open_x86(&other, NULL) : open_arm64(&other, NULL)))
		st = kb_note(diag, KB_CTL_ARCH, 0, machine);
	else
		kb_note(diag, st, why.at, why.value);
	return st;
}

bool next_kernel_is_native(uint16_t machine)
{
#ifdef __aarch64__
	return machine == PE_MACHINE_ARM64;
#else
	return machine == PE_MACHINE_AMD64;
#endif
}

/* ---- content --------------------------------------------------------------------------------- */

void next_kernel_abi_free(struct next_kernel_abi *a)
{
	buffer_free(&a->kho);
	buffer_free(&a->release);
	buffer_free(&a->sbat);
}

static void describe(const struct buffer *kernel, uint32_t page_size, struct next_kernel_abi *ret)
{
	struct kernel_speaks speaks = {
		.versions = kernel_abi_versions(kernel->data, kernel->size),
		.page_size = page_size,
		.release = {(const char *)ret->release.data, ret->release.size},
	};

	kernel_abi_names(kernel->data, kernel->size, &speaks.names);
	kernel_abi_write(&speaks, &ret->kho);
	buffer_free(&speaks.names.list);
}

/* In @out, unpacked. */
static enum kb_status unpack_x86(const struct next_kernel *k, struct buffer *out,
				 struct kb_diag *diag)
{
	if (!k->is_ready)
		return kernel_abi_unpack(k->data, &k->bz, out, diag);
	buffer_append(out, k->ready.image, k->ready.loaded);
	return KB_OK;
}

static enum kb_status look_into_x86(const struct next_kernel *k, struct next_kernel_abi *ret,
				    struct kb_diag *diag)
{
	struct buffer kernel = {0};
	enum kb_status st = unpack_x86(k, &kernel, diag);

	if (!st && k->bz.release)
		buffer_append(&ret->release, k->bz.release, k->bz.release_len);
	if (!st)
		describe(&kernel, SZ_4K, ret);
	buffer_free(&kernel);
	return st;
}

static enum kb_status unpack_arm64(const struct next_kernel *k, struct buffer *kernel,
				   struct kb_diag *diag)
{
	struct buffer work = {0};
	enum kb_status st;
	uint64_t size = 0;

	buffer_reserve(kernel, k->arm64.image.image_size);
	st = arm64_kernel_load(&k->arm64, kernel->data, work_area(&work), &size, diag);
	kernel->size = size;
	buffer_free(&work);
	return st;
}

enum kb_status next_kernel_unpack(const struct next_kernel *k, struct buffer *out,
				  struct kb_diag *diag)
{
	const uint64_t size = k->arm64.image.image_size;
	enum kb_status st = unpack_arm64(k, out, diag);

	if (st)
		return st;
	/* A signature may follow an Image in its file. */
	memset(out->data + out->size, 0, size - out->size);
	out->size = size;
	return KB_OK;
}

/* The header has no field for the release: it is in what the kernel says first. */
static enum kb_status look_into_arm64(const struct next_kernel *k, struct next_kernel_abi *ret,
				      struct kb_diag *diag)
{
	const struct arm64_image *image = &k->arm64.image;
	struct buffer kernel = {0};
	enum kb_status st;

	if (!image->page_size)
		return kb_note(diag, KB_ARM64_PAGES, ARM64_FLAGS, 0);
	st = unpack_arm64(k, &kernel, diag);
	if (!st) {
		kernel_abi_banner(kernel.data, kernel.size, &ret->release);
		describe(&kernel, image->page_size, ret);
		sbat_add(&ret->sbat, sbat_of_file(kernel.data, kernel.size), (struct kb_text){0});
	}
	buffer_free(&kernel);
	return st;
}

enum kb_status next_kernel_abi(const struct next_kernel *k, struct next_kernel_abi *ret,
			       struct kb_diag *diag)
{
	return k->machine == PE_MACHINE_ARM64 ? look_into_arm64(k, ret, diag)
					      : look_into_x86(k, ret, diag);
}
