/* SPDX-License-Identifier: BSD-2-Clause */
/* Small device trees, made with libfdt. Nodes are named by paths; each call must succeed. */
#ifndef TEST_ARM64_MAKE_TREE_H
#define TEST_ARM64_MAKE_TREE_H

#include "../unit.h"

#include <khoboot/compiler.h>

#include <libfdt.h>
#include <stdarg.h>

#define TREE_MAX 0x4000

struct tree {
	_Alignas(8) uint8_t fdt[TREE_MAX];
};

/* A root of @addr_cells and @size_cells; 0: without the property. */
static inline void tree_init(struct tree *t, uint32_t addr_cells, uint32_t size_cells)
{
	assert_int_equal(fdt_create_empty_tree(t->fdt, TREE_MAX), 0);
	if (addr_cells)
		assert_int_equal(fdt_setprop_u32(t->fdt, 0, "#address-cells", addr_cells), 0);
	if (size_cells)
		assert_int_equal(fdt_setprop_u32(t->fdt, 0, "#size-cells", size_cells), 0);
}

/* The node at @path, made when it is not there; its parent is. */
static inline int tree_node(struct tree *t, const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	int node = fdt_path_offset(t->fdt, path);
	int parent = fdt_path_offset_namelen(t->fdt, path, (int)(name - path));

	if (node < 0)
		node = fdt_add_subnode(t->fdt, parent, name);
	assert_true(node >= 0);
	return node;
}

static inline void tree_bytes(struct tree *t, const char *path, const char *name, const void *p,
			      int len)
{
	assert_int_equal(fdt_setprop(t->fdt, tree_node(t, path), name, p, len), 0);
}

static inline void tree_text(struct tree *t, const char *path, const char *name, const char *text)
{
	tree_bytes(t, path, name, text, (int)strlen(text) + 1);
}

/* @n cells of 32 bits. */
static inline void tree_cells(struct tree *t, const char *path, const char *name, int n, ...)
{
	fdt32_t v[32];
	va_list ap;

	assert_in_range(n, 0, 32);
	va_start(ap, n);
	for (int i = 0; i < n; i++)
		v[i] = cpu_to_fdt32(va_arg(ap, uint32_t));
	va_end(ap);
	tree_bytes(t, path, name, v, 4 * n);
}

static inline void tree_u64(struct tree *t, const char *path, const char *name, uint64_t v)
{
	tree_cells(t, path, name, 2, (uint32_t)(v >> 32), (uint32_t)v);
}

/* Address and size of two cells each. */
static inline void tree_range(struct tree *t, const char *path, const char *name, uint64_t base,
			      uint64_t size)
{
	tree_cells(t, path, name, 4, (uint32_t)(base >> 32), (uint32_t)base, (uint32_t)(size >> 32),
		   (uint32_t)size);
}

static inline void tree_drop(struct tree *t, const char *path, const char *name)
{
	assert_int_equal(fdt_delprop(t->fdt, tree_node(t, path), name), 0);
}

#endif
