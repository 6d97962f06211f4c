// SPDX-License-Identifier: BSD-2-Clause
/* Reading the setup_data list that the outgoing kernel, or a loader, has left. */
#include <arch/setup_data.h>

#include <string.h>

enum kb_status setup_list_read(struct mem *m, uint64_t head, struct setup_list *ret)
{
	struct setup_list l = {.count = 0};

	for (uint64_t at = head; at;) {
		const void *p = mem_get(m, phys(at), sizeof(struct setup_data));
		struct setup_data h;

		if (!p)
			return kb_fail(m, KB_SETUP_RAM, at, sizeof(h));
		if (l.count == SETUP_NODES_MAX)
			return kb_fail(m, KB_SETUP_LONG, at, l.count);
		memcpy(&h, p, sizeof(h));
		if (!mem_get(m, phys(at), setup_node_size(h.len)))
			return kb_fail(m, KB_SETUP_RAM, at, h.len);
		l.node[l.count].addr = at;
		l.node[l.count].type = h.type;
		l.node[l.count].len = h.len;
		l.count++;
		at = h.next;
	}
	*ret = l;
	return KB_OK;
}

/* Copy the first @len bytes of the payload of node @i; setup_list_read() proved it to be RAM. */
static void payload(const struct mem *m, const struct setup_list *l, size_t i, void *to, size_t len)
{
	const void *p = mem_get(m, phys(l->node[i].addr), setup_node_size(l->node[i].len));

	memcpy(to, (const uint8_t *)p + sizeof(struct setup_data), len);
}

enum kb_status setup_find_kho(struct mem *m, const struct setup_list *l, bool *found,
			      struct kho_handover *ret)
{
	struct kho_data d = {0};
	bool seen = false;

	for (size_t i = 0; i < l->count; i++) {
		if (l->node[i].type != SETUP_KEXEC_KHO)
			continue;
		if (seen)
			return kb_fail(m, KB_SETUP_KHO_TWICE, l->node[i].addr, i);
		if (l->node[i].len < sizeof(d))
			return kb_fail(m, KB_SETUP_KHO_LEN, l->node[i].addr, l->node[i].len);
		payload(m, l, i, &d, sizeof(d));
		seen = true;
	}
	*found = seen;
	if (seen)
		*ret = (struct kho_handover){.fdt = phys(d.fdt_addr),
					     .fdt_size = d.fdt_size,
					     .scratch = phys(d.scratch_addr),
					     .scratch_size = d.scratch_size};
	return KB_OK;
}

struct setup_efi setup_find_efi(const struct mem *m, const struct setup_list *l)
{
	struct setup_efi efi = {0};

	for (size_t i = 0; i < l->count; i++) {
		if (l->node[i].type != SETUP_EFI || l->node[i].len < sizeof(efi))
			continue;
		payload(m, l, i, &efi, sizeof(efi));
		break;
	}
	return efi;
}

enum kb_status setup_targets(struct mem *m, const struct setup_list *l, struct range_list *busy)
{
	for (size_t i = 0; i < l->count; i++) {
		/* SETUP_INDIRECT: type and a reserved word, then length before address. */
		struct {
			uint64_t type_and_pad;
			uint64_t len;
			uint64_t addr;
		} indirect;
		struct setup_target t;

		if (l->node[i].type == SETUP_IMA && l->node[i].len >= sizeof(t)) {
			payload(m, l, i, &t, sizeof(t));
		} else if (l->node[i].type == SETUP_INDIRECT &&
			   l->node[i].len >= sizeof(indirect)) {
			payload(m, l, i, &indirect, sizeof(indirect));
			t = (struct setup_target){indirect.addr, indirect.len};
		} else if (l->node[i].type == SETUP_IMA || l->node[i].type == SETUP_INDIRECT) {
			return kb_fail(m, KB_SETUP_TARGET, l->node[i].addr, l->node[i].len);
		} else {
			continue;
		}
		if (range_wraps((struct range){t.addr, t.size}))
			return kb_fail(m, KB_SETUP_TARGET, t.addr, t.size);
		if (range_list_add(busy, (struct range){t.addr, t.size}))
			return kb_fail(m, KB_RANGE_FULL, t.addr, t.size);
	}
	return KB_OK;
}
