// SPDX-License-Identifier: BSD-2-Clause
/* The device tree: which CPUs there are. Linux Documentation/devicetree/bindings/arm/cpus.yaml. */
#include <fdt/dtb.h>

#include <libfdt.h>
#include <string.h>

static bool says(const void *fdt, int node, const char *name, const char *value)
{
	int len;
	const char *text = fdt_getprop(fdt, node, name, &len);

	return text && (size_t)len == strlen(value) + 1 && !memcmp(text, value, (size_t)len);
}

static bool is_usable(const void *fdt, int node)
{
	return says(fdt, node, "device_type", "cpu") && says(fdt, node, "enable-method", "psci") &&
	       (!fdt_getprop(fdt, node, "status", NULL) || says(fdt, node, "status", "okay"));
}

void dtb_each_cpu(const void *fdt, void (*fn)(void *ctx, uint64_t mpidr), void *ctx)
{
	int cpus = fdt_path_offset(fdt, "/cpus"), node;

	if (cpus < 0)
		return;
	fdt_for_each_subnode(node, fdt, cpus) {
		int len;
		const uint8_t *reg = fdt_getprop(fdt, node, "reg", &len);

		if (!reg || !is_usable(fdt, node))
			continue;
		if (len == 4)
			fn(ctx, fdt32_ld((const fdt32_t *)(const void *)reg));
		else if (len == 8)
			fn(ctx, fdt64_ld((const fdt64_t *)(const void *)reg));
	}
}
