// SPDX-License-Identifier: BSD-2-Clause
/* Which device answers at an address that only a command line names? See <arch/machine.h>. */
#include <arch/machine.h>

/* Part number 0x011, designer 0x41 (Arm), any revision; then what all PrimeCell devices have. */
static const uint32_t pl011[PL011_IDS] = {0x11, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

#define REVISION_REG  2
#define REVISION_MASK 0xf0u

bool uart_is_pl011(const uint32_t id[PL011_IDS])
{
	for (size_t i = 0; i < PL011_IDS; i++)
		if ((i == REVISION_REG ? id[i] & ~REVISION_MASK : id[i]) != pl011[i])
			return false;
	return true;
}
