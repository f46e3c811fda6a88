/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One directory below that the mount has two inodes for: it was moved underneath to
 * where its dentry could not follow.
 */
#ifndef TEST_PLACES_H
#define TEST_PLACES_H

#include "twin.h"

struct places {
	int p1, p2;	/* the two, open */
	int x1, x2;	/* a directory in it by both, or -1 */
};

/* Of t->u/b/a, new. */
struct places places_make(struct twin *t);

/* Opens x1 and x2. */
void places_open(struct places *p, const char *name);
void places_close(struct places *p);

/* Whether two descriptors have one inode of the mount's. */
bool one_inode(int a, int b);

/* Where there is one inode, there is one dentry; "" or what is wrong. */
const char *two_dentries(int a, int b);
void one_dentry(int a, int b);

/* What fn returned in a child, 0 to 255; fails the test if it does not end, and cannot be killed. */
int ends_soon(int (*fn)(void *arg), void *arg);

#endif /* TEST_PLACES_H */
