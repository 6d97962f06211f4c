// SPDX-License-Identifier: BSD-2-Clause
/* Reads the KHO addresses from carriers other than a kernel; see the header. */
#include <fdt/carrier.h>
#include <fdt/dtb.h>

#include <libfdt.h>
#include <string.h>

static struct kho_handover handover(struct range fdt, struct range scratch)
{
	return (struct kho_handover){phys(fdt.base), fdt.size, phys(scratch.base), scratch.size};
}

enum kb_status carrier_table(struct mem *m, uint64_t at, bool *found, struct kho_handover *ret)
{
	struct kb_kho_table t;
	const void *p;

	*found = false;
	if (!at)
		return KB_OK;
	p = mem_get(m, phys(at), sizeof(t));
	if (!p)
		return kb_fail(m, KB_CARRIER_TABLE, at, sizeof(t));
	memcpy(&t, p, sizeof(t));
	*ret = handover((struct range){t.fdt, t.fdt_size},
			(struct range){t.scratch, t.scratch_size});
	*found = true;
	return KB_OK;
}

/* ---- device tree ----------------------------------------------------------------------------- */

/* 0: no such property, 1: a range, -1: something else. */
static int read_property(const void *tree, int node, const char *name, struct range *ret)
{
	int len = 0;
	const fdt64_t *p = fdt_getprop(tree, node, name, &len);

	if (!p)
		return len == -FDT_ERR_NOTFOUND ? 0 : -1;
	if (len != 2 * (int)sizeof(*p))
		return -1;
	*ret = (struct range){fdt64_ld(p), fdt64_ld(p + 1)};
	return 1;
}

enum kb_status carrier_dtb(struct mem *m, uint64_t at, bool *found, struct kho_handover *ret)
{
	struct range fdt = {0}, scratch = {0};
	const void *tree;
	int node, a, b;

	*found = false;
	if (!at)
		return KB_OK;
	if (dtb_get(m, at, &tree, NULL))
		return kb_fail(m, KB_CARRIER_DTB, at, 0);
	node = fdt_path_offset(tree, "/chosen");
	if (node < 0)
		return KB_OK;
	a = read_property(tree, node, "linux,kho-fdt", &fdt);
	b = read_property(tree, node, "linux,kho-scratch", &scratch);
	if (a != b || a < 0)
		return kb_fail(m, KB_CARRIER_DTB, at, (uint64_t)node);
	if (!a)
		return KB_OK;
	*ret = handover(fdt, scratch);
	*found = true;
	return KB_OK;
}

/* ---- words ----------------------------------------------------------------------------------- */

enum kb_status carrier_options(const struct kb_options *o, bool *found, struct kho_handover *ret)
{
	*found = false;
	if (!o->kho_fdt.size != !o->kho_scratch.size)
		return KB_CARRIER_HALF;
	if (!o->kho_fdt.size)
		return KB_OK;
	*ret = handover(o->kho_fdt, o->kho_scratch);
	*found = true;
	return KB_OK;
}

static size_t count_words(struct kb_text text)
{
	struct cmdline_iter it = {text.text, text.len, 0};
	struct cmdline_word w;
	size_t n = 0;

	while (cmdline_next(&it, &w))
		n++;
	return n;
}

enum kb_status carrier_text(struct kb_text text, bool *found, struct kho_handover *ret)
{
	const struct cmdline_in in = {.builtin = text};
	struct kb_options o;
	char rest[1];

	*found = false;
	if (!count_words(text))
		return KB_OK;
	/* Two words, and each option was found: so there is nothing else. */
	if (count_words(text) != 2 || cmdline_split(&in, rest, sizeof(rest), &o, NULL) ||
	    carrier_options(&o, found, ret) || !*found)
		return KB_CARRIER_FWCFG;
	return KB_OK;
}
