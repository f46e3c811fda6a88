/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests that are made once for each kind of backing. */
#ifndef WAITS_KINDS_H
#define WAITS_KINDS_H

/* The state of a test begins with its kind (enum backing): one that is no longer used gives its disk to the next. */
int kinds_setup(void **state);

/* Ends the tasks of the test, and its descriptors. */
int kinds_teardown(void **state);

int kinds_end(void **state);

#endif /* WAITS_KINDS_H */
