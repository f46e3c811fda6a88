// SPDX-License-Identifier: GPL-2.0-only
/*
 * timeout: 600
 * Each operation that changes something, and each change underneath that takes the right
 * to it away, made after the VFS has checked the caller and before the backing inode is
 * locked: it comes to what it comes to in the backing directory alone when the change
 * is made first. Without the check below, or the one made again, the operation is done
 * with the mounter's rights.
 */
#include "twin.h"
#include "../lib/acl.h"

#include <linux/fs.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "attrs.h"

#define USER	1000
#define OTHER	1001

/* --- operations of the user's, in a directory ------------------------------------------ */

static int done(long ret)
{
	return ret < 0 ? errno : 0;
}

static int op_chmod(int dir)
{
	return done(fchmodat(dir, "f", 04755, 0));
}

static int op_fchmod(int dir)
{
	return done(fchmod(openat(dir, "f", O_RDONLY), 04755));
}

static int op_chgrp(int dir)
{
	return done(fchownat(dir, "f", -1, USER, 0));
}

static int op_utimes(int dir)
{
	struct timespec times[2] = { { 1, 1 }, { 2, 2 } };

	return done(utimensat(dir, "f", times, 0));
}

static int op_touch(int dir)
{
	return done(utimensat(dir, "f", NULL, 0));
}

static int op_setxattr(int dir)
{
	return done(fsetxattr(openat(dir, "f", O_RDONLY), "user.x", "1", 1, 0));
}

static int op_removexattr(int dir)
{
	return done(fremovexattr(openat(dir, "f", O_RDONLY), "user.y"));
}

static int op_acl(int dir)
{
	static const struct acl acl = ACL(6, OTHER, 6, 4, 6, 4);

	return done(fsetxattr(openat(dir, "f", O_RDONLY), "system.posix_acl_access", &acl, sizeof(acl), 0));
}

static int op_flags(int dir)
{
	int flags = FS_NODUMP_FL;

	return done(ioctl(openat(dir, "f", O_RDONLY), FS_IOC_SETFLAGS, &flags));
}

static int op_create(int dir)
{
	return done(openat(dir, "new", O_CREAT | O_EXCL | O_WRONLY, 0644));
}

static int op_mkdir(int dir)
{
	return done(mkdirat(dir, "new", 0755));
}

static int op_mknod(int dir)
{
	return done(mknodat(dir, "new", S_IFIFO | 0644, 0));
}

static int op_symlink(int dir)
{
	return done(symlinkat("target", dir, "new"));
}

static int op_link(int dir)
{
	return done(linkat(dir, "f", dir, "new", 0));
}

static int op_unlink(int dir)
{
	return done(unlinkat(dir, "f", 0));
}

static int op_rmdir(int dir)
{
	return done(unlinkat(dir, "d", AT_REMOVEDIR));
}

static int op_rename(int dir)
{
	return done(renameat(dir, "f", dir, "new"));
}

static int op_rename_over(int dir)
{
	return done(renameat(dir, "mine", dir, "f"));
}

static int op_exchange(int dir)
{
	return done(renameat2(dir, "mine", dir, "f", RENAME_EXCHANGE));
}

static int op_move_in(int dir)
{
	return done(renameat(dir, "sub/file", dir, "new"));
}

static int op_tmpfile(int dir)
{
	return done(openat(dir, ".", O_TMPFILE | O_WRONLY, 0644));
}

static const struct operation {
	const char *name;
	const char *point;
	int (*run)(int dir);
	bool early;			/* natively, too, checks the file before a lock is taken */
} operations[] = {
	{ "chmod", "change:setattr", op_chmod, false },
	{ "fchmod", "change:setattr", op_fchmod, false },
	{ "chgrp", "change:setattr", op_chgrp, false },
	{ "utimes", "change:setattr", op_utimes, false },
	{ "touch", "change:setattr", op_touch, false },
	{ "setxattr", "change:xattr", op_setxattr, false },
	{ "removexattr", "change:xattr", op_removexattr, false },
	{ "setacl", "change:acl", op_acl, false },
	{ "setflags", "change:fileattr", op_flags, false },
	{ "create", "change:dir", op_create, false },
	{ "mkdir", "change:dir", op_mkdir, false },
	{ "mknod", "change:dir", op_mknod, false },
	{ "symlink", "change:dir", op_symlink, false },
	{ "link", "change:dir", op_link, true },
	{ "unlink", "change:dir", op_unlink, false },
	{ "rmdir", "change:dir", op_rmdir, false },
	{ "rename", "change:dir", op_rename, false },
	{ "rename over", "change:dir", op_rename_over, false },
	{ "exchange", "change:dir", op_exchange, false },
	{ "move in", "change:dir", op_move_in, false },
	{ "tmpfile", "change:dir", op_tmpfile, false },
};

/* --- changes underneath, of root's -------------------------------------------------------- */

static int set_flag(int dir, const char *name, int flag)
{
	int fd = openat(dir, name, O_RDONLY | O_NONBLOCK), now = 0, err;

	if (fd < 0)
		return -1;
	err = ioctl(fd, FS_IOC_GETFLAGS, &now);
	now = flag ? now | flag : now & ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
	err = err ?: ioctl(fd, FS_IOC_SETFLAGS, &now);
	close(fd);
	return err;
}

static int set_acl(int dir, const char *name, const struct acl *acl)
{
	int fd = openat(dir, name, O_RDONLY | O_NONBLOCK), err;

	err = fsetxattr(fd, "system.posix_acl_access", acl, sizeof(*acl), 0);
	close(fd);
	return err;
}

static int dir_owner(int dir)
{
	return fchown(dir, 0, 0);
}

static int dir_mode(int dir)
{
	return fchmod(dir, 0555);
}

static int dir_acl_before(int dir)
{
	static const struct acl acl = ACL(7, USER, 7, 5, 7, 5);

	return fchown(dir, 0, 0) || set_acl(dir, ".", &acl);
}

/* The mode stays as it is. */
static int dir_acl(int dir)
{
	static const struct acl acl = ACL(7, OTHER, 7, 5, 7, 5);

	return set_acl(dir, ".", &acl);
}

static int dir_immutable(int dir)
{
	return set_flag(dir, ".", FS_IMMUTABLE_FL);
}

static int dir_append(int dir)
{
	return set_flag(dir, ".", FS_APPEND_FL);
}

static int sticky_before(int dir)
{
	return fchown(dir, 0, 0) || fchmod(dir, 0777) || fchownat(dir, "f", OTHER, OTHER, 0) ||
	       fchownat(dir, "d", OTHER, OTHER, 0);
}

static int dir_sticky(int dir)
{
	return fchmod(dir, 01777);
}

static int victim_before(int dir)
{
	return fchown(dir, 0, 0) || fchmod(dir, 01777);
}

static int of_file_owner(int dir)
{
	return fchownat(dir, "f", 0, 0, 0) || fchownat(dir, "d", 0, 0, 0);
}

static int of_file_mode(int dir)
{
	return fchmodat(dir, "f", 0444, 0);
}

static int file_acl_before(int dir)
{
	static const struct acl acl = ACL(6, USER, 6, 4, 6, 4);

	return fchownat(dir, "f", 0, 0, 0) || set_acl(dir, "f", &acl);
}

static int file_acl(int dir)
{
	static const struct acl acl = ACL(6, OTHER, 6, 4, 6, 4);

	return set_acl(dir, "f", &acl);
}

static int file_immutable(int dir)
{
	return set_flag(dir, "f", FS_IMMUTABLE_FL);
}

static int file_append(int dir)
{
	return set_flag(dir, "f", FS_APPEND_FL);
}

static int replaced(int dir)
{
	int fd = openat(dir, "other", O_CREAT | O_WRONLY, 0600);

	close(fd);
	return renameat(dir, "other", dir, "f") || unlinkat(dir, "d", AT_REMOVEDIR) ||
	       mkdirat(dir, "d", 0700);
}

static int came_up(int dir)
{
	int fd = openat(dir, "new", O_CREAT | O_WRONLY, 0600);

	return fd < 0 ? -1 : close(fd);
}

static const struct event {
	const char *name;
	int (*before)(int dir);		/* -1: not on this filesystem */
	int (*apply)(int dir);
	bool of_names;			/* the operation may have looked the name up before */
} events[] = {
	{ "the directory's owner", NULL, dir_owner, false },
	{ "the directory's mode", NULL, dir_mode, false },
	{ "the directory's ACL", dir_acl_before, dir_acl, false },
	{ "the directory's immutable flag", NULL, dir_immutable, false },
	{ "the directory's append-only flag", NULL, dir_append, false },
	{ "the directory's sticky bit", sticky_before, dir_sticky, false },
	{ "the owner in a sticky directory", victim_before, of_file_owner, false },
	{ "the file's owner", NULL, of_file_owner, false },
	{ "the file's mode", NULL, of_file_mode, false },
	{ "the file's ACL", file_acl_before, file_acl, false },
	{ "the file's immutable flag", NULL, file_immutable, false },
	{ "the file's append-only flag", NULL, file_append, false },
	{ "another file of that name", NULL, replaced, true },
	{ "a file of the new name", NULL, came_up, false },
};

/* --- one of each ------------------------------------------------------------------------------ */

/* Whose operation it is. */
struct stance {
	const char *ops;	/* of a mount of its own; NULL: the twin's */
	bool namespaced;	/* in a user namespace */
};

struct attempt {
	const struct stance *stance;
	const struct operation *operation;
	const char *path;
	int gate;
};

static int as_user(void *arg)
{
	static const struct who user = { .uid = USER, .gid = USER };
	const struct attempt *a = arg;
	int dir;
	char c;

	if (turn_into(&user) || (a->stance->namespaced && unshare(CLONE_NEWUSER)))
		return 254;
	dir = open(a->path, O_RDONLY | O_DIRECTORY);
	if (dir < 0)
		return 253;
	if (a->gate >= 0 && read(a->gate, &c, 1) < 0)
		return 252;
	return a->operation->run(dir);
}

static int make_scene(int at, const char *name, const struct event *event)
{
	int dir, fd, err;

	must(mkdirat(at, name, 0755));
	dir = must(openat(at, name, O_RDONLY | O_DIRECTORY));
	for (int i = 0; i < 2; i++) {
		fd = must(openat(dir, i ? "mine" : "f", O_CREAT | O_WRONLY, 0644));
		must(fchown(fd, USER, USER));
		if (fsetxattr(fd, "user.y", "1", 1, 0))
			assert_int_equal(errno, EOPNOTSUPP);
		must(close(fd));
	}
	must(mkdirat(dir, "d", 0755));
	must(fchownat(dir, "d", USER, USER, 0));
	must(mkdirat(dir, "sub", 0777));
	must(fchmodat(dir, "sub", 0777, 0));
	fd = must(openat(dir, "sub/file", O_CREAT | O_WRONLY, 0644));
	must(fchown(fd, USER, USER));
	must(close(fd));
	must(fchown(dir, USER, USER));
	err = event->before ? event->before(dir) : 0;
	must(close(dir));
	return err;
}

/* What there is now, without times and inode numbers. */
static void describe(int at, const char *scene, char *text, size_t size)
{
	static const char *const names[] = { ".", "f", "mine", "d", "new", "sub/file", "other" };
	int dir = must(openat(at, scene, O_RDONLY | O_DIRECTORY));
	struct stat st;
	char value[64];

	*text = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *path = fmt("/proc/self/fd/%d/%s", dir, names[i]);

		if (fstatat(dir, names[i], &st, AT_SYMLINK_NOFOLLOW)) {
			snprintf(text + strlen(text), size - strlen(text), " %s -%d", names[i], errno);
			continue;
		}
		snprintf(text + strlen(text), size - strlen(text), " %s %o %d:%d x%d y%d a%d", names[i],
			 st.st_mode, st.st_uid, st.st_gid,
			 (int)lgetxattr(path, "user.x", value, sizeof(value)),
			 (int)lgetxattr(path, "user.y", value, sizeof(value)),
			 (int)lgetxattr(path, "system.posix_acl_access", value, sizeof(value)));
	}
	must(close(dir));
}

static void clear_scene(int at, const char *scene)
{
	int dir = must(openat(at, scene, O_RDONLY | O_DIRECTORY));

	set_flag(dir, ".", 0);
	set_flag(dir, "f", 0);
	set_flag(dir, "new", 0);
	set_flag(dir, "mine", 0);
	must(close(dir));
	remove_tree(fmt("/proc/self/fd/%d/%s", at, scene));
}

/* Whether the child waits at the point; if not, it has ended with *status. */
static bool comes_to(const char *point, pid_t child, int *status)
{
	uint64_t end = now_ms() + SOON;

	while (!point_waits(point, child)) {
		if (must(waitpid(child, status, WNOHANG)) == child) {
			must(point_command(fmt("disarm %s %d", point, child)));
			return false;
		}
		assert_true(now_ms() < end);
		usleep(1000);
	}
	return true;
}

/* The operation through the mount, and the change in the middle; false: it did not come so far. */
static bool try_over(struct attempt *a, const struct event *event, int scene, int *result)
{
	const char *point = a->operation->point;
	int gate[2], status;
	pid_t child;
	bool came;

	must(pipe(gate));
	a->gate = gate[0];
	child = must(fork());
	if (!child)
		_exit(as_user(a));
	point_arm(point, child, 0);
	assert_int_equal(write(gate[1], "x", 1), 1);
	came = comes_to(point, child, &status);
	if (came) {
		must(event->apply(scene));
		point_release(point, child);
		must(waitpid(child, &status, 0));
	}
	assert_true(WIFEXITED(status));
	*result = WEXITSTATUS(status);
	must(close(gate[0]));
	must(close(gate[1]));
	return came;
}

/* What it comes to in the backing directory alone, with the change before it or after. */
static int try_native(struct twin *t, struct attempt *a, const struct event *event, bool before,
		      char *state, size_t size)
{
	int dir, result;

	make_scene(t->u, "native", event);
	dir = must(openat(t->u, "native", O_RDONLY | O_DIRECTORY));
	if (before)
		must(event->apply(dir));
	result = in_child(0, as_user, a);
	if (!before)
		must(event->apply(dir));
	must(close(dir));
	describe(t->u, "native", state, size);
	clear_scene(t->u, "native");
	return result;
}

/* Whether this filesystem has what the change is about. */
static bool is_possible(struct twin *t, const struct event *event)
{
	bool possible = !make_scene(t->u, "native", event);
	int dir = must(openat(t->u, "native", O_RDONLY | O_DIRECTORY));

	possible = possible && !event->apply(dir);
	must(close(dir));
	clear_scene(t->u, "native");
	return possible;
}

struct tally {
	unsigned int all, held, wrong;
};

static void one(struct twin *t, const char *over_path, const struct stance *stance,
		const struct operation *operation, const struct event *event, struct tally *tally)
{
	char path[128], expected[1024], found[1024];
	struct attempt a = { stance, operation, path, -1 };
	int ours, theirs, mine;
	bool in_time;

	if (!is_possible(t, event))
		return;
	make_scene(t->u, "ours", event);
	ours = must(openat(t->u, "ours", O_RDONLY | O_DIRECTORY));
	snprintf(path, sizeof(path), "%s/ours", over_path);
	in_time = try_over(&a, event, ours, &mine);
	if (!in_time)
		must(event->apply(ours));
	must(close(ours));
	describe(t->u, "ours", found, sizeof(found));
	clear_scene(t->u, "ours");
	tally->held += in_time;

	snprintf(path, sizeof(path), "%s/native", t->under);
	a.gate = -1;
	theirs = try_native(t, &a, event, in_time, expected, sizeof(expected));
	if (in_time && (event->of_names || operation->early) && (mine != theirs || strcmp(expected, found)))
		theirs = try_native(t, &a, event, false, expected, sizeof(expected));
	/* Of a file that has just lost its last name there is no other, natively, too. */
	if (in_time && event->of_names && operation->early && mine == ENOENT)
		return;
	if (mine == theirs && !strcmp(expected, found))
		return;
	tally->wrong++;
	print_message("# %s, and meanwhile %s: %d natively, %d through the mount\n#%s\n#%s\n",
		      operation->name, event->name, theirs, mine, expected, found);
}

/* Enough of them must have been held in the middle for the test to have tested something. */
static void all_of(struct twin *t, const char *over_path, const struct stance *stance)
{
	struct tally tally = { 0 };

	for (size_t o = 0; o < sizeof(operations) / sizeof(operations[0]); o++)
		for (size_t e = 0; e < sizeof(events) / sizeof(events[0]); e++, tally.all++)
			one(t, over_path, stance, &operations[o], &events[e], &tally);
	print_message("# %u of %u held in the middle\n", tally.held, tally.all);
	assert_int_equal(tally.wrong, 0);
	assert_true(tally.held > tally.all / 2);
}

static void of_a_user(struct twin *t)
{
	static const struct stance stance = { 0 };

	all_of(t, t->over, &stance);
}

static int is_namespaced(void *arg)
{
	return unshare(CLONE_NEWUSER) ? errno : 0;
}

static void in_a_user_namespace(struct twin *t)
{
	static const struct stance stance = { .namespaced = true };
	int err = in_child(0, is_namespaced, NULL);

	if (err) {
		print_message("# no user namespaces here: %s\n", strerror(err));
		skip();
	}
	all_of(t, t->over, &stance);
}

static void granted_by_a_program(struct twin *t)
{
	static const struct stance stance = { .ops = "grants" };
	struct set *set = set_attached("grants", NULL, NULL);
	const char *at = strdup(tmp_dir("granted"));

	mnt(t->under, at, "ops=grants");
	all_of(t, at, &stance);
	umnt(at);
	set_free(set);
}

static int sets_setgid(void *path)
{
	static const struct who user = { .uid = USER, .gid = USER };

	return turn_into(&user) ? 200 : done(chmod(path, 02755));
}

/* The setgid bit is one of the group that the mount shows when the file gets it. */
static void another_group_shown_meanwhile(struct twin *t)
{
	struct set *set = set_attached("attrs", "shift", NULL);
	const char *at = strdup(tmp_dir("shifted"));
	struct shift *by = set->globals;
	char *path = strdup(fmt("%s/f", at));
	struct stat st;
	pid_t child;

	mnt(t->under, at, "ops=shift");
	by->mode_more = 0022;
	put(t->u, "f", "x");
	must(fchownat(t->u, "f", USER, USER, 0));
	must(fchmodat(t->u, "f", 0755, 0));
	child = stop_at("change:setattr", sets_setgid, path);
	by->gid = 1;
	must(stat(path, &st));
	assert_int_equal(st.st_gid, USER + 1);
	assert_int_equal(go_on("change:setattr", child), 0);
	assert_int_equal(stat_of(t->u, "f").st_mode, S_IFREG | 0755);
	by->gid = 0;
	must(stat(path, &st));
	assert_int_equal(in_child(0, sets_setgid, path), 0);
	assert_int_equal(stat_of(t->u, "f").st_mode, S_IFREG | 02755);
	umnt(at);
	set_free(set);
	free(path);
}

/* --- root's own -------------------------------------------------------------------------------- */

static int gives_away(void *arg)
{
	return done(chown(arg, 0, OTHER));
}

/* What root gives to another group loses the setid bits that it has then, not those it had. */
static void setid_bits_set_meanwhile(struct twin *t)
{
	static const mode_t modes[] = { 02755, 04755, 06755 };
	char *path = strdup(over(t, "f"));
	pid_t child;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		put(t->u, "f", "x");
		must(fchownat(t->u, "f", USER, USER, 0));
		must(fchmodat(t->u, "f", 0755, 0));
		child = stop_at("change:setattr", gives_away, path);
		must(fchmodat(t->u, "f", modes[i], 0));
		assert_int_equal(go_on("change:setattr", child), 0);
		assert_int_equal(stat_of(t->u, "f").st_mode, S_IFREG | 0755);
		assert_int_equal(stat_of(t->u, "f").st_gid, OTHER);
		same_stat(t, "f");
		must(unlinkat(t->u, "f", 0));
	}
	free(path);
}

static const struct twin_test tests[] = {
	TWIN_TEST(setid_bits_set_meanwhile),
	TWIN_TEST(of_a_user),
	TWIN_TEST(in_a_user_namespace),
	TWIN_TEST(granted_by_a_program),
	TWIN_TEST(another_group_shown_meanwhile),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_TMPFS | TWIN_EXT4 | TWIN_POINTS);
}
