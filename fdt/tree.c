// SPDX-License-Identifier: BSD-2-Clause
/* The check that every device tree from outside has to pass, and numbers in it. */
#include <libfdt.h>

#include <fdt/tree.h>

int tree_check(const void *fdt, uint64_t max)
{
	int err = fdt_check_header(fdt);

	if (!err && fdt_version(fdt) < 17)
		err = -FDT_ERR_BADVERSION;
	return err ? err : fdt_check_full(fdt, max);
}

bool tree_number(const void *fdt, int node, const char *name, uint64_t *ret)
{
	int len = 0;
	const void *v = fdt_getprop(fdt, node, name, &len);

	if (!v || len != 8)
		return false;
	*ret = get_u64(v);
	return true;
}
