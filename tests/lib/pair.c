// SPDX-License-Identifier: GPL-2.0-only
/* A backing directory and where it is mounted: see pair.h. */
#include "pair.h"

const char *back, *at;

int pair_setup(void **state)
{
	back = tmp_dir("back");
	at = tmp_path("at");
	return 0;
}

int pair_teardown(void **state)
{
	test_teardown(state);
	remove_tree(back);
	return 0;
}
