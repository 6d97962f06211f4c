/* SPDX-License-Identifier: BSD-2-Clause */
/* Why khoctl check asks each of its questions, and where the numbers of an answer come from. */
#ifndef KHOCTL_EXPLAIN_H
#define KHOCTL_EXPLAIN_H

struct explanation {
	const char *name;    /* of the question: struct check */
	const char *why;     /* one line: what happens after the jump if nobody asks */
	const char *numbers; /* one line: what was looked at, and what have and need are */
};

/* NULL for a name that is no question's; lint compares the names. */
const struct explanation *check_explanation(const char *name);

#endif
