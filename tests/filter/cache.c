// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long a lookup's verdict lasts: without the generation and the lifetime in
 * the dentry a program runs on every step of every path, or its answer never
 * grows old.
 */
#include "test.h"

#include <sys/mount.h>

#include "probe.h"

static const char *back, *at;
static struct probe *probe;
static struct probe_op *lookup;
static size_t mounts;

#define AT(name) fmt("%s/" name, at)
#define BACK(name) fmt("%s/" name, back)

static void attach(__u32 flags)
{
	struct set *set = set_open("probe", "only_lookup", NULL);

	set->ops->flags = flags;
	set_load(set);
	set_attach(set);
	probe = set->globals;
	strcpy(probe->name, "file");
	lookup = &probe->op[FUSE_BPF_OP_LOOKUP];
	mnt(back, at, "ops=only_lookup");
	mounts = mnt_count();
}

static int setup(void **state)
{
	mounts = mnt_count();
	back = tmp_dir("back");
	at = tmp_path("at");
	assert_ok(mkdir(BACK("dir"), 0755));
	file_write(BACK("dir/file"), "file");
	return 0;
}

static int teardown(void **state)
{
	mnt_undo(mounts);
	test_teardown(state);
	remove_tree(back);
	return 0;
}

static unsigned int calls_of(unsigned int times)
{
	__u64 before = lookup->calls[0];

	while (times--)
		exists(AT("dir/file"));
	return lookup->calls[0] - before;
}

static void asked_once(void **state)
{
	attach(0);
	assert_in_range(calls_of(1), 1, 2);
	assert_int_equal(calls_of(10), 0);
	lookup->verdict[0] = -ENOENT;
	assert_true(exists(AT("dir/file")));
	assert_int_equal(calls_of(10), 0);
}

static void asked_once_for_hidden(void **state)
{
	attach(0);
	lookup->verdict[0] = -ENOENT;
	assert_in_range(calls_of(1), 1, 2);
	assert_int_equal(calls_of(10), 0);
	lookup->verdict[0] = 0;
	assert_false(exists(AT("dir/file")));
	assert_int_equal(calls_of(10), 0);
}

static void asked_on_every_walk(void **state)
{
	attach(FUSE_BPF_F_REVALIDATE);
	assert_true(exists(AT("dir/file")));
	assert_true(calls_of(10) >= 10);
	lookup->verdict[0] = -ENOENT;
	assert_false(exists(AT("dir/file")));
	assert_fails(try_open(AT("dir/file"), O_WRONLY | O_CREAT, 0644), EACCES);
	lookup->verdict[0] = 0;
	file_is(AT("dir/file"), "file");
	lookup->verdict[0] = -EUSERS;
	assert_fails(try_open(AT("dir/file"), O_RDONLY, 0), EUSERS);
	lookup->verdict[0] = 0;
	file_is(AT("dir/file"), "file");
}

static bool asked_again(void *unused)
{
	return calls_of(1) > 0;
}

static void grows_old(void **state)
{
	attach(0);
	probe->entry_valid = 1500ull * 1000000;
	lookup->verdict[0] = FUSE_BPF_BACKING | FUSE_BPF_POST;
	assert_in_range(calls_of(1), 1, 2);
	assert_int_equal(calls_of(3), 0);
	assert_true(wait_for(SOON, asked_again, NULL));
	assert_int_equal(calls_of(3), 0);
	lookup->verdict[1] = -ENOENT;
	assert_true(exists(AT("dir/file")));
	assert_true(wait_for(SOON, asked_again, NULL));
	assert_false(exists(AT("dir/file")));
	/* What was there when it was hidden is asked about by every walk. */
	assert_true(calls_of(3) >= 3);
	lookup->verdict[1] = 0;
	assert_true(asked_again(NULL));
	file_is(AT("dir/file"), "file");
	assert_int_equal(calls_of(3), 0);
}

/* A verdict is about a name: the same name underneath can be another file. */
static void asked_again_after_a_change(void **state)
{
	attach(0);
	assert_in_range(calls_of(1), 1, 2);
	assert_ok(rename(BACK("dir/file"), BACK("dir/moved")));
	assert_false(exists(AT("dir/file")));
	file_write(BACK("dir/file"), "other");
	assert_true(exists(AT("dir/file")));
	file_is(AT("dir/file"), "other");
	assert_int_equal(calls_of(10), 0);
}

static void other_names_are_not_asked_again(void **state)
{
	attach(0);
	calls_of(1);
	file_write(AT("dir/moved"), "moved");
	assert_ok(unlink(AT("dir/moved")));
	file_write(BACK("dir/moved"), "moved");
	assert_int_equal(calls_of(10), 0);
}

/* Hidden from everybody, a name takes nothing along of what is below it. */
static void hides_from_paths_alone(void **state)
{
	char cwd[256], *was = getcwd(NULL, 0);

	attach(FUSE_BPF_F_REVALIDATE);
	strcpy(probe->name, "dir");
	assert_ok(mkdir(AT("dir/m"), 0755));
	assert_ok(mount("inner", AT("dir/m"), "tmpfs", 0, "size=64k"));
	file_write(AT("dir/m/mark"), "mark");
	assert_ok(chdir(AT("dir")));
	lookup->verdict[0] = -ENOENT;
	assert_false(exists(AT("dir")));
	assert_false(exists(AT("dir/m/mark")));
	assert_fails(try_open(AT("dir/new"), O_WRONLY | O_CREAT, 0644), ENOENT);
	assert_fails(mkdir(AT("dir"), 0755), EACCES);
	assert_fails(rename(AT("other"), AT("dir")), ENOENT);
	file_is("m/mark", "mark");
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_string_equal(cwd, AT("dir"));
	lookup->verdict[0] = 0;
	file_is(AT("dir/m/mark"), "mark");
	assert_ok(chdir(was));
	free(was);
}

static void make_file(void)
{
	file_write(AT("dir/new"), "");
}

static void make_by_mknod(void)
{
	assert_ok(mknod(AT("dir/new"), S_IFIFO | 0644, 0));
}

static void make_directory(void)
{
	assert_ok(mkdir(AT("dir/new"), 0755));
}

static void make_symlink(void)
{
	assert_ok(symlink("file", AT("dir/new")));
}

static void make_link(void)
{
	assert_ok(link(AT("dir/file"), AT("dir/new")));
}

static void (*const makers[])(void) = {
	make_file, make_by_mknod, make_directory, make_symlink, make_link,
};
#define MAKERS (sizeof(makers) / sizeof(makers[0]))

static __u64 calls_for_new(void)
{
	__u64 before = lookup->calls[0];
	struct stat st;

	for (int i = 0; i < 3; i++)
		lstat(AT("dir/new"), &st);
	return lookup->calls[0] - before;
}

/* What is hidden by what it is, and not by its name, is hidden as soon as it is made. */
static void made_after_a_look_at_nothing(void **state)
{
	attach(0);
	strcpy(probe->name, "new");
	for (size_t i = 0; i < MAKERS; i++) {
		lookup->verdict[0] = FUSE_BPF_BACKING | FUSE_BPF_POST;
		lookup->verdict[1] = 0;
		assert_int_not_equal(calls_for_new(), 0);
		makers[i]();
		lookup->verdict[1] = -ENOENT;
		assert_false(exists(AT("dir/new")));
		lookup->verdict[1] = 0;
		assert_int_not_equal(calls_for_new(), 0);
		assert_int_equal(calls_for_new(), 0);
		assert_ok(remove(AT("dir/new")));
	}
}

/* A program that goes by the name alone is not called for what is made under it. */
static void made_after_a_look_at_the_name(void **state)
{
	attach(0);
	strcpy(probe->name, "new");
	for (size_t i = 0; i < MAKERS; i++) {
		assert_int_not_equal(calls_for_new(), 0);
		assert_int_equal(calls_for_new(), 0);
		makers[i]();
		assert_int_equal(calls_for_new(), 0);
		assert_ok(remove(AT("dir/new")));
	}
}

/* A rename takes no answer along: what it said of the one name is not said of the other. */
static void renamed(void **state)
{
	attach(0);
	strcpy(probe->name, "new");
	calls_for_new();
	assert_ok(rename(AT("dir/file"), AT("dir/new")));
	lookup->verdict[0] = -ENOENT;
	assert_false(exists(AT("dir/new")));
	lookup->verdict[0] = 0;
	file_is(AT("dir/new"), "file");
	assert_int_equal(calls_for_new(), 0);
}

#define CACHE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CACHE(asked_once),
		CACHE(asked_once_for_hidden),
		CACHE(asked_on_every_walk),
		CACHE(grows_old),
		CACHE(asked_again_after_a_change),
		CACHE(other_names_are_not_asked_again),
		CACHE(hides_from_paths_alone),
		CACHE(made_after_a_look_at_nothing),
		CACHE(made_after_a_look_at_the_name),
		CACHE(renamed),
	};

	return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
