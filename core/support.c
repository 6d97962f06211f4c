// SPDX-License-Identifier: BSD-2-Clause
#include <khoboot/support.h>

enum kb_status options_supported(const struct kb_options *o, enum kb_door door)
{
	if (o->kho == KB_KHO_PARK)
		return KB_NO_PARK;
	if (door == KB_DOOR_BARE && (o->kho_fdt.size || o->kho_scratch.size))
		return KB_NO_CARRIER;
	return KB_OK;
}
