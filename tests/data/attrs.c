// SPDX-License-Identifier: GPL-2.0-only
/* Modes, owners, times, extended attributes, ACLs and file attributes, set on one side and read on the other. */
#include "twin.h"
#include "acl.h"

#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>

static const struct who user = { .uid = 1000, .gid = 1000 };
static const struct who other = { .uid = 2000, .gid = 2000 };

static void modes(struct twin *t)
{
	put(t->o, "f", "x");
	for (int mode = 0; mode <= 07777; mode += 037) {
		must(fchmodat(t->o, "f", mode, 0));
		assert_int_equal(stat_of(t->u, "f").st_mode, S_IFREG | mode);
		must(fchmodat(t->u, "f", mode ^ 0777, 0));
		assert_int_equal(stat_of(t->o, "f").st_mode, S_IFREG | (mode ^ 0777));
	}
	must(mkdirat(t->o, "d", 01777));
	same_stat(t, "d");
	must(fchmod(must(openat(t->o, "d", O_RDONLY)), 02700));
	assert_int_equal(stat_of(t->u, "d").st_mode, S_IFDIR | 02700);
	assert_fails(fchmodat(t->o, "none", 0600, 0), ENOENT);
}

static void owners(struct twin *t)
{
	put(t->o, "f", "x");
	must(symlinkat("f", t->o, "l"));
	must(fchmodat(t->o, "f", 06755, 0));
	must(fchownat(t->o, "f", 1000, -1, 0));
	/* Whoever changes the owner, the set-id bits go. */
	assert_int_equal(stat_of(t->u, "f").st_mode, S_IFREG | 0755);
	must(fchownat(t->o, "f", -1, 2000, 0));
	must(fchownat(t->o, "l", 3000, 3000, AT_SYMLINK_NOFOLLOW));
	assert_int_equal(stat_of(t->u, "f").st_uid, 1000);
	assert_int_equal(stat_of(t->u, "f").st_gid, 2000);
	assert_int_equal(stat_of(t->u, "l").st_uid, 3000);
	must(fchownat(t->u, "f", 4000, 4000, 0));
	assert_int_equal(stat_of(t->o, "f").st_uid, 4000);
	same_stat(t, "f");
	same_stat(t, "l");
}

static void times(struct twin *t)
{
	const struct timespec set[2] = { { 1111111111, 123456789 }, { -5, 987654321 } };
	const struct timespec now[2] = { { 0, UTIME_OMIT }, { 0, UTIME_NOW } };
	struct stat st;

	put(t->o, "f", "x");
	must(symlinkat("f", t->o, "l"));
	must(utimensat(t->o, "f", set, 0));
	must(utimensat(t->o, "l", set, AT_SYMLINK_NOFOLLOW));
	st = stat_of(t->u, "f");
	assert_int_equal(st.st_atim.tv_sec, 1111111111);
	assert_int_equal(st.st_atim.tv_nsec, 123456789);
	assert_int_equal(st.st_mtim.tv_sec, -5);
	assert_int_equal(st.st_mtim.tv_nsec, 987654321);
	same_stat(t, "f");
	same_stat(t, "l");
	must(utimensat(t->o, "f", now, 0));
	st = stat_of(t->u, "f");
	assert_int_equal(st.st_atim.tv_sec, 1111111111);
	assert_true(st.st_mtim.tv_sec > 1500000000);
	must(futimens(must(openat(t->o, "f", O_RDONLY)), set));
	assert_int_equal(stat_of(t->u, "f").st_mtim.tv_sec, -5);
}

/* What moves the times below shows them above. */
static void times_move(struct twin *t)
{
	const struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };
	int fd;
	char c;

	put(t->o, "f", "text");
	fd = must(openat(t->o, "f", O_RDWR));
	must(futimens(fd, old));
	must(write(fd, "x", 1));
	assert_true(stat_of(fd, "").st_mtim.tv_sec > 1000);
	same_stat(t, "f");
	must(futimens(fd, old));
	must(read(fd, &c, 1));		/* relatime: atime is not younger than mtime */
	assert_true(stat_of(fd, "").st_atim.tv_sec > 1000);
	same_stat(t, "f");
	must(utimensat(t->o, ".", old, 0));
	put(t->o, "g", "");
	assert_true(stat_of(t->o, ".").st_mtim.tv_sec > 1000);
	same_stat(t, ".");
	fd = must(openat(t->o, "f", O_RDONLY | O_NOATIME));
	must(utimensat(t->o, "f", old, 0));
	must(read(fd, &c, 1));
	assert_int_equal(stat_of(t->u, "f").st_atim.tv_sec, 1000);
}

static void user_attributes(struct twin *t)
{
	char value[64];

	needs_user_xattrs(t);
	put(t->o, "f", "x");
	must(setxattr(over(t, "f"), "user.one", "1", 1, 0));
	assert_int_equal(must(getxattr(under(t, "f"), "user.one", value, sizeof(value))), 1);
	must(setxattr(under(t, "f"), "user.one", "two", 3, XATTR_REPLACE));
	assert_int_equal(must(getxattr(over(t, "f"), "user.one", NULL, 0)), 3);
	assert_int_equal(must(getxattr(over(t, "f"), "user.one", value, sizeof(value))), 3);
	assert_memory_equal(value, "two", 3);
	assert_fails(getxattr(over(t, "f"), "user.one", value, 2), ERANGE);
	assert_fails(setxattr(over(t, "f"), "user.one", "x", 1, XATTR_CREATE), EEXIST);
	assert_fails(setxattr(over(t, "f"), "user.none", "x", 1, XATTR_REPLACE), ENODATA);
	assert_fails(getxattr(over(t, "f"), "user.none", value, 64), ENODATA);
	assert_fails(getxattr(over(t, "f"), "none.such", value, 64), EOPNOTSUPP);
	must(setxattr(over(t, "f"), "user.empty", "", 0, 0));
	assert_int_equal(must(getxattr(under(t, "f"), "user.empty", value, 64)), 0);
	assert_int_equal(listxattr(over(t, "f"), NULL, 0), listxattr(under(t, "f"), NULL, 0));
	must(removexattr(over(t, "f"), "user.one"));
	assert_fails(getxattr(under(t, "f"), "user.one", value, 64), ENODATA);
	assert_fails(removexattr(over(t, "f"), "user.one"), ENODATA);
	assert_fails(lsetxattr(over(t, "none"), "user.one", "x", 1, 0), ENOENT);
	must(fsetxattr(must(openat(t->o, "f", O_RDONLY)), "user.fd", "f", 1, 0));
	assert_int_equal(must(getxattr(under(t, "f"), "user.fd", value, 64)), 1);
}

static bool lists(const char *path, const char *name)
{
	char names[1024];
	ssize_t n = listxattr(path, names, sizeof(names));

	for (char *p = names; n > 0 && p < names + n; p += strlen(p) + 1)
		if (!strcmp(p, name))
			return true;
	return false;
}

/* 0: hidden and refused, as it should be for one without CAP_SYS_ADMIN. */
static int trusted_as_user(void *path)
{
	char value[8];

	if (!lists(path, "security.seen"))
		return 1;
	if (lists(path, "trusted.hidden"))
		return 2;
	if (getxattr(path, "trusted.hidden", value, sizeof(value)) != -1 || errno != ENODATA)
		return 3;
	if (setxattr(path, "trusted.hidden", "x", 1, 0) != -1 || errno != EPERM)
		return 4;
	if (removexattr(path, "trusted.hidden") != -1 || errno != EPERM)
		return 5;
	return 0;
}

static void trusted_attributes(struct twin *t)
{
	put(t->o, "f", "x");
	must(fchownat(t->o, "f", 1000, 1000, 0));
	must(setxattr(over(t, "f"), "security.seen", "1", 1, 0));
	must(setxattr(over(t, "f"), "trusted.hidden", "1", 1, 0));
	assert_true(lists(over(t, "f"), "trusted.hidden"));
	assert_true(lists(under(t, "f"), "trusted.hidden"));
	assert_int_equal(as(&user, trusted_as_user, (void *)under(t, "f")), 0);
	assert_int_equal(as(&user, trusted_as_user, (void *)over(t, "f")), 0);
}

static int read_as(void *path)
{
	return try_open(path, O_RDONLY, 0) ? errno : 0;
}

static int write_as(void *path)
{
	return try_open(path, O_WRONLY, 0) ? errno : 0;
}

static void acls_decide(struct twin *t)
{
	struct acl rw = ACL(6, 2000, 6, 0, 4, 0), none = ACL(6, 2000, 0, 0, 7, 0), got;
	char *f = strdup(over(t, "f"));

	put(t->o, "f", "x");
	must(fchmodat(t->o, "f", 0600, 0));
	assert_int_equal(as(&other, read_as, f), EACCES);
	must(setxattr(f, "system.posix_acl_access", &rw, sizeof(rw), 0));
	assert_int_equal(must(getxattr(under(t, "f"), "system.posix_acl_access", &got, sizeof(got))), sizeof(got));
	assert_memory_equal(&got, &rw, sizeof(rw));
	assert_int_equal(stat_of(t->u, "f").st_mode, S_IFREG | 0640);
	same_stat(t, "f");
	assert_int_equal(as(&other, read_as, f), 0);
	assert_int_equal(as(&other, write_as, f), EACCES);	/* the mask */
	assert_int_equal(as(&user, read_as, f), EACCES);
	/* Set underneath, obeyed above at once. */
	must(setxattr(under(t, "f"), "system.posix_acl_access", &none, sizeof(none), 0));
	assert_int_equal(as(&other, read_as, f), EACCES);
	must(setxattr(under(t, "f"), "system.posix_acl_access", &rw, sizeof(rw), 0));
	assert_int_equal(as(&other, read_as, f), 0);
	must(fchmodat(t->o, "f", 0660, 0));			/* moves the mask */
	assert_int_equal(as(&other, write_as, f), 0);
	must(removexattr(f, "system.posix_acl_access"));
	assert_fails(getxattr(under(t, "f"), "system.posix_acl_access", &got, sizeof(got)), ENODATA);
	assert_int_equal(as(&other, read_as, f), EACCES);
	free(f);
}

static int set_acl_as(void *path)
{
	struct acl acl = ACL(6, 2000, 6, 0, 6, 0);

	return setxattr(path, "system.posix_acl_access", &acl, sizeof(acl), 0) ? errno : 0;
}

static void acls_are_the_owners(struct twin *t)
{
	put(t->o, "f", "x");
	must(fchownat(t->o, "f", 1000, 1000, 0));
	assert_int_equal(as(&other, set_acl_as, (void *)over(t, "f")), EPERM);
	same_stat(t, "f");
	assert_int_equal(as(&user, set_acl_as, (void *)over(t, "f")), 0);
	assert_int_equal(stat_of(t->u, "f").st_mode, S_IFREG | 0660);
}

/* Everything made in a directory with a default ACL has what the same made underneath has. */
static void default_acls(struct twin *t)
{
	struct acl acl = ACL(7, 2000, 7, 0, 7, 0), o, u;

	must(mkdirat(t->o, "d", 0755));
	must(setxattr(over(t, "d"), "system.posix_acl_default", &acl, sizeof(acl), 0));
	umask(0077);
	put(t->o, "d/of", "");
	put(t->u, "d/uf", "");
	must(mkdirat(t->o, "d/od", 0775));
	must(mkdirat(t->u, "d/ud", 0775));
	must(mknodat(t->o, "d/op", S_IFIFO | 0666, 0));
	must(mknodat(t->u, "d/up", S_IFIFO | 0666, 0));
	umask(0022);
	for (const char *kind = "fdp"; *kind; kind++) {
		const char *on = fmt("d/o%c", *kind), *un = fmt("d/u%c", *kind);

		assert_int_equal(stat_of(t->u, on).st_mode, stat_of(t->u, un).st_mode);
		assert_int_equal(stat_of(t->o, on).st_mode, stat_of(t->u, un).st_mode);
		assert_int_equal(must(getxattr(over(t, on), "system.posix_acl_access", &o, sizeof(o))),
				 must(getxattr(under(t, un), "system.posix_acl_access", &u, sizeof(u))));
		assert_memory_equal(&o, &u, sizeof(o));
	}
	assert_int_equal(must(getxattr(over(t, "d/od"), "system.posix_acl_default", &o, sizeof(o))), sizeof(o));
	assert_memory_equal(&o, &acl, sizeof(o));
	assert_fails(setxattr(over(t, "d/of"), "system.posix_acl_default", &acl, sizeof(acl), 0), EACCES);
}

static void umask_is_obeyed_once(struct twin *t)
{
	umask(0027);
	must(close(must(openat(t->o, "f", O_WRONLY | O_CREAT, 0666))));
	must(mkdirat(t->o, "d", 0777));
	must(mknodat(t->o, "p", S_IFIFO | 0666, 0));
	umask(0022);
	assert_int_equal(stat_of(t->u, "f").st_mode, S_IFREG | 0640);
	assert_int_equal(stat_of(t->u, "d").st_mode, S_IFDIR | 0750);
	assert_int_equal(stat_of(t->u, "p").st_mode, S_IFIFO | 0640);
}

static void flags_as_under(struct twin *t)
{
	int u, o, flags = 0;

	put(t->o, "f", "x");
	u = must(openat(t->u, "f", O_RDONLY));
	o = must(openat(t->o, "f", O_RDONLY));
	must(ioctl(o, FS_IOC_GETFLAGS, &flags));
	flags |= FS_IMMUTABLE_FL;
	must(ioctl(u, FS_IOC_SETFLAGS, &flags));
	assert_fails(openat(t->o, "f", O_WRONLY), EPERM);
	assert_fails(unlinkat(t->o, "f", 0), EPERM);
	assert_fails(fchmodat(t->o, "f", 0600, 0), EPERM);
	assert_fails(renameat(t->o, "f", t->o, "g"), EPERM);
	assert_fails(linkat(t->o, "f", t->o, "g", 0), EPERM);
	flags = (flags & ~FS_IMMUTABLE_FL) | FS_APPEND_FL;
	must(ioctl(o, FS_IOC_SETFLAGS, &flags));
	assert_fails(openat(t->u, "f", O_WRONLY), EPERM);
	assert_fails(openat(t->o, "f", O_WRONLY), EPERM);
	assert_fails(openat(t->o, "f", O_WRONLY | O_APPEND | O_TRUNC), EPERM);
	assert_int_equal(must(write(must(openat(t->o, "f", O_WRONLY | O_APPEND)), "y", 1)), 1);
	holds(t->u, "f", "xy");
	flags &= ~FS_APPEND_FL;
	must(ioctl(o, FS_IOC_SETFLAGS, &flags));
	put(t->o, "f", "changed");
	holds(t->u, "f", "changed");
}

/* docs/differences.md: of an open file the mount knows a flag that was set below once it looks. */
static void append_only_below_an_open_file(struct twin *t)
{
	int fd, u, flags = 0;
	struct stat st;

	put(t->o, "f", "x");
	u = must(openat(t->u, "f", O_RDONLY));
	must(ioctl(u, FS_IOC_GETFLAGS, &flags));
	fd = must(openat(t->o, "f", O_WRONLY | O_APPEND));
	flags |= FS_APPEND_FL;
	must(ioctl(u, FS_IOC_SETFLAGS, &flags));
	assert_fails(fcntl(must(openat(t->u, "f", O_WRONLY | O_APPEND)), F_SETFL, 0), EPERM);
	must(fcntl(fd, F_SETFL, 0));
	must(fcntl(fd, F_SETFL, O_APPEND));
	must(fstat(fd, &st));
	assert_fails(fcntl(fd, F_SETFL, 0), EPERM);
	assert_int_equal(must(write(fd, "y", 1)), 1);
	flags &= ~FS_APPEND_FL;
	must(ioctl(u, FS_IOC_SETFLAGS, &flags));
	must(fstat(fd, &st));
	must(fcntl(fd, F_SETFL, 0));
	holds(t->u, "f", "xy");
}

static int set_flags_as(void *path)
{
	int flags = 0, fd = open(path, O_RDONLY);

	if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags))
		return 254;
	flags |= FS_IMMUTABLE_FL;
	return ioctl(fd, FS_IOC_SETFLAGS, &flags) ? errno : 0;
}

/* A setuid file of root's, which was the user's when the descriptor came. */
static int links_what_it_has(void *arg)
{
	struct twin *t = arg;

	return linkat(AT_FDCWD, fmt("/proc/self/fd/%d", t->o), AT_FDCWD, over(t, "mine/l"),
		      AT_SYMLINK_FOLLOW) ? errno : 0;
}

static void protected_links_go_by_the_owner_below(struct twin *t)
{
	static const struct who user = { .uid = TEST_UID, .gid = TEST_GID };
	struct twin with = *t;

	put(t->u, "f", "x");
	must(fchownat(t->u, "f", TEST_UID, TEST_GID, 0));
	must(mkdirat(t->o, "mine", 0777));
	must(fchmodat(t->o, "mine", 0777, 0));
	with.o = must(openat(t->o, "f", O_PATH));
	must(fchownat(t->u, "f", 0, 0, 0));
	must(fchmodat(t->u, "f", 04755, 0));
	file_write("/proc/sys/fs/protected_hardlinks", "1");
	assert_int_equal(as(&user, links_what_it_has, &with), EPERM);
	absent(t, "mine/l");
}

static void flags_need_the_right(struct twin *t)
{
	put(t->o, "f", "x");
	assert_int_equal(as(&user, set_flags_as, (void *)over(t, "f")), EPERM);
	must(fchownat(t->o, "f", 1000, 1000, 0));
	assert_int_equal(as(&user, set_flags_as, (void *)over(t, "f")), EPERM);
	put(t->o, "f", "still to be written");
}

/* How many extents a file or directory has, or that they are not told. */
static long extents(int fd)
{
	struct fiemap map = { .fm_length = ~0ULL, .fm_flags = FIEMAP_FLAG_SYNC };
	long ret = outcome(ioctl(fd, FS_IOC_FIEMAP, &map));

	return ret ? ret : map.fm_mapped_extents;
}

static void extents_as_under(struct twin *t)
{
	static const char *const names[] = { "f", "d" };

	put(t->o, "f", "x");
	must(mkdirat(t->o, "d", 0755));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(extents(must(openat(t->o, names[i], O_RDONLY))),
				 extents(must(openat(t->u, names[i], O_RDONLY))));
}

static const struct twin_test tests[] = {
	TWIN_TEST(modes),
	TWIN_TEST(owners),
	TWIN_TEST(times),
	TWIN_TEST(times_move),
	TWIN_TEST(user_attributes),
	TWIN_TEST(trusted_attributes),
	TWIN_TEST(acls_decide),
	TWIN_TEST(acls_are_the_owners),
	TWIN_TEST(default_acls),
	TWIN_TEST(umask_is_obeyed_once),
	TWIN_TEST(flags_as_under),
	TWIN_TEST(append_only_below_an_open_file),
	TWIN_TEST(flags_need_the_right),
	TWIN_TEST(protected_links_go_by_the_owner_below),
	TWIN_TEST(extents_as_under),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_ALL);
}
