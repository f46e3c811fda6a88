// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leases and delegations that others have below, as a server of files has: who changes
 * through the mount what they are of waits until they are given up, but for delegations
 * not long. Without fuse_bpf_backing_again() the change fails with EWOULDBLOCK at once.
 */
#include "acl.h"
#include "twin.h"

#include <signal.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#define F_SETDELEG_	(1024 + 16)	/* not in the headers of older kernels */

struct delegation {
	uint32_t flags;
	uint16_t type, pad;
};

enum { GAVE_UP = 0, CANNOT = 200 };

static int take(int fd, int cmd)
{
	struct delegation d = { .type = F_RDLCK };

	return cmd == F_SETDELEG_ ? fcntl(fd, cmd, &d) : fcntl(fd, cmd, F_RDLCK);
}

/* Says whether it has it, and gives it up when it is told to, or never. */
static int hold(const char *path, int cmd, bool for_good, int ready)
{
	int fd = open(path, O_RDONLY);
	sigset_t set;
	char ok;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	sigprocmask(SIG_BLOCK, &set, NULL);
	ok = fd >= 0 && !take(fd, cmd);
	if (write(ready, &ok, 1) != 1 || !ok)
		return CANNOT;
	if (sigwaitinfo(&set, NULL) != SIGIO)
		return CANNOT;
	while (for_good)
		pause();
	close(fd);
	return GAVE_UP;
}

static pid_t holder(const char *path, int cmd, bool for_good)
{
	int ready[2];
	pid_t pid;
	char ok;

	must(pipe(ready));
	pid = must(fork());
	if (!pid)
		_exit(hold(path, cmd, for_good, ready[1]));
	close(ready[1]);
	assert_int_equal(must(read(ready[0], &ok, 1)), 1);
	close(ready[0]);
	assert_true(ok);
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

struct ended {
	pid_t pid;
	int status;
};

static bool has_ended(void *arg)
{
	struct ended *e = arg;

	return must(waitpid(e->pid, &e->status, WNOHANG)) == e->pid;
}

/* Below as well, so that what is expected of the mount is what the kernel does. */
static void change_through(struct twin *t, const struct change *change, bool through)
{
	const char *where = through ? "through the mount" : "below";
	int dir = through ? t->o : t->u, err;
	struct ended e;
	bool gave_up;

	make_all(t->u);
	/* What was made has to be known to the mount, as it would be. */
	same_stat(t, "d/f");
	e.pid = holder(under(t, change->of), change->cmd, false);
	err = change->run(dir) ? errno : 0;
	gave_up = !err && wait_for(SOON, has_ended, &e);
	if (!gave_up) {
		kill(e.pid, SIGKILL);
		must(waitpid(e.pid, &e.status, 0));
	}
	if (err)
		fail_msg("%s of %s, held by another, %s: %s", change->name, change->of, where,
			 strerrorname_np(err));
	if (!gave_up)
		fail_msg("%s of %s, %s: who held it was not asked", change->name, change->of, where);
	assert_int_equal(e.status, GAVE_UP);
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
	pid_t pid;

	needs_delegations(t);
	make_all(t->u);
	same_stat(t, "d/f");
	pid = holder(under(t, "d/f"), F_SETDELEG_, true);
	for (size_t i = 0; i < sizeof(changes_of_f) / sizeof(changes_of_f[0]); i++)
		assert_fails(changes_of_f[i](t->o), EWOULDBLOCK);
	assert_fails(set_attr(t->o), EBUSY);
	assert_true(now_ms() - start < NOT_LONG);
	holds(t->u, "d/f", "text");
	must(kill(pid, SIGKILL));
	must(waitpid(pid, NULL, 0));
	must(do_unlink(t->o));
	assert_string_equal(names_in(under(t, "d")), "e");
}

/* docs/differences.md: the same of leases, which only truncate(2) meets with the file locked. */
static void kept_leases_hold_nobody_up(struct twin *t)
{
	uint64_t start = now_ms();
	pid_t pid;
	int err;

	make_all(t->u);
	same_stat(t, "d/f");
	pid = holder(under(t, "d/f"), F_SETLEASE, true);
	err = truncate(over(t, "d/f"), 2) ? errno : 0;
	must(kill(pid, SIGKILL));
	must(waitpid(pid, NULL, 0));
	assert_int_equal(err, EWOULDBLOCK);
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
