/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sizes of events in a TCG event log. The log has no length field: it ends after the event that
 * firmware calls the last one. TCG PC Client Platform Firmware Profile, sections "TCG_PCR_EVENT",
 * "TCG_PCR_EVENT2" and "TCG_EfiSpecIdEvent".
 */
#ifndef FORMAT_TCG_H
#define FORMAT_TCG_H

#include <khoboot/compiler.h>
#include <khoboot/status.h>

#define TCG_ALGS_MAX 16

/* Digest sizes of a crypto-agile log, from its first event. */
struct tcg_spec {
	uint32_t count;
	struct {
		uint16_t id;
		uint16_t size; /* bytes */
	} alg[TCG_ALGS_MAX];
};

/*
 * Read the first event of a crypto-agile log, at most @max bytes. KB_OK, or KB_TCG_SPEC with @ret
 * untouched.
 */
__must_check enum kb_status tcg_spec_read(const void *event, uint64_t max, struct tcg_spec *ret);

/*
 * Bytes of an event in the old SHA-1 format. The first event of every log has it. KB_OK or
 * KB_TCG_EVENT.
 */
__must_check enum kb_status tcg_event1_size(const void *event, uint64_t max, uint64_t *ret);

/* Bytes of an event in the crypto-agile format. KB_OK or KB_TCG_EVENT. */
__must_check enum kb_status tcg_event2_size(const struct tcg_spec *spec, const void *event,
					    uint64_t max, uint64_t *ret);

#endif
