// SPDX-License-Identifier: GPL-2.0-only
/*
 * Delegated control groups as the backing directory: the kernel checks who moves a process by
 * the credentials that the file was opened with. With the mounter's, whether its capabilities
 * (cgroup2) or its user ids (the first version), the owner of a group could move root's
 * processes there.
 */
#include "twin.h"

#include <sys/mount.h>

static const struct who user = { .uid = 1000, .gid = 1000 };

static const char *groups, *view;

/* A process to be moved, and the file by which. */
struct move {
	const char *file;
	pid_t pid;
};

static int move(void *arg)
{
	const struct move *m = arg;
	char pid[16];
	int fd = open(m->file, O_WRONLY), err;

	if (fd < 0)
		return errno;
	err = write(fd, pid, sprintf(pid, "%d", m->pid)) < 0 ? errno : 0;
	close(fd);
	return err;
}

/* The user's process of "one", through the mount to "two": both are the user's. */
static int moves_itself(void *arg)
{
	struct move in = { fmt("%s/mine/one/cgroup.procs", groups), 0 };
	struct move on = { fmt("%s/mine/two/cgroup.procs", view), 0 };
	int err = move(&in);

	if (err)
		return err;
	return turn_into(&user) ? errno : move(&on);
}

static void delegate(const char *dir)
{
	assert_ok(mkdir(dir, 0755));
	assert_ok(chown(dir, user.uid, user.gid));
	assert_ok(chown(fmt("%s/cgroup.procs", dir), user.uid, user.gid));
}

static bool group_removed(void *dir)
{
	return !rmdir(dir);
}

/* At once, or when the processes that were in it are gone. */
static void remove_group(const char *dir)
{
	assert_true(wait_for(SOON, group_removed, (void *)dir));
}

static void start(const char *type, const char *options)
{
	groups = strdup(tmp_dir("groups"));
	view = strdup(tmp_path("view"));
	if (mount("none", groups, type, 0, options)) {
		print_message("# no %s: %m\n", type);
		skip();
	}
	delegate(fmt("%s/mine", groups));
	delegate(fmt("%s/mine/one", groups));
	delegate(fmt("%s/mine/two", groups));
	mnt(groups, view, "");
}

static void only_ones_own_processes(const char *type, const char *options)
{
	struct move native, through;

	start(type, options);
	native = (struct move){ fmt("%s/mine/cgroup.procs", groups), getpid() };
	through = (struct move){ fmt("%s/mine/cgroup.procs", view), getpid() };
	assert_int_equal(as(&user, move, &native), EACCES);
	assert_int_equal(as(&user, move, &through), EACCES);
	assert_int_equal(in_child(0, moves_itself, NULL), 0);
	/* Root moves what it likes, through the mount as well. */
	assert_int_equal(move(&through), 0);
	through.file = fmt("%s/cgroup.procs", view);
	assert_int_equal(move(&through), 0);
	umnt(view);
	remove_group(fmt("%s/mine/one", groups));
	remove_group(fmt("%s/mine/two", groups));
	remove_group(fmt("%s/mine", groups));
	assert_ok(umount(groups));
}

static void by_the_openers_capabilities(void **state)
{
	only_ones_own_processes("cgroup2", NULL);
}

static void by_the_openers_user(void **state)
{
	only_ones_own_processes("cgroup", "none,name=fuse_bpf");
}

/* After a failure half way, too. */
static int undo(void **state)
{
	struct move back = { fmt("%s/cgroup.procs", groups), getpid() };

	if (!access(back.file, F_OK))
		move(&back);
	test_teardown(state);
	rmdir(fmt("%s/mine/one", groups));
	rmdir(fmt("%s/mine/two", groups));
	rmdir(fmt("%s/mine", groups));
	umount(groups);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(by_the_openers_capabilities, undo),
		cmocka_unit_test_teardown(by_the_openers_user, undo),
	};

	umask(0022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
