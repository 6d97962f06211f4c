/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock.h - the guest's clock: where it goes on in the next kernel.
 */
#ifndef GUEST_CLOCK_H
#define GUEST_CLOCK_H

#include <stdint.h>

/* When the guest was stopped, by clocks that may go on in the next kernel or begin anew. */
struct clock_state {
	uint64_t host_tsc;
	uint64_t real_ns;   /* CLOCK_REALTIME */
	uint64_t guest_tsc; /* of the first processor */
	uint32_t tsc_khz;   /* of the guest */
	uint32_t reserved;
};

/*
 * What is to be added to the offsets of all processors so that the guest's clock goes on, now that
 * the host's clocks show @host_tsc, @boot_ns (since this kernel began, CLOCK_BOOTTIME) and
 * @real_ns. Where the host's counter was not set back, that is 0; else it follows from the time of
 * day. The clock never goes back.
 */
uint64_t clock_shift(const struct clock_state *then, uint64_t host_tsc, uint64_t boot_ns,
		     uint64_t real_ns);

#endif
