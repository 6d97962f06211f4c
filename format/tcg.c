// SPDX-License-Identifier: BSD-2-Clause
#include <format/tcg.h>

#include <string.h>

#define EVENT1_HEADER 32 /* PCR, type, SHA-1 digest, event size */
#define SPEC_HEADER   28 /* signature, class, versions, number of algorithms */

enum kb_status tcg_event1_size(const void *event, uint64_t max, uint64_t *ret)
{
	uint64_t size;

	if (max < EVENT1_HEADER)
		return KB_TCG_EVENT;
	size = EVENT1_HEADER + (uint64_t)get_u32((const uint8_t *)event + EVENT1_HEADER - 4);
	if (size > max)
		return KB_TCG_EVENT;
	*ret = size;
	return KB_OK;
}

enum kb_status tcg_spec_read(const void *event, uint64_t max, struct tcg_spec *ret)
{
	static const char signature[16] = "Spec ID Event03";
	const uint8_t *p = (const uint8_t *)event + EVENT1_HEADER;
	struct tcg_spec spec = {0};
	uint64_t size;

	if (tcg_event1_size(event, max, &size) || size < EVENT1_HEADER + SPEC_HEADER ||
	    memcmp(p, signature, sizeof(signature)))
		return KB_TCG_SPEC;
	spec.count = get_u32(p + SPEC_HEADER - 4);
	if (!spec.count || spec.count > TCG_ALGS_MAX ||
	    size < EVENT1_HEADER + SPEC_HEADER + 4ULL * spec.count)
		return KB_TCG_SPEC;
	for (uint32_t i = 0; i < spec.count; i++) {
		spec.alg[i].id = get_u16(p + SPEC_HEADER + 4 * i);
		spec.alg[i].size = get_u16(p + SPEC_HEADER + 4 * i + 2);
	}
	*ret = spec;
	return KB_OK;
}

static bool digest_size(const struct tcg_spec *spec, uint16_t id, uint64_t *size)
{
	for (uint32_t i = 0; i < spec->count; i++) {
		if (spec->alg[i].id == id) {
			*size = spec->alg[i].size;
			return true;
		}
	}
	return false;
}

enum kb_status tcg_event2_size(const struct tcg_spec *spec, const void *event, uint64_t max,
			       uint64_t *ret)
{
	const uint8_t *p = event;
	uint64_t at = 12, size;
	uint32_t count;

	if (max < at)
		return KB_TCG_EVENT;
	count = get_u32(p + 8);
	if (count > spec->count)
		return KB_TCG_EVENT;
	for (uint32_t i = 0; i < count; i++) {
		if (max - at < 2 || !digest_size(spec, get_u16(p + at), &size))
			return KB_TCG_EVENT;
		at += 2;
		if (max - at < size)
			return KB_TCG_EVENT;
		at += size;
	}
	if (max - at < 4)
		return KB_TCG_EVENT;
	size = get_u32(p + at);
	at += 4;
	if (max - at < size)
		return KB_TCG_EVENT;
	*ret = at + size;
	return KB_OK;
}
