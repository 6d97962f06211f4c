/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The setup_data list of the Linux boot protocol: how KHO and much else reaches an x86 kernel.
 * Linux arch/x86/include/uapi/asm/setup_data.h; reader arch/x86/kernel/setup.c:parse_setup_data.
 */
#ifndef ARCH_X86_SETUP_DATA_H
#define ARCH_X86_SETUP_DATA_H

#include <core/mem.h>
#include <fdt/kho.h>

enum setup_type {
	SETUP_NONE = 0,
	SETUP_E820_EXT = 1,
	SETUP_EFI = 4,
	SETUP_IMA = 8,
	SETUP_RNG_SEED = 9,
	SETUP_KEXEC_KHO = 10,
	/* Our own: the log as text. Kernels skip unknown types, and show them in sysfs. */
	SETUP_KHOBOOT_LOG = 0x4b424c47,
	SETUP_INDIRECT = 0x80000000u,
};

struct setup_data {
	uint64_t next; /* physical address, 0 ends the list */
	uint32_t type;
	uint32_t len; /* bytes after this header */
};

/* Payload of SETUP_KEXEC_KHO. */
struct kho_data {
	uint64_t fdt_addr;
	uint64_t fdt_size;
	uint64_t scratch_addr; /* of the array, not of an area */
	uint64_t scratch_size; /* bytes of the array */
};

/* Payload of SETUP_IMA. SETUP_INDIRECT has type, a reserved word, then size before address. */
struct setup_target {
	uint64_t addr;
	uint64_t size;
};

/* Payload of SETUP_EFI, which kexec passes: struct efi_setup_data of arch/x86/include/asm/efi.h. */
struct setup_efi {
	uint64_t vendor;
	uint64_t unused;
	uint64_t tables; /* physical address of EFI's configuration table */
	uint64_t smbios; /* physical address of the SMBIOS entry point */
};

#define SETUP_NODES_MAX 64

struct setup_list {
	struct {
		uint64_t addr; /* physical address of the header */
		uint32_t type;
		uint32_t len;
	} node[SETUP_NODES_MAX];
	size_t count;
};

/*
 * setup_list_read - follow the list from @head
 *
 * Returns KB_OK, KB_SETUP_RAM (a node is not wholly in RAM), KB_SETUP_LONG (more than
 * SETUP_NODES_MAX nodes, as in a list that is a circle; the kernel would follow it for ever).
 */
__must_check enum kb_status setup_list_read(struct mem *m, uint64_t head, struct setup_list *ret);

/* Bytes that a node and its payload take. */
static inline uint64_t setup_node_size(uint32_t len)
{
	return sizeof(struct setup_data) + (uint64_t)len;
}

/*
 * setup_find_kho - find the KHO node
 * @found: whether there is one; @ret is set only then
 *
 * Returns KB_OK, KB_SETUP_KHO_TWICE (the kernel would use both), KB_SETUP_KHO_LEN.
 */
__must_check enum kb_status setup_find_kho(struct mem *m, const struct setup_list *l, bool *found,
					   struct kho_handover *ret);

/* The first SETUP_EFI node; zeros when there is none, or it is too short. */
struct setup_efi setup_find_efi(const struct mem *m, const struct setup_list *l);

/*
 * setup_targets - add memory that nodes point to (IMA log, SETUP_INDIRECT) to @busy
 *
 * Returns KB_OK, KB_SETUP_TARGET (too short or wraps) or KB_RANGE_FULL.
 */
__must_check enum kb_status setup_targets(struct mem *m, const struct setup_list *l,
					  struct range_list *busy);

#endif
