// SPDX-License-Identifier: GPL-2.0-only
/* Tests that are made once for each kind of backing: see kinds.h. */
#include "kinds.h"
#include "task.h"

static enum backing last = BACKING_KINDS;

int kinds_setup(void **state)
{
	const enum backing *kind = *state;

	/* Some share a disk. */
	if (last != *kind)
		backings_done();
	last = *kind;
	return 0;
}

int kinds_teardown(void **state)
{
	tasks_done();
	test_teardown(state);
	return close_range(3, ~0U, 0);
}

int kinds_end(void **state)
{
	backings_done();
	return 0;
}
