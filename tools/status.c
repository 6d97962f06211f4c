// SPDX-License-Identifier: BSD-2-Clause
/* Texts of the codes that the image never says; see status.h. */
#include "status.h"

const char *ctl_cause(enum kb_status status)
{
	switch ((int)status) {
#define KB(name, number, cause, remedy)
#define KB_CTL(name, number, cause, remedy)                                                        \
	case number:                                                                               \
		return cause;
#include <khoboot/status.def>
#undef KB_CTL
	default:
		return kb_cause(status);
	}
}

const char *ctl_remedy(enum kb_status status)
{
	switch ((int)status) {
#define KB_CTL(name, number, cause, remedy)                                                        \
	case number:                                                                               \
		return remedy;
#include <khoboot/status.def>
#undef KB_CTL
#undef KB
	default:
		return kb_remedy(status);
	}
}
