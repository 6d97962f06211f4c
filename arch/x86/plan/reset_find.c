// SPDX-License-Identifier: BSD-2-Clause
#include <arch/reset_how.h>

enum kb_status reset_find(const struct mem *m, uint64_t rsdp, uint64_t fdt, struct reset_how *ret)
{
	(void)fdt;
	*ret = (struct reset_how){.fadt = {0}};
	return rsdp ? acpi_find_reset(m, rsdp, &ret->fadt) : KB_OK;
}
