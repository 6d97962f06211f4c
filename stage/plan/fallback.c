// SPDX-License-Identifier: BSD-2-Clause
/* The second kernel of an image: when it is tried, and what changes for it. */
#include <core/log.h>
#include <stage/stage.h>

/*
 * Where the data are not proven, no kernel may have them. A kernel may ask for a form of kho-v1.
 * Once they are proven (s->kho), such a code is of what the bridge made of them.
 */
static bool is_of_data(enum kb_status st)
{
	if (st == KB_KHO_V1_AMBIGUOUS || st == KB_KHO_V1_HINT)
		return false;
	return st / 100 == 1 || st == KB_LOW_PRESERVED;
}

bool stage_can_fall_back(const struct stage *s, enum kb_status st)
{
	if (!st || !s->uki.back.data || s->options.on_error != KB_ON_ERROR_FALLBACK)
		return false;
	return s->kho || !is_of_data(st);
}

/* What .khoback says of the release; nothing when it is malformed, which is refused later. */
static struct uki_part release_of(const struct uki_part *section)
{
	struct uki_kho k = {.release = {NULL, 0}};

	if (!section->data || uki_kho_parse(section->data, section->size, &k, NULL))
		return (struct uki_part){.data = NULL};
	return (struct uki_part){.data = k.release.text, .size = k.release.len};
}

static void name(const struct uki_part *release, char *buf, size_t size)
{
	struct kernel k = {.release = release->data, .release_len = release->size};

	stage_release(&k, buf, size);
}

void stage_fall_back(struct stage *s, enum kb_status st)
{
	struct uki *u = &s->uki;
	const struct uki_part release = release_of(&u->khoback);
	char first[80], second[80];

	name(&u->uname, first, sizeof(first));
	name(&release, second, sizeof(second));
	kb_warn("fallback", "KB-%03d refuses %s, the second kernel of the image is tried: %s",
		(int)st, first, second);
	u->kernel = u->back;
	u->kho = u->khoback;
	u->uname = release;
	u->back = u->khoback = (struct uki_part){.data = NULL};
	u->ignored = 0; /* said before */
	s->options.via = KB_VIA_DIRECT;
	s->kho = NULL;
	s->bridge = NULL;
	s->bridge_pages = (struct range){0, 0};
	s->mem.diag = (struct kb_diag){0};
}

enum kb_on_error stage_policy_after_reset(const struct stage *s)
{
	enum kb_on_error policy = s->options.on_error;

	return policy == KB_ON_ERROR_FALLBACK ? KB_ON_ERROR_HALT : policy;
}
