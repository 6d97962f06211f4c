// SPDX-License-Identifier: BSD-2-Clause
/* The calibration variable with any content, and rounds that go on from it. */
#include <route/calibration.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A sound head, so that the fuzzer gets to the lists; the rest is its own. */
static void repair(struct kb_calibration *c)
{
	c->magic = KB_CALIBRATION_MAGIC;
	c->version = KB_CALIBRATION_VERSION;
	c->size = sizeof(*c);
	c->firmware_vendor[31] = '\0';
	c->zone_count %= KB_ZONE_MAX + 1;
	c->touched_count %= KB_CALIBRATION_TOUCHED + 1;
	c->ram_count %= KB_CALIBRATION_RAM + 1;
}

static void go_on(struct kb_calibration *c)
{
	struct range store[4] = {{SZ_1M, SZ_4K}, {SZ_1G, SZ_4K}}, all = {0, SZ_4G};
	struct range_list touched = {store, 2, 4}, ram = {&all, 1, 1};

	if (c->state != KB_CALIBRATION_RUNNING)
		return;
	calibration_round(c, &touched, 0, &ram);
	if (calibration_read(c, sizeof(*c), c))
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kb_calibration in = {0}, c;

	(void)!calibration_read(data, size, &c);
	memcpy(&in, data, size < sizeof(in) ? size : sizeof(in));
	repair(&in);
	if (!calibration_read(&in, sizeof(in), &c))
		go_on(&c);
	return 0;
}
