// SPDX-License-Identifier: GPL-2.0-only
/* Sequences of operations from a seed, and nothing else. */
#include "diff.h"

static uint64_t random_state;
static const struct world *the_world;

/* splitmix64 */
uint64_t random_bits(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

unsigned int below(unsigned int n)
{
	return (random_bits() >> 32) % n;
}

bool percent(unsigned int n)
{
	return below(100) < n;
}

int one_of(const int *values, size_t n)
{
	return values[below(n)];
}

mode_t some_mode(void)
{
	return percent(70) ? ONE_OF(0644, 0755, 0777, 0666, 0600, 0770) : (int)below(010000);
}

const struct world *generated_for(void)
{
	return the_world;
}

static uint8_t name_of_class(char class)
{
	unsigned int name;

	do
		name = below(op_name_count);
	while (op_names[name].class != class);
	return name;
}

static uint8_t path_from(const struct op *op)
{
	unsigned int n = below(100);

	if (op->under)
		return n < 85 ? FROM_ROOT : FROM_SLOT + UNDER_DIR;
	return n < 70 ? FROM_ROOT : n < 82 ? FROM_CWD : n < 87 ? FROM_SLASH :
	       FROM_SLOT + below(DIR_SLOTS);
}

/*
 * No way leads out of the scaffold around the trees (world.c): two ".." in a
 * path, one more from a link, and as much again from a working directory or
 * descriptor that is outside already. Outside there are no links.
 */
void some_path(struct op *op, struct op_path *path, char class)
{
	static const uint8_t depths[] = { 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4 };
	unsigned int n = depths[below(sizeof(depths))], i, dotdots = 0;

	path->from = path_from(op);
	path->count = n;
	path->slash = percent(2);
	for (i = 0; i < n; i++) {
		bool last = i == n - 1;

		if (percent(92))
			path->name[i] = name_of_class(last ? class : 'd');
		else if (!last && percent(60))
			path->name[i] = name_of_class('l');
		else
			path->name[i] = below(op_name_count);
		if (path->name[i] == NAME_DOTDOT && ++dotdots > 2)
			path->name[i] = NAME_DOT;
		/* The trees' own paths are not equally long. */
		if (path->name[i] == NAME_LONGWAY && (path->from == FROM_SLASH || percent(70)))
			path->name[i] = NAME_DOT;
	}
	if (percent(1))
		path->count = 0;
}

uint8_t some_slot(const struct op *op, bool dir)
{
	if (op->under)
		return dir ? UNDER_DIR : UNDER_FILE;
	if (percent(5))
		dir = !dir;
	return dir ? below(DIR_SLOTS) : DIR_SLOTS + below(UNDER_DIR - DIR_SLOTS);
}

static uint8_t some_kind(void)
{
	unsigned int total = 0, i, n;

	for (i = 0; i < op_kind_count; i++)
		total += op_kinds[i].weight;
	n = below(total);
	for (i = 0; n >= op_kinds[i].weight; i++)
		n -= op_kinds[i].weight;
	return i;
}

/* Every worker begins with descriptors open, or most of what follows would be EBADF. */
static void open_first(struct op *op, unsigned int i)
{
	bool dir = i % SLOTS < DIR_SLOTS || i % SLOTS == UNDER_DIR;

	op->worker = i / SLOTS;
	op->slot = i % SLOTS;
	op->under = op->slot >= UNDER_DIR;
	op->kind = op_kind_number("open");
	op->path.from = FROM_ROOT;
	op->path.count = 1 + below(2);
	op->path.name[0] = name_of_class('d');
	op->path.name[op->path.count - 1] = name_of_class(dir ? 'd' : 'f');
	op->flags = dir ? O_RDONLY | O_DIRECTORY : O_RDWR | O_CREAT;
	op->mode = 0666;
}

void generate(uint64_t seed, unsigned int k, const struct world *w, struct op *ops, size_t n)
{
	unsigned int worker = 0;
	size_t i;

	the_world = w;
	random_state = seed;
	random_state = random_bits() + k;
	memset(ops, 0, n * sizeof(*ops));
	for (i = 0; i < n && i < WORKERS * SLOTS; i++)
		open_first(&ops[i], i);
	for (; i < n; i++) {
		/* A turn of another worker costs two switches: not for each. */
		if (percent(20))
			worker = below(WORKERS);
		ops[i].worker = worker;
		/* docs/differences.md, "over NFS: what others than root may open". */
		ops[i].who = percent(68) || w->backing == ON_NFS ? 0 : 1 + below(op_who_count - 1);
		/* Half of the sequences have nothing that refreshes what the mount knows. */
		ops[i].under = k % 2 && percent(20);
		ops[i].kind = some_kind();
		op_kinds[ops[i].kind].make(&ops[i]);
	}
}
