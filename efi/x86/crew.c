// SPDX-License-Identifier: BSD-2-Clause
/*
 * The UEFI door of x86: other CPUs, by EFI_MP_SERVICES_PROTOCOL (UEFI PI 1.8 volume 2, 13.3). They
 * come with page tables and traps of firmware, and firmware stops those that do not come back.
 */
#include <arch/cpu.h>

#include "../uefi.h"

struct mp_services {
	EFI_STATUS(EFIAPI *count)(struct mp_services *mp, UINTN *all, UINTN *enabled);
	void *info;
	EFI_STATUS(EFIAPI *start_all)
	(struct mp_services *mp, void(EFIAPI *procedure)(void *), BOOLEAN one_by_one,
	 EFI_EVENT event, UINTN timeout, void *arg, UINTN **failed);
};

static EFI_GUID mp_guid = {0x3fdda605,
			   0xa76e,
			   0x4f46,
			   {0xad, 0x29, 0x12, 0xf4, 0x53, 0x1b, 0x3d, 0x08}};

/* Of the one crew that there is; its callbacks get a struct stage_crew only. */
static struct {
	EFI_BOOT_SERVICES *bs;
	struct mp_services *mp;
	EFI_EVENT event;
	UINTN timeout;
	bool asked;
} firmware;

/* Ten seconds, and one for each GiB: far more than all of it takes. In microseconds. */
static UINTN patience(const struct kb_record *rec)
{
	return 10000000 + rec->facts.preserved / 1024;
}

static bool is_over(void)
{
	return !firmware.bs->CheckEvent(firmware.event);
}

static void wait_for(const struct crew *c, uint64_t us)
{
	uint64_t begun = cpu_clock();

	for (uint64_t i = 0; i < us && cpu_clock_us(cpu_clock() - begun) < us; i++) {
		if (crew_here(c) == c->count || is_over())
			return;
		cpu_relax();
	}
}

static void start(void *ctx, struct share *s)
{
	struct stage_crew *c = ctx;

	c->share = s;
	crew_prepare(&c->crew);
	firmware.asked = !firmware.bs->CreateEvent(0, 0, NULL, NULL, &firmware.event);
	if (firmware.asked &&
	    firmware.mp->start_all(firmware.mp, crew_firmware, FALSE, firmware.event,
				   firmware.timeout, NULL, NULL)) {
		firmware.bs->CloseEvent(firmware.event);
		firmware.asked = false;
	}
	if (firmware.asked)
		wait_for(&c->crew, 100000);
	c->crew.came = crew_here(&c->crew);
}

/*
 * Firmware says when all are back, or when its patience is over: then it has stopped the others.
 * For that its timer needs interrupts, which are on.
 */
static void stop(void *ctx)
{
	struct stage_crew *c = ctx;
	uint64_t begun = cpu_clock();
	bool over = !firmware.asked;

	while (!over && cpu_clock_us(cpu_clock() - begun) < 2 * firmware.timeout) {
		over = is_over();
		cpu_relax();
	}
	c->stuck = !over;
	if (over && firmware.asked)
		firmware.bs->CloseEvent(firmware.event);
}

unsigned int uefi_count_cpus(struct uefi *u, struct stage_crew *c)
{
	UINTN all, enabled;
	void *mp;

	(void)c;
	if (u->fw.bs->LocateProtocol(&mp_guid, NULL, &mp))
		return 0;
	firmware.bs = u->fw.bs;
	firmware.mp = mp;
	firmware.timeout = patience(u->s.record);
	if (firmware.mp->count(mp, &all, &enabled) || enabled > KB_CPUS_MAX)
		return 0;
	return (unsigned int)enabled;
}

void uefi_ready_crew(struct uefi *u, struct stage_crew *c)
{
	(void)u;
	c->crew.count = c->crew.max;
	c->help.start = start;
	c->help.stop = stop;
}
