// SPDX-License-Identifier: GPL-2.0-only
/* From paths and descriptors by number to those of one side. */
#include "diff.h"

void result_is(struct result *r, long ret)
{
	r->ret = ret;
	r->err = ret < 0 ? errno : 0;
}

void pattern(unsigned char *bytes, size_t n, uint32_t seed)
{
	uint32_t word;
	size_t i;

	for (i = 0; i < n; i += sizeof(word)) {
		seed = seed * 1664525 + 1013904223;
		word = seed ^ seed >> 16;
		memcpy(bytes + i, &word, n - i < sizeof(word) ? n - i : sizeof(word));
	}
}

static int base_of(struct side *s, const struct op *op, const struct op_path *path)
{
	switch (path->from) {
	case FROM_ROOT:
	case FROM_SLASH:
		return s->root[op->under];
	case FROM_CWD:
		return s->cwd < 0 ? s->root[0] : s->cwd;
	default:
		return s->fd[path->from - FROM_SLOT];
	}
}

/* From a descriptor in any case. Where nothing is open, it is EBADF. */
void fixed_place_of(struct side *s, const struct op *op, const struct op_path *path,
		    struct place *at)
{
	char *to = at->text;
	unsigned int i;

	at->dir = base_of(s, op, path);
	*to = 0;
	if (path->from == FROM_SLASH && path->count)
		to += sprintf(to, "%s/", s->path);
	for (i = 0; i < path->count; i++)
		to += sprintf(to, "%s%s", i ? "/" : "", op_name_text(path->name[i]));
	if (path->slash)
		strcpy(to, "/");
	/* A lone slash would be the machine's root. */
	if (path->slash && !path->count)
		strcpy(at->text, ".");
}

/* A path from the working directory is done from there: it is another way into the kernel. */
void place_of(struct side *s, const struct op *op, const struct op_path *path, struct place *at)
{
	fixed_place_of(s, op, path, at);
	if (path->from == FROM_CWD && !fchdir(at->dir))
		at->dir = AT_FDCWD;
}

const char *go_there(struct side *s, const struct op *op, const struct op_path *path,
		     struct result *r)
{
	static struct place at;

	fixed_place_of(s, op, path, &at);
	if (!fchdir(at.dir))
		return at.text;
	result_is(r, -1);
	return NULL;
}
