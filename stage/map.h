/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What both doors map in their page tables: the running image, and the console.
 */
#ifndef STAGE_MAP_H
#define STAGE_MAP_H

#include <arch/pagetable.h>
#include <core/console.h>

/*
 * map_image - map the running image: @whole read-only, our code executable, our data writable
 *
 * @whole is page aligned and contains the image as linked. Returns what pt_map() returns.
 */
__must_check enum kb_status map_image(struct pagetable *pt, struct range whole);

/* map_uart - map the registers of @u, if it lies in memory. Returns what pt_map() returns. */
__must_check enum kb_status map_uart(struct pagetable *pt, struct uart u);

#endif
