// SPDX-License-Identifier: GPL-2.0-only
/* The table of all kinds of operations, and the one that is not on either side. */
#include "diff.h"

/* What nobody uses is forgotten and looked up anew, in the middle of everything. */
static void make_forget(struct op *op)
{
	op->who = 0;
}

static void run_forget(struct side *s, const struct op *op, struct result *r)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);

	result_is(r, fd < 0 ? fd : write(fd, "2", 1));
	close(fd);
}

static const struct op_kind other_kinds[] = {
	{ "forget", 1, 0, make_forget, run_forget },
};

#define KINDS_MAX	80

struct op_kind op_kinds[KINDS_MAX];
unsigned int op_kind_count;

void op_kinds_add(const struct op_kind *kinds, unsigned int n)
{
	memcpy(op_kinds + op_kind_count, kinds, n * sizeof(*kinds));
	op_kind_count += n;
}

void op_kinds_init(void)
{
	op_kinds_add(path_kinds, path_kind_count);
	op_kinds_add(file_kinds, file_kind_count);
	op_kinds_add(attr_kinds, attr_kind_count);
	op_kinds_add(lock_kinds, lock_kind_count);
	op_kinds_add(other_kinds, 1);
}

uint8_t op_kind_number(const char *name)
{
	uint8_t i;

	for (i = 0; i < op_kind_count; i++)
		if (!strcmp(op_kinds[i].name, name))
			break;
	return i;
}
