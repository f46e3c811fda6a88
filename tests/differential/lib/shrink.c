// SPDX-License-Identifier: GPL-2.0-only
/* Makes a failing sequence shorter: whatever can go without losing the failure goes. */
#include "diff.h"

struct shrinking {
	struct world *world;
	struct op *ops;
	size_t count;
	struct difference *difference;
	uint64_t end;
	struct op tried[SEQUENCE_MAX];
};

static bool out_of_time(const struct shrinking *s)
{
	return now_ms() >= s->end;
}

/* Takes these instead if they fail too, in the same way: another failure may be less sure. */
static bool take(struct shrinking *s, size_t n)
{
	struct difference d = {};
	size_t failed = lockstep(s->world, s->tried, n, &d);

	if (!d.text[0] || strcmp(d.field, s->difference->field))
		return false;
	/* What came after the failure is not part of it. */
	s->count = failed < n ? failed + 1 : n;
	memcpy(s->ops, s->tried, s->count * sizeof(*s->ops));
	*s->difference = d;
	return true;
}

static bool without(struct shrinking *s, size_t from, size_t len)
{
	if (len > s->count - from)
		len = s->count - from;
	memcpy(s->tried, s->ops, from * sizeof(*s->ops));
	memcpy(s->tried + from, s->ops + from + len, (s->count - from - len) * sizeof(*s->ops));
	return take(s, s->count - len);
}

/* From the end, as what is there depends on what is before it. */
static bool drop_pieces(struct shrinking *s, size_t len)
{
	bool dropped = false;
	size_t at = s->count;

	while (at > 0 && !out_of_time(s)) {
		if (at > s->count)
			at = s->count;
		at = at > len ? at - len : 0;
		dropped |= without(s, at, len);
	}
	return dropped;
}

static void simplify(struct shrinking *s, size_t i, void (*change)(struct op *op))
{
	memcpy(s->tried, s->ops, s->count * sizeof(*s->ops));
	change(&s->tried[i]);
	if (memcmp(&s->tried[i], &s->ops[i], sizeof(*s->ops)))
		take(s, s->count);
}

static void by_worker_0(struct op *op)
{
	op->worker = 0;
}

static void by_root(struct op *op)
{
	op->who = 0;
}

static void plain_path(struct op *op)
{
	op->path.from = op->under ? op->path.from : FROM_ROOT;
	op->path.slash = false;
}

static void no_flags(struct op *op)
{
	op->flags = 0;
}

size_t shrink(struct world *w, struct op *ops, size_t n, struct difference *d, int ms)
{
	static struct shrinking s;
	size_t len, i;

	s.world = w;
	s.ops = ops;
	s.count = n;
	s.difference = d;
	s.end = now_ms() + ms;
	for (len = n / 2; len > 1 && !out_of_time(&s); len /= 2)
		drop_pieces(&s, len);
	while (drop_pieces(&s, 1) && !out_of_time(&s))
		continue;
	for (i = 0; i < s.count && !out_of_time(&s); i++) {
		simplify(&s, i, by_worker_0);
		simplify(&s, i, by_root);
		simplify(&s, i, plain_path);
		simplify(&s, i, no_flags);
	}
	return s.count;
}
