// SPDX-License-Identifier: GPL-2.0-only
/*
 * same-tree [--copy] A B: whether A and B show the same tree. Two views of one
 * tree agree in everything; a copy may have other inodes, blocks and ctimes.
 */
#include <stdio.h>
#include <string.h>

#include "tree.h"

int main(int argc, char **argv)
{
	int copy = argc > 1 && !strcmp(argv[1], "--copy");
	struct tree_count count;

	if (argc - copy != 3) {
		fprintf(stderr, "usage: same-tree [--copy] A B\n");
		return 2;
	}
	count = tree_compare(argv[1 + copy], argv[2 + copy], copy ? 0 : TREE_VIEWS, stdout);
	printf("%lu entries, %lu differences\n", count.files, count.differences);
	return count.differences ? 1 : 0;
}
