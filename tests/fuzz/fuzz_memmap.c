// SPDX-License-Identifier: BSD-2-Clause
/* E820 entries and UEFI descriptors from the input, one byte of which is the descriptor size. */
#include <arch/memmap.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Sorted, without overlap, nothing empty. */
static void check_list(const struct range_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		if (!l->r[i].size || range_wraps(l->r[i]))
			__builtin_trap();
		if (i && l->r[i].base < range_end(l->r[i - 1]))
			__builtin_trap();
	}
}

/* Words and rest are pieces of the text, in this order. */
static void fuzz_crash(const struct memmap *m, const uint8_t *data, size_t size)
{
	static const char *const pieces[] = {"elfcorehdr=0x", "dmcryptkeys=0x", " ", "0", "ff"};
	struct kb_text rest = {NULL, 0}, words = {NULL, 0};
	char *text = malloc(size * 16 + 1);

	if (!text)
		abort();
	for (size_t i = 0; i < size; i++) {
		const char *p = pieces[data[i] % ARRAY_SIZE(pieces)];
		size_t len = data[i] < 0x40 ? 1 : strlen(p);

		memcpy(text + rest.len, data[i] < 0x40 ? (const char *)&data[i] : p, len);
		rest.len += len;
	}
	text = realloc(text, rest.len + 1);
	rest.text = text;
	size = rest.len;
	if (memmap_crash(m, &rest, &words)) {
		if (words.text != text || words.text + words.len > rest.text)
			__builtin_trap();
		if (rest.text + rest.len != text + size || words.text[words.len - 1] == ' ')
			__builtin_trap();
	} else if (rest.text != text || rest.len != size || words.text) {
		__builtin_trap();
	}
	free(text);
}

static void fuzz_e820(const uint8_t *data, size_t size)
{
	struct e820_entry e[64];
	struct range store[64];
	struct memmap m = {e, 0, 64};
	struct range_list ram = {store, 0, 64};
	size_t n = size / sizeof(*e);
	struct e820_entry *raw = malloc(size + 1);

	if (!raw)
		abort();
	memcpy(raw, data, size);
	if (!memmap_add(&m, raw, n) && !memmap_ram(&m, &ram))
		check_list(&ram);
	free(raw);
	fuzz_crash(&m, data, size);
}

static void fuzz_efi(const uint8_t *data, size_t size, uint64_t desc_size)
{
	struct efi_map map = {data, size, desc_size};
	struct e820_entry e[16];
	struct range store[16];
	struct memmap m = {e, 0, 16};
	struct range_list list = {store, 0, 16};

	if (!memmap_from_efi(&map, &m))
		for (size_t i = 0; i < m.count; i++)
			if (range_wraps((struct range){m.e[i].addr, m.e[i].size}))
				__builtin_trap();
	if (!efi_map_free(&map, &list))
		check_list(&list);
	if (!efi_map_ram(&map, &list))
		check_list(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	fuzz_e820(data + 1, size - 1);
	fuzz_efi(data + 1, size - 1, data[0]);
	/* Mostly right: a whole number of descriptors. */
	fuzz_efi(data + 1, (size - 1) / 48 * 48, 48);
	return 0;
}
