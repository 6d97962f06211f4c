// SPDX-License-Identifier: BSD-2-Clause
/* QEMU's fw_cfg by its registers in memory: data at 0, the selector (big endian) at 8. */
#include <arch/cpu_arm64.h>
#include <arch/fwcfg_port.h>
#include <arch/machine.h>

#define DATA   0
#define SELECT 8

static uint64_t registers;

void fwcfg_set_base(uint64_t base)
{
	registers = base;
}

bool fwcfg_may_be_there(void)
{
	return registers && cpu_may_write(registers);
}

void fwcfg_seek(uint16_t key)
{
	*(volatile uint16_t *)(uintptr_t)(registers + SELECT) = __builtin_bswap16(key);
}

void fwcfg_next(void *buf, size_t len)
{
	uint8_t *p = buf;

	for (size_t i = 0; i < len; i++)
		p[i] = *(volatile uint8_t *)(uintptr_t)(registers + DATA);
}
