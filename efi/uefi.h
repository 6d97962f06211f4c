/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The UEFI door: what its files share. main.c has the order in which all this is called; each step
 * logs its own refusal and returns the code, unless it says otherwise.
 */
#ifndef EFI_UEFI_H
#define EFI_UEFI_H

#include "firmware.h"

#include <arch/const.h>
#include <core/console.h>
#include <core/screen.h>
#include <route/route.h>
#include <stage/crew.h>
#include <stage/stage.h>

/* Everything that is known about this boot. */
struct uefi {
	struct stage s;
	struct firmware fw;
	char outside[KB_CMDLINE_MAX + 1]; /* the load options */
	const char *words;                /* what follows the program's name in them */
	struct fw_map map;
	struct uart console;  /* for the time after boot services */
	bool overwrite_asked; /* to clear memory at the next reset; before, the variable was: */
	uint8_t overwrite_old;
	struct screen screen;  /* height 0: none that may be used */
	struct range_list ram; /* work memory: RAM, tables or free memory, as in the map */

	/* For what was handed over, unless it is given up: */
	struct range_list claimed; /* memory that is ours since the claim */
	struct range_list homes;   /* of evacuated pages */
};

static inline struct efi_map uefi_map(const struct uefi *u)
{
	return fw_map_view(&u->map);
}

/* ---- image.c --------------------------------------------------------------------------------- */

/*
 * Find and check the image, as firmware has mapped it. Where it has left out the PE header, as
 * U-Boot does on x86_64, the header is read from the file; not under Secure Boot, and not if
 * something may be handed over: then s.has_kho is set.
 */
enum kb_status uefi_read_image(struct uefi *u);

/* ---- options.c ------------------------------------------------------------------------------- */

/*
 * Read the load options, as text. s.has_kho is set when they name a nonce: until uefi_find_record()
 * says otherwise there may be sealed data in memory, and no error leads back to firmware.
 */
void uefi_read_load_options(struct uefi *u);

/* Split the command line: .cmdline and the load options. */
enum kb_status uefi_read_options(struct uefi *u);

/* Find and check the kernel and the initrd, in the image or in files. */
enum kb_status uefi_read_kernel(struct uefi *u);

/* ---- initrd.c -------------------------------------------------------------------------------- */

/*
 * uefi_read_initrd - what the boot loader offers, else the files of initrd=
 *
 * *ret: EfiLoaderData; size 0: there is none. Not logged. KB_OK, KB_FW_MEMORY, KB_FW_FILE,
 * KB_FW_VOLUME.
 * @ret is untouched on failure.
 */
enum kb_status uefi_read_initrd(struct uefi *u, struct range *ret);

/* Bytes that the boot loader offers, without reading or measuring them; 0: none, or unknown. */
uint64_t uefi_initrd_offered(struct uefi *u);

/* ---- handover.c: what was handed over through firmware --------------------------------------- */

/* Look for it, and claim all memory that may belong to it before anything else is allocated. */
enum kb_status uefi_find_handover(struct uefi *u);

/* Prove the data, their digests and the claims, and that the kernel speaks this version of KHO. */
enum kb_status uefi_gather_kho(struct uefi *u);

#define UEFI_KEEP_MAX ROUTE_KEEP_MAX

/*
 * Work memory until the claim. It lies where nothing is ever preserved, or on the stack: anything
 * else that firmware gives may be preserved.
 */
struct uefi_early {
	void *map;
	uint64_t map_size;
	size_t pieces; /* room in each list but keep, which has UEFI_KEEP_MAX */
	/* claimed and claims are filled when conventional and ram have been read. */
	struct range *conventional, *ram, *claims, *claimed, *keep, *scratch;
};

/* ---- record.c -------------------------------------------------------------------------------- */

/*
 * Find the record that khoboot.nonce= names, count the attempt, and replace our options by its own.
 * @free: conventional memory; @ram: RAM; both sorted
 *
 * s.has_kho is set when there may be data to lose; on KB_OK s.record, s.handover and s.moves then
 * describe them. Without it s.record is NULL on KB_OK.
 */
enum kb_status uefi_find_record(struct uefi *u, const struct range_list *free,
				const struct range_list *ram);

/*
 * Take the kernel's command line from the record, if there is one: once the data are proven,
 * because it decides what B runs as its first program.
 */
void uefi_apply_cmdline(struct uefi *u);

/*
 * What was read from a record is in use, or given up: flush its state, and start something else
 * after the next reset. Does nothing without a record.
 */
void uefi_end_record(struct uefi *u);

/* ---- overwrite.c ----------------------------------------------------------------------------- */

/*
 * Ask firmware to clear memory at the next reset, if the kernel's own stub would
 * (<format/overwrite.h>) and there is the variable. khoctl withdraws it before a reset that is to
 * keep memory.
 */
void uefi_ask_overwrite(struct uefi *u);

/* Undo that: the kernel is not started after all, and what is in memory may still be saved. */
void uefi_withdraw_overwrite(struct uefi *u);

/* ---- carrier.c ------------------------------------------------------------------------------- */

/* Does the platform name any, for all that is known without a memory map? Options are read. */
bool uefi_may_carry(const struct uefi *u);

/*
 * uefi_find_carrier - find KHO data that the platform names (<fdt/carrier.h>). The first of these
 * that names any is used: configuration table, device tree, load options, fw_cfg.
 * @map: the memory map; @work: storage for its pieces
 *
 * Nothing is allocated. Sets s.has_kho and s.handover. Under Secure Boot a carrier is refused
 * (KB_CARRIER_SECURE is logged) and left out: KB_OK. Otherwise one that cannot be read is refused,
 * and sets s.has_kho too, as there are data to lose: a code of <fdt/carrier.h>, KB_EFI_MAP,
 * KB_RANGE_FULL.
 */
enum kb_status uefi_find_carrier(struct uefi *u, const struct fw_map *map, struct range_list *work);

/* ---- claim.c --------------------------------------------------------------------------------- */

/*
 * uefi_claim - the inverse claim: all free memory but scratch becomes ours, so that firmware cannot
 * give it away
 * @map: from fw_map_early(); refreshed when firmware's own allocations have changed it
 * @ram: RAM, sorted
 *
 * Memory that firmware refuses to give is left out: if it matters, uefi_check_claims() says so. The
 * memory is never given back, because debug builds of firmware fill what is freed. Fills claimed.
 */
enum kb_status uefi_claim(struct uefi *u, struct uefi_early *e, struct fw_map *map,
			  const struct range_list *ram);

/*
 * Do claims and homes together cover what is handed over? Not logged. KB_RANGE_FULL, or what
 * route_covered() returns.
 */
enum kb_status uefi_check_claims(struct uefi *u, const struct kho *k);

/* ---- verify.c -------------------------------------------------------------------------------- */

/*
 * Fill homes, and check that they are RAM. s.mem is filled. Not logged. KB_FW_MEMORY,
 * KB_RANGE_FULL, or what route_homes_are_ram() returns.
 */
enum kb_status uefi_list_homes(struct uefi *u);

/*
 * Is everything as it was when the record was sealed? Logs where it is not, but not the refusal.
 * What route_verify() returns.
 */
enum kb_status uefi_verify(struct uefi *u, const struct kho *k);

/* ---- crew.c: other CPUs, to compare digests ------------------------------------------------ */

/* Memory for other CPUs, and who they are. Without any help.cpus stays 0. */
void uefi_call_crew(struct uefi *u, struct stage_crew *c);

/*
 * They have done their work: say who took part, and give their memory back. If one of them could
 * not be stopped, the machine is reset: this CPU alone makes the next attempt.
 */
void uefi_dismiss_crew(struct uefi *u, struct stage_crew *c);

/*
 * crew.c of each architecture. How many CPUs there are, this one counted; 0: others cannot be
 * called. Then, with memory, list or ready at most c->crew.max of them.
 */
unsigned int uefi_count_cpus(struct uefi *u, struct stage_crew *c);
void uefi_ready_crew(struct uefi *u, struct stage_crew *c);

/* ---- plan.c ---------------------------------------------------------------------------------- */

/* Allocate ram, s.mem.ram and s.free, with room for all that is in map, which was read. */
enum kb_status uefi_alloc_lists(struct uefi *u);

/* Place kernel and block, claim them, build the page tables, fill the block. For stage_plan(). */
enum kb_status uefi_plan(struct stage *s);

/* loader.c: set the variables of <format/stub_vars.h>. A failure is said, and not fatal. */
void uefi_set_variables(struct firmware *fw);

/* ---- configuration tables for the kernel ----------------------------------------------------- */

/*
 * random.c: leave a seed from EFI_RNG_PROTOCOL in the table LINUX_EFI_RANDOM_SEED_TABLE_GUID, and
 * after it the one that is there: systemd-boot's comes from a file.
 */
void uefi_install_seed(struct firmware *fw);

/* tpm.c: copy the TCG2 event log for the kernel (LINUX_EFI_TPM_EVENT_LOG_GUID). */
void uefi_install_tpm_log(struct firmware *fw);

/*
 * fence.c: keep the kernel that is cold-booted out of the firmware zone
 * @given: khoboot.zone=; if absent, the calibrated zone is used, else the built-in one
 *
 * The zone is reserved in LINUX_EFI_MEMRESERVE: the kernel's page allocator never gets these pages,
 * so nothing that is preserved later lies there. Returns KB_OK, KB_ZONE_TEXT, KB_FW_MEMORY,
 * KB_FW_MAP, KB_EFI_MAP or KB_RANGE_FULL.
 */
enum kb_status uefi_install_fence(struct firmware *fw, struct kb_text given);

/*
 * fence.c: the same table without entries, for a kernel that adds its own. arm64 kernels have to
 * reserve tables of the interrupt controller there (Linux drivers/irqchip/irq-gic-v3-its.c,
 * drivers/firmware/efi/efi.c:efi_mem_reserve_persistent). After a reset the table is a new one: the
 * entries of the last kernel were for a controller that has been reset, too.
 *
 * Returns KB_OK or KB_FW_MEMORY.
 */
enum kb_status uefi_install_empty_fence(struct firmware *fw);

/* ---- calibrate.c ----------------------------------------------------------------------------- */

/* Read the stored calibration. False when there is none that was made with this firmware. */
bool uefi_load_calibration(const struct firmware *fw, struct kb_calibration *ret);

/*
 * uefi_calibrate - one pass of khoboot.calibrate=@rounds (see <route/calibration.h>)
 *
 * Resets and does not return while rounds are left. After the last one KB_OK: the result is stored
 * and firmware may go on. Else KB_CAL_FORMAT, KB_CAL_VARIABLE, KB_CAL_LOST, KB_FW_MEMORY or
 * KB_FW_MAP.
 */
enum kb_status uefi_calibrate(struct firmware *fw, unsigned int rounds);

/* ---- machine.c of each architecture ---------------------------------------------------------- */

/* Find out how the machine is reset and where its console is, for the time after firmware. */
void uefi_detect_machine(const struct firmware *fw);

/* Install the architecture's own tables. Their memory is not RAM for the kernel. */
void uefi_install_tables(struct uefi *u);

/*
 * Fill the architecture's own fields of s.boot; the others are filled. Not logged. KB_OK; arm64:
 * what boot_find_room() and kho_check_written() return.
 */
enum kb_status uefi_describe_boot(struct uefi *u);

/* The last writes to the block, while firmware can still be asked. */
void uefi_fill_block(struct uefi *u);

/* ---- commit.c -------------------------------------------------------------------------------- */

/*
 * uefi_hand_over_map - give the kernel the memory map in u->map, which may be called again with a
 * later one
 *
 * Calls no service of firmware. Not logged. What boot_set_map() and route_scratch_is_ram() return,
 * KB_RANGE_FULL.
 */
enum kb_status uefi_hand_over_map(struct uefi *u);

/*
 * Hand over the last memory map, end boot services with it, and enter the kernel. What is refused,
 * is refused while boot services have not ended: a reset then comes back to the data.
 */
_Noreturn void uefi_commit(struct uefi *u);

#endif
