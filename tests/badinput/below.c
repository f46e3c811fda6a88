// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is below goes wrong or away: the error comes through, the mount stays,
 * and all of it can be unmounted. The runner unloads the module afterwards.
 */
#include "test.h"

#include <sys/mount.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

static const char *disk, *view, *beside;	/* two directories of a filesystem, one seen by a mount */

static int end_test(void **state)
{
	close_range(3, ~0U, 0);
	fs_done();
	return test_teardown(state);
}

/* Operations on a name or an open file, each in a directory given by its path. */
static int op_open(const char *dir)	{ return try_open(fmt("%s/f", dir), O_RDONLY, 0); }
static int op_write_open(const char *dir) { return try_open(fmt("%s/f", dir), O_RDWR, 0); }
static int op_create(const char *dir)	{ return try_open(fmt("%s/new", dir), O_WRONLY | O_CREAT, 0644); }
static int op_mkdir(const char *dir)	{ return mkdir(fmt("%s/new", dir), 0755); }
static int op_symlink(const char *dir)	{ return symlink("x", fmt("%s/new", dir)); }
static int op_link(const char *dir)	{ return link(fmt("%s/f", dir), fmt("%s/new", dir)); }
static int op_rename(const char *dir)	{ return rename(fmt("%s/f", dir), fmt("%s/new", dir)); }
static int op_unlink(const char *dir)	{ return unlink(fmt("%s/f", dir)); }
static int op_rmdir(const char *dir)	{ return rmdir(fmt("%s/d", dir)); }
static int op_chmod(const char *dir)	{ return chmod(fmt("%s/f", dir), 0600); }
static int op_truncate(const char *dir)	{ return truncate(fmt("%s/f", dir), 0); }
static int op_setxattr(const char *dir)	{ return setxattr(fmt("%s/f", dir), "user.x", "x", 1, 0); }
static int op_tmpfile(const char *dir)	{ return try_open(dir, O_TMPFILE | O_RDWR, 0600); }
static int op_lookup(const char *dir)	{ return access(fmt("%s/cold/never/looked/at", dir), F_OK); }
static int op_stat(const char *dir)	{ struct stat st; return stat(fmt("%s/f", dir), &st); }
static int op_statfs(const char *dir)	{ struct statfs st; return statfs(dir, &st); }

static int op_list(const char *dir)
{
	char buf[1024];
	int fd = open(fmt("%s/cold", dir), O_RDONLY | O_DIRECTORY), ret, err;

	if (fd < 0)
		return -1;
	ret = syscall(SYS_getdents64, fd, buf, sizeof(buf)) < 0 ? -1 : 0;
	err = errno;
	close(fd);
	errno = err;
	return ret;
}

static const struct {
	const char *name;
	int (*run)(const char *dir);
	bool reads;
} ops[] = {
	{ "open", op_open, true }, { "open for writing", op_write_open, false }, { "create", op_create, false },
	{ "mkdir", op_mkdir, false }, { "symlink", op_symlink, false }, { "link", op_link, false },
	{ "rename", op_rename, false }, { "unlink", op_unlink, false }, { "rmdir", op_rmdir, false },
	{ "chmod", op_chmod, false }, { "truncate", op_truncate, false }, { "setxattr", op_setxattr, false },
	{ "tmpfile", op_tmpfile, false }, { "lookup", op_lookup, true }, { "stat", op_stat, true },
	{ "statfs", op_statfs, true }, { "list", op_list, true },
};

static int outcome_of(int (*run)(const char *dir), const char *dir)
{
	return run(dir) ? errno : 0;
}

/*
 * Every operation answers as in a directory of the filesystem itself, but that the
 * mount may have something cached still; how many fail.
 */
static int same_errors(void)
{
	int failures = 0, ours, theirs;

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		theirs = outcome_of(ops[i].run, beside);
		ours = outcome_of(ops[i].run, view);
		if (ours != theirs && (ours || !ops[i].reads))
			fail_msg("%s: %s, and beside the mount %s", ops[i].name,
				 ours ? strerrorname_np(ours) : "success", theirs ? strerrorname_np(theirs) : "success");
		failures += !!ours;
	}
	return failures;
}

static void fill(const char *dir)
{
	assert_ok(mkdir(dir, 0755));
	file_write(fmt("%s/f", dir), "text");
	assert_ok(mkdir(fmt("%s/d", dir), 0755));
	assert_ok(mkdir(fmt("%s/cold", dir), 0755));
	assert_ok(mkdir(fmt("%s/cold/never", dir), 0755));
}

/* A filesystem on the scratch disk with two directories, and a mount over one of them. */
static bool two_directories(const char *type)
{
	disk = tmp_dir("disk");
	view = tmp_dir("view");
	if (!fs_on_disk(type, strcmp(type, "ext4") ? "" : "-O ^has_journal", disk, NULL))
		return false;
	fill(fmt("%s/under", disk));
	beside = strdup(fmt("%s/beside", disk));
	fill(beside);
	fs_mount(fmt("%s/under", disk), view, "fuse_bpf", NULL);
	return true;
}

struct opened {
	int fd;
	char *map;
};

static struct opened open_one(const char *dir)
{
	struct opened o = { .fd = open(fmt("%s/f", dir), O_RDWR) };

	assert_ok(o.fd);
	o.map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, o.fd, 0);
	assert_ptr_not_equal(o.map, MAP_FAILED);
	assert_int_equal(o.map[0], 't');
	return o;
}

static void filesystem_dies(void **state)
{
	struct opened ours, theirs;
	char big[8192] = "";

	if (!two_directories(*state))
		skip();
	ours = open_one(view);
	theirs = open_one(beside);
	sync();
	assert_ok(fs_shut_down(disk));
	drop_caches();
	assert_true(same_errors() > 8);
	assert_int_equal(write(ours.fd, big, sizeof(big)), write(theirs.fd, big, sizeof(big)));
	assert_int_equal(pread(ours.fd, big, 4, 0), pread(theirs.fd, big, 4, 0));
	assert_int_equal(fsync(ours.fd), fsync(theirs.fd));
	assert_int_equal(ftruncate(ours.fd, 0), ftruncate(theirs.fd, 0));
	assert_fails(ftruncate(ours.fd, 0), EIO);
	assert_int_equal(msync(ours.map, 4096, MS_SYNC), msync(theirs.map, 4096, MS_SYNC));
	munmap(ours.map, 4096);
	munmap(theirs.map, 4096);
	close(ours.fd);
	close(theirs.fd);
	/* fs_done() unmounts both, which must work. */
}

static void becomes_read_only(void **state)
{
	struct stat st;
	int fd;

	if (!two_directories(*state))
		skip();
	fd = open(fmt("%s/f", view), O_RDONLY);
	assert_ok(fd);
	assert_ok(mount(NULL, disk, NULL, MS_REMOUNT | MS_RDONLY, NULL));
	assert_true(same_errors() > 8);
	assert_fails(op_create(view), EROFS);
	file_is(fmt("%s/f", view), "text");
	assert_fails(fchmod(fd, 0600), EROFS);
	assert_ok(mount(NULL, disk, NULL, MS_REMOUNT, NULL));
	assert_ok(op_create(view));
	assert_ok(stat(fmt("%s/under/new", disk), &st));
	close(fd);
}

/* What holds a mount of ours holds what is below it, and no longer. */
static void source_unmounted_lazily(void **state)
{
	struct stat st;
	int fd;

	if (!two_directories("ext4"))
		skip();
	fd = open(fmt("%s/f", view), O_RDWR);
	assert_ok(fd);
	assert_ok(umount2(disk, MNT_DETACH));
	assert_fails(stat(fmt("%s/under", disk), &st), ENOENT);
	file_is(fmt("%s/f", view), "text");
	assert_ok(op_create(view));
	assert_ok(op_mkdir(fmt("%s/d", view)));
	assert_int_equal(pwrite(fd, "T", 1, 0), 1);
	file_is(fmt("%s/f", view), "Text");
	assert_fails(open(SCRATCH_DISK, O_RDONLY | O_EXCL), EBUSY);
	close(fd);
	assert_ok(umount(view));
	fd = open(SCRATCH_DISK, O_RDONLY | O_EXCL);
	assert_ok(fd);
	assert_ok(close(fd));
	/* For fs_done(), and it is all there. */
	assert_ok(mount(SCRATCH_DISK, disk, "ext4", 0, NULL));
	file_is(fmt("%s/under/f", disk), "Text");
	assert_true(exists(fmt("%s/under/d/new", disk)));
	assert_ok(mount(fmt("%s/under", disk), view, "fuse_bpf", 0, NULL));
}

static void source_removed(void **state)
{
	struct stat st;
	int fd;

	disk = tmp_dir("gone");
	view = tmp_dir("view");
	file_write(fmt("%s/f", disk), "text");
	mnt(disk, view, NULL);
	fd = open(fmt("%s/f", view), O_RDWR);
	assert_ok(fd);
	assert_ok(unlink(fmt("%s/f", disk)));
	assert_ok(rmdir(disk));
	assert_fails(op_create(view), ENOENT);
	assert_fails(op_mkdir(view), ENOENT);
	assert_fails(op_symlink(view), ENOENT);
	assert_fails(op_open(view), ENOENT);
	assert_string_equal(names_in(view), "");
	assert_ok(stat(view, &st));
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_nlink, 0);
	assert_int_equal(write(fd, "more", 4), 4);
	assert_fails(umount(view), EBUSY);
	close(fd);
	umnt(view);
}

static bool unused(void *arg)
{
	return module_refs() == 0;
}

static void unmounted_lazily_while_in_use(void **state)
{
	char text[8] = "";
	char *map;
	int fd, dir;

	disk = tmp_dir("back");
	view = tmp_dir("view");
	file_write(fmt("%s/f", disk), "text");
	assert_ok(mkdir(fmt("%s/d", disk), 0755));
	assert_ok(mount(disk, view, "fuse_bpf", 0, NULL));
	fd = open(fmt("%s/f", view), O_RDWR);
	dir = open(fmt("%s/d", view), O_RDONLY | O_DIRECTORY);
	assert_ok(fd);
	assert_ok(dir);
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	assert_ok(umount2(view, MNT_DETACH));
	assert_string_equal(names_in(view), "");
	assert_int_equal(pread(fd, text, 4, 0), 4);
	assert_string_equal(text, "text");
	assert_int_equal(pwrite(fd, "T", 1, 0), 1);
	map[1] = 'E';
	file_is(fmt("%s/f", disk), "TExt");
	assert_ok(mkdirat(dir, "in", 0755));
	assert_true(exists(fmt("%s/d/in", disk)));
	assert_fails(module_unload(), EAGAIN);
	close(fd);
	close(dir);
	assert_false(unused(NULL));	/* the mapping is in use still */
	map[2] = 'X';
	file_is(fmt("%s/f", disk), "TEXt");
	munmap(map, 4096);
	assert_true(wait_for(SOON, unused, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate_setup_teardown(filesystem_dies, NULL, end_test, "ext4"),
		cmocka_unit_test_prestate_setup_teardown(filesystem_dies, NULL, end_test, "xfs"),
		cmocka_unit_test_prestate_setup_teardown(becomes_read_only, NULL, end_test, "ext4"),
		cmocka_unit_test_prestate_setup_teardown(becomes_read_only, NULL, end_test, "xfs"),
		cmocka_unit_test_prestate_setup_teardown(becomes_read_only, NULL, end_test, "btrfs"),
		cmocka_unit_test_teardown(source_unmounted_lazily, end_test),
		cmocka_unit_test_teardown(source_removed, end_test),
		cmocka_unit_test_teardown(unmounted_lazily_while_in_use, end_test),
	};

	umask(0022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
