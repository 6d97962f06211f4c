// SPDX-License-Identifier: BSD-2-Clause
/* The check that every device tree from outside has to pass. */
#include <libfdt.h>

#include <fdt/tree.h>

int tree_check(const void *fdt, uint64_t max)
{
	int err = fdt_check_header(fdt);

	if (!err && fdt_version(fdt) < 17)
		err = -FDT_ERR_BADVERSION;
	return err ? err : fdt_check_full(fdt, max);
}
