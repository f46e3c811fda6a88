// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leases and delegations that others have below, as a server of files has: who changes
 * through the mount what they are of waits until they are given up, but for delegations
 * not long. Without fuse_bpf_backing_again() the change fails with EWOULDBLOCK at once.
 */
#include "acl.h"
#include "twin.h"

#include <signal.h>
#include <sys/xattr.h>

#define F_SETDELEG_	(1024 + 16)	/* not in the headers of older kernels */

struct delegation {
	uint32_t flags;
	uint16_t type, pad;
};

enum { GAVE_UP = 0, NOT_ASKED = 199, CANNOT = 200 };

static int take(int fd, int cmd)
{
	struct delegation d = { .type = F_RDLCK };

	return cmd == F_SETDELEG_ ? fcntl(fd, cmd, &d) : fcntl(fd, cmd, F_RDLCK);
}

struct holder {
	const char *path;
	int cmd;
	bool for_good;		/* never gives it up */
	int ready;		/* gets a byte once it has it */
};

/* Gives up what it has when that is asked for, or says that it was not asked. */
static int hold(void *arg)
{
	const struct holder *h = arg;
	const struct timespec limit = { .tv_sec = 2 * SOON / 1000 };
	int fd = open(h->path, O_RDONLY);
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (fd < 0 || take(fd, h->cmd) || write(h->ready, "", 1) != 1)
		return CANNOT;
	if (sigtimedwait(&set, NULL, h->for_good ? NULL : &limit) != SIGIO)
		return errno == EAGAIN ? NOT_ASKED : CANNOT;
	while (h->for_good)
		pause();
	close(fd);
	return GAVE_UP;
}

/* Its end is the test's to wait for; points_done() ends it otherwise. */
static pid_t holder(const char *path, int cmd, bool for_good)
{
	int ready[2];
	struct holder h;
	pid_t pid;
	char c;

	must(pipe2(ready, O_CLOEXEC));
	h = (struct holder){ path, cmd, for_good, ready[1] };
	pid = in_background(hold, &h);
	close(ready[1]);
	assert_int_equal(must(read(ready[0], &c, 1)), 1);
	close(ready[0]);
	return pid;
}

/* --- the changes: of "d", which has "f", "e" and "in" in it, and "g" beside it --------------- */

static int change_mode(int dir)
{
	return fchmodat(dir, "d/f", 0600, 0);
}

static int change_owner(int dir)
{
	return fchownat(dir, "d/f", 1, 1, 0);
}

static int change_size(int dir)
{
	int fd = must(openat(dir, "d/f", O_PATH)), ret;

	ret = truncate(fmt("/proc/self/fd/%d", fd), 2);
	close(fd);
	return ret;
}

static int change_by_opening(int dir)
{
	int fd = openat(dir, "d/f", O_WRONLY | O_TRUNC);

	return fd < 0 ? fd : close(fd);
}

static int set_attr(int dir)
{
	return setxattr(fmt("/proc/self/fd/%d/d/f", dir), "trusted.other", "x", 1, 0);
}

static int remove_attr(int dir)
{
	return removexattr(fmt("/proc/self/fd/%d/d/f", dir), "trusted.there");
}

static int set_acl(int dir)
{
	const struct acl acl = ACL(6, 1, 4, 4, 4, 4);

	return setxattr(fmt("/proc/self/fd/%d/d/f", dir), "system.posix_acl_access", &acl,
			sizeof(acl), 0);
}

static int do_unlink(int dir)
{
	return unlinkat(dir, "d/f", 0);
}

static int do_link(int dir)
{
	return linkat(dir, "d/f", dir, "h", 0);
}

static int do_link_into(int dir)
{
	return linkat(dir, "g", dir, "d/h", 0);
}

static int do_rename(int dir)
{
	return renameat(dir, "d/f", dir, "h");
}

static int do_rename_over(int dir)
{
	return renameat(dir, "g", dir, "d/f");
}

static int do_create(int dir)
{
	int fd = openat(dir, "d/new", O_WRONLY | O_CREAT | O_EXCL, 0644);

	return fd < 0 ? fd : close(fd);
}

static int do_mkdir(int dir)
{
	return mkdirat(dir, "d/new", 0755);
}

static int do_mknod(int dir)
{
	return mknodat(dir, "d/new", S_IFIFO | 0644, 0);
}

static int do_symlink(int dir)
{
	return symlinkat("to", dir, "d/new");
}

static int do_rmdir(int dir)
{
	return unlinkat(dir, "d/e", AT_REMOVEDIR);
}

static const struct change {
	const char *name, *of;
	int cmd;
	int (*run)(int dir);
} changes[] = {
	{ "truncate", "d/f", F_SETLEASE, change_size },
	{ "open to truncate", "d/f", F_SETLEASE, change_by_opening },
	{ "chmod", "d/f", F_SETDELEG_, change_mode },
	{ "chown", "d/f", F_SETDELEG_, change_owner },
	{ "truncate", "d/f", F_SETDELEG_, change_size },
	{ "open to truncate", "d/f", F_SETDELEG_, change_by_opening },
	{ "setxattr", "d/f", F_SETDELEG_, set_attr },
	{ "removexattr", "d/f", F_SETDELEG_, remove_attr },
	{ "set ACL", "d/f", F_SETDELEG_, set_acl },
	{ "unlink", "d/f", F_SETDELEG_, do_unlink },
	{ "link", "d/f", F_SETDELEG_, do_link },
	{ "rename", "d/f", F_SETDELEG_, do_rename },
	{ "rename over", "d/f", F_SETDELEG_, do_rename_over },
	{ "create", "d", F_SETDELEG_, do_create },
	{ "mkdir", "d", F_SETDELEG_, do_mkdir },
	{ "mknod", "d", F_SETDELEG_, do_mknod },
	{ "symlink", "d", F_SETDELEG_, do_symlink },
	{ "link into", "d", F_SETDELEG_, do_link_into },
	{ "unlink", "d", F_SETDELEG_, do_unlink },
	{ "rmdir", "d", F_SETDELEG_, do_rmdir },
	{ "rename", "d", F_SETDELEG_, do_rename },
	{ "rename over", "d", F_SETDELEG_, do_rename_over },
};

static void make_all(int dir)
{
	must(mkdirat(dir, "d", 0755));
	must(mkdirat(dir, "d/e", 0755));
	put(dir, "d/f", "text");
	must(setxattr(fmt("/proc/self/fd/%d/d/f", dir), "trusted.there", "x", 1, 0));
	put(dir, "g", "other");
}

/* Below as well, so that what is expected of the mount is what the kernel does. */
static void change_through(struct twin *t, const struct change *change, bool through)
{
	const char *where = through ? "through the mount" : "below";
	int dir = through ? t->o : t->u, err;
	pid_t pid;

	make_all(t->u);
	/* What was made has to be known to the mount, as it would be. */
	same_stat(t, "d/f");
	pid = holder(under(t, change->of), change->cmd, false);
	err = change->run(dir) ? errno : 0;
	if (err)
		fail_msg("%s of %s, held by another, %s: %s", change->name, change->of, where,
			 strerrorname_np(err));
	err = child_ends(pid);
	if (err)
		fail_msg("%s of %s, %s: %s", change->name, change->of, where,
			 err == NOT_ASKED ? "who held it was not asked" : "who held it has failed");
	assert_string_equal(names_in(t->over), names_in(t->under));
	assert_string_equal(names_in(over(t, "d")), names_in(under(t, "d")));
	assert_int_equal(sh(fmt("rm -r %s/*", t->under)), 0);
}

static void others_give_up(struct twin *t, int cmd)
{
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		if (changes[i].cmd != cmd)
			continue;
		change_through(t, &changes[i], false);
		change_through(t, &changes[i], true);
	}
}

static void leases_are_broken(struct twin *t)
{
	others_give_up(t, F_SETLEASE);
}

static void needs_delegations(struct twin *t)
{
	int fd = must(open(t->under, O_RDONLY | O_DIRECTORY));

	if (take(fd, F_SETDELEG_)) {
		assert_int_equal(errno, EINVAL);
		print_message("# this kernel delegates nothing to programs\n");
		skip();
	}
	must(close(fd));
}

static void delegations_are_returned(struct twin *t)
{
	needs_delegations(t);
	others_give_up(t, F_SETDELEG_);
}

/* A third of a second on an idle machine; the kernel itself would wait for 45. */
#define NOT_LONG	15000

/* docs/differences.md: nobody keeps a directory of the mount locked by what he has of a file in it. */
static void kept_delegations_hold_nobody_up(struct twin *t)
{
	static int (*const changes_of_f[])(int dir) = {
		change_mode, change_size, remove_attr, set_acl,
		do_unlink, do_link, do_rename, do_rename_over,
	};
	uint64_t start = now_ms();

	needs_delegations(t);
	make_all(t->u);
	same_stat(t, "d/f");
	holder(under(t, "d/f"), F_SETDELEG_, true);
	for (size_t i = 0; i < sizeof(changes_of_f) / sizeof(changes_of_f[0]); i++)
		assert_fails(changes_of_f[i](t->o), EWOULDBLOCK);
	assert_fails(set_attr(t->o), EBUSY);
	assert_true(now_ms() - start < NOT_LONG);
	holds(t->u, "d/f", "text");
	points_done();
	must(do_unlink(t->o));
	assert_string_equal(names_in(under(t, "d")), "e");
}

/* docs/differences.md: the same of leases, which only truncate(2) meets with the file locked. */
static void kept_leases_hold_nobody_up(struct twin *t)
{
	uint64_t start = now_ms();

	make_all(t->u);
	same_stat(t, "d/f");
	holder(under(t, "d/f"), F_SETLEASE, true);
	assert_fails(truncate(over(t, "d/f"), 2), EWOULDBLOCK);
	points_done();
	assert_true(now_ms() - start < NOT_LONG);
	holds(t->u, "d/f", "text");
	must(truncate(over(t, "d/f"), 2));
	holds(t->u, "d/f", "te");
}

static const struct twin_test tests[] = {
	TWIN_TEST(leases_are_broken),
	TWIN_TEST(delegations_are_returned),
	TWIN_TEST(kept_delegations_hold_nobody_up),
	TWIN_TEST(kept_leases_hold_nobody_up),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_ALL);
}
