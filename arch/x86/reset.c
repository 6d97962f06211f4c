// SPDX-License-Identifier: BSD-2-Clause
/* A warm reset: by the register of ACPI, by 0xCF9, by the keyboard controller. */
#include <arch/cpu_x86.h>
#include <arch/reset_how.h>

#define CF9_PORT   0xcf9
#define CF9_WARM   0x06
#define KBC_PORT   0x64
#define KBC_PULSE  0xfe
#define KBC_BUSY   0x02
#define WAIT_US    300000
#define DELAY_PORT 0x80

/* Time to take effect: port accesses take about 1 us each, also where no clock is known. */
static void wait(void)
{
	for (unsigned int i = 0; i < WAIT_US; i++)
		outb(DELAY_PORT, 0);
}

static void by_register(const struct acpi_reset *r)
{
	if (r->space == ACPI_PORT && r->address == CF9_PORT)
		return; /* with our own value, below */
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
