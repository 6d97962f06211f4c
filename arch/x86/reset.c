// SPDX-License-Identifier: BSD-2-Clause
/* A warm reset: by ACPI's register, by 0xCF9, by the keyboard controller. */
#include <arch/cpu_x86.h>
#include <arch/reset_how.h>

#define CF9_PORT   0xcf9
#define CF9_WARM   0x06
#define KBC_PORT   0x64
#define KBC_PULSE  0xfe
#define KBC_BUSY   0x02
#define WAIT_US    300000
#define DELAY_PORT 0x80

/* Let a reset take effect. A port access takes about 1 us; no clock has to be known for that. */
static void wait(void)
{
	for (unsigned int i = 0; i < WAIT_US; i++)
		outb(DELAY_PORT, 0);
}

static void by_register(const struct acpi_reset *r)
{
	if (r->space == ACPI_PORT && r->address == CF9_PORT)
		return; /* reset_try() does that, with its own value */
	if (r->space == ACPI_PORT && r->address <= UINT16_MAX)
		outb((uint16_t)r->address, r->value);
	else if (r->space == ACPI_MEMORY)
		*(volatile uint8_t *)(uintptr_t)r->address = r->value;
	else
		return;
	wait();
}

static void by_keyboard_controller(void)
{
	for (unsigned int i = 0; i < WAIT_US && (inb(KBC_PORT) & KBC_BUSY); i++)
		;
	outb(KBC_PORT, KBC_PULSE);
	wait();
}

void reset_try(const struct reset_how *how)
{
	if (how && how->fadt.found)
		by_register(&how->fadt);
	outb(CF9_PORT, CF9_WARM & ~4);
	outb(CF9_PORT, CF9_WARM);
	wait();
	by_keyboard_controller();
}
