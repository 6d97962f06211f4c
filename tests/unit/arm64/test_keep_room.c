// SPDX-License-Identifier: BSD-2-Clause
/* arm64: room for the next kernel after a reset. The tests are in ../rehearse.h. */
#include <arch/boot.h>

static void make_kernel(struct kernel *k, uint64_t window)
{
	*k = (struct kernel){.window_size = window,
			     .window_align = ARM64_KERNEL_ALIGN,
			     .text_offset = 0x10000};
}

struct machine;
struct after;
static enum kb_status describe_for_firmware(struct machine *m, const struct after *a);

#include "../rehearse.h"

/* The map lies outside scratch, in memory that is ours. */
static enum kb_status describe_for_firmware(struct machine *m, const struct after *a)
{
	struct range_list *scratch = &m->s.kho->scratch;

	m->s.boot.efi_map_max = BOOT_EFI_MAP_MAX;
	return boot_find_room(&m->s.mem, m->s.kho, scratch, &a->claimed, &a->homes,
			      BOOT_EFI_MAP_MAX, &m->s.boot.efi_map_room);
}

int main(void)
{
	return cmocka_run_group_tests(rehearsals, NULL, NULL);
}
