// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hidden names: without the mark on the dentry, making a hidden name ends in
 * ENOENT or overwrites the file that is there.
 */
#include "test.h"

static const char *back, *at;
static struct set *set;

static void hide_name(const char *name)
{
	char key[64] = {};
	__u32 one = 1;

	snprintf(key, sizeof(key), "%s", name);
	assert_ok(bpf_map_update_elem(set_map_fd(set, "names"), key, &one, BPF_ANY));
}

static void start(void **state, const char *which)
{
	enum backing *kind = *state;

	back = backing_dir(*kind, "hide");
	at = tmp_path("at");
	file_write(fmt("%s/shown", back), "shown");
	file_write(fmt("%s/glob.hid", back), "hidden");
	file_write(fmt("%s/by-key", back), "hidden");
	assert_ok(mkdir(fmt("%s/dir", back), 0755));
	assert_ok(mkdir(fmt("%s/dir.hid", back), 0755));
	file_write(fmt("%s/dir/in.hid", back), "hidden");
	set = set_attached("hide", which, NULL);
	hide_name("by-key");
	hide_name("absent");
	mnt(back, at, fmt("ops=%s", which));
}

static int teardown(void **state)
{
	test_teardown(state);
	remove_tree(back);
	return 0;
}

static void is_hidden(const char *name)
{
	const char *path = fmt("%s/%s", at, name);
	char buf[8];

	assert_false(exists(path));
	assert_fails(access(path, F_OK), ENOENT);
	assert_fails(try_open(path, O_RDONLY, 0), ENOENT);
	assert_fails(try_open(path, O_WRONLY | O_TRUNC, 0), ENOENT);
	assert_fails(truncate(path, 0), ENOENT);
	assert_fails(chmod(path, 0), ENOENT);
	assert_fails(readlink(path, buf, sizeof(buf)), ENOENT);
	assert_fails(unlink(path), ENOENT);
	assert_fails(rmdir(path), ENOENT);
	assert_fails(rename(path, fmt("%s/dir/moved", at)), ENOENT);
	assert_fails(link(path, fmt("%s/dir/moved", at)), ENOENT);
	assert_fails(renameat2(AT_FDCWD, fmt("%s/shown", at), AT_FDCWD, path, RENAME_EXCHANGE), ENOENT);
}

static void cannot_be_made(const char *name)
{
	const char *path = fmt("%s/%s", at, name), *shown = fmt("%s/shown", at);

	assert_fails(try_open(path, O_WRONLY | O_CREAT, 0644), EACCES);
	assert_fails(try_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644), EACCES);
	assert_fails(try_open(path, O_WRONLY | O_CREAT | O_EXCL, 0644), EACCES);
	assert_fails(mkdir(path, 0755), EACCES);
	assert_fails(mknod(path, S_IFIFO | 0644, 0), EACCES);
	assert_fails(mknod(path, S_IFREG | 0644, 0), EACCES);
	assert_fails(symlink("shown", path), EACCES);
	assert_fails(link(shown, path), EACCES);
	assert_fails(rename(shown, path), EACCES);
	assert_fails(renameat2(AT_FDCWD, shown, AT_FDCWD, path, RENAME_NOREPLACE), EACCES);
	assert_false(exists(path));
}

static void backing_unchanged(void)
{
	struct stat st;

	assert_string_equal(names_in(back), "by-key dir dir.hid glob.hid shown");
	assert_string_equal(names_in(fmt("%s/dir", back)), "in.hid");
	file_is(fmt("%s/glob.hid", back), "hidden");
	file_is(fmt("%s/by-key", back), "hidden");
	file_is(fmt("%s/shown", back), "shown");
	assert_ok(stat(fmt("%s/shown", back), &st));
	assert_int_equal(st.st_nlink, 1);
	assert_ok(stat(fmt("%s/glob.hid", back), &st));
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(st.st_mode & 07777, 0644);
}

static void check(void)
{
	static const char *const hidden[] = { "glob.hid", "by-key", "dir.hid" };
	size_t i;

	assert_string_equal(names_in(at), "dir shown");
	assert_string_equal(names_in(fmt("%s/dir", at)), "");
	for (i = 0; i < 3; i++) {
		is_hidden(hidden[i]);
		cannot_be_made(hidden[i]);
		is_hidden(hidden[i]);
	}
	cannot_be_made("absent");
	cannot_be_made("absent.hid");
	is_hidden("absent.hid");
	assert_fails(try_open(fmt("%s/dir.hid/new", at), O_WRONLY | O_CREAT, 0644), ENOENT);
	assert_fails(rmdir(fmt("%s/dir", at)), ENOTEMPTY);
	file_is(fmt("%s/shown", at), "shown");
	backing_unchanged();
	assert_int_equal(ops_get(set->ops->name).errors, 0);
}

static void by_errno(void **state)
{
	start(state, "hide");
	check();
}

static void by_reply(void **state)
{
	start(state, "hide_by_reply");
	check();
}

static void in_the_post_phase(void **state)
{
	start(state, "hide_late");
	check();
}

/* A file that is open, or that another name leads to, stays reachable that way alone. */
static void names_not_files(void **state)
{
	start(state, "hide");
	assert_ok(unlink(fmt("%s/glob.hid", back)));
	assert_ok(link(fmt("%s/shown", back), fmt("%s/glob.hid", back)));
	is_hidden("glob.hid");
	file_is(fmt("%s/shown", at), "shown");
	file_write(fmt("%s/shown", at), "written");
	file_is(fmt("%s/glob.hid", back), "written");
}

/* A rename through the mount makes a name neither hidden nor shown by itself. */
static void rename_of_what_is_shown(void **state)
{
	start(state, "hide");
	assert_ok(rename(fmt("%s/shown", at), fmt("%s/dir/moved", at)));
	file_is(fmt("%s/dir/moved", back), "shown");
	assert_fails(rename(fmt("%s/dir/moved", at), fmt("%s/dir/in.hid", at)), EACCES);
	file_is(fmt("%s/dir/in.hid", back), "hidden");
	assert_string_equal(names_in(fmt("%s/dir", at)), "moved");
	assert_ok(rename(fmt("%s/dir/moved", at), fmt("%s/shown", at)));
	check();
}

/* What is renamed underneath is shown or hidden by its new name. */
static void rename_underneath(void **state)
{
	start(state, "hide");
	is_hidden("glob.hid");
	assert_true(exists(fmt("%s/shown", at)));
	assert_ok(rename(fmt("%s/shown", back), fmt("%s/shown.hid", back)));
	assert_ok(rename(fmt("%s/glob.hid", back), fmt("%s/shown", back)));
	assert_ok(rename(fmt("%s/shown.hid", back), fmt("%s/glob.hid", back)));
	is_hidden("glob.hid");
	is_hidden("shown.hid");
	file_is(fmt("%s/shown", at), "hidden");
	assert_string_equal(names_in(at), "dir shown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_errno),
		cmocka_unit_test(by_reply),
		cmocka_unit_test(in_the_post_phase),
		cmocka_unit_test(names_not_files),
		cmocka_unit_test(rename_of_what_is_shown),
		cmocka_unit_test(rename_underneath),
	};

	return run_on_backings("hide", tests, sizeof(tests) / sizeof(tests[0]), teardown);
}
