// SPDX-License-Identifier: GPL-2.0-only
/*
 * Idmapped mounts of ours, and of the backing directory: as an idmapped bind mount
 * of it. Without the mapping in fuse_bpf_cred_set_ids() what is made belongs to ids
 * that the mount does not map; without fuse_bpf_map_acl() an ACL names the wrong
 * users.
 */
#include "test.h"
#include "acl.h"
#include "idmap.h"

#include <grp.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/xattr.h>

/* The three views of a backing directory, all made anew for each test. */
static struct {
	const char *back;	/* ids as they are stored */
	const char *bind;	/* an idmapped bind mount of it: what is right */
	const char *ours;	/* ours, mapped on top or underneath */
	bool cloned;		/* ours is a clone of a mount, which is ours to undo */
} at;

static int set_up(void **state, bool mapped_below)
{
	const char *plain = tmp_dir("plain");

	at.back = backing_dir(ON_EXT4, "back");
	at.bind = tmp_dir("bind");
	at.ours = tmp_dir("ours");
	assert_ok(chmod(at.back, 0777));
	clone_shifted(at.back, at.bind);
	at.cloned = !mapped_below;
	if (mapped_below) {
		mnt(at.bind, at.ours, "");
		return 0;
	}
	mnt(at.back, plain, "");
	clone_shifted(plain, at.ours);
	return 0;
}

static int mapped_above(void **state)
{
	return set_up(state, false);
}

static int mapped_below(void **state)
{
	return set_up(state, true);
}

static int tear_down(void **state)
{
	become_root();
	if (at.cloned)
		assert_ok(umount(at.ours));
	test_teardown(state);
	assert_ok(umount(at.bind));
	remove_tree(at.back);
	return 0;
}

static void owned(const char *path, uid_t uid, gid_t gid)
{
	struct stat st;

	assert_ok(lstat(path, &st));
	assert_int_equal(st.st_uid, uid);
	assert_int_equal(st.st_gid, gid);
}

/* What the bind mount says of a name is what ours says, and it is stored as that. */
static void owned_alike(const char *name, uid_t uid, gid_t gid)
{
	owned(fmt("%s/%s", at.ours, name), uid + SHIFT, gid + SHIFT);
	owned(fmt("%s/%s", at.bind, name), uid + SHIFT, gid + SHIFT);
	owned(fmt("%s/%s", at.back, name), uid, gid);
}

static void what_is_made_belongs_to_its_maker(void **state)
{
	int fd;

	become(SHIFT + 5, SHIFT + 6);
	fd = open(fmt("%s/f", at.ours), O_RDWR | O_CREAT, 0600);
	assert_ok(fd);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	assert_ok(mkdir(fmt("%s/d", at.ours), 0700));
	assert_ok(symlink("to", fmt("%s/l", at.ours)));
	assert_ok(mkfifo(fmt("%s/p", at.ours), 0600));
	fd = open(at.ours, O_TMPFILE | O_RDWR, 0600);
	assert_ok(fd);
	assert_ok(linkat(AT_FDCWD, fmt("/proc/self/fd/%d", fd), AT_FDCWD, fmt("%s/t", at.ours),
			 AT_SYMLINK_FOLLOW));
	close(fd);
	become_root();
	owned_alike("f", 5, 6);
	owned_alike("d", 5, 6);
	owned_alike("l", 5, 6);
	owned_alike("p", 5, 6);
	owned_alike("t", 5, 6);
}

/* The caller against the ids that the mount shows. */
static void the_owner_gets_in_and_others_do_not(void **state)
{
	const char *path = fmt("%s/f", at.ours);

	file_write(fmt("%s/f", at.back), "text");
	assert_ok(chown(fmt("%s/f", at.back), 5, 6));
	assert_ok(chmod(fmt("%s/f", at.back), 0600));
	become(SHIFT + 5, SHIFT + 6);
	assert_ok(try_open(path, O_RDWR, 0));
	assert_ok(chmod(path, 0640));
	become_root();
	become(5, 6);
	assert_fails(try_open(path, O_RDONLY, 0), EACCES);
	assert_fails(chmod(path, 0666), EPERM);
	become_root();
	assert_int_equal(file_mode(fmt("%s/f", at.back)) & 0777, 0640);
}

static void chown_takes_ids_of_the_mount(void **state)
{
	const char *path = fmt("%s/f", at.ours);

	file_write(fmt("%s/f", at.back), "text");
	assert_ok(chown(path, SHIFT + 7, SHIFT + 8));
	owned_alike("f", 7, 8);
	/* Not one of its ids: as on the bind mount. */
	assert_fails(chown(fmt("%s/f", at.bind), 7, -1), EOVERFLOW);
	assert_fails(chown(path, 7, -1), EOVERFLOW);
	owned_alike("f", 7, 8);
}

static void who_is_not_mapped_makes_nothing(void **state)
{
	become(5, 6);
	assert_fails(try_open(fmt("%s/f", at.bind), O_RDWR | O_CREAT, 0600), EOVERFLOW);
	assert_fails(try_open(fmt("%s/f", at.ours), O_RDWR | O_CREAT, 0600), EOVERFLOW);
	assert_fails(mkdir(fmt("%s/d", at.ours), 0700), EOVERFLOW);
	become_root();
	assert_string_equal(names_in(at.back), "");
}

/* A member of the directory's group keeps the setgid bit of what it makes. */
static void setgid_follows_the_mapped_groups(void **state)
{
	gid_t groups[] = { SHIFT + 9 };

	for (int i = 0; i < 2; i++) {
		const char *view = i ? at.ours : at.bind;
		const char *name = i ? "o" : "b";
		int fd;

		assert_ok(mkdir(fmt("%s/%s", at.back, name), 0777));
		assert_ok(chown(fmt("%s/%s", at.back, name), 5, 9));
		assert_ok(chmod(fmt("%s/%s", at.back, name), 02777));
		assert_ok(setgroups(1, groups));
		assert_ok(setegid(SHIFT + 6));
		assert_ok(seteuid(SHIFT + 5));
		fd = open(fmt("%s/%s/f", view, name), O_RDWR | O_CREAT, 0755);
		assert_ok(fd);
		assert_ok(fchmod(fd, 02755));
		close(fd);
		become_root();
		owned(fmt("%s/%s/f", at.back, name), 5, 9);
		assert_int_equal(file_mode(fmt("%s/%s/f", at.back, name)) & 07777, 02755);
	}
}

/* Older kernels map an ACL's ids only in a buffer that is as large as it. */
static void has_acl(const char *path, uid_t uid)
{
	struct acl acl = ACL(7, uid, 5, 0, 5, 0), got;

	assert_int_equal(getxattr(path, "system.posix_acl_access", &got, sizeof(got)), sizeof(got));
	assert_memory_equal(&got, &acl, sizeof(acl));
}

static void acls_name_the_users_of_the_mount(void **state)
{
	struct acl acl = ACL(7, SHIFT + 5, 5, 0, 5, 0);
	const char *path = fmt("%s/f", at.ours);

	file_write(fmt("%s/f", at.back), "text");
	assert_ok(setxattr(path, "system.posix_acl_access", &acl, sizeof(acl), 0));
	has_acl(path, SHIFT + 5);
	has_acl(fmt("%s/f", at.bind), SHIFT + 5);
	has_acl(fmt("%s/f", at.back), 5);
	become(SHIFT + 5, SHIFT + 5);
	assert_ok(try_open(path, O_RDONLY, 0));
	assert_fails(try_open(path, O_WRONLY, 0), EACCES);
	become_root();
	become(5, 5);
	assert_fails(try_open(path, O_RDONLY, 0), EACCES);
	become_root();
}

/* The only flag that takes no capability. */
static int set_nodump(const char *path, bool on)
{
	int fd = open(path, O_RDONLY), flags, ret;

	assert_ok(fd);
	assert_ok(ioctl(fd, FS_IOC_GETFLAGS, &flags));
	flags = on ? flags | FS_NODUMP_FL : flags & ~FS_NODUMP_FL;
	ret = ioctl(fd, FS_IOC_SETFLAGS, &flags);
	close(fd);
	return ret;
}

static bool has_nodump(const char *path)
{
	int fd = open(path, O_RDONLY), flags;

	assert_ok(fd);
	assert_ok(ioctl(fd, FS_IOC_GETFLAGS, &flags));
	close(fd);
	return flags & FS_NODUMP_FL;
}

static void file_flags_are_the_owners(void **state)
{
	const char *stored = fmt("%s/f", at.back);

	file_write(stored, "text");
	assert_ok(chown(stored, 5, 6));
	for (int i = 0; i < 2; i++) {
		const char *path = fmt("%s/f", i ? at.ours : at.bind);

		/* Theirs below, and nobody's here. */
		become(5, 6);
		assert_fails(set_nodump(path, true), EPERM);
		become(SHIFT + 7, SHIFT + 6);
		assert_fails(set_nodump(path, true), EPERM);
		become_root();
		assert_false(has_nodump(stored));
		become(SHIFT + 5, SHIFT + 6);
		assert_ok(set_nodump(path, true));
		become_root();
		assert_true(has_nodump(stored));
		assert_true(has_nodump(path));
		become(SHIFT + 5, SHIFT + 6);
		assert_ok(set_nodump(path, false));
		become_root();
		assert_false(has_nodump(stored));
	}
}

/* The mounter may not pass by modes, so the backing filesystem checks the caller, too: as itself there. */
static void checked_below_by_the_ids_of_below(void **state)
{
	const char *limited = tmp_dir("limited"), *shifted = tmp_dir("limited_shifted");

	assert_ok(mkdir(fmt("%s/d", at.back), 0755));
	file_write(fmt("%s/d/f", at.back), "text");
	assert_ok(chmod(fmt("%s/d/f", at.back), 0600));
	assert_ok(chown(fmt("%s/d/f", at.back), 5, 6));
	assert_ok(chown(fmt("%s/d", at.back), 5, 6));
	set_dac_rights(false);
	mnt(at.back, limited, "");
	set_dac_rights(true);
	clone_shifted(limited, shifted);
	become(SHIFT + 5, SHIFT + 6);
	assert_ok(try_open(fmt("%s/d/f", shifted), O_RDWR, 0));
	assert_ok(mkdir(fmt("%s/d/made", shifted), 0700));
	assert_ok(rmdir(fmt("%s/d/made", shifted)));
	assert_fails(access(fmt("%s/d/f", limited), R_OK), EACCES);
	become(5, 6);
	assert_fails(try_open(fmt("%s/d/f", shifted), O_RDONLY, 0), EACCES);
	assert_ok(try_open(fmt("%s/d/f", limited), O_RDWR, 0));
	become_root();
	assert_ok(umount(shifted));
	umnt(limited);
}

static int group_done(void **state)
{
	backings_done();
	return 0;
}

#define TEST_ABOVE(f) { "above: " #f, f, mapped_above, tear_down, NULL }
#define TEST_BELOW(f) { "below: " #f, f, mapped_below, tear_down, NULL }
#define TEST_BOTH(f) TEST_ABOVE(f), TEST_BELOW(f)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_BOTH(what_is_made_belongs_to_its_maker),
		TEST_BOTH(the_owner_gets_in_and_others_do_not),
		TEST_BOTH(chown_takes_ids_of_the_mount),
		TEST_BOTH(who_is_not_mapped_makes_nothing),
		TEST_BOTH(setgid_follows_the_mapped_groups),
		TEST_BOTH(acls_name_the_users_of_the_mount),
		TEST_BOTH(file_flags_are_the_owners),
		TEST_ABOVE(checked_below_by_the_ids_of_below),
	};

	return cmocka_run_group_tests(tests, NULL, group_done);
}
