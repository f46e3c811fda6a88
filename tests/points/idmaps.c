// SPDX-License-Identifier: GPL-2.0-only
/*
 * unlink, rmdir and link go by the idmap that the caller's right was checked with, also
 * where other tasks are checked through other mounts meanwhile. Their checks, for
 * O_TMPFILE, are made without the directory's lock: if these left a record too, enough of
 * them would take the caller's away, and with it the right to remove a name.
 */
#include "twin.h"
#include "idmap.h"

#include <sys/mount.h>

#define POINT	"change:idmap"

/* As many as a directory has room for: FUSE_BPF_CHECKS. */
#define MOST	8

/* A directory by the twin's mount, and by one of the same superblock with its ids shifted. */
static char plain[128], by_idmap[128];

/* In a directory that is named by its path. */
struct attempt {
	int (*run)(int dir);
	const char *path;
	uid_t uid;
};

static int removes_file(int dir)
{
	return unlinkat(dir, "f", 0) ? errno : 0;
}

static int removes_dir(int dir)
{
	return unlinkat(dir, "sub", AT_REMOVEDIR) ? errno : 0;
}

static int links(int dir)
{
	return linkat(dir, "f", dir, "new", 0) ? errno : 0;
}

static int makes_dir(int dir)
{
	return mkdirat(dir, "made", 0755) || unlinkat(dir, "made", AT_REMOVEDIR) ? errno : 0;
}

static int (*const operations[])(int dir) = { removes_file, removes_dir, links };

#define OPERATIONS	(sizeof(operations) / sizeof(operations[0]))

static int tries(void *arg)
{
	const struct attempt *a = arg;
	const struct who who = { .uid = a->uid, .gid = a->uid };
	int dir;

	if (turn_into(&who))
		return 254;
	dir = open(a->path, O_PATH | O_DIRECTORY);
	return dir < 0 ? 253 : a->run(dir);
}

/* How many tasks are still to be checked. */
static int left;

static int is_checked(void *dir)
{
	int fd;

	/* The checks of a right to change the directory that are made without its lock. */
	if (faccessat(*(int *)dir, ".", W_OK | X_OK, AT_EACCESS))
		return errno;
	fd = openat(*(int *)dir, ".", O_TMPFILE | O_WRONLY, 0600);
	if (fd < 0)
		return errno;
	close(fd);
	/* All of them are there at once: so no two of them are one task by the address. */
	return --left ? in_child(0, is_checked, dir) : 0;
}

static int are_checked(int dir)
{
	return is_checked(&dir);
}

static void others_are_checked(const char *path, uid_t uid)
{
	struct attempt a = { are_checked, path, uid };

	left = MOST;
	assert_int_equal(in_child(0, tries, &a), 0);
}

/* A directory of the user's by the ids below. */
static void make_scene(struct twin *t, uid_t uid)
{
	int dir;

	must(mkdirat(t->u, "d", 0755));
	dir = must(openat(t->u, "d", O_RDONLY | O_DIRECTORY));
	put(dir, "f", "text");
	must(fchownat(dir, "f", uid, uid, 0));
	must(mkdirat(dir, "sub", 0755));
	must(fchownat(dir, "sub", uid, uid, 0));
	must(fchown(dir, uid, uid));
	must(close(dir));
}

static bool is_done(struct twin *t, int (*operation)(int dir))
{
	return operation == links ? exists(under(t, "d/new")) :
	       !exists(under(t, operation == removes_dir ? "d/sub" : "d/f"));
}

static void shift(struct twin *t)
{
	const char *at = tmp_dir("shifted");
	struct attempt first = { makes_dir, at, SHIFT };

	clone_shifted(t->over, at);
	snprintf(plain, sizeof(plain), "%s/d", t->over);
	snprintf(by_idmap, sizeof(by_idmap), "%s/d", at);
	/* It is known once something is changed through it. */
	assert_int_equal(in_child(0, tries, &first), 0);
}

static void unshift(void)
{
	must(umount(tmp_path("shifted")));
}

/*
 * The user is SHIFT on the plain mount, and owns the directory there. By the other mount's
 * idmap that id is root's, and for all but root the directory is closed in the middle.
 */
static void another_idmap_is_not_tried(struct twin *t)
{
	shift(t);
	for (size_t i = 0; i < OPERATIONS; i++) {
		struct attempt a = { operations[i], plain, SHIFT };
		pid_t child;

		make_scene(t, SHIFT);
		child = stop_at(POINT, tries, &a);
		others_are_checked(plain, SHIFT);
		must(fchownat(t->u, "d", 0, 0, 0));
		must(fchmodat(t->u, "d", 0711, 0));
		assert_int_equal(go_on(POINT, child), EACCES);
		assert_false(is_done(t, operations[i]));
		remove_tree(under(t, "d"));
	}
	unshift();
}

/* By either mount, while others come through the other. */
static void one_of_each(struct twin *t, bool by_mapped, int (*operation)(int dir))
{
	struct attempt a = {
		operation, by_mapped ? by_idmap : plain, by_mapped ? SHIFT + 5 : 5,
	};
	pid_t child;

	make_scene(t, 5);
	child = stop_at(POINT, tries, &a);
	others_are_checked(by_mapped ? plain : by_idmap, by_mapped ? 5 : SHIFT + 5);
	/* What is remembered is not checked again: or else the child does not end. */
	point_arm(POINT, child, 0);
	assert_int_equal(go_on(POINT, child), 0);
	must(point_command(fmt("disarm %s %d", POINT, child)));
	assert_true(is_done(t, operation));
	remove_tree(under(t, "d"));
}

static void remembered_beside_others(struct twin *t)
{
	shift(t);
	for (size_t i = 0; i < OPERATIONS; i++) {
		one_of_each(t, false, operations[i]);
		one_of_each(t, true, operations[i]);
	}
	unshift();
}

static const struct twin_test tests[] = {
	TWIN_TEST(another_idmap_is_not_tried),
	TWIN_TEST(remembered_beside_others),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_TMPFS | TWIN_EXT4 | TWIN_POINTS);
}
