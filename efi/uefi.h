/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The UEFI door: what its files share. main.c has the order in which all this is called; each step
 * logs its own refusal and returns the code, unless it says otherwise.
 */
#ifndef EFI_UEFI_H
#define EFI_UEFI_H

#include "firmware.h"

#include <arch/const.h>
#include <stage/stage.h>

/* Everything that is known about this boot. */
struct uefi {
	struct stage s;
	struct firmware fw;
	char outside[KB_CMDLINE_MAX + 1]; /* the load options */
	struct fw_map map;
	struct range_list ram; /* work memory for questions to the map */

	/* What was handed over, as long as it is not given up. */
	struct range_list claimed;
	struct range_list homes; /* of evacuated pages */
};

static inline struct efi_map uefi_map(const struct uefi *u)
{
	return fw_map_view(&u->map);
}

/* ---- options.c: ourselves, what we were told, the kernel to start ---------------------------- */

enum kb_status uefi_read_image(struct uefi *u);
enum kb_status uefi_read_options(struct uefi *u);
enum kb_status uefi_read_kernel(struct uefi *u);

/* ---- handover.c: what was handed over through firmware --------------------------------------- */

/* Look for it, and claim all memory that may be part of it. Allocates nothing else. */
enum kb_status uefi_find_handover(struct uefi *u);

/* Prove it: the data, their digests, the claims, and that the kernel speaks them. */
enum kb_status uefi_gather_kho(struct uefi *u);

#define UEFI_KEEP_MAX 256 /* pieces of record and copies */

/*
 * Memory until the claim: where nothing is ever preserved, or on the stack. Anything that firmware
 * gives elsewhere may be.
 */
struct uefi_early {
	uint8_t map[ARCH_EARLY_MAP] __attribute__((aligned(8)));
	struct range conventional[ARCH_EARLY_LIST];
	struct range ram[ARCH_EARLY_LIST];
	struct range claims[ARCH_EARLY_LIST];
	struct range claimed[ARCH_EARLY_LIST];
	struct range keep[UEFI_KEEP_MAX];
	struct range scratch[ARCH_EARLY_LIST];
};

/* ---- record.c -------------------------------------------------------------------------------- */

/*
 * Find the record that khoboot.nonce= names, count the attempt, and take its options for ours.
 * @free: conventional memory; @ram: RAM; both sorted
 *
 * s.has_kho is set when there may be data to lose; then s.record, s.handover and s.moves.
 */
enum kb_status uefi_find_record(struct uefi *u, const struct range_list *free,
				const struct range_list *ram);

/* ---- carrier.c ------------------------------------------------------------------------------- */

/*
 * uefi_find_carrier - KHO data by the word of the platform (<fdt/carrier.h>), first one wins:
 * configuration table, device tree, load options, fw_cfg
 * @map: the memory map; @work: storage for its pieces
 *
 * Nothing is allocated. s.has_kho and s.handover are set. A carrier that cannot be read or trusted
 * sets s.has_kho too, as there are data to lose, and is refused: KB_CARRIER_SECURE (there is one,
 * but not to be trusted), or a code of <fdt/carrier.h>, KB_EFI_MAP, KB_RANGE_FULL.
 */
enum kb_status uefi_find_carrier(struct uefi *u, const struct fw_map *map, struct range_list *work);

/* ---- claim.c --------------------------------------------------------------------------------- */

/*
 * uefi_claim - the inverse claim: all free memory but scratch becomes ours, so that firmware gives
 * it to nobody
 * @map: from fw_map_early(); refreshed where firmware's own allocations got in between
 *
 * What firmware does not give even so is not ours: if it matters, uefi_check_claims() says so. The
 * memory is never given back: firmware of debug builds fills what is freed. Fills claimed.
 */
enum kb_status uefi_claim(struct uefi *u, struct uefi_early *e, struct fw_map *map,
			  const struct range_list *ram);

/* Claims and homes together have to cover what is handed over. Not logged. */
enum kb_status uefi_check_claims(struct uefi *u, const struct kho *k);

/* ---- verify.c -------------------------------------------------------------------------------- */

/* Fill homes; they have to be RAM by now. s.mem is filled. Not logged. */
enum kb_status uefi_list_homes(struct uefi *u);

/* Is everything what it was when the record was sealed? Logs where it is not, not the refusal. */
enum kb_status uefi_verify(struct uefi *u, const struct kho *k);

/* ---- plan.c ---------------------------------------------------------------------------------- */

enum kb_status uefi_alloc_lists(struct uefi *u);

/* Place kernel and block, claim them, build the page tables, fill the block. For stage_plan(). */
enum kb_status uefi_plan(struct stage *s);

/* ---- what a cold-booted kernel is told besides ----------------------------------------------- */

/* random.c: leave a seed from EFI_RNG_PROTOCOL in the table LINUX_EFI_RANDOM_SEED_TABLE_GUID. */
void uefi_install_seed(struct firmware *fw);

/* tpm.c: keep the TCG2 event log for the kernel (LINUX_EFI_TPM_EVENT_LOG_GUID). */
void uefi_install_tpm_log(struct firmware *fw);

/*
 * fence.c: keep the kernel that is cold-booted out of the firmware zone
 * @given: khoboot.zone=, may be absent: then the calibrated zone, else the built-in one
 *
 * By LINUX_EFI_MEMRESERVE: the kernel's page allocator never gets these pages, so that nothing
 * preserved later lies there. Returns KB_OK, KB_ZONE_TEXT, KB_FW_MEMORY, KB_FW_MAP or
 * KB_RANGE_FULL.
 */
enum kb_status uefi_install_fence(struct firmware *fw, struct kb_text given);

/*
 * fence.c: the same table without entries, for a kernel that adds its own: arm64 reserves tables of
 * the interrupt controller there, and cannot without (Linux drivers/irqchip/irq-gic-v3-its.c,
 * drivers/firmware/efi/efi.c:efi_mem_reserve_persistent). After a reset it is a new one: what the
 * last kernel wrote there was about a controller that has been reset as well.
 *
 * Returns KB_OK, KB_FW_MEMORY.
 */
enum kb_status uefi_install_empty_fence(struct firmware *fw);

/* ---- calibrate.c ----------------------------------------------------------------------------- */

/* The calibration that is stored and was made with this firmware; false when there is no such. */
bool uefi_load_calibration(const struct firmware *fw, struct kb_calibration *ret);

/*
 * uefi_calibrate - one pass of khoboot.calibrate=@rounds (see <route/calibration.h>)
 *
 * Does not return while a further reset is needed. Then KB_OK, the result is stored and the
 * firmware may go on; or KB_CAL_FORMAT, KB_CAL_VARIABLE, KB_CAL_LOST, or a code of memory.c.
 */
enum kb_status uefi_calibrate(struct firmware *fw, unsigned int rounds);

/* ---- machine.c of each architecture ---------------------------------------------------------- */

/* How to reset the machine, and where its console is, for the time after firmware. */
void uefi_detect_machine(const struct firmware *fw);

/* Leave configuration tables for the kernel; they take memory that is not RAM for it. */
void uefi_install_tables(struct uefi *u);

/* The architecture's fields of s.boot, whose others are filled. Not logged. */
enum kb_status uefi_describe_boot(struct uefi *u);

/* The last writes to the block, while firmware can still be asked. */
void uefi_fill_block(struct uefi *u);

/* ---- commit.c -------------------------------------------------------------------------------- */

_Noreturn void uefi_commit(struct uefi *u);

#endif
