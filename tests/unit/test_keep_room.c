// SPDX-License-Identifier: BSD-2-Clause
/* x86: room for the next kernel after a reset. The tests are in rehearse.h. */
#include <arch/boot.h>

static uint8_t file[0x2000];

static void make_kernel(struct kernel *k, uint64_t window)
{
	*k = (struct kernel){
		.file = file,
		.window_size = window,
		.window_align = SZ_2M,
		.bz = {.header_size = 0x7b, .pref_address = 16 * SZ_1M, .cmdline_size = 255},
	};
}

struct machine;
struct after;
static enum kb_status describe_for_firmware(struct machine *m, const struct after *a);

#include "rehearse.h"

/* The largest map, with the descriptors that allocations may still add. */
static enum kb_status describe_for_firmware(struct machine *m, const struct after *a)
{
	(void)a;
	m->s.boot.efi_map_max = BOOT_EFI_MAP_MAX;
	m->s.boot.e820_ext_max = BOOT_EFI_MAP_MAX / 40 + 64;
	return KB_OK;
}

int main(void)
{
	return cmocka_run_group_tests(rehearsals, NULL, NULL);
}
