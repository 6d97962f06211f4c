// SPDX-License-Identifier: BSD-2-Clause
/* The UEFI door: carriers, the places where the platform may say where KHO data are. */
#include <core/log.h>
#include <fdt/carrier.h>
#include <stage/fwcfg.h>

#include "uefi.h"

static enum kb_status from_fwcfg(bool *found, struct kho_handover *ret)
{
	char text[KB_CARRIER_TEXT_MAX];
	uint32_t size = fwcfg_read("opt/khoboot/kho", text, sizeof(text));

	if (size > sizeof(text))
		return KB_CARRIER_FWCFG;
	return carrier_text((struct kb_text){text, size}, found, ret);
}

/* What the platform says is not signed. */
static bool trusted(const struct firmware *fw)
{
#ifdef KB_TRUST_CARRIERS
	(void)fw;
	return true;
#else
	return !fw->secure_boot;
#endif
}

static enum kb_status find(const struct uefi *u, struct mem *m, bool *found,
			   struct kho_handover *ret, const char **name)
{
	enum kb_status st = carrier_table(m, fw_table(&u->fw, &fw_vendor_guid), found, ret);

	*name = "configuration table";
	if (!st && !*found) {
		*name = "device tree";
		st = carrier_dtb(m, fw_device_tree(&u->fw), found, ret);
	}
	if (!st && !*found) {
		*name = "load options";
		st = carrier_options(&u->s.options, found, ret);
	}
	if (!st && !*found) {
		*name = "fw_cfg";
		st = from_fwcfg(found, ret);
	}
	/* Nor may one that cannot be read stop a machine that would not have believed it. */
	return (st || *found) && !trusted(&u->fw) ? KB_CARRIER_SECURE : st;
}

bool uefi_may_carry(const struct uefi *u)
{
	/* Firmware's tables need not be in RAM, and firmware has mapped them. */
	struct range everything = {0, ARCH_ADDRESSES};
	struct mem m = {.ram = {&everything, 1, 1}, .map = mem_map_identity};
	struct kho_handover handover;
	const char *name;
	bool found = false;
	enum kb_status st = find(u, &m, &found, &handover, &name);

	return st != KB_CARRIER_SECURE && (st || found);
}

/* Whoever can add a carrier must not be able to stop a locked machine for good: it boots cold. */
static enum kb_status leave_out(struct uefi *u, const char *name)
{
	u->s.has_kho = false;
	u->s.handover = (struct kho_handover){0};
	kb_error("kho", "carried by: %s", name);
	kb_refuse("kho", KB_CARRIER_SECURE, NULL);
	return KB_OK;
}

enum kb_status uefi_find_carrier(struct uefi *u, const struct fw_map *map, struct range_list *work)
{
	const struct efi_map view = fw_map_view(map);
	struct mem m = {.map = mem_map_identity};
	const char *name = "";
	enum kb_status st = efi_map_all(&view, work);

	m.ram = *work;
	if (!st)
		st = find(u, &m, &u->s.has_kho, &u->s.handover, &name);
	if (st == KB_CARRIER_SECURE)
		return leave_out(u, name);
	if (st) {
		u->s.has_kho = true;
		kb_error("kho", "carried by: %s", name);
		return kb_refuse("kho", st, NULL);
	}
	if (u->s.has_kho)
		kb_info("kho", "carried by: %s", name);
	return KB_OK;
}
