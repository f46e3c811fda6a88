/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A crowd: processes that work on one directory at once, each repeating a step
 * of its own, until time is up or one of them sees an invariant violated.
 *
 * $TEST_SEED and $TEST_SECONDS repeat a run or change its length; both are printed.
 */
#ifndef TEST_CROWD_H
#define TEST_CROWD_H

#include "twin.h"

struct member {
	const char *name;
	void (*step)(struct twin *t);	/* asserts nothing: it calls violated() */
};

/* Runs the crowd, six seconds or as many as are given; fails the test with the first violation. */
void crowd_run(struct twin *t, const struct member *members, size_t n);
void crowd_run_for(unsigned int seconds, struct twin *t, const struct member *members, size_t n);

/* In a step: says what is wrong and ends the run. */
void violated(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* In a step: the result of a call that must not fail. */
#define surely(call)	surely_((long)(call), #call, __LINE__)
long surely_(long result, const char *call, int line);

/* In a step: a random number below n; how many steps were done; a number unlike the other members'. */
unsigned int pick(unsigned int n);
unsigned long steps(void);
unsigned int member_number(void);

#endif /* TEST_CROWD_H */
