// SPDX-License-Identifier: BSD-2-Clause
/* What both doors map in their page tables. */
#include <stage/map.h>
#include <stage/pagetable.h>

/* From image.lds; each begins and ends on a page boundary. */
extern char text_start[], text_end[], data_start[], data_end[];

static struct range between(const char *start, const char *end)
{
	return (struct range){(uintptr_t)start, (uint64_t)(end - start)};
}

enum kb_status map_image(struct pagetable *pt, struct range whole)
{
	enum kb_status st = pt_map(pt, whole, PT_READ);

	if (!st)
		st = pt_map(pt, between(text_start, text_end), PT_EXEC);
	return st ? st : pt_map(pt, between(data_start, data_end), PT_WRITE);
}

enum kb_status map_uart(struct pagetable *pt, struct uart u)
{
	return pt_map(pt, console_registers(u), PT_WRITE | PT_DEVICE);
}
