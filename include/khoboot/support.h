/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options that are understood but cannot be honoured. An option is never ignored in silence: what
 * would lose data is refused.
 */
#ifndef KHOBOOT_SUPPORT_H
#define KHOBOOT_SUPPORT_H

#include <khoboot/cmdline.h>

enum kb_door { KB_DOOR_BARE, KB_DOOR_UEFI };

/*
 * options_supported - can what was asked for be done behind @door?
 *
 * Returns KB_OK, KB_NO_PARK, or KB_NO_CARRIER for khoboot.kho-fdt= and khoboot.kho-scratch= behind
 * the bare-metal door, where the outgoing kernel hands over: booting without what they point to
 * would overwrite it.
 */
__must_check enum kb_status options_supported(const struct kb_options *o, enum kb_door door);

#endif
