// SPDX-License-Identifier: GPL-2.0-only
/*
 * exec acts on mode and owner that the backing inode has together, at a moment at or after
 * its beginning: the setid bits of a file that was given to root meanwhile do not
 * make the caller root. Without setid bits being shown under both inodes' locks alone, and
 * looked at again by exec, they do.
 */
#include "twin.h"

#include <signal.h>
#include <sched.h>
#include <sys/wait.h>

#define USER	1000
#define ATTACKER 1001

#define AS_ROOT		1
#define AS_ANOTHER	2
#define WITH_GROUP	4

/* tests/points/bin/ids.c, below, the user's, with this mode. */
static void make_program(struct twin *t, const char *name, mode_t mode)
{
	const char *from = fmt("%s/points/bin/ids", getenv("TEST_BUILD"));

	assert_int_equal(sh(fmt("cp %s %s", from, under(t, name))), 0);
	must(fchownat(t->u, name, USER, USER, 0));
	must(fchmodat(t->u, name, mode, 0));
}

/* Runs the program as somebody whose it is not; what it said, or 100 and more if it does not run. */
static int run_it(void *arg)
{
	static const struct who attacker = { .uid = ATTACKER, .gid = ATTACKER };

	if (turn_into(&attacker))
		return 254;
	execl(arg, "ids", (char *)NULL);
	return 100 + errno;
}

static int run_now(const char *path)
{
	return in_child(0, run_it, (void *)path);
}

/* The mount below the test may be nosuid, where there is nothing to see. */
static void needs_setid(struct twin *t)
{
	make_program(t, "setid", 04755);
	if (run_now(under(t, "setid")) != AS_ANOTHER) {
		print_message("# setuid bits do not work in %s\n", t->under);
		skip();
	}
}

static void setid_bits_work(struct twin *t)
{
	needs_setid(t);
	assert_int_equal(run_now(over(t, "setid")), AS_ANOTHER);
	make_program(t, "sgid", 02755);
	assert_int_equal(run_now(over(t, "sgid")), WITH_GROUP);
	make_program(t, "both", 06755);
	assert_int_equal(run_now(over(t, "both")), AS_ANOTHER | WITH_GROUP);
	make_program(t, "none", 0755);
	assert_int_equal(run_now(over(t, "none")), 0);
	/* They come and go underneath, and through the mount. */
	must(fchmodat(t->u, "none", 04755, 0));
	assert_int_equal(run_now(over(t, "none")), AS_ANOTHER);
	must(fchmodat(t->o, "none", 0755, 0));
	assert_int_equal(run_now(over(t, "none")), 0);
	must(fchmodat(t->o, "none", 02755, 0));
	assert_int_equal(run_now(over(t, "none")), WITH_GROUP);
	must(fchownat(t->u, "none", 0, 0, 0));
	assert_int_equal(run_now(over(t, "none")), 0);
	must(fchmodat(t->u, "none", 04755, 0));
	assert_int_equal(run_now(over(t, "none")), AS_ROOT | AS_ANOTHER);
}

/* What happens underneath while exec has read our inode. */
struct meanwhile {
	const char *name;
	int (*apply)(int dir);
};

static int given_to_root(int dir)
{
	return fchownat(dir, "f", 0, 0, 0);
}

static int bits_taken(int dir)
{
	return fchmodat(dir, "f", 0755, 0);
}

static int given_and_set_again(int dir)
{
	return fchownat(dir, "f", 0, 0, 0) || fchmodat(dir, "f", 04750, 0);
}

static int not_to_be_run(int dir)
{
	return fchmodat(dir, "f", 04700, 0);
}

static const struct meanwhile meanwhiles[] = {
	{ "given to root", given_to_root },
	{ "setid bits taken", bits_taken },
	{ "given to root and setid again", given_and_set_again },
	{ "not to be run by others", not_to_be_run },
};

static void exec_looks_again(struct twin *t)
{
	static const mode_t modes[] = { 04755, 02755, 06755 };
	char *path;

	needs_setid(t);
	path = strdup(over(t, "f"));
	for (size_t m = 0; m < sizeof(modes) / sizeof(modes[0]); m++) {
		for (size_t i = 0; i < sizeof(meanwhiles) / sizeof(meanwhiles[0]); i++) {
			pid_t child;
			int result;

			make_program(t, "f", modes[m]);
			child = stop_at("exec:setid", run_it, path);
			must(meanwhiles[i].apply(t->u));
			/* Whoever looks meanwhile makes our inode show what there is now. */
			stat_of(t->o, "f");
			assert_int_not_equal(faccessat(t->o, "f", R_OK, AT_EACCESS), 1);
			result = go_on("exec:setid", child);
			if (result)
				fail_msg("mode %o, %s: %d", modes[m], meanwhiles[i].name, result);
			must(unlinkat(t->u, "f", 0));
		}
	}
	free(path);
}

/* Nothing happens: exec goes on as ever. */
static void exec_goes_on(struct twin *t)
{
	char *path;
	pid_t child;

	needs_setid(t);
	make_program(t, "f", 06755);
	path = strdup(over(t, "f"));
	child = stop_at("exec:setid", run_it, path);
	stat_of(t->o, "f");
	assert_int_equal(go_on("exec:setid", child), AS_ANOTHER | WITH_GROUP);
	free(path);
}

/* --- a race --------------------------------------------------------------------------- */

#define RACE_MS	4000

/* Root gives the user's setuid program to itself, and back, all the time. */
static int flip(void *arg)
{
	int dir = *(int *)arg;

	for (;;) {
		if (fchownat(dir, "f", USER, USER, 0) || fchmodat(dir, "f", 06755, 0) ||
		    fchownat(dir, "f", 0, 0, 0))
			return errno;
	}
}

static int look(void *arg)
{
	struct stat st;

	for (;;)
		if (stat(arg, &st))
			return errno;
}

static pid_t start(int (*fn)(void *arg), void *arg)
{
	pid_t child = must(fork());

	if (!child)
		_exit(fn(arg));
	return child;
}

static void end(pid_t child)
{
	int status;

	must(kill(child, SIGKILL));
	must(waitpid(child, &status, 0));
	assert_true(WIFSIGNALED(status));
}

static void nobody_becomes_root(struct twin *t)
{
	unsigned int runs = 0, another = 0;
	uint64_t until;
	char *path;
	pid_t flips, looks;
	int result;

	needs_setid(t);
	make_program(t, "f", 06755);
	path = strdup(over(t, "f"));
	flips = start(flip, &t->u);
	looks = start(look, path);
	for (until = now_ms() + RACE_MS; now_ms() < until; runs++) {
		result = run_now(path);
		another += result == (AS_ANOTHER | WITH_GROUP);
		if (result & AS_ROOT)
			break;
		assert_true(result <= (AS_ANOTHER | WITH_GROUP));
	}
	end(flips);
	end(looks);
	print_message("# %u runs, %u as the user\n", runs, another);
	assert_int_equal(result & AS_ROOT, 0);
	free(path);
}

static const struct twin_test tests[] = {
	TWIN_TEST(setid_bits_work),
	TWIN_TEST(exec_looks_again),
	TWIN_TEST(exec_goes_on),
	TWIN_TEST(nobody_becomes_root),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_ALL | TWIN_POINTS);
}
