// SPDX-License-Identifier: BSD-2-Clause
/* Words on the next kernel's command line by which it would lose what is preserved. */
#include <core/cmdline.h>
#include <core/diag.h>
#include <fdt/kho_target.h>

/* mm/memtest.c: a number of passes; without one, all there are. */
static bool tests_memory(struct kb_text value)
{
	return !text_is(value, "0");
}

/* kernel/dma/contiguous.c: SIZE[@BASE[-LIMIT]]; from BASE to LIMIT the kernel chooses. */
static bool is_fixed(struct kb_text value)
{
	uint64_t size, base, limit;

	if (!text_take_size(&value, &size) || !text_skip(&value, "@"))
		return false;
	if (!text_take_size(&value, &base) || !text_skip(&value, "-"))
		return true;
	return !text_take_size(&value, &limit) || limit - base == size;
}

/* init/do_mounts_initrd.c: ADDRESS,SIZE; anything else is a file, for a loader. */
static bool is_address(struct kb_text value)
{
	uint64_t base;

	return (value.len && value.text[0] == ',') ||
	       (text_take_size(&value, &base) && text_skip(&value, ","));
}

/* arch/x86/kernel/check.c: memory from 0 on is cleared. Below 1 MiB nothing is preserved. */
static bool reaches_far(struct kb_text value)
{
	uint64_t size;

	return !text_take_size(&value, &size) || size > SZ_1M;
}

static bool any(struct kb_text value)
{
	(void)value;
	return true;
}

static const struct {
	const char *name;
	enum kb_status status;
	bool (*bad)(struct kb_text value);
} words[] = {
	{"elfcorehdr", KB_KERNEL_DUMP, any},
	{"memtest", KB_KERNEL_WRITES, tests_memory},
	{"cma", KB_KERNEL_WRITES, is_fixed},
	{"initrdmem", KB_KERNEL_WRITES, is_address},
	{"initrd", KB_KERNEL_WRITES, is_address},
	{"memory_corruption_check_size", KB_KERNEL_WRITES, reaches_far},
};

static enum kb_status check_word(const struct cmdline_word *w)
{
	struct kb_text value;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (cmdline_value(w, words[i].name, &value) && words[i].bad(value))
			return words[i].status;
	return cmdline_is(w, "memtest") ? KB_KERNEL_WRITES : KB_OK;
}

/*
 * Anywhere in @t, also in quotes and after "--", which the decompressor does not know; a later
 * mem_encrypt=off is not worth a parser (Linux arch/x86/boot/compressed/misc.c:parse_mem_encrypt).
 */
static enum kb_status check_encryption(struct kb_text t, struct kb_diag *diag)
{
	for (size_t pos = 0; pos < t.len; pos++) {
		struct kb_text rest = {t.text + pos, t.len - pos};

		if (text_skip(&rest, "mem_encrypt=on"))
			return kb_note(diag, KB_KERNEL_ENCRYPTS, pos, t.len - pos - rest.len);
	}
	return KB_OK;
}

enum kb_status kho_target_words(struct kb_text cmdline, bool may_encrypt, struct kb_diag *diag)
{
	struct cmdline_iter it = {cmdline.text, cmdline.len, 0};
	struct cmdline_word w;

	while (cmdline_next_param(&it, &w)) {
		enum kb_status st = check_word(&w);

		if (st)
			return kb_note(diag, st, w.pos, w.len);
	}
	return may_encrypt ? check_encryption(cmdline, diag) : KB_OK;
}
