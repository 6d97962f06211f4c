// SPDX-License-Identifier: BSD-2-Clause
#include <khoboot/log.h>
#include <khoboot/support.h>

enum kb_status options_supported(const struct kb_options *o)
{
	if (o->kho == KB_KHO_PARK)
		return KB_NO_PARK;
	if (o->kho_fdt.size || o->kho_scratch.size)
		return KB_NO_CARRIER;
	if (o->via == KB_VIA_FIRMWARE)
		kb_warn("options", "this version has no firmware route, taking the direct one");
	return KB_OK;
}
