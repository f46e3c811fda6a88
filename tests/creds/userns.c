// SPDX-License-Identifier: GPL-2.0-only
/*
 * A user namespace's view of a mount that root made: the ids that it shows, and
 * that its capabilities get one no further than in the backing directory. Were
 * the mounter's credentials what the caller is checked by, all of it would work.
 */
#include "twin.h"
#include "lib/results.h"

#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>

static void see(struct results *r, int dir, const char *name)
{
	struct stat st;

	put_result(r, name, outcome(fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW)));
	put_result(r, "uid", st.st_uid);
	put_result(r, "gid", st.st_gid);
	put_result(r, "mode", st.st_mode);
}

/* cap_net_raw+ep, revision 2 */
static const uint32_t capability[5] = { 0x02000001, 1 << 13, 0, 0, 0 };

/* As "root" of the namespace, in a directory where everybody may write. */
static void everything(struct results *r, int dir, const char *path)
{
	static const char *const names[] = { "of-root", "of-user", "of-other" };

	for (size_t i = 0; i < 3; i++) {
		const char *at = fmt("%s/%s", path, names[i]);

		see(r, dir, names[i]);
		T(try_open(at, O_RDONLY, 0));
		T(try_open(at, O_RDWR, 0));
		T(chmod(at, 04755));
		T(chown(at, 0, 0));
		T(chown(at, 5, 5));
		T(setxattr(at, "user.x", "1", 1, 0));
		T(setxattr(at, "trusted.x", "1", 1, 0));
		T(setxattr(at, "security.capability", capability, sizeof(capability), 0));
		T(link(at, fmt("%s-link", at)));
		T(rename(at, fmt("%s-moved", at)));
		see(r, dir, names[i]);
	}
	T(mknod(fmt("%s/null", path), S_IFCHR | 0666, makedev(1, 3)));
	T(mkdir(fmt("%s/made", path), 0755));
	T(chown(fmt("%s/made", path), 0, 0));
	see(r, dir, "made");
	T(try_open(fmt("%s/closed/f", path), O_RDONLY, 0));
	T(unlink(fmt("%s/closed/f", path)));
	T(mount(path, path, "fuse_bpf", 0, NULL));
}

struct visit {
	struct results *results;
	int dir;
	const char *path;
	uid_t uid;		/* who becomes root of the namespace */
};

static bool write_to(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	close(fd);
	return done;
}

static int inside(void *arg)
{
	struct visit *v = arg;

	if (setgroups(0, NULL) || setresgid(v->uid, v->uid, v->uid) || setresuid(v->uid, v->uid, v->uid))
		return 1;
	/* Whoever changed ids has to own /proc/self again. */
	prctl(PR_SET_DUMPABLE, 1);
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		return 2;
	if (!write_to("/proc/self/setgroups", "deny") ||
	    !write_to("/proc/self/uid_map", fmt("0 %u 1", v->uid)) ||
	    !write_to("/proc/self/gid_map", fmt("0 %u 1", v->uid)))
		return 3;
	everything(v->results, v->dir, v->path);
	return 0;
}

static void owned(int dir, const char *name, uid_t uid, mode_t mode)
{
	put(dir, name, "text");
	must(fchownat(dir, name, uid, uid, 0));
	must(fchmodat(dir, name, mode, 0));
}

static void lay_out(int at, const char *name)
{
	int dir;

	must(mkdirat(at, name, 0755));
	dir = must(openat(at, name, O_RDONLY | O_DIRECTORY));
	must(fchmod(dir, 0777));
	owned(dir, "of-root", 0, 0600);
	owned(dir, "of-user", TEST_UID, 0600);
	owned(dir, "of-other", 2000, 0604);
	must(mkdirat(dir, "closed", 0700));
	put(dir, "closed/f", "text");
	must(close(dir));
}

static struct results *visit(int at, const char *path, const char *name, uid_t uid)
{
	struct visit v = {
		.results = new_results(),
		.dir = must(openat(at, name, O_RDONLY | O_DIRECTORY)),
		.path = strdup(fmt("%s/%s", path, name)),
		.uid = uid,
	};

	assert_int_equal(in_child(0, inside, &v), 0);
	return v.results;
}

static void as_in_the_backing_directory(struct twin *t, uid_t uid)
{
	struct results *native, *ours;

	lay_out(t->u, "native");
	lay_out(t->u, "ours");
	native = visit(t->u, t->under, "native", uid);
	ours = visit(t->o, t->over, "ours", uid);
	assert_int_equal(native->count, ours->count);
	assert_true(native->count > 60);
	for (size_t i = 0; i < native->count; i++)
		if (native->list[i].value != ours->list[i].value)
			fail_msg("%zu, %s: %ld in the backing directory, %ld in the mount", i, native->list[i].what,
				 native->list[i].value, ours->list[i].value);
	assert_int_equal(native->list[0].value, 0);
	/* And nothing came of it. */
	assert_fails(faccessat(t->u, "ours/null", F_OK, 0), ENOENT);
}

static void root_of_a_users_namespace(struct twin *t)
{
	as_in_the_backing_directory(t, TEST_UID);
	holds(t->u, "ours/closed/f", "text");
	assert_int_equal(stat_of(t->u, "ours/made").st_uid, TEST_UID);
}

static void root_in_a_namespace(struct twin *t)
{
	as_in_the_backing_directory(t, 0);
	assert_int_equal(stat_of(t->u, "ours/made").st_uid, 0);
}

static const struct twin_test tests[] = {
	TWIN_TEST(root_of_a_users_namespace),
	TWIN_TEST(root_in_a_namespace),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_ALL);
}
