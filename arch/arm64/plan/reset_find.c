// SPDX-License-Identifier: BSD-2-Clause
/* How an arm64 machine is reset: by PSCI, if the device tree or ACPI says so. */
#include <arch/reset_how.h>
#include <fdt/dtb.h>
#include <format/acpi.h>

static enum kb_status find_in_tree(const struct mem *m, uint64_t at, enum psci_conduit *ret)
{
	struct kb_diag diag = {0};
	struct dtb_facts f;
	const void *fdt;
	enum kb_status st = dtb_get(m, at, &fdt, &diag);

	if (!st)
		st = dtb_read(fdt, &f, &diag);
	if (!st)
		*ret = f.psci;
	return st;
}

static enum kb_status find_in_acpi(const struct mem *m, uint64_t rsdp, enum psci_conduit *ret)
{
	uint32_t flags = 0;
	enum kb_status st = acpi_arm_boot(m, rsdp, &flags);

	if (!st && flags & ACPI_ARM_PSCI)
		*ret = flags & ACPI_ARM_HVC ? PSCI_HVC : PSCI_SMC;
	return st;
}

enum kb_status reset_find(const struct mem *m, uint64_t rsdp, uint64_t fdt, struct reset_how *ret)
{
	enum kb_status st = KB_OK;

	*ret = (struct reset_how){PSCI_NONE};
	if (fdt)
		st = find_in_tree(m, fdt, &ret->psci);
	if (ret->psci == PSCI_NONE && rsdp) {
		enum kb_status second = find_in_acpi(m, rsdp, &ret->psci);

		st = st ? st : second;
	}
	return st;
}
