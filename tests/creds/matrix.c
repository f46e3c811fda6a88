// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whoever does whatever with modes and owners of all kinds gets through the
 * mount what a native directory gives: the mounter's rights do not leak.
 *
 * timeout: 300
 */
#include "twin.h"

#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

static int result(long ret)
{
	return ret < 0 ? errno : 0;
}

static int opened(const char *name, int flags)
{
	return result(try_open(name, flags, 0640));
}

/* What is tried, one after the other, in a directory like the one of lay_out(). */
static int do_stat(void) { struct stat st; return result(stat("d/f", &st)); }
static int do_stat_dir(void) { struct stat st; return result(stat("d", &st)); }
static int do_access_r(void) { return result(access("d/f", R_OK)); }
static int do_access_w(void) { return result(access("d/f", W_OK)); }
static int do_access_x(void) { return result(access("d/f", X_OK)); }
static int do_access_dir(void) { return result(access("d", R_OK | W_OK | X_OK)); }
static int do_open_r(void) { return opened("d/f", O_RDONLY); }
static int do_open_w(void) { return opened("d/f", O_WRONLY); }
static int do_open_rw(void) { return opened("d/f", O_RDWR | O_APPEND); }
static int do_open_trunc(void) { return opened("d/f", O_RDONLY | O_TRUNC); }
static int do_open_create(void) { return opened("d/f", O_RDWR | O_CREAT); }
static int do_open_noatime(void) { return opened("d/f", O_RDONLY | O_NOATIME); }
static int do_open_dir(void) { return opened("d", O_RDONLY | O_DIRECTORY); }
static int do_open_path(void) { return opened("d/f", O_PATH); }
static int do_tmpfile(void) { return opened("d", O_TMPFILE | O_RDWR); }
static int do_readlink(void) { char b[8]; return result(readlink("d/l", b, sizeof(b))); }
static int do_follow(void) { return opened("d/l", O_RDONLY); }
static int do_truncate(void) { return result(truncate("d/f", 1)); }
static int do_touch(void) { return result(utimensat(AT_FDCWD, "d/f", NULL, 0)); }
static int do_set_time(void)
{
	struct timespec t[2] = { { 1, 1 }, { 2, 2 } };

	return result(utimensat(AT_FDCWD, "d/f", t, 0));
}
static int do_getxattr(void) { char b[8]; return result(getxattr("d/f", "user.x", b, sizeof(b))); }
static int do_setxattr(void) { return result(setxattr("d/f", "user.x", "2", 1, 0)); }
static int do_setxattr_dir(void) { return result(setxattr("d", "user.x", "2", 1, 0)); }
static int do_removexattr(void) { return result(removexattr("d/f", "user.x")); }
static int do_create(void) { return opened("d/new", O_WRONLY | O_CREAT | O_EXCL); }
static int do_mkdir(void) { return result(mkdir("d/newdir", 0777)); }
static int do_symlink(void) { return result(symlink("f", "d/newlink")); }
static int do_fifo(void) { return result(mknod("d/fifo", S_IFIFO | 0666, 0)); }
static int do_device(void) { return result(mknod("d/dev", S_IFCHR | 0666, makedev(1, 3))); }
static int do_link(void) { return result(link("d/f", "d/hard")); }
static int do_link_out(void) { return result(link("d/f", "all/hard")); }
static int do_rename(void) { return result(rename("d/new", "d/newer")); }
static int do_rename_in(void) { return result(rename("all/g", "d/g")); }
static int do_rename_over(void) { return result(rename("d/newer", "d/f2")); }
static int do_rename_out(void) { return result(rename("d/f2", "all/f2")); }
static int do_rename_dir(void) { return result(rename("d/sub", "all/sub")); }
static int do_chmod(void) { return result(chmod("d/f", 06755)); }
static int do_chmod_dir(void) { return result(chmod("d", 02775)); }
static int do_chgrp(void) { return result(chown("d/f", -1, 3000)); }
static int do_chown(void) { return result(chown("d/f", 1000, -1)); }
static int do_unlink(void) { return result(unlink("d/f")); }
static int do_rmdir(void) { return result(rmdir("d/sub2")); }
static int do_chdir(void) { return result(chdir("d")); }
static int do_stat_here(void) { struct stat st; return result(stat("l", &st)); }
static int do_create_here(void) { return opened("here", O_WRONLY | O_CREAT | O_EXCL); }

#define OPS(X)									\
	X(stat) X(stat_dir) X(access_r) X(access_w) X(access_x) X(access_dir)	\
	X(open_r) X(open_w) X(open_rw) X(open_trunc) X(open_create)		\
	X(open_noatime) X(open_dir) X(open_path) X(tmpfile) X(readlink)		\
	X(follow) X(truncate) X(touch) X(set_time) X(getxattr) X(setxattr)	\
	X(setxattr_dir) X(removexattr) X(create) X(mkdir) X(symlink) X(fifo)	\
	X(device) X(link) X(link_out) X(rename) X(rename_in) X(rename_over)	\
	X(rename_out) X(rename_dir) X(chmod) X(chgrp) X(chown) X(unlink)	\
	X(rmdir) X(chmod_dir) X(chdir) X(stat_here) X(create_here)

static const struct op {
	const char *name;
	int (*run)(void);
} ops[] = {
#define OP(name)	{ #name, do_##name },
	OPS(OP)
};

#define NOPS	(sizeof(ops) / sizeof(ops[0]))

/* All names that there may be afterwards. */
static const char *const names[] = {
	".", "d", "d/f", "d/f2", "d/l", "d/sub", "d/sub2", "d/new", "d/newdir", "d/newlink",
	"d/fifo", "d/dev", "d/hard", "d/newer", "d/g", "d/here", "all", "all/g", "all/f2",
	"all/sub", "all/hard",
};

struct layout {
	const struct who *who;
	mode_t dir_mode, file_mode;
	const struct who *dir_owner, *file_owner;
	bool user_xattrs;		/* else the calls for them find none on either side */
};

struct results {
	int err[NOPS];
};

struct attempt {
	const char *dir;
	struct results *results;
};

static const struct who root = { .uid = 0, .gid = 0 };
static const struct who user = { .uid = 1000, .gid = 1000 };
static const struct who member = { .uid = 2000, .gid = 2000, .ngroups = 1, .groups = { 3000 } };
static const struct who group = { .uid = 0, .gid = 3000 };	/* as an owner only */

static void owned(int at, const char *name, const struct who *who, mode_t mode)
{
	must(fchownat(at, name, who->uid, who->gid, 0));
	must(fchmodat(at, name, mode, 0));
}

/* Always made underneath, so that only what is tried goes through the mount. */
static void lay_out(int at, const struct layout *l)
{
	must(mkdirat(at, "all", 0777));
	must(fchmodat(at, "all", 0777, 0));
	put(at, "all/g", "g");
	owned(at, "all/g", l->file_owner, 0644);
	must(mkdirat(at, "d", 0700));
	put(at, "d/f", "content");
	if (l->user_xattrs)
		must(fsetxattr(must(openat(at, "d/f", O_RDONLY)), "user.x", "1", 1, 0));
	put(at, "d/f2", "content");
	must(mkdirat(at, "d/sub", 0755));
	must(mkdirat(at, "d/sub2", 0755));
	must(symlinkat("f", at, "d/l"));
	owned(at, "d/f", l->file_owner, l->file_mode);
	owned(at, "d/f2", l->file_owner, l->file_mode);
	owned(at, "d/sub", l->file_owner, 0755);
	owned(at, "d", l->dir_owner, l->dir_mode);
}

static int attempt_all(void *arg)
{
	struct attempt *a = arg;

	umask(0022);
	if (chdir(a->dir))
		return 254;
	for (size_t i = 0; i < NOPS; i++)
		a->results->err[i] = ops[i].run();
	return 0;
}

static const char *describe(const struct layout *l)
{
	return fmt("uid %d, d %o owned by %d:%d, d/f %o owned by %d:%d", l->who->uid, l->dir_mode,
		   l->dir_owner->uid, l->dir_owner->gid, l->file_mode, l->file_owner->uid,
		   l->file_owner->gid);
}

static void compare_names(int native, int ours, const struct layout *l)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct stat a = {}, b = {};

		assert_int_equal(outcome(fstatat(native, names[i], &a, AT_SYMLINK_NOFOLLOW)),
				 outcome(fstatat(ours, names[i], &b, AT_SYMLINK_NOFOLLOW)));
		if (a.st_mode != b.st_mode || a.st_uid != b.st_uid || a.st_gid != b.st_gid ||
		    a.st_nlink != b.st_nlink || (S_ISREG(a.st_mode) && a.st_size != b.st_size))
			fail_msg("%s: %s is %o %d:%d natively and %o %d:%d through the mount", describe(l),
				 names[i], a.st_mode, a.st_uid, a.st_gid, b.st_mode, b.st_uid, b.st_gid);
	}
}

static void clear(int at)
{
	/* Twice: directories go when they are empty. */
	for (int round = 0; round < 2; round++)
		for (size_t i = sizeof(names) / sizeof(names[0]); i-- > 1;)
			unlinkat(at, names[i], round ? AT_REMOVEDIR : 0);
	for (size_t i = 1; i < sizeof(names) / sizeof(names[0]); i++)
		unlinkat(at, names[i], AT_REMOVEDIR);
}

static void try_layout(struct twin *t, const struct layout *l, struct results *results)
{
	int native = must(openat(t->u, "native", O_RDONLY)), ours = must(openat(t->u, "ours", O_RDONLY));
	struct attempt natively = { under(t, "native"), &results[0] };
	struct attempt mounted = { over(t, "ours"), &results[1] };

	lay_out(native, l);
	lay_out(ours, l);
	assert_int_equal(as(l->who, attempt_all, &natively), 0);
	assert_int_equal(as(l->who, attempt_all, &mounted), 0);
	for (size_t i = 0; i < NOPS; i++)
		if (results[0].err[i] != results[1].err[i])
			fail_msg("%s: %s gives %s natively and %s through the mount", describe(l), ops[i].name,
				 strerror(results[0].err[i]), strerror(results[1].err[i]));
	compare_names(native, ours, l);
	clear(native);
	clear(ours);
	close_range(native, ~0U, 0);
}

static void as_on_a_native_directory(struct twin *t)
{
	static const mode_t dir_modes[] = { 0000, 0111, 0444, 0555, 0700, 0770, 0777, 01777, 02775 };
	static const mode_t file_modes[] = { 0000, 0044, 0640, 0666, 06775 };
	static const struct who *const owners[] = { &root, &user, &group };
	static const struct who *const whos[] = { &user, &member };
	struct results *results = mmap(NULL, sizeof(*results) * 2, PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int n = sizeof(dir_modes) / sizeof(dir_modes[0]) * 5 * 3 * 3 * 2;
	unsigned int tried = 0, refused = 0;
	bool user_xattrs = fs_has_user_xattrs(t->under);

	must(results == MAP_FAILED ? -1 : 0);
	must(mkdirat(t->u, "native", 0755));
	must(mkdirat(t->u, "ours", 0755));
	/* A seventh of them in each world, another one in each, with every value of everything. */
	for (unsigned int i = t->world; i < n; i += 7, tried++) {
		struct layout l = {
			.who = whos[i % 2],
			.dir_owner = owners[i / 2 % 3],
			.file_owner = owners[i / 6 % 3],
			.file_mode = file_modes[i / 18 % 5],
			.dir_mode = dir_modes[i / 90],
			.user_xattrs = user_xattrs,
		};

		try_layout(t, &l, results);
		for (size_t op = 0; op < NOPS; op++)
			refused += !!results[1].err[op];
	}
	print_message("# %u layouts, %zu operations each, %u refused\n", tried, NOPS, refused);
	/* Neither everything nor nothing: the table tries something. */
	assert_in_range(refused, tried * NOPS / 5, tried * NOPS * 4 / 5);
	munmap(results, sizeof(*results) * 2);
}

static const struct twin_test tests[] = {
	TWIN_TEST(as_on_a_native_directory),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_ALL);
}
