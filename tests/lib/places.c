// SPDX-License-Identifier: GPL-2.0-only
/* Two inodes of the mount for one directory below: see places.h. */
#include "places.h"

#include <signal.h>
#include <sys/inotify.h>
#include <sys/wait.h>

static int open_dir(int dir, const char *name)
{
	return must(openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

struct places places_make(struct twin *t)
{
	struct places p = { .x1 = -1, .x2 = -1 };
	int b;

	must(mkdirat(t->o, "a", 0755));
	must(mkdirat(t->o, "a/b", 0755));
	p.p1 = open_dir(t->o, "a");
	b = open_dir(t->o, "a/b");
	must(renameat(t->u, "a/b", t->u, "b"));
	must(renameat(t->u, "a", t->u, "b/a"));
	/* The dentry of "a" is above that of "b": it cannot go below it. */
	p.p2 = open_dir(b, "a");
	must(close(b));
	assert_int_equal(stat_of(p.p1, "").st_ino, stat_of(p.p2, "").st_ino);
	assert_false(one_inode(p.p1, p.p2));
	return p;
}

void places_open(struct places *p, const char *name)
{
	p->x1 = open_dir(p->p1, name);
	p->x2 = open_dir(p->p2, name);
}

void places_close(struct places *p)
{
	const int fds[] = { p->p1, p->p2, p->x1, p->x2 };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			must(close(fds[i]));
}

/* A watch is of an inode: two of one inode are one watch. */
bool one_inode(int a, int b)
{
	int in = must(inotify_init1(IN_CLOEXEC));
	int wa = must(inotify_add_watch(in, fmt("/proc/self/fd/%d", a), IN_DELETE_SELF));
	int wb = must(inotify_add_watch(in, fmt("/proc/self/fd/%d", b), IN_DELETE_SELF));

	must(close(in));
	return wa == wb;
}

static const char *path_of(int fd)
{
	static char paths[2][512];
	static int n;
	char *path = paths[n++ % 2];
	ssize_t len = must(readlink(fmt("/proc/self/fd/%d", fd), path, sizeof(paths[0]) - 1));

	path[len] = '\0';
	return path;
}

const char *two_dentries(int a, int b)
{
	const char *pa, *pb;

	if (!one_inode(a, b))
		return "";
	pa = path_of(a);
	pb = path_of(b);
	return strcmp(pa, pb) ? fmt("one inode is %s and %s", pa, pb) : "";
}

void one_dentry(int a, int b)
{
	assert_string_equal(two_dentries(a, b), "");
}

static bool ended(void *arg)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, *(pid_t *)arg, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid;
}

int ends_soon(int (*fn)(void *arg), void *arg)
{
	pid_t child = must(fork());
	int status;

	if (!child)
		_exit(fn(arg));
	if (!wait_for(2 * SOON, ended, &child)) {
		kill(child, SIGKILL);
		fail_msg("process %d does not end", child);
	}
	assert_int_equal(must(waitpid(child, &status, 0)), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}
