/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory that khoboot's own Image header asks for. */
#ifndef ARCH_ARM64_ROOM_H
#define ARCH_ARM64_ROOM_H

#include <khoboot/compiler.h>
#include <khoboot/status.h>

/*
 * image_room - does the Image header ask for enough memory for the file and the arena after it?
 * @image_size: bytes, from the Image header; khoctl keeps it right
 * @file: bytes of the file in memory: SizeOfImage of the PE header
 *
 * Returns KB_OK or KB_IMAGE_ROOM. Pure.
 */
__must_check enum kb_status image_room(uint64_t image_size, uint64_t file);

#endif
