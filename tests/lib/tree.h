/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether two directory trees are the same in everything that stat, listings, reads and xattrs show. */
#ifndef TEST_TREE_H
#define TEST_TREE_H

#include <stdio.h>

struct tree_count {
	unsigned long files, differences;
};

/* Beside the rest: inode numbers, blocks, holes, all times and link counts, as two views of one tree have them. */
#define TREE_VIEWS	1

/* Differences go to out, a line each. */
struct tree_count tree_compare(const char *a, const char *b, int flags, FILE *out);

#endif /* TEST_TREE_H */
