/* SPDX-License-Identifier: GPL-2.0-only */
/* What one side answered to a series of calls, in memory that children share with their parent. */
#ifndef CREDS_RESULTS_H
#define CREDS_RESULTS_H

#include "twin.h"

#include <sys/mman.h>

enum { MAX_RESULTS = 128 };

struct results {
	size_t count;
	struct {
		const char *what;
		long value;
	} list[MAX_RESULTS];
};

static inline struct results *new_results(void)
{
	struct results *r = mmap(NULL, sizeof(*r), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(r, MAP_FAILED);
	return r;
}

/* In a child, which must not assert: 10 is what it ends with where there are too many. */
static inline void put_result(struct results *r, const char *what, long value)
{
	if (r->count == MAX_RESULTS)
		_exit(10);
	r->list[r->count].what = what;
	r->list[r->count++].value = value;
}

#define T(call)	put_result(r, #call, outcome(call))

#endif /* CREDS_RESULTS_H */
