// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a child inherits: without the ops and the mask in the inode's key a
 * rename or a hard link carries a file under another directory's policy.
 */
#include "test.h"

#include <sys/mount.h>
#include <sys/xattr.h>

static const char *back, *at;
static __s32 *chosen;

#define AT(name) fmt("%s/" name, at)
#define BACK(name) fmt("%s/" name, back)

static void start_with(void **state, __u32 flags, bool looks)
{
	static const char *const dirs[] = { "free", "some", "plain", "plain/deep", "free/deep" };
	enum backing *kind = *state;
	struct set *set;
	size_t i;

	back = backing_dir(*kind, "child");
	at = tmp_path("at");
	for (i = 0; i < 5; i++) {
		assert_ok(mkdir(fmt("%s/%s", back, dirs[i]), 0755));
		file_write(fmt("%s/%s/file", back, dirs[i]), dirs[i]);
		file_write(fmt("%s/%s/hidden", back, dirs[i]), dirs[i]);
	}
	set = set_open("child", NULL, NULL);
	set->ops->flags = flags;
	if (!looks)
		set->ops->lookup = NULL;
	set_load(set);
	set_attach(set);
	chosen = set->globals;
	mnt(back, at, "ops=child");
}

static void start(void **state)
{
	start_with(state, 0, true);
}

static int teardown(void **state)
{
	test_teardown(state);
	remove_tree(back);
	return 0;
}

static void is_full(const char *dir)
{
	assert_fails(chmod(fmt("%s/%s/file", at, dir), 0600), EPERM);
	assert_fails(try_open(fmt("%s/%s/file", at, dir), O_RDONLY, 0), EPERM);
	assert_fails(try_open(fmt("%s/%s/hidden", at, dir), O_RDONLY, 0), ENOENT);
}

static void is_free(const char *dir, const char *text)
{
	assert_ok(chmod(fmt("%s/%s/file", at, dir), 0600));
	file_is(fmt("%s/%s/file", at, dir), text);
	file_is(fmt("%s/%s/hidden", at, dir), text);
}

static void is_refused_chmod(const char *file)
{
	assert_fails(chmod(file, 0600), EPERM);
}

static void inherited(void **state)
{
	start(state);
	is_full("plain");
	is_full("plain/deep");
}

static void none(void **state)
{
	struct ops_line before;

	start(state);
	before = ops_get("child");
	is_free("free", "free");
	is_free("free/deep", "free/deep");
	assert_int_equal(ops_get("child").inodes, before.inodes);
}

static void masked(void **state)
{
	start(state);
	assert_fails(chmod(AT("some/file"), 0600), EPERM);
	file_is(AT("some/file"), "some");
	file_is(AT("some/hidden"), "some");
}

static void of_what_is_made(void **state)
{
	start(state);
	assert_ok(mkdir(AT("free-made"), 0755));
	assert_int_equal(chosen[0], -EINVAL);
	assert_int_equal(chosen[1], -EINVAL);
	assert_int_equal(chosen[2], -EINVAL);
	assert_int_equal(chosen[3], 0);
	file_write(AT("free-made/file"), "free-made");
	file_write(AT("free-made/hidden"), "free-made");
	is_free("free-made", "free-made");
	assert_ok(mkdir(AT("some-made"), 0755));
	file_write(AT("some-made/hidden"), "some-made");
	assert_fails(chmod(AT("some-made/hidden"), 0600), EPERM);
	assert_ok(mkdir(AT("made"), 0755));
	assert_fails(try_open(AT("made/hidden"), O_WRONLY | O_CREAT, 0644), EACCES);
}

/* Too late to choose, and the answer is no success that has no effect. */
static void not_after_it_is_made(void **state)
{
	start(state);
	assert_ok(mkdir(AT("plain-made"), 0755));
	assert_int_equal(chosen[2], -EINVAL);
	assert_fails(try_open(AT("plain-made/new"), O_WRONLY | O_CREAT, 0644), EPERM);
	assert_true(exists(BACK("plain-made/new")));
	is_refused_chmod(AT("plain-made/new"));
}

/* Nor by who makes it, where each caller's lookup chooses: the next one would choose otherwise. */
static void not_where_callers_differ(void **state)
{
	start_with(state, FUSE_BPF_F_PER_CALLER, true);
	assert_ok(mkdir(AT("plain-made"), 0755));
	assert_int_equal(chosen[3], -EINVAL);
	assert_ok(mkdir(AT("free-made"), 0755));
	assert_int_equal(chosen[3], -EINVAL);
	file_write(AT("free-made/file"), "free-made");
	file_write(AT("free-made/hidden"), "free-made");
	is_free("free-made", "free-made");
}

/* The rules of a directory that is cached last: others would take along what is mounted below it. */
static void rules_that_change(void **state)
{
	struct stat st, mounted;

	start_with(state, FUSE_BPF_F_REVALIDATE, true);
	is_free("free", "free");
	assert_ok(rename(BACK("some/file"), BACK("plain/free-file")));
	file_is(AT("plain/free-file"), "some");
	assert_ok(mount("none", AT("free/deep"), "tmpfs", 0, NULL));
	assert_ok(stat(AT("free/deep"), &mounted));
	chosen[4] = 1;
	assert_fails(stat(AT("free"), &st), EIO);
	assert_fails(stat(AT("free/deep"), &st), EIO);
	assert_int_equal(ops_get("child").errors, 2);
	/* A file's is dropped, with nothing attached to it. */
	assert_fails(try_open(AT("plain/free-file"), O_RDONLY, 0), EPERM);
	chosen[4] = 0;
	assert_ok(stat(AT("free/deep"), &st));
	assert_int_equal(st.st_dev, mounted.st_dev);
	assert_ok(umount(AT("free/deep")));
	is_free("free", "free");
}

/* Bits of operations that there are not: they are in a mask's complement, and mean nothing. */
static void bits_of_no_operation(void **state)
{
	start(state);
	assert_ok(mkdir(AT("most"), 0755));
	assert_ok(mkdir(AT("odd"), 0755));
	assert_ok(mkdir(AT("all"), 0755));
	file_write(AT("most/file"), "most");
	file_is(AT("most/file"), "most");
	is_refused_chmod(AT("most/file"));
	assert_fails(try_open(AT("most/hidden"), O_RDONLY, 0), ENOENT);
	assert_ok(rename(AT("most/file"), AT("odd/file")));
	file_is(AT("odd/file"), "most");
	is_refused_chmod(AT("odd/file"));
	assert_fails(rename(AT("odd/file"), AT("all/file")), EXDEV);
	assert_ok(rename(AT("plain/file"), AT("all/file")));
	is_full("all");
}

static void nothing_crosses(void **state)
{
	start(state);
	assert_fails(rename(AT("free/file"), AT("plain/moved")), EXDEV);
	assert_fails(rename(AT("plain/file"), AT("free/moved")), EXDEV);
	assert_fails(link(AT("free/file"), AT("plain/moved")), EXDEV);
	assert_fails(link(AT("plain/file"), AT("free/moved")), EXDEV);
	assert_fails(renameat2(AT_FDCWD, AT("free/file"), AT_FDCWD, AT("plain/file"), RENAME_EXCHANGE),
		     EXDEV);
	file_is(BACK("free/file"), "free");
	file_is(BACK("plain/file"), "plain");
	assert_false(exists(BACK("plain/moved")));
	assert_false(exists(BACK("free/moved")));
	assert_ok(rename(AT("free/file"), AT("free/deep/moved")));
	assert_ok(link(AT("free/deep/moved"), AT("free/file")));
	is_free("free", "free");
	assert_ok(rename(AT("plain/file"), AT("plain/deep/moved")));
	assert_ok(link(AT("plain/deep/moved"), AT("plain/file")));
	is_full("plain");
}

/* One file, a name in each world: each name obeys its own. */
static void two_names_of_one_file(void **state)
{
	struct stat st;

	start(state);
	assert_ok(link(BACK("free/file"), BACK("plain/same")));
	assert_ok(link(BACK("free/file"), BACK("some/same")));
	file_is(AT("free/file"), "free");
	assert_fails(try_open(AT("plain/same"), O_RDONLY, 0), EPERM);
	assert_fails(chmod(AT("plain/same"), 0600), EPERM);
	assert_fails(chmod(AT("some/same"), 0600), EPERM);
	file_is(AT("some/same"), "free");
	file_write(AT("free/file"), "both");
	file_is(AT("some/same"), "both");
	assert_ok(stat(AT("free/file"), &st));
	assert_int_equal(st.st_nlink, 3);
}

/* A directory moved underneath obeys the name that it has then. */
static void moved_underneath(void **state)
{
	start(state);
	is_full("plain/deep");
	is_free("free/deep", "free/deep");
	assert_ok(rename(BACK("plain/deep"), BACK("free/was-plain")));
	assert_ok(rename(BACK("free/deep"), BACK("plain/was-free")));
	is_free("free/was-plain", "plain/deep");
	is_full("plain/was-free");
}

/* A directory whose name chooses is not renamed to one that chooses otherwise. */
static void renamed_to_another_choice(void **state)
{
	start(state);
	file_is(AT("free/file"), "free");
	if (rename(AT("free"), AT("taken"))) {
		assert_int_equal(errno, EXDEV);
		assert_true(exists(BACK("free")));
		is_free("free", "free");
	} else {
		assert_true(exists(BACK("taken")));
		is_full("taken");
	}
}

/* Without a lookup program what mkdir chose stays with the directory, whatever its name becomes. */
static void chosen_as_it_was_made(void **state)
{
	static const unsigned int flags[] = { RENAME_EXCHANGE, 0 };
	struct stat st;

	start_with(state, 0, false);
	assert_ok(mkdir(AT("some-a"), 0755));
	assert_ok(mkdir(AT("some-b"), 0755));
	file_write(AT("some-b/file"), "some");
	for (int i = 0; i < 2; i++) {
		assert_ok(renameat2(AT_FDCWD, AT("some-b"), AT_FDCWD, AT("some-a"), flags[i]));
		assert_ok(stat(AT("some-a"), &st));
		assert_int_equal(exists(AT("some-b")), !i);
		file_is(AT("some-a/file"), "some");
		is_refused_chmod(AT("some-a/file"));
		if (!i)
			assert_ok(renameat2(AT_FDCWD, AT("some-b"), AT_FDCWD, AT("some-a"), flags[i]));
	}
	assert_int_equal(ops_get("child").errors, 0);
}

/* A program refuses a change of owner: it takes nothing from the file. */
static void refused_chown_keeps_capabilities(void **state)
{
	/* cap_net_raw+ep, revision 2 */
	static const uint32_t cap[5] = { 0x02000001, 1 << 13, 0, 0, 0 };
	char value[32];

	start(state);
	assert_ok(setxattr(BACK("plain/file"), "security.capability", cap, sizeof(cap), 0));
	assert_fails(chown(AT("plain/file"), 1, 1), EPERM);
	assert_int_equal(getxattr(BACK("plain/file"), "security.capability", value, sizeof(value)),
			 sizeof(cap));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inherited),
		cmocka_unit_test(none),
		cmocka_unit_test(masked),
		cmocka_unit_test(rules_that_change),
		cmocka_unit_test(of_what_is_made),
		cmocka_unit_test(not_after_it_is_made),
		cmocka_unit_test(not_where_callers_differ),
		cmocka_unit_test(bits_of_no_operation),
		cmocka_unit_test(nothing_crosses),
		cmocka_unit_test(two_names_of_one_file),
		cmocka_unit_test(moved_underneath),
		cmocka_unit_test(renamed_to_another_choice),
		cmocka_unit_test(chosen_as_it_was_made),
		cmocka_unit_test(refused_chown_keeps_capabilities),
	};

	return run_on_backings("child", tests, sizeof(tests) / sizeof(tests[0]), teardown);
}
