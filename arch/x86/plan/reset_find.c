// SPDX-License-Identifier: BSD-2-Clause
/* How an x86 machine is reset, as far as ACPI says. */
#include <arch/reset_how.h>

enum kb_status reset_find(const struct mem *m, uint64_t rsdp, uint64_t fdt, struct reset_how *ret)
{
	(void)fdt; /* on x86 no device tree describes the machine */
	*ret = (struct reset_how){.fadt = {0}};
	return rsdp ? acpi_find_reset(m, rsdp, &ret->fadt) : KB_OK;
}
