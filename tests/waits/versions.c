// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who waits for as long as a user likes does not keep the set of programs that it was
 * begun under: one that was replaced is freed meanwhile. Without that each replaced set
 * stays as long as somebody has a waiter of its time.
 * timeout: 600
 */
#include "lib/task.h"

#include <sys/file.h>
#include <sys/syscall.h>

static const char *back, *at;
static int pipe_ends[2];

static int wait_for_flock(void *arg)
{
	int fd = open(fmt("%s/f", at), O_RDONLY);

	return flock(fd, LOCK_EX) ? errno : 0;
}

static int wait_for_posix_lock(void *arg)
{
	struct flock l = { .l_type = F_WRLCK };
	int fd = open(fmt("%s/f", at), O_RDWR);

	return fcntl(fd, F_SETLKW, &l) ? errno : 0;
}

static int wait_for_pipe(void *arg)
{
	int fd = open(fmt("%s/f", at), O_WRONLY);

	return splice(0, NULL, fd, NULL, 4096, 0) < 0 ? errno : 0;
}

static const struct waiting {
	const char *name;
	int (*run)(void *arg);
	long call;
} ways[] = {
	{ "flock", wait_for_flock, SYS_flock },
	{ "POSIX lock", wait_for_posix_lock, SYS_fcntl },
	{ "empty pipe", wait_for_pipe, SYS_splice },
};

/* Without the test's descriptors, the set's own among them. */
static int wait_alone(void *arg)
{
	const struct waiting *way = arg;

	if (dup2(pipe_ends[0], 0) || close_range(3, ~0U, 0))
		return 255;
	return way->run(NULL);
}

/* The set of programs that the waiter was begun under is replaced. */
static void replace(struct set *set)
{
	struct set *next = set_open("pass", NULL, "first");

	set_load(next);
	assert_int_equal(set_try_update(set, next), 0);
	next->link = set->link;
	set->link = NULL;
	set_free(set);
}

static void waiter_keeps_no_version(void **state)
{
	const struct waiting *way = *state;
	struct flock l = { .l_type = F_WRLCK };
	struct set *set = set_attached("pass", NULL, "first");
	unsigned int map = set_map_id(set);
	struct task *waiter;
	int fd;

	back = tmp_dir("back");
	at = tmp_path("at");
	file_write(fmt("%s/f", back), "text");
	mnt(back, at, "ops=first");
	fd = must(open(fmt("%s/f", back), O_RDWR));
	must(flock(fd, LOCK_EX));
	must(fcntl(fd, F_SETLK, &l));
	must(pipe(pipe_ends));
	waiter = task_start(wait_alone, (void *)way);
	assert_true(sleeps_in(waiter->pid, waiter->pid, way->call));
	replace(set);
	if (!wait_for(PATIENCE, map_gone, &map))
		fail_msg("who waits for %s keeps a set of programs that was replaced", way->name);
	assert_false(task_ends(waiter, 0));
	must(close(fd));
}

static int teardown(void **state)
{
	tasks_done();
	close(pipe_ends[0]);
	close(pipe_ends[1]);
	return test_teardown(state);
}

int main(void)
{
	struct CMUnitTest tests[sizeof(ways) / sizeof(ways[0])];

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		tests[i] = (struct CMUnitTest){
			ways[i].name, waiter_keeps_no_version, NULL, teardown, (void *)&ways[i],
		};
	return cmocka_run_group_tests_name("versions", tests, NULL, NULL);
}
