// SPDX-License-Identifier: GPL-2.0-only
/*
 * The points themselves: who waits at one, who does not, and what ends it.
 */
#include "twin.h"

#include <signal.h>
#include <sys/wait.h>

#define POINT	"lookup:spliced"

/* For somebody of this test's who looks the name up for the first time. */
static int looks_up(void *arg)
{
	struct stat st;

	return stat(arg, &st) ? errno : 0;
}

static char *first_name(struct twin *t)
{
	put(t->u, "f", "x");
	return strdup(over(t, "f"));
}

static void holds_one_that_was_armed_for(struct twin *t)
{
	char *name = first_name(t);
	pid_t child = stop_at(POINT, looks_up, name);
	struct stat st;

	/* Others pass. */
	put(t->u, "g", "x");
	must(fstatat(t->o, "g", &st, 0));
	assert_true(point_waits(POINT, child));
	assert_int_equal(go_on(POINT, child), 0);
	assert_false(point_waits(POINT, child));
	assert_fails(point_command(fmt("release %s %d", POINT, child)), ENOENT);
	free(name);
}

static int looks_up_three(void *arg)
{
	const char *const *names = arg;

	for (; *names; names++)
		if (looks_up((void *)*names))
			return errno;
	return 0;
}

static void lets_some_pass_first(struct twin *t)
{
	const char *names[] = { strdup(over(t, "a")), strdup(over(t, "b")), strdup(over(t, "c")), NULL };
	pid_t child;

	put(t->u, "a", "");
	put(t->u, "b", "");
	child = stop_at_nth(POINT, 2, looks_up_three, names);
	/* It waits for the third, which it then finds. */
	put(t->u, "c", "");
	assert_int_equal(go_on(POINT, child), ENOENT);
	same_stat(t, "c");
}

/* Once for each arm; the order is that of the test. */
static void holds_two_at_one_point(struct twin *t)
{
	char *name = first_name(t), *other = strdup(over(t, "g"));
	pid_t one = stop_at(POINT, looks_up, name), two = stop_at(POINT, looks_up, other);

	assert_true(point_waits(POINT, one) && point_waits(POINT, two));
	assert_int_equal(go_on(POINT, two), ENOENT);
	assert_true(point_waits(POINT, one));
	assert_int_equal(go_on(POINT, one), 0);
	free(name);
	free(other);
}

static void anyone_may_be_meant(struct twin *t)
{
	char *name = first_name(t);
	pid_t child;

	point_arm(POINT, 0, 0);
	child = must(fork());
	if (!child)
		_exit(looks_up(name));
	point_wait(POINT, 0);
	point_release(POINT, 0);
	assert_int_equal(must(waitpid(child, NULL, 0)), child);
	free(name);
}

static void can_be_killed(struct twin *t)
{
	char *name = first_name(t);
	pid_t child = stop_at(POINT, looks_up, name);

	must(kill(child, SIGKILL));
	points_done();
	assert_false(point_waits(POINT, child));
	same_stat(t, "f");
	free(name);
}

/* Disarmed, it holds nobody, and what waits goes on. */
static void can_be_disarmed(struct twin *t)
{
	char *name = first_name(t);
	pid_t child = stop_at(POINT, looks_up, name);
	struct stat st;

	point_arm(POINT, getpid(), 0);
	must(point_command("disarm " POINT));
	put(t->u, "g", "x");
	must(fstatat(t->o, "g", &st, 0));
	assert_int_equal(child_ends(child), 0);
	free(name);
}

static bool nobody_waits(void *child)
{
	return !point_waits(POINT, *(pid_t *)child);
}

/* A test that died holds nobody for ever. */
static void lets_go_by_itself(struct twin *t)
{
	char *name = first_name(t);
	int log = kmsg_open();
	pid_t child = stop_at(POINT, looks_up, name);

	assert_true(wait_for(60000, nobody_waits, &child));
	assert_int_equal(child_ends(child), 0);
	assert_true(kmsg_has(log, "point " POINT ": "));
	close(log);
	free(name);
}

static void refuses_what_it_cannot_do(struct twin *t)
{
	assert_fails(point_command("arm lookup:nowhere"), ENOENT);
	assert_fails(point_command("release " POINT), ENOENT);
	assert_fails(point_command("hold " POINT), EINVAL);
	assert_fails(point_command("arm"), EINVAL);
	assert_fails(point_command(fmt("arm %0200d", 0)), EINVAL);
	for (int i = 0; i < 64; i++)
		point_arm(POINT, 1, 0);
	assert_fails(point_command("arm " POINT " 1"), ENOSPC);
	must(point_command("disarm " POINT));
	point_arm(POINT, 1, 0);
	must(point_command("disarm " POINT " 1"));
}

static const struct twin_test tests[] = {
	TWIN_TEST(holds_one_that_was_armed_for),
	TWIN_TEST(lets_some_pass_first),
	TWIN_TEST(holds_two_at_one_point),
	TWIN_TEST(anyone_may_be_meant),
	TWIN_TEST(can_be_killed),
	TWIN_TEST(can_be_disarmed),
	TWIN_TEST(lets_go_by_itself),
	TWIN_TEST(refuses_what_it_cannot_do),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_TMPFS | TWIN_POINTS);
}
