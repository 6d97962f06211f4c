// SPDX-License-Identifier: BSD-2-Clause
/*
 * The UEFI door. efi_main() is the table of contents: find out whether something is handed over,
 * gather, plan, commit. The kernel is entered after our own ExitBootServices, not through its EFI
 * stub: that of x86 would drop setup_data (Linux drivers/firmware/efi/libstub/x86-stub.c:
 * efi_allocate_bootparams), and that of arm64 would choose the kernel's place itself. So we provide
 * what the stub provides.
 */
#include <arch/cpu.h>
#include <core/log.h>
#include <khoboot/layout.h>
#include <stage/stop.h>

#include "uefi.h"

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *st, const uint8_t *image_base);

static enum kb_status open_firmware(struct uefi *u, EFI_HANDLE image, EFI_SYSTEM_TABLE *st)
{
	static EFI_GUID guid = LOADED_IMAGE_PROTOCOL;
	void *loaded;

	u->fw = (struct firmware){.image = image, .st = st, .bs = st->BootServices};
	fw_console_open(st);
	kb_log_add_sink(fw_console_line);
	if (u->fw.bs->HandleProtocol(image, &guid, &loaded)) {
		/* They may name a nonce: no way back to firmware. */
		u->s.has_kho = true;
		return kb_refuse("efi", KB_FW_PROTOCOL, NULL);
	}
	u->fw.loaded = loaded;
	fw_read_secure_boot(&u->fw);
	kb_info("start", "khoboot " KB_VERSION ", UEFI door, Secure Boot %s",
		u->fw.secure_boot ? "on" : "off");
	uefi_detect_machine(&u->fw);
	return KB_OK;
}

/* Until this has returned, it is not known which memory firmware may give us. */
static enum kb_status begin(struct uefi *u, EFI_HANDLE image, EFI_SYSTEM_TABLE *st)
{
	enum kb_status kb = open_firmware(u, image, st);

	if (kb)
		return kb;
	uefi_read_load_options(u);
	/* Before all that takes time: firmware would reset the machine in the middle of it. */
	if (u->s.has_kho)
		fw_watchdog_off(&u->fw);
	kb = uefi_read_image(u);
	if (!kb)
		kb = uefi_read_options(u);
	if (!kb)
		u->s.has_kho = u->s.has_kho || uefi_may_carry(u);
	/* Of a carrier that is known only now; and once more, if firmware has refused it before. */
	if (u->s.has_kho)
		fw_watchdog_off(&u->fw);
	return kb ? kb : stage_give_up_kho(&u->s, uefi_find_handover(u));
}

static enum kb_status open_log(struct uefi *u)
{
	enum kb_status st;
	void *log;

	st = fw_alloc(&u->fw, STAGE_LOG_SIZE, &log);
	if (st)
		return kb_refuse("efi", st, NULL);
	kb_log_buffer(log, STAGE_LOG_SIZE);
	return KB_OK;
}

/* The fence is for cold boots: it cannot move what is already handed over. */
static enum kb_status install_fence(struct uefi *u)
{
	if (u->s.options.fence && !u->s.has_kho)
		return uefi_install_fence(&u->fw, u->s.options.zone);
	return ARCH_MEMRESERVE ? uefi_install_empty_fence(&u->fw) : KB_OK;
}

static enum kb_status gather(struct uefi *u)
{
	enum kb_status st = open_log(u);

	if (!st)
		st = uefi_read_kernel(u);
	if (!st)
		st = install_fence(u);
	if (st)
		return st;
	/* Their memory is not RAM for the kernel: they come before scratch is compared with it. */
	uefi_set_variables(&u->fw);
	uefi_install_seed(&u->fw);
	uefi_install_tpm_log(&u->fw);
	uefi_install_tables(u);
	st = fw_map_get(&u->fw, &u->map);
	if (st)
		return kb_refuse("efi", st, NULL);
	st = uefi_alloc_lists(u);
	if (st)
		return st;
	return u->s.has_kho ? stage_give_up_kho(&u->s, uefi_gather_kho(u)) : KB_OK;
}

/* Return to firmware, unless something is handed over: firmware would overwrite it. */
static EFI_STATUS give_up(struct uefi *u, enum kb_status st)
{
	if (stage_give_up_kho(&u->s, st) && u->s.has_kho) {
		stop_set_memory(stage_memory_written(&u->s));
		stop_refused(st);
	}
	uefi_end_record(u);
	return EFI_LOAD_ERROR;
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *st, const uint8_t *image_base)
{
	char early_log[2048];
	struct uefi u = {.s = {.image = image_base, .uefi = true}};
	enum kb_status kb;

	u.s.entered = cpu_clock();
	kb_log_buffer(early_log, sizeof(early_log));
	kb = begin(&u, image, st);
	if (!kb && u.s.options.calibrate && !u.s.has_kho) {
		kb = uefi_calibrate(&u.fw, u.s.options.calibrate);
		/*
		 * After success firmware would show the boot manager's menu (edk2 BdsDxe), after an
		 * error it tries the next entry.
		 */
		return kb ? EFI_LOAD_ERROR : EFI_ABORTED;
	}
	if (!kb)
		kb = gather(&u);
	if (!kb)
		kb = stage_plan(&u.s, uefi_plan);
	if (kb)
		return give_up(&u, kb);
	uefi_commit(&u);
}
