/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A unified kernel image: the sections of the khoboot image that hold what it starts.
 *
 * Section names are those of the UAPI group's "Unified Kernel Image" specification. Three are ours.
 * ".lnxback" is a second kernel, which the bare-metal door starts if it refuses the first one.
 * ".kho" says what the kernel in ".linux" speaks, ".khoback" the same of the one in ".lnxback", as
 * lines of text written by khoctl:
 *
 *	kho=kho-v4		versions, separated by single spaces, or "none"
 *	page=4096		page size in bytes
 *	release=7.3.4		release of the kernel, by itself; absent if it does not say
 *	unknown=kho-v5		a version that is none of "kho-v1" to "kho-v31", or one of them with
 *				more parts ("kho-v4;radix-v1"); absent if there is none
 *	luo=luo-v5		versions of live update, separated by spaces; absent without
 *	abi=luo-v5 memfd-v2 memblock-v1 reserve-mem-v1
 *				versions of all that lies in sub-blobs, those of luo= included;
 *				absent without, and in images made before khoboot could translate
 *
 * Lines with other keys are reserved for later versions and skipped. A line is never cut: versions
 * for which there is no room are named by "unknown", which every khoboot refuses a handover by.
 */
#ifndef FORMAT_UKI_H
#define FORMAT_UKI_H

#include <core/text.h>
#include <format/pe.h>
#include <khoboot/compiler.h>
#include <khoboot/layout.h>
#include <khoboot/status.h>

/* Content of one section; data is NULL when the image has no such section. */
struct uki_part {
	const void *data;
	uint64_t offset; /* in the view of the image */
	uint64_t size;   /* bytes */
};

struct uki {
	struct uki_part kernel;  /* .linux, in the format of its architecture */
	struct uki_part initrd;  /* .initrd */
	struct uki_part ucode;   /* .ucode, an initrd that goes before .initrd */
	struct uki_part cmdline; /* .cmdline, text, not always NUL-terminated */
	struct uki_part osrel;   /* .osrel */
	struct uki_part uname;   /* .uname, release of the kernel */
	struct uki_part sbat;    /* .sbat */
	struct uki_part kho;     /* .kho */
	struct uki_part back;    /* .lnxback, a second kernel */
	struct uki_part khoback; /* .khoback, the .kho of that */
	uint32_t ignored;        /* bit N: the image has a section uki_ignored_name(N) */
};

/* Name of a section of the specification that khoboot leaves unread; NULL after the last one. */
const char *uki_ignored_name(unsigned int n);

/*
 * uki_find - the parts of an image that pe_open() accepted
 *
 * A khoboot.efi without a kernel is fine: kernel.data is NULL then. The parts point into the
 * view of @pe.
 *
 * Returns KB_OK; KB_UKI_DUPLICATE when one of the names above occurs twice; KB_UKI_PROFILE for an
 * image with several profiles (.profile). @ret is untouched on failure.
 */
__must_check enum kb_status uki_find(const struct pe *pe, struct uki *ret, struct kb_diag *diag);

/*
 * uki_open_mapped - the parts of the running image, where firmware mapped its sections
 * @base: the first byte in memory
 * @size: ImageSize of EFI_LOADED_IMAGE_PROTOCOL
 *
 * Returns what pe_open() and uki_find() return. @ret is untouched on failure.
 */
__must_check enum kb_status uki_open_mapped(const void *base, uint64_t size, struct uki *ret,
					    struct kb_diag *diag);

/*
 * uki_open_flat - the same where kexec loaded the file as it is, from KB_SETUP_SIZE on
 * @base: the first byte loaded
 * @start: its file offset, KB_SETUP_SIZE
 * @size: bytes loaded, without what follows the last section: x86_64, uki_flat_size(); arm64,
 *	  SizeOfImage
 *
 * A file whose sections are not where their addresses say is refused (KB_PE_VA_RAW).
 */
__must_check enum kb_status uki_open_flat(const void *base, uint64_t start, uint64_t size,
					  struct uki *ret, struct kb_diag *diag);

/*
 * uki_flat_size - bytes that kexec loaded on x86_64, without what follows the last section
 * @boot_params: the zero page
 * @loaded: the first byte loaded, KB_HEADERS_SIZE_X86 - KB_SETUP_SIZE_X86 of them at least
 *
 * The image ends and the arena begins there, counted from the first byte loaded: SizeOfImage -
 * KB_SETUP_SIZE. A signature that was appended to the file lies in the arena. Returns 0 when the
 * arena does not fit into init_size (0x260).
 */
uint64_t uki_flat_size(const void *boot_params, const void *loaded);

/* What the kernel of an image speaks. */
struct uki_kho {
	uint32_t versions;      /* bit N: "kho-vN"; 0: the kernel has no KHO */
	uint32_t page_size;     /* bytes */
	struct kb_text unknown; /* in the section, as the next ones; len 0: none */
	struct kb_text release; /* len 0: not known */
	struct kb_text luo;     /* "luo-v1 luo-session-v2"; len 0: none */
	struct kb_text abi;     /* the same with all others; @luo if the section has no such line */
	bool whole;             /* it has one: what is not in it, the kernel itself does not have */
};

#define UKI_KHO_VERSION_MAX 31
#define UKI_KHO_NAME_MAX    255  /* characters of "unknown" */
#define UKI_KHO_ABI_MAX     1023 /* of "luo", of "abi" */
#define UKI_KHO_RELEASE_MAX 64   /* __NEW_UTS_LEN */

/*
 * uki_kho_parse - read a .kho section
 *
 * Returns KB_OK, or KB_UKI_KHO for a line without '=', a version that is not "kho-v1" to "kho-v31",
 * a page size that is not a power of two of at least 4096, a repeated key, and a missing "kho" or
 * "page". The characters of the other values are graphic, or spaces in "luo" and "abi". @ret is
 * untouched on failure.
 */
__must_check enum kb_status uki_kho_parse(const void *data, uint64_t size, struct uki_kho *ret,
					  struct kb_diag *diag);

#endif
