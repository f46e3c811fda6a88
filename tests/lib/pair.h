/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A new backing directory and a path to mount it on, for tests that make their mounts
 * themselves: setup and teardown of a test.
 */
#ifndef TEST_PAIR_H
#define TEST_PAIR_H

#include "test.h"

extern const char *back, *at;

#define AT(name) fmt("%s/" name, at)
#define BACK(name) fmt("%s/" name, back)

int pair_setup(void **state);
int pair_teardown(void **state);	/* test_teardown(), and the directory goes */

#endif /* TEST_PAIR_H */
