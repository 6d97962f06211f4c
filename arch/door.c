// SPDX-License-Identifier: BSD-2-Clause
#include <arch/cpu.h>
#include <arch/door.h>
#include <arch/serial.h>
#include <arch/stop.h>
#include <khoboot/log.h>
#include <khoboot/support.h>

enum kb_status door_obey(const struct kb_options *o, enum kb_door door)
{
	enum kb_status st;

	kb_log_set_level(o->log);
	stop_set_policy(o->on_error);
	if (o->ignored)
		kb_warn("options", "Secure Boot: %zu words from outside the signed file ignored",
			o->ignored);
	st = options_supported(o, door);
	return st ? kb_refuse("options", st, NULL) : KB_OK;
}

enum kb_status door_open_kernel(const uint8_t *data, uint64_t size, const struct uki *uki,
				struct range work, struct kernel *ret)
{
	struct kb_diag diag = {0};
	enum kb_status st = kernel_open(data, size, work, ret, &diag);

	if (!st)
		st = cpu_can_start(ret);
	if (!st && !ret->release) {
		ret->release = uki->uname.data;
		ret->release_len = uki->uname.size;
	}
	return st ? kb_refuse("kernel", st, &diag) : KB_OK;
}

static void report(const struct door_exit *e)
{
	unsigned long long us = cpu_clock_us(cpu_clock() - e->entered);
	char release[80];

	kernel_release(e->kernel, release, sizeof(release));
	if (e->kho)
		kb_info("boot",
			"handing over %s, %llu ranges, %llu bytes preserved, to %s in %llu us",
			e->kho->root.compatible, (unsigned long long)e->kho->sum.runs,
			(unsigned long long)e->kho->sum.bytes, release, us);
	else
		kb_info("boot", "no KHO data, starting %s in %llu us", release, us);
}

void door_leave(const struct door_exit *e)
{
	uint64_t block = e->place->block.base;
	const char *text;
	size_t len;

	report(e);
	text = kb_log_text(&len);
	boot_set_log(e->layout, (uint8_t *)(uintptr_t)block, DOOR_LOG_SIZE, text, len);
	serial_drain();
	cpu_leave(e);
}
