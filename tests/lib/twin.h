/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A backing directory and a mount of it, side by side, for tests that do one
 * thing through the mount and look at it underneath, or the reverse.
 *
 * A test is a function of struct twin: t->o is a directory on the mount ("over"),
 * t->u the same one in the backing filesystem ("under"), new and empty for each
 * test. Each test runs in every world asked for.
 */
#ifndef TEST_TWIN_H
#define TEST_TWIN_H

#include "test.h"

enum twin_worlds {
	TWIN_TMPFS = 1,
	TWIN_NOP = 2,		/* tmpfs, and the programs of tests/bpf/nop.bpf.c */
	TWIN_EXT4 = 4,		/* on the scratch disk */
	TWIN_SLOW = 8,		/* tmpfs, and lookups that wait in the middle: slow.h */
	TWIN_POINTS = 16,	/* no world, but all of them with the module that has points: point.h */
	TWIN_ALL = TWIN_TMPFS | TWIN_NOP | TWIN_EXT4,
};

struct twin {
	enum twin_worlds world;
	char over[96];		/* t->o and t->u as paths */
	char under[96];
	int o, u;
};

struct twin_test {
	const char *name;
	void (*run)(struct twin *t);
};

#define TWIN_TEST(f)	{ #f, f }

/* Runs the tests in the worlds; the exit status for main(). */
int twin_main(const char *group, const struct twin_test *tests, size_t n,
	      enum twin_worlds worlds);
#define TWIN_MAIN(tests, worlds) \
	twin_main(__FILE__, tests, sizeof(tests) / sizeof((tests)[0]), worlds)

/* NAME in the test's directory, as a path: fmt()'s buffers. */
const char *over(struct twin *t, const char *name);
const char *under(struct twin *t, const char *name);

/* The result of a system call, which must not be an error. */
#define must(call)	must_((long)(call), #call, __FILE__, __LINE__)
long must_(long result, const char *call, const char *file, int line);

/* 0 or a count as it is, an error as -errno: to compare the two sides. */
#define outcome(call)	outcome_((long)(call))
long outcome_(long result);

/* Makes or replaces a file with this text, and checks a file's whole content. */
void put(int dir, const char *name, const char *text);
#define holds(dir, name, text)	holds_(dir, name, text, __FILE__, __LINE__)
void holds_(int dir, const char *name, const char *text, const char *file, int line);

/* A mapping of the start of a file, until the end of the test. */
char *mapped(int fd, size_t len, int prot, int flags);

struct stat stat_of(int dir, const char *name);

/*
 * Skip the test where the backing filesystem itself has no user.* attributes, or
 * no O_DIRECT; there the mount must have none either.
 */
void needs_user_xattrs(struct twin *t);
void needs_direct_io(struct twin *t);

/* The name exists on neither side. */
#define absent(t, name)	absent_(t, name, __FILE__, __LINE__)
void absent_(struct twin *t, const char *name, const char *file, int line);

/* Both sides agree on every field of stat(2) but the device. */
#define same_stat(t, name)	same_stat_(t, name, __FILE__, __LINE__)
void same_stat_(struct twin *t, const char *name, const char *file, int line);

/*
 * Runs a function in a child as somebody else, with no capabilities and no
 * groups but those given, and gives back what it returns: 0 or an errno. The
 * function must not assert.
 */
struct who {
	uid_t uid;
	gid_t gid;
	size_t ngroups;
	gid_t groups[4];
};
int as(const struct who *who, int (*what)(void *arg), void *arg);

/* For good, in a child of one's own: 0, or -1 and errno. */
int turn_into(const struct who *who);

#endif /* TEST_TWIN_H */
