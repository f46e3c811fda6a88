// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who waits for a pipe, to write what comes through it to a file or the reverse, holds no
 * lock that others need: without that any user stops a directory for everybody.
 * timeout: 600
 */
#include "lib/task.h"
#include "ways.h"

#include <sys/syscall.h>

static const char *dir;		/* on the mount */
static int pipe_ends[2];

static int splice_from_empty_pipe(void *arg)
{
	int fd = open(fmt("%s/f", dir), O_WRONLY);

	return splice(pipe_ends[0], NULL, fd, NULL, 4096, 0) < 0 ? errno : 0;
}

/* Two bytes more than there is room for. */
static int splice_to_full_pipe(void *arg)
{
	int fd = open(fmt("%s/f", dir), O_RDONLY), size = fcntl(pipe_ends[1], F_GETPIPE_SZ);
	char *much = calloc(1, size);

	if (write(pipe_ends[1], much, size) != size)
		return errno;
	return splice(fd, NULL, pipe_ends[1], NULL, 2, 0) < 0 ? errno : 0;
}

/* --- what others do meanwhile: 0, or an errno ------------------------------------------------ */

static int do_chmod(void *arg)
{
	return chmod(fmt("%s/f", dir), 0600) ? errno : 0;
}

static int do_truncate(void *arg)
{
	return truncate(fmt("%s/f", dir), 1) ? errno : 0;
}

static int do_link(void *arg)
{
	return link(fmt("%s/f", dir), fmt("%s/second", dir)) ? errno : 0;
}

static int do_write(void *arg)
{
	int fd = open(fmt("%s/f", dir), O_WRONLY);

	return pwrite(fd, "x", 1, 0) == 1 ? 0 : errno;
}

static int do_aio_write(void *arg)
{
	return aio_write_one(open(fmt("%s/f", dir), O_WRONLY));
}

static int do_create(void *arg)
{
	int fd = open(fmt("%s/new", dir), O_WRONLY | O_CREAT | O_EXCL, 0644);

	return fd < 0 ? errno : 0;
}

static int do_list(void *arg)
{
	return access(fmt("%s/absent", dir), F_OK) && errno == ENOENT ? 0 : EIO;
}

static int do_rename(void *arg)
{
	return rename(fmt("%s/f", dir), fmt("%s/g", dir)) ? errno : 0;
}

static int do_unlink(void *arg)
{
	return unlink(fmt("%s/g", dir)) ? errno : 0;
}

static const struct {
	const char *name;
	int (*run)(void *arg);
} meanwhile[] = {
	{ "chmod", do_chmod },
	{ "truncate", do_truncate },
	{ "link", do_link },
	{ "write", do_write },
	{ "asynchronous write", do_aio_write },
	{ "create", do_create },
	{ "lookup", do_list },
	{ "rename", do_rename },
	{ "unlink", do_unlink },
};

static void hold_nobody_up(struct twin *t, int (*wait)(void *arg))
{
	struct task *waiter;

	dir = t->over;
	put(t->o, "f", "some text here");
	must(pipe(pipe_ends));
	waiter = task_start(wait, NULL);
	if (!sleeps_in(waiter->pid, waiter->pid, SYS_splice))
		fail_msg("splice does not wait: it came to %d", task_result(waiter));
	for (size_t i = 0; i < sizeof(meanwhile) / sizeof(meanwhile[0]); i++)
		if (!returns_soon(meanwhile[i].run, NULL)) {
			tasks_done();
			fail_msg("%s waits for who waits for a pipe, or failed", meanwhile[i].name);
		}
	assert_false(task_ends(waiter, 0));
	assert_string_equal(names_in(t->under), "new second");
	tasks_done();
}

static void empty_pipe(struct twin *t)
{
	hold_nobody_up(t, splice_from_empty_pipe);
}

static void full_pipe(struct twin *t)
{
	hold_nobody_up(t, splice_to_full_pipe);
}

/* As natively: what came before the pipe was empty is written, what comes later goes on from there. */
static int splice_all(void *arg)
{
	int fd = open(fmt("%s/f", dir), O_WRONLY);
	ssize_t n, sum = 0;

	close(pipe_ends[1]);
	while ((n = splice(pipe_ends[0], NULL, fd, NULL, 4096, 0)) > 0)
		sum += n;
	return n < 0 ? 200 : sum;
}

static void splice_goes_on(struct twin *t)
{
	struct task *waiter;

	dir = t->over;
	put(t->o, "f", "");
	must(chmod(over(t, "f"), 06777));
	must(pipe(pipe_ends));
	waiter = task_start(splice_all, NULL);
	assert_true(sleeps_in(waiter->pid, waiter->pid, SYS_splice));
	assert_int_equal(must(write(pipe_ends[1], "one ", 4)), 4);
	assert_true(sleeps_in(waiter->pid, waiter->pid, SYS_splice));
	assert_int_equal(must(write(pipe_ends[1], "two", 3)), 3);
	must(close(pipe_ends[1]));
	assert_true(task_ends(waiter, PATIENCE));
	assert_int_equal(task_result(waiter), 7);
	holds(t->u, "f", "one two");
	holds(t->o, "f", "one two");
	same_stat(t, "f");
	tasks_done();
}

/* Setuid bits of another's file go with what is written, though nobody of ours looks for them. */
static int splice_one(void *arg)
{
	int fd = open(fmt("%s/f", dir), O_WRONLY);

	return splice(pipe_ends[0], NULL, fd, NULL, 1, 0) == 1 ? 0 : errno ?: 255;
}

static void splice_kills_setuid(struct twin *t)
{
	const struct who who = { .uid = TEST_UID, .gid = TEST_GID };

	dir = t->over;
	must(chmod(t->under, 0777));
	put(t->o, "f", "");
	must(chmod(over(t, "f"), 06777));
	must(pipe(pipe_ends));
	assert_int_equal(must(write(pipe_ends[1], "x", 1)), 1);
	assert_int_equal(as(&who, splice_one, NULL), 0);
	assert_int_equal(stat_of(t->u, "f").st_mode & 07777, 0777);
	assert_int_equal(stat_of(t->o, "f").st_mode & 07777, 0777);
}

/* Its offset is the descriptor's own. */
static int splice_to_start(void *arg)
{
	loff_t start = 0;

	return splice(pipe_ends[0], NULL, *(int *)arg, &start, 4, 0) == 4 ? 0 : errno ?: 255;
}

/* What a program saw of a splice is what is done, though O_APPEND is set while it waits. */
static void programs_see_where_it_goes(struct twin *t)
{
	struct set *set = set_attached("ways", "ways_all", NULL);
	const struct ways *ways = set->globals;
	const char *at = tmp_path("ways");
	struct task *waiter;
	char c;
	int fd;

	put(t->u, "f", "0123456789");
	mnt(t->under, at, "ops=ways_all");
	fd = must(open(fmt("%s/f", at), O_RDWR));
	must(pipe(pipe_ends));
	waiter = task_start(splice_to_start, &fd);
	assert_true(sleeps_in(waiter->pid, waiter->pid, SYS_splice));
	must(fcntl(fd, F_SETFL, O_APPEND));
	/* Any use of the file passes its flags on. */
	assert_int_equal(must(pread(fd, &c, 1, 0)), 1);
	assert_int_equal(must(write(pipe_ends[1], "xyzw", 4)), 4);
	assert_true(task_ends(waiter, PATIENCE));
	assert_int_equal(task_result(waiter), 0);
	holds(t->u, "f", "xyzw456789");
	assert_int_equal(ways->calls[WAYS_WRITE][0], 1);
	assert_int_equal(ways->offset[WAYS_WRITE], 0);
	assert_int_equal(ways->length[WAYS_WRITE], 4);
	assert_false(ways->flags & O_APPEND);
	assert_int_equal(must(pwrite(fd, "!", 1, 0)), 1);
	holds(t->u, "f", "xyzw456789!");
	must(close(fd));
	tasks_done();
	umnt(at);
	set_free(set);
}

static const struct twin_test tests[] = {
	TWIN_TEST(empty_pipe),
	TWIN_TEST(full_pipe),
	TWIN_TEST(splice_goes_on),
	TWIN_TEST(splice_kills_setuid),
	TWIN_TEST(programs_see_where_it_goes),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_ALL);
}
