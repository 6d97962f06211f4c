/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory overwrite request (TCG PC Client Platform Reset Attack Mitigation Specification): a
 * variable by which a system asks firmware to clear memory at the next reset. Linux' EFI stub sets
 * it on each boot if CONFIG_RESET_ATTACK_MITIGATION is on (drivers/firmware/efi/libstub/tpm.c), so
 * a kernel that is entered without its stub has to get it from khoboot.
 */
#ifndef FORMAT_OVERWRITE_H
#define FORMAT_OVERWRITE_H

#include <khoboot/compiler.h>

/* In UTF-16 the variable's name, and so it stands in kernels whose stub sets it. */
#define OVERWRITE_NAME "MemoryOverwriteRequestControl"

/*
 * efi_asks_overwrite - would the stub of this kernel ask for it?
 * @kernel: the file, with its @size bytes
 *
 * The stub is not packed in a bzImage, in an Image and in a vmlinuz.efi; in an Image.gz or
 * Image.zst it is, and the answer is no.
 */
bool efi_asks_overwrite(const void *kernel, uint64_t size);

#endif
