// SPDX-License-Identifier: BSD-2-Clause
/* Is the memory that the Image header asks for large enough? See the header. */
#include <arch/image_room.h>
#include <khoboot/layout.h>

enum kb_status image_room(uint64_t image_size, uint64_t file)
{
	return image_size < KB_ARENA_SIZE || image_size - KB_ARENA_SIZE < file ? KB_IMAGE_ROOM
									       : KB_OK;
}
