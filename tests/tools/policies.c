// SPDX-License-Identifier: GPL-2.0-only
/*
 * The policies and examples that are shipped in bpf/: each does what its header
 * says, and a change that it refuses has not happened.
 */
#include "test.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/xattr.h>

static const char *back, *at;

#define AT(name) fmt("%s/" name, at)
#define BACK(name) fmt("%s/" name, back)

static int setup(void **state)
{
	back = tmp_dir("back");
	at = tmp_dir("at");
	return 0;
}

static int teardown(void **state)
{
	test_teardown(state);
	remove_tree(back);
	remove_tree(at);
	return 0;
}

/* kind is policies or examples; the set has the name of its file. */
static struct set *shipped(const char *kind, const char *name)
{
	return set_attached(fmt("../../../bpf/%s/%s", kind, name), NULL, NULL);
}

static void start(const char *kind, const char *name)
{
	shipped(kind, name);
	mnt(back, at, fmt("ops=%s", name));
}

/* A file with an attribute, a directory, and a link to the file. */
static void make_tree(struct stat *st)
{
	file_write(BACK("file"), "text");
	assert_ok(chmod(BACK("file"), 0640));
	assert_ok(mkdir(BACK("dir"), 0755));
	assert_ok(symlink("file", BACK("link")));
	assert_ok(setxattr(BACK("file"), "trusted.color", "red", 3, 0));
	assert_ok(stat(BACK("file"), st));
}

static void tree_is(const struct stat *was)
{
	struct stat st;
	char color[8];

	assert_string_equal(names_in(back), "dir file link");
	file_is(BACK("file"), "text");
	assert_int_equal(getxattr(BACK("file"), "trusted.color", color, sizeof(color)), 3);
	assert_memory_equal(color, "red", 3);
	assert_ok(stat(BACK("file"), &st));
	assert_int_equal(st.st_mode, was->st_mode);
	assert_int_equal(st.st_uid, was->st_uid);
	assert_int_equal(st.st_nlink, was->st_nlink);
	assert_int_equal(st.st_mtim.tv_sec, was->st_mtim.tv_sec);
	assert_int_equal(st.st_mtim.tv_nsec, was->st_mtim.tv_nsec);
	assert_int_equal(st.st_ctim.tv_sec, was->st_ctim.tv_sec);
	assert_int_equal(st.st_ctim.tv_nsec, was->st_ctim.tv_nsec);
}

static void readonly_refuses_changes(void **state)
{
	struct stat st;
	int fd, flags;

	make_tree(&st);
	start("policies", "readonly");
	assert_fails(chmod(AT("file"), 0777), EROFS);
	assert_fails(chown(AT("file"), 1, 1), EROFS);
	assert_fails(truncate(AT("file"), 0), EROFS);
	assert_fails(utimensat(AT_FDCWD, AT("file"), NULL, 0), EROFS);
	assert_fails(mknod(AT("new"), S_IFIFO | 0600, 0), EROFS);
	assert_fails(mkdir(AT("new"), 0700), EROFS);
	assert_fails(symlink("file", AT("new")), EROFS);
	assert_fails(link(AT("file"), AT("new")), EROFS);
	assert_fails(unlink(AT("file")), EROFS);
	assert_fails(rmdir(AT("dir")), EROFS);
	assert_fails(rename(AT("file"), AT("new")), EROFS);
	assert_fails(try_open(AT("new"), O_CREAT | O_WRONLY, 0600), EROFS);
	assert_fails(try_open(AT("dir"), O_TMPFILE | O_RDWR, 0600), EROFS);
	assert_fails(try_open(AT("file"), O_WRONLY, 0), EROFS);
	assert_fails(try_open(AT("file"), O_RDWR, 0), EROFS);
	assert_fails(try_open(AT("file"), O_RDONLY | O_TRUNC, 0), EROFS);
	assert_fails(setxattr(AT("file"), "trusted.color", "blue", 4, 0), EROFS);
	assert_fails(removexattr(AT("file"), "trusted.color"), EROFS);
	fd = open(AT("file"), O_RDONLY);
	assert_ok(fd);
	assert_ok(ioctl(fd, FS_IOC_GETFLAGS, &flags));
	flags |= FS_NODUMP_FL;
	assert_fails(ioctl(fd, FS_IOC_SETFLAGS, &flags), EROFS);
	assert_ok(close(fd));
	tree_is(&st);
}

static void readonly_lets_reading_pass(void **state)
{
	char color[8], target[8];
	struct stat st;
	int fd;

	make_tree(&st);
	start("policies", "readonly");
	assert_string_equal(names_in(at), "dir file link");
	file_is(AT("file"), "text");
	assert_int_equal(getxattr(AT("file"), "trusted.color", color, sizeof(color)), 3);
	assert_int_equal(readlink(AT("link"), target, sizeof(target)), 4);
	assert_int_equal(file_mode(AT("file")) & 07777, 0640);
	fd = open(AT("file"), O_RDONLY);
	assert_ok(fd);
	assert_int_equal(isatty(fd), 0);
	assert_int_equal(errno, ENOTTY);
	assert_ok(close(fd));
	tree_is(&st);
}

/* What was open for writing before the policy came. */
static void readonly_stops_open_files(void **state)
{
	struct set *none = set_attached("nop", NULL, "readonly");
	struct set *set = set_open("../../../bpf/policies/readonly", NULL, NULL);
	loff_t from = 0, to = 0;
	int fd, source;

	file_write(BACK("file"), "text");
	file_write(BACK("source"), "other");
	mnt(back, at, "ops=readonly");
	fd = open(AT("file"), O_RDWR);
	source = open(AT("source"), O_RDONLY);
	assert_ok(fd);
	assert_ok(source);
	assert_int_equal(pwrite(fd, "T", 1, 0), 1);
	set_load(set);
	assert_int_equal(set_try_update(none, set), 0);
	assert_fails(pwrite(fd, "x", 1, 0), EROFS);
	assert_fails(ftruncate(fd, 0), EROFS);
	assert_fails(fallocate(fd, 0, 0, 4096), EROFS);
	assert_fails(copy_file_range(source, &from, fd, &to, 5, 0), EROFS);
	assert_ok(close(source));
	assert_ok(close(fd));
	file_is(BACK("file"), "Text");
}

static void hide_hides(void **state)
{
	assert_ok(mkdir(BACK("dir"), 0755));
	assert_ok(mkdir(BACK(".vault"), 0755));
	file_write(BACK(".vault/key"), "k");
	file_write(BACK("dir/a.secret"), "a");
	file_write(BACK("dir/b"), "b");
	start("policies", "hide");
	assert_string_equal(names_in(at), "dir");
	assert_string_equal(names_in(AT("dir")), "b");
	assert_false(exists(AT("dir/a.secret")));
	assert_false(exists(AT(".vault")));
	assert_fails(try_open(AT(".vault/key"), O_RDONLY, 0), ENOENT);
	assert_fails(unlink(AT("dir/a.secret")), ENOENT);
	assert_fails(try_open(AT("dir/a.secret"), O_CREAT | O_WRONLY, 0600), EACCES);
	assert_fails(mkdir(AT("dir/.vault"), 0700), EACCES);
	assert_fails(rename(AT("dir/b"), AT("dir/a.secret")), EACCES);
	assert_fails(link(AT("dir/b"), AT("dir/c.secret")), EACCES);
	assert_string_equal(names_in(BACK("dir")), "a.secret b");
	file_is(BACK("dir/a.secret"), "a");
	file_is(BACK("dir/b"), "b");
}

static void owner_rewrites_mode_and_owner(void **state)
{
	struct stat st;

	file_write(BACK("file"), "text");
	assert_ok(chmod(BACK("file"), 0666));
	start("examples", "owner");
	assert_ok(stat(AT("file"), &st));
	assert_int_equal(st.st_uid, 1000);
	assert_int_equal(st.st_gid, 1000);
	assert_int_equal(st.st_mode, S_IFREG | 0644);
	become(TEST_UID + 1, TEST_GID + 1);
	assert_fails(try_open(AT("file"), O_WRONLY, 0), EACCES);
	become_root();
	become(1000, 1000);
	assert_ok(try_open(AT("file"), O_WRONLY, 0));
	become_root();
	assert_ok(stat(BACK("file"), &st));
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(st.st_mode, S_IFREG | 0666);
}

static bool shows_5_bytes(void *path)
{
	struct stat st;

	assert_ok(stat(path, &st));
	return st.st_size == 5;
}

/* An answer that took longer than it lives proves nothing: then it is asked again. */
static void statcache_answers_for_a_second(void **state)
{
	struct stat st;
	uint64_t began;
	int tries = 0;

	start("examples", "statcache");
	do {
		const char *at_file = fmt("%s/%d", at, ++tries);
		const char *back_file = fmt("%s/%d", back, tries);

		assert_in_range(tries, 1, 5);
		file_write(back_file, "1");
		began = now_ms();
		assert_ok(stat(at_file, &st));
		assert_int_equal(st.st_size, 1);
		file_write(back_file, "12345");
		assert_ok(stat(at_file, &st));
		if (now_ms() - began < 1000)
			assert_int_equal(st.st_size, 1);
		assert_true(wait_for(5000, shows_5_bytes, (void *)at_file));
	} while (st.st_size != 1);
	assert_int_equal(ops_get("statcache").errors, 0);
}

/* Write until it fails. */
static int fill(const char *path)
{
	static const char page[4096];
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600), err = 0;

	assert_ok(fd);
	for (int i = 0; !err && i < 64; i++)
		if (write(fd, page, sizeof(page)) < 0)
			err = errno;
	assert_ok(close(fd));
	return err;
}

/* The small filesystem lives on in our mounts of it. */
static void quota_rewrites_enospc(void **state)
{
	const char *plain = tmp_dir("plain");

	shipped("examples", "quota");
	assert_ok(mount("tmpfs", back, "tmpfs", 0, "size=64k"));
	mnt(back, at, "ops=quota");
	mnt(back, plain, "");
	assert_ok(umount2(back, MNT_DETACH));
	assert_int_equal(fill(fmt("%s/file", plain)), ENOSPC);
	assert_int_equal(fill(AT("file")), EDQUOT);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(readonly_refuses_changes),
		TEST(readonly_lets_reading_pass),
		TEST(readonly_stops_open_files),
		TEST(hide_hides),
		TEST(owner_rewrites_mode_and_owner),
		TEST(statcache_answers_for_a_second),
		TEST(quota_rewrites_enospc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
