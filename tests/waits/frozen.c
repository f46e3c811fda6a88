// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who waits for a backing filesystem that is frozen can be killed, and then lets go of the
 * directory. mnt_want_write() waits until it is thawed.
 * timeout: 600
 */
#include "lib/task.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

static const char *dir;		/* on the mount */

static int do_create(void *arg)
{
	int fd = open(fmt("%s/new", dir), O_WRONLY | O_CREAT | O_EXCL, 0644);

	return fd < 0 ? errno : 0;
}

static int do_mkdir(void *arg)
{
	return mkdir(fmt("%s/new", dir), 0755) ? errno : 0;
}

static int do_tmpfile(void *arg)
{
	int fd = open(dir, O_TMPFILE | O_WRONLY, 0644);

	return fd < 0 ? errno : 0;
}

static int do_link(void *arg)
{
	return link(fmt("%s/f", dir), fmt("%s/new", dir)) ? errno : 0;
}

static int do_unlink(void *arg)
{
	return unlink(fmt("%s/f", dir)) ? errno : 0;
}

static int do_rename(void *arg)
{
	return rename(fmt("%s/f", dir), fmt("%s/new", dir)) ? errno : 0;
}

static int do_chmod(void *arg)
{
	return chmod(fmt("%s/f", dir), 0600) ? errno : 0;
}

static int do_truncate(void *arg)
{
	return truncate(fmt("%s/f", dir), 1) ? errno : 0;
}

static int do_setxattr(void *arg)
{
	return setxattr(fmt("%s/f", dir), "user.a", "b", 1, 0) ? errno : 0;
}

static int do_removexattr(void *arg)
{
	return removexattr(fmt("%s/f", dir), "user.there") ? errno : 0;
}

static int do_set_flags(void *arg)
{
	int fd = open(fmt("%s/f", dir), O_RDONLY), flags = FS_NODUMP_FL;

	return ioctl(fd, FS_IOC_SETFLAGS, &flags) ? errno : 0;
}

static const struct change {
	const char *name;
	int (*run)(void *arg);
} changes[] = {
	{ "create", do_create },
	{ "mkdir", do_mkdir },
	{ "tmpfile", do_tmpfile },
	{ "link", do_link },
	{ "unlink", do_unlink },
	{ "rename", do_rename },
	{ "chmod", do_chmod },
	{ "truncate", do_truncate },
	{ "setxattr", do_setxattr },
	{ "removexattr", do_removexattr },
	{ "set flags", do_set_flags },
};

static int frozen = -1;

static void thaw(void)
{
	if (frozen >= 0)
		ioctl(frozen, FITHAW, 0);
	frozen = -1;
}

struct attempt {
	const struct change *change;
	bool waits, ends;
};

static void try_change(struct attempt *a)
{
	struct task *task = task_start(a->change->run, NULL);

	a->waits = !task_ends(task, 200);
	task_kill(task);
	a->ends = task_ends(task, PATIENCE);
}

/* All of them first: nothing may fail the test, or be printed to a disk, before it is thawed. */
static void waiters_can_be_killed(struct twin *t)
{
	struct attempt attempts[sizeof(changes) / sizeof(changes[0])];
	const size_t n = sizeof(changes) / sizeof(changes[0]);

	dir = t->over;
	put(t->u, "f", "some text here");
	must(setxattr(under(t, "f"), "user.there", "x", 1, 0));
	same_stat(t, "f");
	assert_false(exists(over(t, "new")));
	frozen = t->u;
	must(ioctl(frozen, FIFREEZE, 0));
	for (size_t i = 0; i < n; i++) {
		attempts[i].change = &changes[i];
		try_change(&attempts[i]);
	}
	thaw();
	tasks_done();
	for (size_t i = 0; i < n; i++) {
		if (!attempts[i].waits)
			fail_msg("%s does not wait", attempts[i].change->name);
		if (!attempts[i].ends)
			fail_msg("%s, waiting, cannot be killed", attempts[i].change->name);
	}
	assert_string_equal(names_in(t->under), "f");
	holds(t->u, "f", "some text here");
	/* Nothing of theirs is held: it can be frozen again, and changed. */
	must(ioctl(t->u, FIFREEZE, 0));
	must(ioctl(t->u, FITHAW, 0));
	must(unlinkat(t->o, "f", 0));
	absent(t, "f");
}

static int do_aio_write(void *arg)
{
	return aio_write_one(open(fmt("%s/f", dir), O_WRONLY));
}

/* The writer cannot be killed, nor natively; but it holds no lock of the file. */
static void writer_holds_nobody_up(struct twin *t)
{
	struct attempt chmod_it = { .change = &(struct change){ "chmod", do_chmod } };
	struct attempt unlink_it = { .change = &(struct change){ "unlink", do_unlink } };
	struct task *writer;
	bool waits;

	dir = t->over;
	put(t->u, "f", "text");
	same_stat(t, "f");
	frozen = t->u;
	must(ioctl(frozen, FIFREEZE, 0));
	writer = task_start(do_aio_write, NULL);
	waits = sleeps_in(writer->pid, writer->pid, SYS_io_submit);
	try_change(&chmod_it);
	try_change(&unlink_it);
	thaw();
	assert_true(waits);
	assert_true(chmod_it.waits && chmod_it.ends);
	assert_true(unlink_it.waits && unlink_it.ends);
	assert_true(task_ends(writer, PATIENCE));
	assert_int_equal(task_result(writer), 0);
	tasks_done();
	holds(t->u, "f", "yext");
	holds(t->o, "f", "yext");
}

/* Who is not killed goes on once it is thawed. */
static void waiters_go_on(struct twin *t)
{
	struct task *task;
	bool waits;

	dir = t->over;
	assert_false(exists(over(t, "new")));
	frozen = t->u;
	must(ioctl(frozen, FIFREEZE, 0));
	task = task_start(do_create, NULL);
	waits = !task_ends(task, 200);
	thaw();
	assert_true(waits);
	assert_true(task_ends(task, PATIENCE));
	assert_int_equal(task_result(task), 0);
	assert_string_equal(names_in(t->over), "new");
	tasks_done();
}

static const struct twin_test tests[] = {
	TWIN_TEST(waiters_can_be_killed),
	TWIN_TEST(writer_holds_nobody_up),
	TWIN_TEST(waiters_go_on),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_EXT4);
}
