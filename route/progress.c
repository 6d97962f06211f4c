// SPDX-License-Identifier: BSD-2-Clause
/* How far it has come: what a line of progress says. */
#include <route/progress.h>

/* In milliseconds and pages: 8 PiB in 100 days fit. */
static uint64_t seconds_left(uint64_t done, uint64_t total, uint64_t us)
{
	uint64_t pages = done / SZ_4K, left = (total - done) / SZ_4K, ms = us / 1000;
	uint64_t product;

	if (!pages || mul_overflow(ms, left, &product))
		return 0;
	return (product / pages + 999) / 1000;
}

struct route_progress route_progress(uint64_t done, uint64_t total, uint64_t us)
{
	bool large = total >= 10 * SZ_1G;

	done = min_u64(done, total);
	return (struct route_progress){
		.percent = total < 100 ? 100 : (unsigned int)min_u64(done / (total / 100), 100),
		.left_s = seconds_left(done, total, us),
		.size = total / (large ? SZ_1G : SZ_1M),
		.unit = large ? "GiB" : "MiB",
	};
}
