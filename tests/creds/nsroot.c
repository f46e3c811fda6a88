// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the capabilities of a user namespace's root allow for files of others, as in
 * the backing directory: setgid bits stay or go by the inode, setuid bits go. Without
 * fuse_bpf_keeper_group() the setgid bits of mapped files go; without the owner in
 * fuse_bpf_creds_enter_owner() file flags are refused through an idmapped mount;
 * and with CAP_FSETID in its place a write leaves setuid bits.
 */
#include "twin.h"
#include "lib/results.h"
#include "acl.h"
#include "idmap.h"

#include <grp.h>
#include <linux/fs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/xattr.h>

/* Neither is root of the namespace; the second is not in it. */
#define OTHER	7
#define OUTSIDE	(SHIFT + SHIFTED + 5)

static void see(struct results *r, const char *path)
{
	struct stat st = {};

	put_result(r, fmt("%s is there", strrchr(path, '/')), outcome(lstat(path, &st)));
	put_result(r, "with this mode", st.st_mode);
}

static int set_nodump(const char *path)
{
	int fd = open(path, O_RDONLY), flags, ret;

	ret = ioctl(fd, FS_IOC_GETFLAGS, &flags);
	flags |= FS_NODUMP_FL;
	ret = ret ?: ioctl(fd, FS_IOC_SETFLAGS, &flags);
	close(fd);
	return ret;
}

static int write_to(const char *path)
{
	int fd = open(path, O_WRONLY);
	int ret = fd < 0 ? -1 : (int)write(fd, "y", 1);

	close(fd);
	return ret;
}

/* Owner rwx, a user r-x, group and mask r-x, others nothing. */
static int set_acl(const char *path)
{
	static const struct acl acl = ACL(7, 3, 5, 5, 5, 0);

	return setxattr(path, "system.posix_acl_access", &acl, sizeof(acl), 0);
}

static int tmpfile_of(const char *dir, mode_t mode, struct stat *st)
{
	int fd = open(dir, O_TMPFILE | O_RDWR, mode);
	int ret = fd < 0 ? -1 : fstat(fd, st);

	close(fd);
	return ret;
}

/* In one of the directories that lay_out() makes. */
static void everything(struct results *r, const char *at)
{
	const char *dir = strdup(fmt("%s/sgid", at));
	struct stat st = {};

	T(chmod(fmt("%s/chmod", at), 02755));
	see(r, fmt("%s/chmod", at));
	T(write_to(fmt("%s/write", at)));
	see(r, fmt("%s/write", at));
	T(truncate(fmt("%s/truncate", at), 0));
	see(r, fmt("%s/truncate", at));
	T(set_acl(fmt("%s/acl", at)));
	T(removexattr(fmt("%s/acl", at), "system.posix_acl_access"));
	see(r, fmt("%s/acl", at));
	T(set_nodump(fmt("%s/flags", at)));
	T(try_open(fmt("%s/made", dir), O_CREAT | O_RDWR, 02775));
	see(r, fmt("%s/made", dir));
	T(mkdir(fmt("%s/sub", dir), 0755));
	see(r, fmt("%s/sub", dir));
	T(tmpfile_of(dir, 02775, &st));
	put_result(r, "its mode", st.st_mode);
	T(chown(fmt("%s/chown", at), 5, 5));
	see(r, fmt("%s/chown", at));
}

static void owned(int dir, const char *name, uid_t uid, gid_t gid, mode_t mode)
{
	must(fchownat(dir, name, uid, gid, AT_SYMLINK_NOFOLLOW));
	must(fchmodat(dir, name, mode, 0));
}

static void lay_out(int at, const char *name, uid_t uid, gid_t gid)
{
	static const struct {
		const char *name;
		mode_t mode;
	} files[] = {
		{ "chmod", 0644 }, { "write", 06666 }, { "truncate", 06666 }, { "acl", 02750 },
		{ "flags", 0644 }, { "chown", 06755 },
	};
	int dir;

	must(mkdirat(at, name, 0755));
	dir = must(openat(at, name, O_RDONLY | O_DIRECTORY));
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		put(dir, files[i].name, "text");
		owned(dir, files[i].name, uid, gid, files[i].mode);
	}
	must(mkdirat(dir, "sgid", 0755));
	owned(dir, "sgid", uid, gid, 02777);
	must(close(dir));
}

struct visit {
	struct results *results;
	const char *path;
	int userns;
};

/* Root there, a member of no other group. */
static int inside(void *arg)
{
	struct visit *v = arg;

	umask(0);
	if (setns(v->userns, CLONE_NEWUSER) || setgroups(0, NULL) || setresgid(0, 0, 0) ||
	    setresuid(0, 0, 0))
		return 1;
	everything(v->results, v->path);
	return 0;
}

static struct results *visit(const char *path, int userns)
{
	struct visit v = {
		.results = new_results(),
		.path = path,
		.userns = userns,
	};

	assert_int_equal(in_child(0, inside, &v), 0);
	return v.results;
}

/* The strings are of the children: they are told by their place. */
static const struct results *compare(const char *native, const char *ours)
{
	int userns = shifted_userns();
	const struct results *n = visit(native, userns), *o = visit(ours, userns);

	close(userns);
	assert_int_equal(n->count, o->count);
	for (size_t i = 0; i < n->count; i++)
		if (n->list[i].value != o->list[i].value)
			fail_msg("result %zu: %lo (%ld) in the backing directory, %lo (%ld) in the mount",
				 i, n->list[i].value, n->list[i].value, o->list[i].value,
				 o->list[i].value);
	return n;
}

/* Places in what everything() found. */
enum { CHMOD = 2, WRITE = 5, ACL = 12, FLAGS = 13, MADE = 16 };

static void expect(const struct results *r, long chmod, long written, long acl)
{
	assert_int_equal(r->list[CHMOD].value & 07777, chmod);
	assert_int_equal(r->list[WRITE].value & 07777, written);
	assert_int_equal(r->list[ACL].value & 07777, acl);
}

static void files_of_the_namespace(struct twin *t)
{
	lay_out(t->u, "native", SHIFT + OTHER, SHIFT + OTHER);
	lay_out(t->u, "ours", SHIFT + OTHER, SHIFT + OTHER);
	expect(compare(under(t, "native"), over(t, "ours")), 02755, 02666, 02750);
}

/* The capability does not count for a group that the namespace does not have. */
static void a_group_from_outside(struct twin *t)
{
	lay_out(t->u, "native", SHIFT + OTHER, OUTSIDE);
	lay_out(t->u, "ours", SHIFT + OTHER, OUTSIDE);
	expect(compare(under(t, "native"), over(t, "ours")), 0755, 0666, 0750);
}

/* What one file's group allowed is not for the next file. */
static void one_after_the_other(struct twin *t)
{
	files_of_the_namespace(t);
	lay_out(t->u, "native2", SHIFT + OTHER, OUTSIDE);
	lay_out(t->u, "ours2", SHIFT + OTHER, OUTSIDE);
	expect(compare(under(t, "native2"), over(t, "ours2")), 0755, 0666, 0750);
}

static void through_an_idmapped_mount(struct twin *t)
{
	const char *native = strdup(tmp_dir("native")), *ours = strdup(tmp_dir("shifted"));
	const struct results *r;

	lay_out(t->u, "native", OTHER, OTHER);
	lay_out(t->u, "ours", OTHER, OTHER);
	clone_shifted(under(t, "native"), native);
	clone_shifted(over(t, "ours"), ours);
	r = compare(native, ours);
	must(umount(native));
	must(umount(ours));
	expect(r, 02755, 02666, 02750);
	assert_int_equal(r->list[MADE].value & 07777, 02775);
	assert_int_equal(r->list[FLAGS].value, 0);
}

static const struct twin_test tests[] = {
	TWIN_TEST(files_of_the_namespace),
	TWIN_TEST(a_group_from_outside),
	TWIN_TEST(one_after_the_other),
	TWIN_TEST(through_an_idmapped_mount),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_EXT4);
}
