// SPDX-License-Identifier: BSD-2-Clause
/*
 * The TPM event log is lost when boot services end; the kernel finds a copy in a configuration
 * table (Linux drivers/firmware/efi/libstub/tpm.c,
 * drivers/firmware/efi/tpm.c:efi_tpm_eventlog_init).
 */
#include <core/log.h>
#include <format/tcg.h>

#include <string.h>

#include "uefi.h"

#define FORMAT_SHA1      1
#define FORMAT_AGILE     2
#define EVENT_MAX        SZ_1M /* one event; firmware logs have a few hundred bytes in each */
#define LOG_MAX          (16 * SZ_1M)
#define FINAL_EVENTS_MAX 4096

/* EFI_TCG2_PROTOCOL, TCG EFI Protocol Specification section 6, up to the last function called. */
struct tcg2 {
	void *get_capability;
	EFI_STATUS(EFIAPI *get_event_log)
	(struct tcg2 *self, UINT32 format, uint64_t *location, uint64_t *last, BOOLEAN *truncated);
};

/* Linux include/linux/efi.h: struct linux_efi_tpm_eventlog */
struct linux_log {
	uint32_t size;
	uint32_t final_events_preboot_size;
	uint8_t version;
	uint8_t log[];
} __packed;

struct event_log {
	const uint8_t *data;
	uint64_t size;
	uint8_t version;
	struct tcg_spec spec;
};

static struct tcg2 *find_tcg2(const struct firmware *fw)
{
	static EFI_GUID guid = {0x607f766c,
				0x7455,
				0x42be,
				{0x93, 0x0b, 0xe4, 0xd7, 0x6d, 0xb2, 0x72, 0x0f}};
	void *found;

	return fw->bs->LocateProtocol(&guid, NULL, &found) ? NULL : found;
}

/* Bytes from the first event to the end of the last; 0 when they make no sense. */
static uint64_t log_size(struct event_log *log, const uint8_t *last)
{
	uint64_t size;
	enum kb_status st;

	if (last < log->data || (uint64_t)(last - log->data) > LOG_MAX)
		return 0;
	/* The first event has the old format in both kinds of log. */
	if (log->version == FORMAT_SHA1 || last == log->data)
		st = tcg_event1_size(last, EVENT_MAX, &size);
	else
		st = tcg_event2_size(&log->spec, last, EVENT_MAX, &size);
	return st ? 0 : (uint64_t)(last - log->data) + size;
}

static bool read_log(struct tcg2 *tcg, uint32_t format, struct event_log *log)
{
	uint64_t location = 0, last = 0;
	BOOLEAN truncated = 0;

	if (tcg->get_event_log(tcg, format, &location, &last, &truncated) || !location)
		return false;
	log->data = (const void *)(uintptr_t)location;
	log->version = (uint8_t)format;
	if (format == FORMAT_AGILE && tcg_spec_read(log->data, EVENT_MAX, &log->spec))
		return false;
	log->size = last ? log_size(log, (const void *)(uintptr_t)last) : 0;
	if (truncated)
		kb_warn("tpm", "the firmware's event log is truncated");
	return log->size;
}

/* Bytes of the events that are in the final events table already: the kernel skips them. */
static uint64_t preboot_final_size(const struct firmware *fw, const struct event_log *log)
{
	static EFI_GUID guid = {0x1e2ed096,
				0x30e2,
				0x4254,
				{0xbd, 0x89, 0x86, 0x3b, 0xbe, 0xf8, 0x23, 0x25}};
	const uint8_t *table = (const void *)(uintptr_t)fw_table(fw, &guid);
	uint64_t count, at = 16;

	if (!table || log->version != FORMAT_AGILE)
		return 0;
	count = get_u64(table + 8);
	for (uint64_t i = 0; i < count && i < FINAL_EVENTS_MAX; i++) {
		uint64_t size;

		if (tcg_event2_size(&log->spec, table + at, EVENT_MAX, &size))
			break;
		at += size;
	}
	return at - 16;
}

void uefi_install_tpm_log(struct firmware *fw)
{
	static EFI_GUID guid = {0xb7799cb0,
				0xeca2,
				0x4943,
				{0x96, 0x67, 0x1f, 0xae, 0x07, 0xb7, 0x47, 0xfa}};
	struct tcg2 *tcg = find_tcg2(fw);
	struct event_log log = {0};
	struct linux_log *copy;
	void *pool;

	if (!tcg)
		return;
	if (!read_log(tcg, FORMAT_AGILE, &log) && !read_log(tcg, FORMAT_SHA1, &log)) {
		kb_warn("tpm", "there is a TPM, but no event log that can be read");
		return;
	}
	if (fw->bs->AllocatePool(EfiACPIReclaimMemory, sizeof(*copy) + log.size, &pool))
		return;
	copy = pool;
	copy->size = (uint32_t)log.size;
	copy->final_events_preboot_size = (uint32_t)preboot_final_size(fw, &log);
	copy->version = log.version;
	memcpy(copy->log, log.data, log.size);
	if (!fw->bs->InstallConfigurationTable(&guid, copy)) {
		kb_info("tpm", "event log of %u bytes handed to the kernel", copy->size);
		return;
	}
	kb_warn("tpm", "the event log cannot be handed to the kernel");
	fw->bs->FreePool(copy);
}
