// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who keeps whom alive: without the map's reference on the module rmmod pulls
 * code from under programs; without the slots' references a detached policy
 * stops filtering; without detach= its mounts do not do as they were told.
 */
#include "test.h"

#include <dirent.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/xattr.h>

static const char *back, *at;

static void make_backing(void)
{
	back = tmp_dir("back");
	at = tmp_path("at");
	file_write(fmt("%s/plain", back), "plain");
	file_write(fmt("%s/a.hid", back), "hidden");
	assert_ok(mkdir(fmt("%s/sub", back), 0755));
	file_write(fmt("%s/sub/b.hid", back), "hidden");
	file_write(fmt("%s/sub/x", back), "x");
}

static int setup(void **state)
{
	if (!module_loaded())
		assert_ok(module_load(NULL));
	make_backing();
	return 0;
}

static int teardown(void **state)
{
	test_teardown(state);
	remove_tree(back);
	return 0;
}

static void is_filtered(void)
{
	assert_string_equal(names_in(at), "plain sub");
	assert_string_equal(names_in(fmt("%s/sub", at)), "x");
	assert_false(exists(fmt("%s/a.hid", at)));
	assert_false(exists(fmt("%s/sub/b.hid", at)));
	assert_fails(try_open(fmt("%s/a.hid", at), O_RDONLY, 0), ENOENT);
	assert_fails(try_open(fmt("%s/made.hid", at), O_WRONLY | O_CREAT, 0644), EACCES);
	assert_false(exists(fmt("%s/made.hid", back)));
	file_is(fmt("%s/plain", at), "plain");
}

static void rmmod_while_map_exists(void **state)
{
	struct set *set = set_open("probe", "empty", NULL);
	int idle = module_refs();

	set_load(set);
	assert_int_equal(module_refs(), idle + 1);
	assert_fails(module_unload(), EAGAIN);
	set_attach(set);
	assert_fails(module_unload(), EAGAIN);
	set_detach(set);
	assert_fails(module_unload(), EAGAIN);
	assert_true(module_loaded());
	set_free(set);
	module_unload_soon();
}

static void rmmod_while_mounted(void **state)
{
	struct set *set = set_attached("hide", "hide", NULL);

	mnt(back, at, "ops=hide");
	is_filtered();
	assert_fails(module_unload(), EAGAIN);
	is_filtered();
	set_free(set);
	assert_fails(module_unload(), EAGAIN);
	is_filtered();
	umnt(at);
	module_unload_soon();
}

/* A pinned link has no process: the map alone holds the module. */
static void rmmod_while_pinned(void **state)
{
	const char *pin = "/sys/fs/bpf/fuse_bpf-test-link";
	struct set *set = set_attached("probe", "only_lookup", NULL);
	struct ops_line line;

	assert_int_equal(bpf_link__pin(set->link, pin), 0);
	set_free(set);
	assert_fails(module_unload(), EAGAIN);
	line = ops_get("only_lookup");
	assert_string_equal(line.state, "live");
	assert_ok(unlink(pin));
	module_unload_soon();
}

static void expect_detached(const char *name)
{
	struct ops_line line = ops_get(name);

	assert_string_equal(line.state, "detached");
	assert_int_equal(line.link, 0);
	assert_int_equal(line.mounts, 1);
	assert_int_not_equal(line.inodes, 0);
	assert_mnt_refused(back, fmt("ops=%s", name), ENOENT, name);
	assert_has(mnt_log, "e fuse_bpf:");
}

/* What appears underneath after the end is filtered like what was there before. */
static void expect_kept(const char *name)
{
	expect_detached(name);
	is_filtered();
	file_write(fmt("%s/late.hid", back), "late");
	file_write(fmt("%s/sub/late.hid", back), "late");
	is_filtered();
	assert_false(exists(fmt("%s/late.hid", at)));
	assert_false(exists(fmt("%s/sub/late.hid", at)));
	file_write(fmt("%s/new", at), "new");
	assert_string_equal(names_in(at), "new plain sub");
	file_is(fmt("%s/new", back), "new");
	assert_ok(unlink(fmt("%s/new", at)));
}

static void expect_map_goes_with_mount(unsigned int map, const char *name)
{
	assert_false(map_gone(&map));
	umnt(at);
	assert_true(wait_for(SOON, map_gone, &map));
	assert_true(wait_for(SOON, ops_gone, (void *)name));
}

static void keep_after_detach(void **state)
{
	struct set *set = set_attached("hide", "hide", NULL);
	unsigned int map = set_map_id(set);

	mnt(back, at, "ops=hide,detach=keep");
	is_filtered();
	assert_string_equal(ops_get("hide").state, "live");
	assert_int_equal(ops_get("hide").map, map);
	set_detach(set);
	expect_kept("hide");
	set_free(set);
	expect_kept("hide");
	expect_map_goes_with_mount(map, "hide");
}

static void keep_after_destroy(void **state)
{
	struct set *set = set_attached("hide", "hide", NULL);
	unsigned int map = set_map_id(set);

	mnt(back, at, "ops=hide");
	is_filtered();
	set_free(set);
	expect_kept("hide");
	expect_map_goes_with_mount(map, "hide");
}

/* Nothing was looked up before the end: the root alone holds the set. */
static void keep_without_inodes(void **state)
{
	struct set *set = set_attached("hide", "hide", NULL);

	mnt(back, at, "ops=hide");
	set_free(set);
	expect_kept("hide");
}

static void keep_after_plain_delete(void **state)
{
	struct set *set = set_attached("hide", "plain_hide", NULL);
	unsigned int map = set_map_id(set);
	__u32 zero = 0;

	assert_int_equal(ops_get("plain_hide").link, 0);
	mnt(back, at, "ops=plain_hide");
	is_filtered();
	assert_ok(bpf_map_delete_elem(bpf_map__fd(set->map), &zero));
	bpf_link__disconnect(set->link);
	set_free(set);
	expect_kept("plain_hide");
	expect_map_goes_with_mount(map, "plain_hide");
}

/* An open file outlives the mount's place in the tree, and holds the set. */
static void keep_for_open_file(void **state)
{
	struct set *set = set_attached("hide", "hide", NULL);
	unsigned int map = set_map_id(set);
	int fd;

	mnt(back, at, "ops=hide");
	fd = open(fmt("%s/sub", at), O_RDONLY | O_DIRECTORY);
	assert_ok(fd);
	set_free(set);
	mnt_done();
	assert_fails(faccessat(fd, "b.hid", F_OK, 0), ENOENT);
	assert_ok(faccessat(fd, "x", F_OK, 0));
	assert_false(map_gone(&map));
	assert_ok(close(fd));
	assert_true(wait_for(SOON, map_gone, &map));
}

static void fail_after_detach(void **state)
{
	struct set *set = set_attached("hide", "hide", NULL);
	const char *plain = fmt("%s/plain", at), *sub = fmt("%s/sub", at);
	char buf[4096];
	struct stat st;
	struct fiemap map = {};
	struct statfs stf;
	int fd, dir;

	mnt(back, at, "ops=hide,detach=fail");
	is_filtered();
	fd = open(plain, O_RDWR);
	dir = open(sub, O_RDONLY | O_DIRECTORY);
	assert_ok(fd);
	assert_ok(dir);
	set_detach(set);
	assert_string_equal(ops_get("hide").state, "detached");
	assert_fails(stat(plain, &st), ENOTCONN);
	assert_fails(stat(at, &st), ENOTCONN);
	assert_fails(stat(fmt("%s/nothing", at), &st), ENOTCONN);
	assert_fails(statfs(at, &stf), ENOTCONN);
	assert_fails(fstat(fd, &st), ENOTCONN);
	assert_fails(access(plain, R_OK), ENOTCONN);
	assert_fails(try_open(plain, O_RDONLY, 0), ENOTCONN);
	assert_fails(try_open(fmt("%s/new", at), O_WRONLY | O_CREAT, 0644), ENOTCONN);
	assert_fails(read(fd, buf, 1), ENOTCONN);
	assert_fails(write(fd, "x", 1), ENOTCONN);
	assert_fails(pread(fd, buf, 1, 0), ENOTCONN);
	assert_fails(ftruncate(fd, 0), ENOTCONN);
	assert_fails(fsync(fd), ENOTCONN);
	assert_int_equal(posix_fadvise(fd, 0, 0, POSIX_FADV_NORMAL), ENOTCONN);
	assert_fails(ioctl(fd, FS_IOC_FIEMAP, &map), ENOTCONN);
	assert_fails(lseek(fd, 0, SEEK_DATA), ENOTCONN);
	assert_fails(lseek(dir, 0, SEEK_SET), ENOTCONN);
	assert_fails(getdents64(dir, buf, sizeof(buf)), ENOTCONN);
	assert_fails(mkdir(fmt("%s/dir", at), 0755), ENOTCONN);
	assert_fails(unlink(plain), ENOTCONN);
	assert_fails(rename(plain, fmt("%s/new", at)), ENOTCONN);
	assert_fails(chmod(plain, 0600), ENOTCONN);
	assert_fails(getxattr(plain, "user.x", buf, sizeof(buf)), ENOTCONN);
	assert_fails(close(fd), ENOTCONN);
	assert_ok(close(dir));
	file_is(fmt("%s/plain", back), "plain");
	assert_string_equal(names_in(back), "a.hid plain sub");
	set_free(set);
	assert_fails(stat(plain, &st), ENOTCONN);
	assert_mnt_refused(back, "ops=hide", ENOENT, "hide");
}

static void pass_after_detach(void **state)
{
	struct set *set = set_attached("hide", "hide", NULL);
	int dir;

	mnt(back, at, "ops=hide,detach=pass");
	is_filtered();
	dir = open(fmt("%s/sub", at), O_RDONLY | O_DIRECTORY);
	assert_ok(dir);
	set_detach(set);
	assert_string_equal(ops_get("hide").state, "detached");
	assert_true(exists(fmt("%s/a.hid", at)));
	assert_ok(faccessat(dir, "b.hid", F_OK, 0));
	assert_ok(close(dir));
	assert_string_equal(names_in(at), "a.hid plain sub");
	assert_string_equal(names_in(fmt("%s/sub", at)), "b.hid x");
	file_is(fmt("%s/a.hid", at), "hidden");
	file_write(fmt("%s/made.hid", at), "made");
	file_is(fmt("%s/made.hid", back), "made");
	set_free(set);
	assert_true(exists(fmt("%s/a.hid", at)));
	assert_mnt_refused(back, "ops=hide", ENOENT, "hide");
}

/* detach= says nothing about a set that lives. */
static void choices_change_nothing_before(void **state)
{
	set_attached("hide", "hide", NULL);
	mnt(back, at, "ops=hide,detach=pass");
	is_filtered();
	umnt(at);
	mnt(back, at, "ops=hide,detach=fail");
	is_filtered();
}

#define LIFE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIFE(rmmod_while_map_exists),
		LIFE(rmmod_while_mounted),
		LIFE(rmmod_while_pinned),
		LIFE(keep_after_detach),
		LIFE(keep_after_destroy),
		LIFE(keep_without_inodes),
		LIFE(keep_after_plain_delete),
		LIFE(keep_for_open_file),
		LIFE(fail_after_detach),
		LIFE(pass_after_detach),
		LIFE(choices_change_nothing_before),
	};

	return cmocka_run_group_tests_name("lifetime", tests, NULL, NULL);
}
