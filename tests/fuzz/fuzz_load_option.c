// SPDX-License-Identifier: BSD-2-Clause
/* Boot entries of firmware. A path made from one must be sound, and end in the file asked for. */
#include "../../tools/boot_entry.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct load_option *from)
{
	struct buffer path = {0}, option = {0};
	char partuuid[PARTUUID_SIZE] = "";
	struct load_option made;

	load_option_is(from, "khoboot handover");
	if (load_option_partition(from, partuuid) && strlen(partuuid) != 11 &&
	    strlen(partuuid) != 36)
		abort();
	boot_entry_file_path(from, "\\x", &path);
	load_option_make("x", &path, "y", &option);
	if (!load_option_parse(option.data, option.size, &made) || made.path_size != path.size ||
	    made.data_size != 2 || !load_option_is(&made, "x"))
		abort();
	buffer_free(&path);
	buffer_free(&option);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *block = malloc(size ? size : 1);
	struct load_option o;

	if (size)
		memcpy(block, data, size);
	if (load_option_parse(block, size, &o))
		check(&o);
	free(block);
	return 0;
}
