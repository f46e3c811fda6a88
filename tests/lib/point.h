/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Injection points: a process is held at a named place in the module, the test changes
 * what it goes by, and lets it go on. fuse_bpf/points.c has how it works, a line
 * fuse_bpf_point("name") in the module makes a place. Places are in a module of their own:
 * twins have it with TWIN_POINTS, other tests load and unload it.
 */
#ifndef TEST_POINT_H
#define TEST_POINT_H

/* The module with points in place of the normal one, and back. Nothing may use it. */
void points_load(void);
void points_unload(void);

/*
 * Holds fn(arg) in a child where it comes to the point for the (skip + 1)th time, and
 * returns when it waits there: the child. fn returns 0 to 255, and must not assert. A child that
 * ends without coming there fails the test.
 */
pid_t stop_at(const char *point, int (*fn)(void *arg), void *arg);
pid_t stop_at_nth(const char *point, unsigned int skip, int (*fn)(void *arg), void *arg);

/* Runs fn(arg) in a child; and that, where it must end while others are held: what fn returned. */
pid_t in_background(int (*fn)(void *arg), void *arg);
int goes_through(int (*fn)(void *arg), void *arg);

/* Until a child of in_background() waits for a lock, or fail the test. */
void child_blocks(pid_t child);

/* Lets it go on, and waits for its end: what fn returned. */
int go_on(const char *point, pid_t child);

/* Lets it go on to the next point, where it waits again. */
void go_on_to(const char *point, const char *next, pid_t child);

/* For one's own child that is armed for: it waits there by SOON, or the test fails. pid 0: anyone. */
void point_arm(const char *name, pid_t pid, unsigned int skip);
void point_wait(const char *name, pid_t pid);
void point_release(const char *name, pid_t pid);

/* Whether somebody who was armed for by this pid waits there. */
bool point_waits(const char *name, pid_t pid);

/* What an arm of this line gives: -1 and errno, or 0. */
int point_command(const char *line);

/* Waits for the end of a child of ours; what it returned. */
int child_ends(pid_t child);

/* Ends the children of stop_at() and in_background() that are left; test_teardown() and the twins do it. */
void points_done(void);

#endif /* TEST_POINT_H */
