// SPDX-License-Identifier: BSD-2-Clause
/*
 * Live update (LUO) in the KHO data, and whether the next kernel takes it. Kernels panic on a node
 * "LUO" that they cannot read (Linux kernel/liveupdate/luo_core.c: luo_restore_fail).
 *
 *	6.19, 7.1	an FDT, "luo-v1", with nodes that have a version each
 *	from 7.2 on	a struct that begins with "luo-v5"
 */
#include <core/cmdline.h>
#include <fdt/internal.h>
#include <fdt/kho_target.h>

#include <libfdt.h>
#include <string.h>

#define RAW_BYTES  32 /* struct luo_ser (include/linux/kho/abi/luo.h) */
#define RAW_STRING 8

/* Does @list have a name that begins with @prefix? */
static bool lists_kind(struct kb_text list, const char *prefix)
{
	while (list.len) {
		struct kb_text word = text_cut(&list, ' ');

		if (text_skip(&word, prefix))
			return true;
	}
	return false;
}

static bool takes_node(const void *fdt, int node, struct kb_text list)
{
	int len;
	const char *name = fdt_getprop(fdt, node, "compatible", &len);

	return name && len > 1 && text_lists(list, (struct kb_text){name, (size_t)len - 1});
}

/* 7.1 wants the node of shared data, which 6.19 did not write. */
static bool takes_tree(const void *fdt, uint64_t size, struct kb_text list)
{
	bool flb = false;
	int node;

	if (fdt_check_full(fdt, size) || !takes_node(fdt, 0, list))
		return false;
	fdt_for_each_subnode(node, fdt, 0) {
		const char *name = fdt_get_name(fdt, node, NULL);

		if (!takes_node(fdt, node, list))
			return false;
		flb = flb || (name && !strcmp(name, "luo-flb"));
	}
	return flb || !lists_kind(list, "luo-flb-v");
}

bool kho_target_luo_reads(const void *data, uint64_t size, struct kb_text list)
{
	const uint8_t *blob = data;
	struct kb_text name = {data, 0};

	if (size >= FDT_V17_SIZE && get_u32(blob) == cpu_to_fdt32(FDT_MAGIC))
		return takes_tree(blob, size, list);
	if (size < RAW_BYTES)
		return false;
	while (name.len < RAW_STRING && blob[name.len])
		name.len++;
	return text_lists(list, name);
}

static bool is_on(struct kb_text cmdline, const char *name)
{
	struct kb_text value;

	return cmdline_last(cmdline, name, &value) && cmdline_true(value);
}

bool kho_target_on(struct kb_text cmdline)
{
	return is_on(cmdline, "kho");
}

bool kho_target_luo_on(struct kb_text cmdline)
{
	return is_on(cmdline, "liveupdate");
}

bool kho_luo_takes_any(struct kb_text names)
{
	return lists_kind(names, "luo-");
}

/* Kernels without live update leave the data alone, and their memory stays reserved. */
bool kho_luo_readable(const void *data, uint64_t size, struct kb_text names)
{
	return !kho_luo_takes_any(names) || (data && kho_target_luo_reads(data, size, names));
}

/* The forms that can be read and written, each as .kho would have it. */
static const char *const forms[] = {"luo-v5", "luo-v1 luo-session-v2 luo-flb-v1",
				    "luo-v1 luo-session-v2"};

static bool lists_all(struct kb_text list, struct kb_text words)
{
	while (words.len)
		if (!text_lists(list, text_cut(&words, ' ')))
			return false;
	return true;
}

static struct kb_text form(size_t i)
{
	return (struct kb_text){forms[i], strlen(forms[i])};
}

/* One that wants shared data in another version than the known one is not known. */
static bool is_known(struct kb_text names)
{
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (lists_all(names, form(i)))
			return !lists_kind(names, "luo-flb-v") ||
			       text_lists(names, (struct kb_text){"luo-flb-v1", 10});
	return false;
}

bool kho_luo_convertible(const void *data, uint64_t size, struct kb_text names)
{
	bool read = false;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		read = read || (data && kho_target_luo_reads(data, size, form(i)));
	return read && is_known(names);
}
