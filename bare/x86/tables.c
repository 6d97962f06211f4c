// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door of x86: changing the page tables. */
#include <bare/bare.h>

/* Nothing to do: x86 may change page tables while they are in use. */
void bare_edit_tables(void)
{
}
