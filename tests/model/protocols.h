/* SPDX-License-Identifier: BSD-2-Clause */
/* What drivers and a boot loader have installed: between firmware.c and protocols.c. */
#ifndef TESTS_MODEL_PROTOCOLS_H
#define TESTS_MODEL_PROTOCOLS_H

#include "../../efi/firmware.h"
#include "model.h"

/* Each service asks first. True when it has to fail. */
bool firmware_fails(enum model_service s);
/* The initrd was read to its end. */
void firmware_gave_initrd(void);
bool guid_is(const EFI_GUID *a, EFI_GUID b);

/* As set by the setup: protocols anew, the device tree in firmware's memory. */
void protocols_start(void);
/* NULL: the handle has none. */
void *protocol_on(EFI_HANDLE handle, const EFI_GUID *guid);
/* The protocols that stand for themselves; NULL: none. */
void *protocol_alone(const EFI_GUID *guid);
/* LocateHandle() and LocateDevicePath(). */
EFI_STATUS protocol_handles(const EFI_GUID *guid, UINTN *size, EFI_HANDLE *ret);
EFI_STATUS protocol_path(const EFI_GUID *guid, EFI_DEVICE_PATH **path, EFI_HANDLE *ret);
/* The tables that firmware has at the start. Returns how many. */
UINTN protocol_tables(EFI_CONFIGURATION_TABLE *to);
/* What the kernel finds of all that. A complaint, or NULL. */
const char *protocols_broken(const EFI_CONFIGURATION_TABLE *tables, UINTN count);

#endif
