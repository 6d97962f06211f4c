// SPDX-License-Identifier: BSD-2-Clause
/* Sizes of events in a TCG event log; the header names the specification. */
#include <format/tcg.h>

#include <string.h>

/* "TCG_PCR_EVENT", up to the event data. */
struct event1 {
	uint32_t pcr;
	uint32_t type;
	uint8_t digest[20]; /* SHA-1 */
	uint32_t event_size;
} __packed;

/* "TCG_EfiSpecIdEvent": the data of the first event, up to the algorithms. */
struct spec_id {
	char signature[16];
	uint32_t platform_class;
	uint8_t minor, major, errata;
	uint8_t uintn_size;
	uint32_t algorithms; /* numberOfAlgorithms */
} __packed;

/* "TCG_EfiSpecIdEventAlgorithmSize" */
struct spec_alg {
	uint16_t id;
	uint16_t digest_size; /* bytes */
} __packed;

/*
 * "TCG_PCR_EVENT2", up to the digests. A digest follows its TPM_ALG_ID; after the last digest come
 * the size of the event data and the data.
 */
struct event2 {
	uint32_t pcr;
	uint32_t type;
	uint32_t digests; /* TPML_DIGEST_VALUES count */
} __packed;

#define ALG_ID_SIZE     sizeof(uint16_t)
#define EVENT_SIZE_SIZE sizeof(uint32_t)
/* Offset of the algorithms in the first event. */
#define SPEC_ALGS (sizeof(struct event1) + sizeof(struct spec_id))

_Static_assert(offsetof(struct event1, event_size) == 28 && sizeof(struct event1) == 32, "event1");
_Static_assert(offsetof(struct spec_id, algorithms) == 24 && sizeof(struct spec_id) == 28, "id");
_Static_assert(sizeof(struct spec_alg) == 4, "spec_alg");
_Static_assert(offsetof(struct event2, digests) == 8 && sizeof(struct event2) == 12, "event2");

enum kb_status tcg_event1_size(const void *event, uint64_t max, uint64_t *ret)
{
	struct event1 e;
	uint64_t size;

	if (max < sizeof(e))
		return KB_TCG_EVENT;
	memcpy(&e, event, sizeof(e));
	size = sizeof(e) + (uint64_t)e.event_size;
	if (size > max)
		return KB_TCG_EVENT;
	*ret = size;
	return KB_OK;
}

enum kb_status tcg_spec_read(const void *event, uint64_t max, struct tcg_spec *ret)
{
	static const char signature[16] = "Spec ID Event03";
	const uint8_t *p = event;
	struct tcg_spec spec = {0};
	struct spec_alg alg;
	struct spec_id id;
	uint64_t size;

	if (tcg_event1_size(event, max, &size) || size < SPEC_ALGS)
		return KB_TCG_SPEC;
	memcpy(&id, p + sizeof(struct event1), sizeof(id));
	spec.count = id.algorithms;
	if (memcmp(id.signature, signature, sizeof(signature)) || !spec.count ||
	    spec.count > TCG_ALGS_MAX || size < SPEC_ALGS + spec.count * sizeof(alg))
		return KB_TCG_SPEC;
	for (uint32_t i = 0; i < spec.count; i++) {
		memcpy(&alg, p + SPEC_ALGS + i * sizeof(alg), sizeof(alg));
		spec.alg[i].id = alg.id;
		spec.alg[i].size = alg.digest_size;
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
	struct event2 e;
	uint64_t at = sizeof(e), size;

	if (max < sizeof(e))
		return KB_TCG_EVENT;
	memcpy(&e, p, sizeof(e));
	if (e.digests > spec->count)
		return KB_TCG_EVENT;
	for (uint32_t i = 0; i < e.digests; i++) {
		if (max - at < ALG_ID_SIZE || !digest_size(spec, get_u16(p + at), &size))
			return KB_TCG_EVENT;
		at += ALG_ID_SIZE;
		if (max - at < size)
			return KB_TCG_EVENT;
		at += size;
	}
	if (max - at < EVENT_SIZE_SIZE)
		return KB_TCG_EVENT;
	size = get_u32(p + at);
	at += EVENT_SIZE_SIZE;
	if (max - at < size)
		return KB_TCG_EVENT;
	*ret = at + size;
	return KB_OK;
}
