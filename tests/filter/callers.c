// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lookup answers that depend on the caller. Without FUSE_BPF_F_PER_CALLER in
 * fuse_bpf_find() the first caller's answer is everybody's; without
 * fuse_bpf_judge_entry() a user for whom a name is hidden detaches what root has
 * mounted below it.
 *
 * timeout: 240
 */
#include "test.h"

#include <sys/mount.h>

static const char *back, *at;
static struct set *set;
static size_t mounts;

#define AT(name) fmt("%s/" name, at)
#define BACK(name) fmt("%s/" name, back)

#define BOTH_PHASES(test)						\
static void test##_early(void **state) { start(state, "callers"); test(); } \
static void test##_late(void **state) { start(state, "callers_late"); test(); }

static void user(void)
{
	become(TEST_UID, TEST_GID);
}

static void start(void **state, const char *which)
{
	enum backing *kind = *state;

	mounts = mnt_count();
	umask(0);
	back = backing_dir(*kind, "callers");
	at = tmp_path("at");
	assert_ok(chmod(back, 0777));
	file_write(BACK("shown"), "shown");
	file_write(BACK("file.root"), "root's");
	assert_ok(mkdir(BACK("dir.root"), 0777));
	assert_ok(mkdir(BACK("dir.root/m"), 0777));
	file_write(BACK("dir.root/f"), "in it");
	assert_ok(chmod(BACK("shown"), 0666));
	set = set_attached("callers", which, NULL);
	mnt(back, at, fmt("ops=%s", which));
	mounts = mnt_count();
}

static int teardown(void **state)
{
	become_root();
	mnt_undo(mounts);
	test_teardown(state);
	remove_tree(back);
	umask(022);
	return 0;
}

static void root_sees(void)
{
	become_root();
	file_is(AT("file.root"), "root's");
	file_is(AT("dir.root/f"), "in it");
	assert_string_equal(names_in(at), "dir.root file.root shown");
}

static void user_does_not(void)
{
	user();
	assert_false(exists(AT("file.root")));
	assert_false(exists(AT("dir.root")));
	assert_false(exists(AT("dir.root/f")));
	assert_fails(try_open(AT("file.root"), O_RDONLY, 0), ENOENT);
	assert_fails(try_open(AT("dir.root/new"), O_WRONLY | O_CREAT, 0644), ENOENT);
	assert_string_equal(names_in(at), "shown");
	file_is(AT("shown"), "shown");
	become_root();
}

static void root_first(void)
{
	for (int i = 0; i < 3; i++) {
		root_sees();
		user_does_not();
	}
	assert_int_equal(ops_get(set->ops->name).errors, 0);
}

static void user_first(void)
{
	for (int i = 0; i < 3; i++) {
		user_does_not();
		root_sees();
	}
	drop_caches();
	user_does_not();
	root_sees();
}

BOTH_PHASES(root_first)
BOTH_PHASES(user_first)

static void cannot_be_made(const char *path)
{
	const char *shown = AT("shown");

	assert_fails(try_open(path, O_WRONLY | O_CREAT, 0644), EACCES);
	assert_fails(try_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644), EACCES);
	assert_fails(try_open(path, O_WRONLY | O_CREAT | O_EXCL, 0644), EACCES);
	assert_fails(mkdir(path, 0755), EACCES);
	assert_fails(mknod(path, S_IFIFO | 0644, 0), EACCES);
	assert_fails(symlink("shown", path), EACCES);
	assert_fails(link(shown, path), EACCES);
	assert_fails(rename(shown, path), EACCES);
	assert_fails(renameat2(AT_FDCWD, shown, AT_FDCWD, path, RENAME_NOREPLACE), EACCES);
}

static void cannot_be_used(const char *path)
{
	const char *shown = AT("shown"), *moved = AT("moved");

	assert_fails(unlink(path), ENOENT);
	assert_fails(rmdir(path), ENOENT);
	assert_fails(truncate(path, 0), ENOENT);
	assert_fails(chmod(path, 0), ENOENT);
	assert_fails(link(path, moved), ENOENT);
	assert_fails(rename(path, moved), ENOENT);
	assert_fails(renameat2(AT_FDCWD, shown, AT_FDCWD, path, RENAME_EXCHANGE), ENOENT);
}

static void refused_to_user(const char *path)
{
	user();
	cannot_be_used(path);
	cannot_be_made(path);
	cannot_be_used(path);
	become_root();
}

/* Whether or not it is there, and whoever's dentry of it is cached. */
static void making(void)
{
	static const char *const names[] = { "file.root", "dir.root", "absent.root" };

	for (size_t i = 0; i < 3; i++) {
		const char *path = fmt("%s/%s", at, names[i]);

		refused_to_user(path);
		exists(path);
		refused_to_user(path);
	}
	drop_caches();
	refused_to_user(AT("file.root"));
	refused_to_user(AT("absent.root"));
	root_sees();
	file_is(BACK("shown"), "shown");
	file_is(BACK("file.root"), "root's");
	assert_false(exists(BACK("absent.root")));
}

BOTH_PHASES(making)

/* An absence of one kind does not stand for the other, nor what comes after it. */
static void absences(void)
{
	for (int i = 0; i < 3; i++) {
		user();
		assert_false(exists(AT("new.root")));
		become_root();
		assert_false(exists(AT("new.root")));
		file_write(AT("new.root"), "made");
		user();
		assert_false(exists(AT("new.root")));
		assert_fails(try_open(AT("new.root"), O_RDWR | O_CREAT, 0644), EACCES);
		become_root();
		file_is(AT("new.root"), "made");
		assert_ok(unlink(AT("new.root")));
		assert_false(exists(BACK("new.root")));
	}
	user();
	assert_false(exists(AT("new")));
	become_root();
	assert_ok(rename(AT("file.root"), AT("new")));
	user();
	file_is(AT("new"), "root's");
	become_root();
	assert_ok(rename(AT("new"), AT("file.root")));
	user_does_not();
	root_sees();
}

BOTH_PHASES(absences)

static void mark_below(const char *dir)
{
	assert_ok(mount("inner", fmt("%s/m", dir), "tmpfs", 0, "size=64k"));
	file_write(fmt("%s/m/mark", dir), "mark");
}

/* The mount, the working directory and the open file that root has there stay. */
static void what_is_below_stays(void)
{
	char cwd[256], *was = getcwd(NULL, 0);
	int fd;

	mark_below(AT("dir.root"));
	assert_ok(chdir(AT("dir.root")));
	fd = open("f", O_RDONLY);
	assert_ok(fd);
	for (int i = 0; i < 3; i++) {
		user_does_not();
		user();
		assert_false(exists(AT("dir.root/m/mark")));
		file_is("f", "in it");
		become_root();
		file_is(AT("dir.root/m/mark"), "mark");
		assert_non_null(getcwd(cwd, sizeof(cwd)));
		assert_string_equal(cwd, AT("dir.root"));
		file_is("../dir.root/f", "in it");
	}
	assert_ok(close(fd));
	assert_ok(chdir(was));
	free(was);
}

BOTH_PHASES(what_is_below_stays)

/* A handle leads past what a set hides, so there are none unless it says otherwise. */
static void handles(void **state)
{
	struct file_handle handle = { .handle_bytes = 0 };

	start(state, "callers");
	assert_fails(name_to_handle_at(AT_FDCWD, AT("file.root"), &handle, &(int){ 0 }, 0), EOPNOTSUPP);
}

/* Under "ruled" root has no programs, and others have these: "f.root" in it is root's to see. */
static void make_ruled(void)
{
	assert_ok(mkdir(BACK("ruled"), 0777));
	file_write(BACK("ruled/f.root"), "text");
}

static void sees_f(void)
{
	file_is(AT("ruled/f.root"), "text");
}

static void sees_no_f(void)
{
	assert_fails(try_open(AT("ruled/f.root"), O_RDONLY, 0), ENOENT);
}

/* One error for one walk. */
static void is_refused(const char *path)
{
	uint64_t before = ops_get(set->ops->name).errors;

	assert_fails(try_open(path, O_RDONLY, 0), EIO);
	assert_int_equal(ops_get(set->ops->name).errors, before + 1);
}

/* What refusals log is limited: one that comes later shows it. */
static bool refusal_is_logged(void *kmsg)
{
	assert_fails(try_open(AT("ruled/f.root"), O_RDONLY, 0), EIO);
	return kmsg_has(*(int *)kmsg, "callers: program for lookup gave other child rules");
}

/* One inode cannot be under two policies: who comes second is refused, and loses nothing. */
static void rules_must_agree(void **state)
{
	int kmsg;

	start(state, "callers");
	make_ruled();
	assert_ok(mkdir(BACK("ruled/m"), 0777));
	sees_f();
	mark_below(AT("ruled"));
	kmsg = kmsg_open();
	user();
	is_refused(AT("ruled/f.root"));
	assert_true(wait_for(2 * SOON, refusal_is_logged, &kmsg));
	become_root();
	close(kmsg);
	file_is(AT("ruled/m/mark"), "mark");
	sees_f();
	assert_ok(umount(AT("ruled/m")));
	drop_caches();
	user();
	sees_no_f();
}

/* ... of one set: the next one's first caller is not bound by what the last one's were told. */
static void rules_of_a_replaced_set(void **state)
{
	struct set *next;

	start(state, "callers");
	make_ruled();
	next = set_open("callers", "callers", NULL);
	set_load(next);
	for (int i = 0; i < 2; i++) {
		sees_f();
		user();
		is_refused(AT("ruled/f.root"));
		become_root();
		assert_int_equal(set_try_update(set, next), 0);
		user();
		sees_no_f();
		become_root();
		is_refused(AT("ruled/f.root"));
		assert_int_equal(set_try_update(set, set), 0);
	}
}

/* Names that were found, hidden and absent under one set, and under the next. */
static void after_an_update(void)
{
	struct set *next = set_open("hide", "hide", set->ops->name);

	set_load(next);
	for (int i = 0; i < 2; i++) {
		user_does_not();
		root_sees();
		assert_int_equal(set_try_update(set, next), 0);
		user();
		assert_ok(access(AT("file.root"), F_OK));
		file_is(AT("dir.root/f"), "in it");
		file_write(AT("made.root"), "made");
		assert_ok(unlink(AT("made.root")));
		become_root();
		root_sees();
		assert_int_equal(set_try_update(set, set), 0);
		refused_to_user(AT("made.root"));
	}
	assert_int_equal(ops_get(set->ops->name).errors, 0);
}

BOTH_PHASES(after_an_update)

/* What is made is under the rule of the caller who makes it, whichever caller found the name absent. */
static void rules_of_what_is_made(void **state)
{
	start(state, "callers");
	user();
	assert_false(exists(AT("ruled")));
	assert_false(exists(AT("ruled.file")));
	become_root();
	assert_ok(mkdir(AT("ruled"), 0777));
	file_write(BACK("ruled/f.root"), "text");
	sees_f();
	file_write(AT("ruled.file"), "text");
	file_is(AT("ruled.file"), "text");
	user();
	is_refused(AT("ruled/f.root"));
	is_refused(AT("ruled.file"));
	become_root();
	remove_tree(AT("ruled"));
	assert_ok(unlink(AT("ruled.file")));

	assert_false(exists(AT("ruled")));
	assert_false(exists(AT("ruled.file")));
	user();
	assert_ok(mkdir(AT("ruled"), 0777));
	file_write(AT("ruled.file"), "text");
	file_is(AT("ruled.file"), "text");
	become_root();
	file_write(BACK("ruled/f.root"), "text");
	user();
	sees_no_f();
	assert_fails(try_open(AT("ruled/f.root"), O_WRONLY | O_CREAT, 0644), EACCES);
	become_root();
	is_refused(AT("ruled/f.root"));
	is_refused(AT("ruled.file"));
}

/* Without the flag, too: a directory keeps its rules while it is cached. */
static void rules_of_a_directory_stay(void **state)
{
	start(state, "callers");
	umnt(at);
	set_free(set);
	set = set_open("callers", "callers", "changing");
	set->ops->flags = FUSE_BPF_F_REVALIDATE;
	set_load(set);
	set_attach(set);
	mnt(back, at, "ops=changing");
	make_ruled();
	for (int i = 0; i < 2; i++) {
		sees_f();
		user();
		is_refused(AT("ruled/f.root"));
		become_root();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_first_early),
		cmocka_unit_test(root_first_late),
		cmocka_unit_test(user_first_early),
		cmocka_unit_test(user_first_late),
		cmocka_unit_test(making_early),
		cmocka_unit_test(making_late),
		cmocka_unit_test(absences_early),
		cmocka_unit_test(absences_late),
		cmocka_unit_test(what_is_below_stays_early),
		cmocka_unit_test(what_is_below_stays_late),
		cmocka_unit_test(after_an_update_early),
		cmocka_unit_test(after_an_update_late),
		cmocka_unit_test(handles),
		cmocka_unit_test(rules_must_agree),
		cmocka_unit_test(rules_of_a_replaced_set),
		cmocka_unit_test(rules_of_what_is_made),
		cmocka_unit_test(rules_of_a_directory_stay),
	};

	return run_on_backings("callers", tests, sizeof(tests) / sizeof(tests[0]), teardown);
}
