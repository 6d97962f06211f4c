/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Will the next kernel take what was handed over? A kernel that does not know the version string
 * boots cold, over the preserved memory (Linux kernel/liveupdate/kexec_handover.c:kho_populate), so
 * this is asked before anything is given up.
 */
#ifndef FDT_KHO_TARGET_H
#define FDT_KHO_TARGET_H

#include <fdt/kho.h>
#include <fdt/kho_dialect.h>
#include <format/uki.h>

/*
 * kho_target_dialect - what the next kernel reads
 * @section: .kho of its image; data NULL when the image has none
 * @release: of the kernel, if .kho does not say; text NULL: not known
 * @root: of the outgoing kernel
 * @m, @map: its map, opened and walked; NULL: not known, as on the outgoing kernel itself
 * @ret: points into @section; untouched on failure
 * @diag: at = versions that the kernel speaks (bit N for kho-vN), value = version of the data; for
 *	  KB_PAGE_SIZE the two page sizes
 *
 * Of several versions that the kernel reads, the one of the data; else the newest that is known. A
 * kernel that reads kho-v1, but is of a release that does not tell with which bitmaps, can be given
 * only a map of kho-v1 that is the same in both readings.
 *
 * Returns KB_OK, KB_KHO_VERSION (unknown version of the data), KB_KERNEL_UNKNOWN (no section),
 * KB_UKI_KHO (malformed), KB_KERNEL_NEW (speaks an unknown version, perhaps beside known ones),
 * KB_KERNEL_NO_KHO, KB_KERNEL_EXPECTS (none that can be written), KB_PAGE_SIZE, KB_KERNEL_BITMAPS.
 */
__must_check enum kb_status kho_target_dialect(const struct uki_part *section,
					       struct kb_text release, const struct kho_root *root,
					       const struct mem *m, const struct kho_map *map,
					       struct kho_dialect *ret, struct kb_diag *diag);

/* The unknown version, or part of one, that KB_KERNEL_NEW is about; len 0: there is none. */
struct kb_text kho_target_name(const struct uki_part *section);

/* ---- the same, or to be translated? ---- */

/*
 * Does a kernel read these @size bytes of live update data as they are? @names: of its versions, as
 * in <fdt/kho_dialect.h>. False if none of them is one of live update.
 */
bool kho_target_luo_reads(const void *data, uint64_t size, struct kb_text names);

/* Does this command line turn KHO on ("kho=on")? Where it is on by default is not seen. */
bool kho_target_on(struct kb_text cmdline);

/*
 * Does this command line turn live update on ("liveupdate=on")? Else the kernel has no
 * /dev/liveupdate, and keeps what its sessions hold reserved for nobody (Linux
 * kernel/liveupdate/luo_core.c). Words that are built into the kernel are not seen.
 */
bool kho_target_luo_on(struct kb_text cmdline);

/* What is handed over, as far as it is known. khoboot knows all of it, khoctl what A shows. */
struct kho_offer {
	const struct kho_root *root;
	bool map_known;
	enum kho_map_format format;
	const uint64_t *blocks; /* how many of each of KHO_ORDERS orders; NULL: not known */
	const void *luo;        /* live update data; NULL: none, or they cannot be read */
	uint64_t luo_size;      /* bytes; 0: there are none */
	unsigned int memfd;     /* N: there are files "memfd-vN"; 0: none, or not known */
};

/* All that khoboot knows of it, but for files. */
struct kho_offer kho_target_offer(const struct mem *m, const struct kho *k);

/* What the next kernel reads in another form. */
enum kho_change {
	KHO_CHANGE_CORE = 1 << 0,     /* the root FDT: another version */
	KHO_CHANGE_MAP = 1 << 1,      /* the map: another form */
	KHO_CHANGE_BLOCKS = 1 << 2,   /* blocks too large for it are split */
	KHO_CHANGE_LUO = 1 << 3,      /* live update data */
	KHO_CHANGE_MEMFD = 1 << 4,    /* files of live update: memfd */
	KHO_CHANGE_METADATA = 1 << 5, /* kexec-metadata is left out, or made */
};

/* One bit for each change, 0: the data are handed over as they are. */
unsigned int kho_target_changes(const struct kho_offer *from, const struct kho_dialect *to);

/* A change in words: "live update data are converted"; @change is one bit. */
const char *kho_target_change_text(enum kho_change change);

/* What refuses a change with khoboot.bridge=off; KB_OK for those that Linux can do without. */
enum kb_status kho_target_change_refusal(enum kho_change change);

/*
 * kho_target_bridge - can these data be handed to that kernel, and what has to be changed?
 * @off: khoboot.bridge=off: whatever would have to be changed is refused
 * @changes: kho_target_changes(), also of what is refused
 * @diag: for KB_BLOCK_HUGE the smallest order that is too large and how many blocks have it; for
 *	  KB_KERNEL_LUO address and size of the data
 *
 * The one verdict of khoctl before the load and of khoboot before the jump. What only a look into
 * live update data tells (names, files) is not asked here, but by bridge_plan(). Returns KB_OK;
 * KB_KERNEL_LUO for live update data whose form, or that of the next kernel, is not known; with
 * @off KB_KERNEL_EXPECTS, KB_KHO_V1_HINT, KB_BLOCK_HUGE and KB_KERNEL_LUO.
 */
__must_check enum kb_status kho_target_bridge(const struct kho_offer *from,
					      const struct kho_dialect *to, bool off,
					      unsigned int *changes, struct kb_diag *diag);

/* ---- what of the data the next kernel keeps ---- */

/*
 * kho_target_lost - is anything preserved, or scratch, where the next kernel will have no RAM?
 * @lost: memory that it leaves out
 * @m: its diag gets the beginning of @lost, and the first RAM there that is preserved; or, if none
 * is, scratch
 *
 * Scratch is all that the kernel has until it has read the map. Returns KB_OK or KB_MEM_LOST.
 */
__must_check enum kb_status kho_target_lost(struct mem *m, const struct kho *k, struct range lost);

/*
 * kho_target_regions - can the next kernel list its memory before it has read the map?
 * @ram: sorted and merged
 * @most: entries of its list
 *
 * The list grows only once there is memory to grow into; before, a piece that finds no entry is a
 * panic, or is left out without a word (Linux mm/memblock.c: memblock_double_array). To mark a
 * piece takes two free entries (memblock_isolate_range). An area of scratch cuts the RAM around it:
 *
 *	RAM	|--------|		|-----------|		two entries
 *	scratch	     |---|		   |----|		five
 *
 * Returns KB_OK, or KB_KERNEL_REGIONS with the most and the number in @diag.
 */
__must_check enum kb_status kho_target_regions(const struct range_list *ram,
					       const struct range_list *scratch, uint64_t most,
					       struct kb_diag *diag);

/* kho_target_lost() with another @refusal, for any memory @r. Returns KB_OK or @refusal. */
__must_check enum kb_status kho_target_meets(struct mem *m, const struct kho *k, struct range r,
					     enum kb_status refusal);

/*
 * kho_target_named - would the next kernel write to what is preserved, or to scratch, because words
 * of its command line name that memory?
 * @m: its diag gets the beginning of what a word names, and the first RAM there that must be kept
 *
 * ramoops.mem_address= with ramoops.mem_size=, phram.phram=, slram=, trace_instance=NAME@ADDRESS:,
 * and serial ports in memory: earlycon=, console= and earlyprintk= with mmio. None of these drivers
 * asks whether the memory is in use. Returns KB_OK or KB_KERNEL_WRITES.
 */
__must_check enum kb_status kho_target_named(struct mem *m, const struct kho *k,
					     struct kb_text cmdline);

/* Does one of these words name RAM of @m at all? */
bool kho_target_names_ram(struct mem *m, struct kb_text cmdline);

/*
 * kho_target_words - would the next kernel lose what is preserved, by a word of its command line?
 * @may_encrypt: the CPU could encrypt memory by page tables, cpu_may_encrypt()
 * @diag: at = where the word is in @cmdline, value = its length
 *
 * KB_KERNEL_DUMP: elfcorehdr=. Kernels of 7.2 and later with CONFIG_CRASH_DUMP then boot cold over
 * the preserved memory (Linux kernel/liveupdate/kexec_handover.c:kho_memory_init). Older ones do
 * not, but nobody needs the word in a handover.
 *
 * KB_KERNEL_WRITES: what a kernel does in its first moments with any memory that nobody has
 * reserved; what is preserved it reserves only later, in mm_core_init(). memtest writes patterns,
 * memory_corruption_check_size= zeros; cma= and initrd= with an address give memory away.
 *
 * KB_KERNEL_ENCRYPTS: mem_encrypt=on, where @may_encrypt. What is preserved was written without
 * encryption (khoctl refuses where the outgoing kernel has it on), and would be read with it.
 *
 * Returns KB_OK or one of these.
 */
__must_check enum kb_status kho_target_words(struct kb_text cmdline, bool may_encrypt,
					     struct kb_diag *diag);

/*
 * kho_target_uefi - can an arm64 kernel take KHO data and UEFI's memory map?
 * @release: as for kho_target_bitmaps()
 *
 * 6.16 and 6.17 clear all memory for the map, scratch included, and cannot allocate any more
 * (drivers/firmware/efi/efi-init.c:reserve_regions; mended in 6.18): they stop before they have a
 * console. Returns KB_OK, also when the release is not known, or KB_KERNEL_UEFI.
 */
__must_check enum kb_status kho_target_uefi(const char *release, size_t len, struct kb_diag *diag);

/*
 * kho_target_bitmaps - the bitmaps that a kernel reads in a kho-v1 map
 * @release: its release, @len characters, not NUL-terminated; NULL when it is not known
 *
 * Two sizes have the same version string (see kho_map_open_v1()), and a kernel reads the wrong one
 * without noticing. Given as the hint of kho_open() this refuses data that the next kernel would
 * misread, and decides where a map can be read both ways. KHO_BITMAP_UNKNOWN between 6.17.8
 * and 6.18: the change was proposed for the stable series, too.
 */
enum kho_bitmap_hint kho_target_bitmaps(const char *release, size_t len);

#endif
