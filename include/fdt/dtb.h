/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device tree that kexec, firmware or QEMU passes in x0: what khoboot takes from it.
 *
 * The tree is untrusted. dtb_check() comes first; all else takes a tree that it accepted. Where the
 * kernel has a rule for a property, it holds here: Linux drivers/of/fdt.c and
 * drivers/of/of_reserved_mem.c for memory and /chosen, drivers/firmware/efi/fdtparams.c for
 * linux,uefi-*. Where the kernel carries on in spite of something malformed, khoboot refuses, but
 * for reserved memory: there it keeps out of all that can be understood.
 */
#ifndef FDT_DTB_H
#define FDT_DTB_H

#include <core/cmdline.h>
#include <core/console.h>
#include <core/diag.h>
#include <fdt/kho.h>
#include <format/stub.h>

/* Documentation/arch/arm64/booting.rst */
#define DTB_MAX   SZ_2M
#define DTB_ALIGN 8

/* How PSCI is called (Arm DEN 0022). Not to be guessed: the wrong one ends in a fault. */
enum psci_conduit { PSCI_NONE, PSCI_HVC, PSCI_SMC };

/* linux,uefi-*: the kernel was started by UEFI, and memory is what its map says. */
struct dtb_uefi {
	bool found;
	uint64_t systab; /* physical address */
	struct range map;
	uint32_t desc_size;
	uint32_t desc_version;
	uint32_t secure; /* enum stub_secure; SECURE_UNSET without the property */
};

struct dtb_facts {
	struct kb_text cmdline; /* bootargs, in the tree; len 0: none */
	struct range initrd;    /* size 0: none */
	bool has_kho;
	struct kho_handover kho;
	bool crash;              /* linux,elfcorehdr: the kernel before us has crashed */
	struct range elfcorehdr; /* the ELF headers of the dump */
	struct dtb_uefi uefi;
	bool acpi; /* no hardware described: the kernel uses ACPI (arch/arm64/kernel/acpi.c) */
	struct uart uart;       /* stdout-path, kind UART_NONE when we do not know it */
	uint64_t fwcfg;         /* registers of QEMU's fw_cfg, 0: none */
	enum psci_conduit psci; /* PSCI 0.2 and later */
};

/*
 * dtb_check - is this a tree that can be used?
 * @readable: bytes that can be read at @fdt; at least DTB_MAX, unless memory ends before
 *
 * Returns KB_OK, KB_DTB_TREE (also: not aligned to 8 bytes, a version before 17, no root) or
 * KB_DTB_BIG.
 */
__must_check enum kb_status dtb_check(const void *fdt, uint64_t readable, struct kb_diag *diag);

/*
 * dtb_get - the tree at the physical address @at, checked
 * @m: a view of the memory that it lies in
 *
 * Returns KB_OK, KB_DTB_TREE (also outside that memory) or KB_DTB_BIG; @ret is untouched then.
 */
__must_check enum kb_status dtb_get(const struct mem *m, uint64_t at, const void **ret,
				    struct kb_diag *diag);

/*
 * dtb_read - all facts of a tree
 *
 * Returns KB_OK, KB_DTB_CELLS, KB_DTB_CHOSEN, KB_DTB_KHO or KB_DTB_UEFI; diag->at is then an offset
 * in the tree. uart, fwcfg and psci are filled in even then: a refusal needs a console.
 */
__must_check enum kb_status dtb_read(const void *fdt, struct dtb_facts *ret, struct kb_diag *diag);

/*
 * dtb_memory - RAM according to the memory nodes
 *
 * Sorted and merged. Not for machines with UEFI, where the kernel drops what the nodes say
 * (drivers/firmware/efi/efi-init.c:reserve_regions). Returns KB_OK, KB_DTB_CELLS, KB_DTB_MEMORY,
 * KB_NO_RAM or KB_RANGE_FULL.
 */
__must_check enum kb_status dtb_memory(const void *fdt, struct range_list *ret,
				       struct kb_diag *diag);

/*
 * dtb_usable - what linux,usable-memory-range of /chosen leaves to the kernel
 * @ret: cleared first, then sorted and merged; empty without the property
 *
 * All other RAM belongs to a kernel that has crashed. Returns KB_OK, KB_DTB_CELLS, KB_DTB_CHOSEN
 * or KB_RANGE_FULL.
 */
__must_check enum kb_status dtb_usable(const void *fdt, struct range_list *ret,
				       struct kb_diag *diag);

/*
 * dtb_reserved - memory that the tree keeps from the kernel
 * @nomap: /reserved-memory nodes with no-map: not RAM for a kernel, and nothing may be placed there
 * @reserved: the other nodes and /memreserve/: RAM that is not free
 *
 * Both are cleared, then sorted and merged. Nodes without an address are left out: the kernel finds
 * a place for them. The kernel ignores a /reserved-memory without ranges, or whose cells are not
 * the root's; what its nodes name by its own cells counts as @reserved, no-map or not.
 *
 * Returns KB_OK, KB_DTB_CELLS, KB_DTB_MEMORY or KB_RANGE_FULL. A warning: with KB_OK diag->status
 * may be KB_DTB_RESERVED, the first oddity that the kernel carries on with.
 */
__must_check enum kb_status dtb_reserved(const void *fdt, struct range_list *nomap,
					 struct range_list *reserved, struct kb_diag *diag);

/*
 * dtb_each_cpu - call @fn for each CPU of /cpus that is started by PSCI
 *
 * Its MPIDR as in `reg`. CPUs with a status other than okay are left out, and so is all that is
 * malformed: the kernel does without such a CPU, too. @fdt was accepted by dtb_check().
 */
void dtb_each_cpu(const void *fdt, void (*fn)(void *ctx, uint64_t mpidr), void *ctx);

/*
 * dtb_wipe_seeds - overwrite kaslr-seed and rng-seed in the tree received, once they are copied
 *
 * The next kernel wipes the seeds in the tree that it gets, and does not know about this one.
 */
void dtb_wipe_seeds(void *fdt);

#endif
