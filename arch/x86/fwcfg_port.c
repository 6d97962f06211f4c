// SPDX-License-Identifier: BSD-2-Clause
/* QEMU's fw_cfg by its ports. */
#include <arch/cpu_x86.h>
#include <arch/fwcfg_port.h>

#define PORT_SELECT 0x510
#define PORT_DATA   0x511

/* Only a hypervisor has the device; elsewhere these ports may belong to another one. */
bool fwcfg_may_be_there(void)
{
	return cpuid(1).c & 1u << 31;
}

void fwcfg_seek(uint16_t key)
{
	outw(PORT_SELECT, key);
}

void fwcfg_next(void *buf, size_t len)
{
	uint8_t *p = buf;

	for (size_t i = 0; i < len; i++)
		p[i] = inb(PORT_DATA);
}
