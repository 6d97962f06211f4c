// SPDX-License-Identifier: BSD-2-Clause
/* The bare-metal door of x86: page tables may be changed while they are in use. */
#include <bare/bare.h>

void bare_edit_tables(void)
{
}
