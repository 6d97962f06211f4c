/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options that are understood but that this version cannot honour. An option is never ignored in
 * silence: what would lose data is refused, what has a safe substitute is announced.
 */
#ifndef KHOBOOT_SUPPORT_H
#define KHOBOOT_SUPPORT_H

#include <khoboot/cmdline.h>

/*
 * options_supported - can what was asked for be done?
 *
 * khoboot.via=firmware: logs that the direct route is taken instead. Returns KB_OK, KB_NO_PARK, or
 * KB_NO_CARRIER for khoboot.kho-fdt= and khoboot.kho-scratch=: booting without what they point to
 * would overwrite it.
 */
__must_check enum kb_status options_supported(const struct kb_options *o);

#endif
