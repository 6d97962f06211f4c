// SPDX-License-Identifier: BSD-2-Clause
/*
 * clock.c - the guest's clock: where it goes on.
 *
 * A guest reads its time stamp counter without asking us; it sees the host's, plus an offset. After
 * a kexec the host's counter has gone on counting, and with the same offset the guest sees the time
 * that it was away, to the cycle. After a reset a machine may have begun at zero. Then the time of
 * day tells how long it took, to the second (the next kernel has it from the real-time clock).
 *
 * No clock is read here, so that tests can say what they show.
 */
#include "clock.h"

#include <stdbool.h>

static uint64_t cycles_of_ns(uint64_t ns, uint32_t khz)
{
	return (uint64_t)((unsigned __int128)ns * khz / 1000000);
}

/*
 * This kernel began after the guest had stopped. If the counter was further by then than where the
 * guest stopped, it has only counted on. (Set back it would have to count, in firmware alone, for
 * as long as the last kernel lived.)
 */
static bool counted_on(const struct clock_state *then, uint64_t host_tsc, uint64_t boot_ns)
{
	uint64_t since_boot = cycles_of_ns(boot_ns, then->tsc_khz);

	return host_tsc >= since_boot && host_tsc - since_boot >= then->host_tsc;
}

uint64_t clock_shift(const struct clock_state *then, uint64_t host_tsc, uint64_t boot_ns,
		     uint64_t real_ns)
{
	uint64_t offset = then->guest_tsc - then->host_tsc;
	/* A time of day that went back says nothing; the clock then goes on where it stopped. */
	uint64_t away = real_ns > then->real_ns ? real_ns - then->real_ns : 0;

	if (counted_on(then, host_tsc, boot_ns))
		return 0;
	return then->guest_tsc + cycles_of_ns(away, then->tsc_khz) - host_tsc - offset;
}
