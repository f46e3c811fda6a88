// SPDX-License-Identifier: GPL-2.0-only
/*
 * A set of programs that is replaced, or goes, in the middle of an operation. If the
 * generation were read after the program has answered, an answer of the old set would
 * pass for one of the new; if an operation did not hold its version, its second call
 * would be another set's, or freed code. A copy, which several programs of a set see one
 * after the other, would pass though either set refuses it. And a renamed directory, about
 * which programs are asked in the middle, loses its mounts if it is taken for gone.
 */
#include "pair.h"

#include <sys/mount.h>

#include "probe.h"

static int group_setup(void **state)
{
	points_load();
	return 0;
}

static int group_teardown(void **state)
{
	points_unload();
	return 0;
}

static struct probe *probe_of(struct set *set)
{
	return set->globals;
}

static int makes_dir(void *name)
{
	return mkdir(fmt("%s/%s", at, (char *)name), 0755) ? errno : 0;
}

/* By somebody who has none of the test's descriptors. */
static int makes_dir_alone(void *name)
{
	return close_range(3, ~0U, 0) ? errno : makes_dir(name);
}

static int looks(void *name)
{
	struct stat st;

	return stat(fmt("%s/%s", at, (char *)name), &st) ? errno : 0;
}

/* Whose mkdir is asked before and after, and refused with what is given here after. */
static struct set *asked_twice(const char *name, int verdict)
{
	struct set *set = set_attached("probe", "every", name);
	struct probe_op *op = &probe_of(set)->op[FUSE_BPF_OP_MKDIR];

	op->verdict[0] = FUSE_BPF_BACKING | FUSE_BPF_POST;
	op->verdict[1] = verdict;
	return set;
}

static void replaced_between_pre_and_post(void **state)
{
	struct set *set = asked_twice("swap", 0), *none = set_open("probe", "empty", "swap");
	struct probe_op *op = &probe_of(set)->op[FUSE_BPF_OP_MKDIR];
	pid_t child;

	set_load(none);
	mnt(back, at, "ops=swap");
	child = stop_at("make:done", makes_dir, "d");
	assert_int_equal(set_try_update(set, none), 0);
	assert_int_equal(op->calls[1], 0);
	/* Others are under the new one already. */
	assert_int_equal(looks("."), 0);
	assert_int_equal(go_on("make:done", child), 0);
	assert_int_equal(op->calls[0], 1);
	assert_int_equal(op->calls[1], 1);
	assert_int_equal(makes_dir("e"), 0);
	assert_int_equal(op->calls[0], 1);
}

static void detached_between_pre_and_post(void **state)
{
	struct set *set = asked_twice("gone", -EDOM);
	pid_t child;

	mnt(back, at, "ops=gone,detach=fail");
	child = stop_at("make:done", makes_dir, "d");
	set_detach(set);
	assert_int_equal(looks("new"), ENOTCONN);
	assert_int_equal(go_on("make:done", child), EDOM);
	assert_int_equal(makes_dir("e"), ENOTCONN);
}

/* Its link, its map and its programs are closed: the operation holds what it runs. */
static void freed_between_pre_and_post(void **state)
{
	struct set *set = asked_twice("freed", -EDOM);
	pid_t child;

	assert_ok(mkdir(BACK("sub"), 0755));
	mnt(back, at, "ops=freed,detach=pass");
	child = stop_at("make:done", makes_dir_alone, "sub/d");
	set_free(set);
	assert_int_equal(makes_dir("e"), 0);
	assert_int_equal(go_on("make:done", child), EDOM);
	umnt(at);
	assert_true(wait_for(SOON, ops_gone, "freed"));
}

static int copies(void *unused)
{
	int in = open(fmt("%s/f", at), O_RDONLY), out = open(fmt("%s/g", at), O_RDWR);

	return copy_file_range(in, NULL, out, NULL, 4, 0) < 0 ? errno : 0;
}

/* Held after the copy_file_range program; the write program comes later, and refuses. */
static pid_t stopped_copy(struct set *set, const char *options)
{
	probe_of(set)->op[FUSE_BPF_OP_WRITE].verdict[0] = -EDOM;
	file_write(fmt("%s/f", back), "more");
	file_write(fmt("%s/g", back), "text");
	mnt(back, at, options);
	return stop_at("copy:source", copies, NULL);
}

/* The new one refuses what is over already. */
static void replaced_between_the_steps_of_a_copy(void **state)
{
	struct set *set = set_attached("probe", "every", "swap"),
		   *other = set_open("probe", "every", "swap");
	pid_t child;

	set_load(other);
	probe_of(other)->op[FUSE_BPF_OP_COPY_FILE_RANGE].verdict[0] = -ERANGE;
	child = stopped_copy(set, "ops=swap");
	assert_int_equal(set_try_update(set, other), 0);
	assert_int_equal(go_on("copy:source", child), EDOM);
	file_is(fmt("%s/g", back), "text");
	assert_int_equal(probe_of(set)->op[FUSE_BPF_OP_READ].calls[0], 1);
	assert_int_equal(probe_of(other)->op[FUSE_BPF_OP_READ].calls[0], 0);
	assert_int_equal(goes_through(copies, NULL), ERANGE);
}

/* The new one wants to see nothing. */
static void emptied_between_the_steps_of_a_copy(void **state)
{
	struct set *set = set_attached("probe", "every", "swap"),
		   *none = set_open("probe", "empty", "swap");
	pid_t child;

	set_load(none);
	child = stopped_copy(set, "ops=swap");
	assert_int_equal(set_try_update(set, none), 0);
	assert_int_equal(go_on("copy:source", child), EDOM);
	file_is(fmt("%s/g", back), "text");
	assert_int_equal(goes_through(copies, NULL), 0);
}

/* What detach= says holds from the next step on, and the version goes with the copy. */
static void detached_between_the_steps_of_a_copy(void **state)
{
	struct set *set = set_attached("probe", "every", "gone");
	pid_t child = stopped_copy(set, "ops=gone,detach=fail");

	set_detach(set);
	assert_int_equal(go_on("copy:source", child), ENOTCONN);
	file_is(fmt("%s/g", back), "text");
	umnt(at);
	set_free(set);
	assert_true(wait_for(SOON, ops_gone, "gone"));
}

static void passed_between_the_steps_of_a_copy(void **state)
{
	struct set *set = set_attached("probe", "every", "gone");
	pid_t child = stopped_copy(set, "ops=gone,detach=pass");

	set_detach(set);
	assert_int_equal(go_on("copy:source", child), 0);
	file_is(fmt("%s/g", back), "more");
	umnt(at);
	set_free(set);
	assert_true(wait_for(SOON, ops_gone, "gone"));
}

/* A name that the old set hid is asked about again, and one that it did not hide. */
static void replaced_after_an_answer(void **state)
{
	struct set *hides = set_open("probe", "only_lookup", "swap"),
		   *shows = set_open("probe", "empty", "swap");
	struct set *set;
	pid_t child;

	set_load(hides);
	probe_of(hides)->op[FUSE_BPF_OP_LOOKUP].verdict[0] = -ENOENT;
	strcpy(probe_of(hides)->name, "f");
	set_load(shows);
	set_attach(hides);
	set = hides;
	file_write(BACK("f"), "x");
	mnt(back, at, "ops=swap");
	child = stop_at("lookup:found", looks, "f");
	assert_int_equal(set_try_update(set, shows), 0);
	assert_int_equal(go_on("lookup:found", child), ENOENT);
	assert_int_equal(looks("f"), 0);
	umnt(at);
	mnt(back, at, "ops=swap");
	child = stop_at("lookup:found", looks, "f");
	assert_int_equal(set_try_update(set, hides), 0);
	assert_int_equal(go_on("lookup:found", child), 0);
	assert_int_equal(looks("f"), ENOENT);
}

static int moves(void *unused)
{
	return rename(AT("d"), AT("e")) ? errno : 0;
}

/* Programs that are asked each time, about a name that is gone below already. */
static void asked_while_moved(void **state)
{
	struct set *set = set_open("probe", "only_lookup", "asked");
	pid_t mover;

	set->ops->flags = FUSE_BPF_F_REVALIDATE;
	set_load(set);
	set_attach(set);
	mnt(back, at, "ops=asked");
	assert_int_equal(makes_dir("d"), 0);
	assert_int_equal(makes_dir("d/m"), 0);
	assert_ok(mount("marked", AT("d/m"), "tmpfs", 0, "size=64k"));
	file_write(AT("d/m/mark"), "");
	mover = stop_at("rename:done", moves, NULL);
	assert_int_equal(goes_through(looks, "d/m/mark"), 0);
	go_on_to("rename:done", "rename:known", mover);
	assert_int_equal(goes_through(looks, "d/m/mark"), 0);
	assert_int_equal(go_on("rename:known", mover), 0);
	assert_int_equal(looks("d"), ENOENT);
	assert_int_equal(looks("e/m/mark"), 0);
	assert_ok(umount(AT("e/m")));
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, pair_setup, pair_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(replaced_between_pre_and_post),
		TEST(detached_between_pre_and_post),
		TEST(freed_between_pre_and_post),
		TEST(replaced_between_the_steps_of_a_copy),
		TEST(emptied_between_the_steps_of_a_copy),
		TEST(detached_between_the_steps_of_a_copy),
		TEST(passed_between_the_steps_of_a_copy),
		TEST(replaced_after_an_answer),
		TEST(asked_while_moved),
	};

	return cmocka_run_group_tests_name("programs", tests, group_setup, group_teardown);
}
