// SPDX-License-Identifier: BSD-2-Clause
/* The next kernel: a bzImage, which unpacks itself, or a ready kernel. */
#include <arch/kernel.h>
#include <format/overwrite.h>

#include <string.h>

static void use_packed(struct kernel *k)
{
	k->is_ready = false;
	k->window_size = align_up_page(k->bz.init_size);
	k->window_align = max_u64(k->bz.kernel_alignment, SZ_4K);
}

static enum kb_status open_ready(const void *file, uint64_t size, struct kernel *k,
				 struct kb_diag *diag)
{
	enum kb_status st = ready_open(file, size, &k->ready, diag);

	if (!st)
		st = bzimage_parse_setup(k->ready.bzimage, k->ready.bzimage_size, &k->bz, diag);
	if (st)
		return st;
	k->is_ready = true;
	k->file = k->ready.bzimage;
	k->size = k->ready.bzimage_size;
	k->window_size = k->ready.memory;
	k->window_align = max_u64(k->bz.kernel_alignment, READY_ALIGN);
	return KB_OK;
}

static enum kb_status open_packed(struct kernel *k, struct kb_diag *diag)
{
	enum kb_status st = bzimage_parse(k->file, k->size, &k->bz, diag);

	if (!st)
		use_packed(k);
	return st;
}

enum kb_status kernel_open(const void *file, uint64_t size, struct range work, struct kernel *ret,
			   struct kb_diag *diag)
{
	struct kernel k = {.file = file, .size = size};
	enum kb_status st =
		ready_is(file, size) ? open_ready(file, size, &k, diag) : open_packed(&k, diag);

	(void)work; /* nothing is unpacked here */
	if (st)
		return st;
	k.release = k.bz.release;
	k.release_len = k.bz.release_len;
	*ret = k;
	return KB_OK;
}

/* ---- how a ready kernel is started ----------------------------------------------------------- */

/* The decompressor knows neither quotes nor "--" (arch/x86/boot/cmdline.c). */
static struct kb_text next_word(struct kb_text *t)
{
	struct kb_text word = *t;

	while (word.len && word.text[0] <= ' ')
		word = (struct kb_text){word.text + 1, word.len - 1};
	*t = word;
	while (t->len && t->text[0] > ' ')
		*t = (struct kb_text){t->text + 1, t->len - 1};
	word.len -= t->len;
	return word;
}

/* Which word it is, counted from 1; 0: none. */
static size_t find_word(struct kb_text cmdline, const char *word)
{
	for (size_t n = 1; cmdline.len; n++)
		if (text_is(next_word(&cmdline), word))
			return n;
	return 0;
}

static bool has_word(struct kb_text cmdline, const char *word)
{
	return find_word(cmdline, word);
}

static bool has_begin(struct kb_text cmdline, const char *begin)
{
	while (cmdline.len) {
		struct kb_text word = next_word(&cmdline);

		if (text_skip(&word, begin))
			return true;
	}
	return false;
}

static bool wants_five_levels(const struct kernel *k, struct kb_text cmdline)
{
	return k->bz.xloadflags & XLF_5LEVEL_ENABLED && !has_word(cmdline, "no5lvl");
}

/* Why a ready kernel cannot be started here; KB_OK if it can. */
static enum kb_status unsuited(const struct kernel *k, struct kb_text cmdline,
			       const struct kernel_cpu *cpu)
{
	if (cpu->confidential)
		return KB_READY_CONFIDENTIAL;
	if ((cpu->la57 || (cpu->reset && cpu->can_la57)) && !wants_five_levels(k, cmdline))
		return KB_READY_PAGING;
	return KB_OK;
}

/* KERNEL_IMAGE_SIZE with CONFIG_RANDOMIZE_BASE (arch/x86/include/asm/page_64_types.h). */
#define IMAGE_SPAN SZ_1G

/* As the decompressor's find_random_virt_addr(), which has the lowest address as its minimum. */
static uint64_t choose_delta(const struct kernel *k, uint64_t random)
{
	const uint64_t used = k->bz.pref_address + k->window_size;
	const uint64_t align = k->window_align;

	return used < IMAGE_SPAN ? random % (1 + (IMAGE_SPAN - used) / align) * align : 0;
}

/*
 * The decompressor leaves memory alone that these words take away or keep (handle_mem_options() in
 * arch/x86/boot/compressed/kaslr.c, count_immovable_mem_regions() in acpi.c). We take the lowest
 * place then.
 */
static bool limits_memory(struct kb_text cmdline)
{
	static const char *const words[] = {"mem=", "memmap=", "hugepages=", "movable_node"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (has_begin(cmdline, words[i]))
			return true;
	return false;
}

static void randomize(struct kernel *k, struct kb_text cmdline, const struct kernel_cpu *cpu)
{
	if (!ready_relocatable(&k->ready) || has_word(cmdline, "nokaslr"))
		return;
	k->kaslr = true;
	k->random_place = !limits_memory(cmdline);
	k->random = cpu->random[0];
	k->virtual_delta = choose_delta(k, cpu->random[1]);
}

/* As the decompressor's parse_mem_encrypt(), for kernels that leave it to that (from 6.9 on). */
static bool asks_encryption(struct kb_text cmdline)
{
	return find_word(cmdline, "mem_encrypt=on") > find_word(cmdline, "mem_encrypt=off");
}

enum kb_status kernel_choose(struct kernel *k, struct kb_text cmdline, const struct kernel_cpu *cpu,
			     struct kb_diag *diag)
{
	enum kb_status st = bzimage_check_5level(&k->bz, cpu->la57);

	if (st || !k->is_ready)
		return st;
	st = unsuited(k, cmdline, cpu);
	if (st && k->size > k->bz.setup_size)
		return open_packed(k, diag);
	if (st)
		return st;
	k->four_levels = !cpu->la57 || cpu->reset;
	k->encrypts = asks_encryption(cmdline);
	randomize(k, cmdline, cpu);
	return KB_OK;
}

void kernel_let_stay(struct kernel *k)
{
	if (k->is_ready)
		k->own = (struct range){(uintptr_t)k->ready.image, k->ready.memory};
}

bool kernel_fix_place(struct kernel *k)
{
	bool random = k->random_place;

	k->random_place = false;
	return random;
}

/* ---- loading --------------------------------------------------------------------------------- */

enum kb_status kernel_load(const struct kernel *k, void *window, struct range work)
{
	(void)work;
	if (!k->is_ready) {
		memcpy(window, k->file + k->bz.load_offset, k->bz.load_size);
		return KB_OK;
	}
	/* The window may be over a part of the image. The kernel clears .bss itself. */
	if (window != k->ready.image)
		memmove(window, k->ready.image, k->ready.loaded);
	ready_relocate(&k->ready, window, k->virtual_delta);
	return KB_OK;
}

bool kernel_asks_overwrite(const struct kernel *k)
{
	return k->is_ready ? k->ready.flags & READY_OVERWRITE
			   : efi_asks_overwrite(k->file, k->size);
}

uint64_t kernel_copies(const struct kernel *k, struct range window)
{
	if (!k->is_ready)
		return k->bz.load_size;
	return window.base == (uintptr_t)k->ready.image ? 0 : k->ready.loaded;
}
