// SPDX-License-Identifier: BSD-2-Clause
/* Carriers of KHO data besides the kernel: where the platform may have left them. */
#include <arch/fwcfg.h>
#include <khoboot/carrier.h>

#include "firmware.h"

static enum kb_status from_fwcfg(bool *found, struct kho_handover *ret)
{
	char text[KB_CARRIER_TEXT_MAX];
	uint32_t size = fwcfg_read("opt/khoboot/kho", text, sizeof(text));

	if (size > sizeof(text))
		return KB_CARRIER_FWCFG;
	return carrier_text((struct kb_text){text, size}, found, ret);
}

/* The platform's word is not signed by anybody. */
static bool trusted(const struct firmware *fw)
{
#ifdef KB_TRUST_CARRIERS
	(void)fw;
	return true;
#else
	return !fw->secure_boot;
#endif
}

enum kb_status carrier_find(const struct firmware *fw, const struct kb_options *o,
			    const struct fw_map *map, struct range_list *work, bool *found,
			    struct kho_handover *ret, const char **name)
{
	const struct efi_map view = {map->buffer, map->size, map->desc_size};
	struct mem m = {.map = mem_map_identity};
	enum kb_status st = efi_map_all(&view, work);

	m.ram = *work;
	*found = false;
	*name = "configuration table";
	if (!st)
		st = carrier_table(&m, fw_table(fw, &fw_vendor_guid), found, ret);
	if (!st && !*found) {
		*name = "device tree";
		st = carrier_dtb(&m, fw_device_tree(fw), found, ret);
	}
	if (!st && !*found) {
		*name = "load options";
		st = carrier_options(o, found, ret);
	}
	if (!st && !*found) {
		*name = "fw_cfg";
		st = from_fwcfg(found, ret);
	}
	return !st && *found && !trusted(fw) ? KB_CARRIER_SECURE : st;
}
