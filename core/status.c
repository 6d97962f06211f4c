// SPDX-License-Identifier: BSD-2-Clause
/* Cause and remedy of each code, from <khoboot/status.def>. */
#include <khoboot/status.h>

const char *kb_cause(enum kb_status status)
{
	switch (status) {
	case KB_OK:
		return "no error";
#define KB(name, number, cause, remedy)                                                            \
	case KB_##name:                                                                            \
		return cause;
#include <khoboot/status.def>
#undef KB
	}
	return "unknown status";
}

const char *kb_remedy(enum kb_status status)
{
	switch (status) {
	case KB_OK:
		return "nothing to do";
#define KB(name, number, cause, remedy)                                                            \
	case KB_##name:                                                                            \
		return remedy;
#include <khoboot/status.def>
#undef KB
	}
	return "report this with the log";
}
