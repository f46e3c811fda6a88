// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changes made directly in the backing directory show through the mount with
 * the next call, whatever was cached: names, kinds, places, rights.
 */
#include "twin.h"

#include <linux/fs.h>
#include <sys/mount.h>
#include <sys/wait.h>

static const struct who user = { .uid = 1000, .gid = 1000 };

/* Caches a name in the mount, found or not. */
static void cache(struct twin *t, const char *name)
{
	struct stat st;

	if (fstatat(t->o, name, &st, AT_SYMLINK_NOFOLLOW))
		assert_int_equal(errno, ENOENT);
}

static void made_under(struct twin *t)
{
	for (int round = 0; round < 3; round++) {
		cache(t, "f");
		assert_fails(openat(t->o, "f", O_RDONLY), ENOENT);
		put(t->u, "f", "made");
		holds(t->o, "f", "made");
		same_stat(t, "f");
		must(unlinkat(t->u, "f", 0));
		absent(t, "f");
		must(mkdirat(t->u, "f", 0700));
		same_stat(t, "f");
		must(unlinkat(t->u, "f", AT_REMOVEDIR));
		absent(t, "f");
	}
}

/* A cached absence is no reason to refuse or to clobber. */
static void made_under_then_over(struct twin *t)
{
	cache(t, "f");
	put(t->u, "f", "made");
	assert_fails(openat(t->o, "f", O_WRONLY | O_CREAT | O_EXCL, 0644), EEXIST);
	cache(t, "g");
	put(t->u, "g", "made");
	must(close(must(openat(t->o, "g", O_WRONLY | O_CREAT, 0600))));
	holds(t->u, "g", "made");
	assert_int_equal(stat_of(t->u, "g").st_mode, S_IFREG | 0644);
	for (const char *name = "hijkl"; *name; name++) {
		const char *n = fmt("%c", *name);

		cache(t, n);
		put(t->u, n, "made");
		switch (*name) {
		case 'h':
			assert_fails(mkdirat(t->o, n, 0755), EEXIST);
			break;
		case 'i':
			assert_fails(symlinkat("x", t->o, n), EEXIST);
			break;
		case 'j':
			assert_fails(linkat(t->o, "f", t->o, n, 0), EEXIST);
			break;
		case 'k':
			assert_fails(mknodat(t->o, n, S_IFIFO | 0600, 0), EEXIST);
			break;
		case 'l':
			assert_fails(renameat2(t->o, "f", t->o, n, RENAME_NOREPLACE), EEXIST);
		}
		holds(t->u, n, "made");
	}
}

static void taken_away_under(struct twin *t)
{
	int fd;

	put(t->o, "f", "first");
	fd = must(openat(t->o, "f", O_RDWR));
	must(unlinkat(t->u, "f", 0));
	absent(t, "f");
	assert_fails(unlinkat(t->o, "f", 0), ENOENT);
	assert_fails(renameat(t->o, "f", t->o, "g"), ENOENT);
	assert_int_equal(must(pwrite(fd, "F", 1, 0)), 1);	/* open, it lives on */
	assert_int_equal(stat_of(fd, "").st_nlink, 0);
	must(close(must(openat(t->o, "f", O_WRONLY | O_CREAT | O_EXCL, 0644))));
	assert_int_equal(stat_of(t->u, "f").st_size, 0);
	assert_int_not_equal(stat_of(t->o, "f").st_ino, stat_of(fd, "").st_ino);
	must(mkdirat(t->o, "d", 0755));
	put(t->o, "d/f", "x");
	fd = must(openat(t->o, "d", O_RDONLY));
	must(unlinkat(t->u, "d/f", 0));
	must(unlinkat(t->o, "d", AT_REMOVEDIR));
	absent(t, "d");
	assert_fails(openat(fd, "f", O_WRONLY | O_CREAT, 0644), ENOENT);
	must(mkdirat(t->o, "d", 0755));
	fd = must(openat(t->o, "d", O_RDONLY));
	must(unlinkat(t->u, "d", AT_REMOVEDIR));
	assert_fails(mkdirat(fd, "f", 0755), ENOENT);
	assert_fails(openat(fd, "f", O_WRONLY | O_CREAT, 0644), ENOENT);
	absent(t, "d");
}

static void filled_under(struct twin *t)
{
	must(mkdirat(t->o, "d", 0755));
	cache(t, "d/f");
	put(t->u, "d/f", "x");
	assert_fails(unlinkat(t->o, "d", AT_REMOVEDIR), ENOTEMPTY);
	holds(t->o, "d/f", "x");
}

static void renamed_under(struct twin *t)
{
	ino_t ino;
	int fd;

	put(t->o, "a", "moved");
	ino = stat_of(t->o, "a").st_ino;
	fd = must(openat(t->o, "a", O_RDWR));
	cache(t, "b");
	must(renameat(t->u, "a", t->u, "b"));
	absent(t, "a");
	holds(t->o, "b", "moved");
	assert_int_equal(stat_of(t->o, "b").st_ino, ino);
	must(pwrite(fd, "M", 1, 0));
	holds(t->o, "b", "Moved");
	put(t->o, "c", "replaced");
	must(renameat(t->u, "b", t->u, "c"));
	holds(t->o, "c", "Moved");
	absent(t, "b");
	must(unlinkat(t->o, "c", 0));
	absent(t, "c");
	assert_int_equal(stat_of(fd, "").st_nlink, 0);
}

static void replaced_under(struct twin *t)
{
	put(t->o, "f", "old");
	holds(t->o, "f", "old");
	put(t->u, "new", "new");
	must(renameat(t->u, "new", t->u, "f"));
	holds(t->o, "f", "new");
	same_stat(t, "f");
	must(unlinkat(t->u, "f", 0));
	must(mkdirat(t->u, "f", 0755));
	put(t->u, "f/in", "in");
	holds(t->o, "f/in", "in");
	assert_fails(unlinkat(t->o, "f", 0), EISDIR);
	must(unlinkat(t->u, "f/in", 0));
	must(unlinkat(t->u, "f", AT_REMOVEDIR));
	put(t->u, "f", "file");
	assert_fails(openat(t->o, "f/in", O_RDONLY), ENOTDIR);
	assert_fails(unlinkat(t->o, "f", AT_REMOVEDIR), ENOTDIR);
	holds(t->o, "f", "file");
	must(unlinkat(t->o, "f", 0));
	absent(t, "f");
}

static void retargeted_under(struct twin *t)
{
	put(t->u, "a", "A");
	put(t->u, "b", "B");
	must(symlinkat("a", t->u, "l"));
	holds(t->o, "l", "A");
	must(symlinkat("b", t->u, "new"));
	must(renameat(t->u, "new", t->u, "l"));
	holds(t->o, "l", "B");
	must(unlinkat(t->u, "l", 0));
	must(symlinkat("none", t->u, "l"));
	assert_fails(openat(t->o, "l", O_RDONLY), ENOENT);
	must(mkdirat(t->u, "none", 0755));
	assert_fails(openat(t->o, "l", O_WRONLY), EISDIR);
	put(t->u, "none/x", "X");
	holds(t->o, "l/x", "X");
}

static void swapped_under(struct twin *t)
{
	int a, x;

	must(mkdirat(t->o, "a", 0755));
	must(mkdirat(t->o, "b", 0755));
	put(t->o, "a/x", "was in a");
	put(t->o, "b/x", "was in b");
	a = must(openat(t->o, "a", O_RDONLY));
	x = must(openat(t->o, "a/x", O_RDONLY));
	must(renameat2(t->u, "a", t->u, "b", RENAME_EXCHANGE));
	holds(t->o, "a/x", "was in b");
	holds(t->o, "b/x", "was in a");
	holds(a, "x", "was in a");
	same_stat(t, "a");
	same_stat(t, "b/x");
	assert_int_equal(stat_of(x, "").st_ino, stat_of(t->o, "b/x").st_ino);
	must(renameat2(t->u, "a/x", t->u, "b", RENAME_EXCHANGE));
	holds(t->o, "b", "was in b");
	holds(t->o, "a/x/x", "was in a");
	holds(a, "x", "was in a");
}

static void moved_deep_under(struct twin *t)
{
	struct stat st;
	int fd;

	must(mkdirat(t->o, "p", 0755));
	must(mkdirat(t->o, "p/q", 0755));
	must(mkdirat(t->o, "p/q/r", 0755));
	put(t->o, "p/q/r/f", "deep");
	put(t->o, "top", "top");
	fd = must(openat(t->o, "p/q/r", O_RDONLY));
	must(renameat(t->u, "p/q", t->u, "q"));
	holds(fd, "f", "deep");		/* from the descriptor, before any path is looked up */
	assert_fails(fstatat(t->o, "p/q/r/f", &st, 0), ENOENT);
	holds(t->o, "q/r/f", "deep");
	same_stat(t, "q/r");
	holds(fd, "f", "deep");
	holds(fd, "../../top", "top");	/* and upwards, the new way */
	put(fd, "g", "made");
	holds(t->u, "q/r/g", "made");
	assert_fails(unlinkat(t->o, "q", AT_REMOVEDIR), ENOTEMPTY);
	must(unlinkat(t->o, "p", AT_REMOVEDIR));
}

/* What was above is now below: the walk from the root finds it so. */
static void turned_over_under(struct twin *t)
{
	struct stat st;

	must(mkdirat(t->o, "a", 0755));
	must(mkdirat(t->o, "a/b", 0755));
	put(t->o, "a/b/f", "file");
	must(renameat(t->u, "a/b", t->u, "b"));
	must(renameat(t->u, "a", t->u, "b/a"));
	holds(t->o, "b/f", "file");
	same_stat(t, "b/a");
	assert_fails(fstatat(t->o, "a", &st, 0), ENOENT);
	assert_fails(fstatat(t->o, "b/a/b", &st, 0), ENOENT);
	assert_int_equal(stat_of(t->o, "b/a/..").st_ino, stat_of(t->u, "b").st_ino);
}

static int looks_in(void *path)
{
	struct stat st;

	return stat(path, &st) ? errno : 0;
}

static int lists_dir(void *path)
{
	return try_open(path, O_RDONLY | O_DIRECTORY, 0) ? errno : 0;
}

static void rights_change_under(struct twin *t)
{
	char *f = strdup(over(t, "d/e/f")), *d = strdup(over(t, "d"));

	must(mkdirat(t->o, "d", 0755));
	must(mkdirat(t->o, "d/e", 0755));
	put(t->o, "d/e/f", "x");
	for (int round = 0; round < 3; round++) {
		assert_int_equal(as(&user, looks_in, f), 0);
		assert_int_equal(as(&user, lists_dir, d), 0);
		must(fchmodat(t->u, "d", 0711, 0));
		assert_int_equal(as(&user, looks_in, f), 0);
		assert_int_equal(as(&user, lists_dir, d), EACCES);
		must(fchmodat(t->u, "d", 0700, 0));
		assert_int_equal(as(&user, looks_in, f), EACCES);
		must(fchownat(t->u, "d", 1000, 1000, 0));
		assert_int_equal(as(&user, looks_in, f), 0);
		must(fchownat(t->u, "d", 0, 1000, 0));
		must(fchmodat(t->u, "d", 0710, 0));
		assert_int_equal(as(&user, looks_in, f), 0);
		must(fchmodat(t->u, "d", 0755, 0));
	}
	free(f);
	free(d);
}

struct sticky {
	const char *dir;
	int expected;
};

/* What the owner, and nobody else, may do with a file in a sticky directory. */
static int act_as_owner(void *arg)
{
	const struct sticky *sticky = arg;

	if (chdir(sticky->dir))
		return 254;
	if (outcome(chmod("mode", 0640)) != sticky->expected)
		return 1;
	if (outcome(utimensat(AT_FDCWD, "time", NULL, 0)) != (sticky->expected ? -EACCES : 0))
		return 2;
	if (outcome(try_open("noatime", O_RDONLY | O_NOATIME, 0)) != sticky->expected)
		return 3;
	if (outcome(rename("name", "renamed")) != sticky->expected)
		return 4;
	if (outcome(unlink("gone")) != sticky->expected)
		return 5;
	return 0;
}

/* Who owns a file is seen by checks that ask for no permission, too. */
static void owners_change_under(struct twin *t)
{
	static const char *const names[] = { "mode", "time", "noatime", "name", "gone" };
	struct sticky sticky = { t->over, -EPERM };

	must(fchmodat(t->u, ".", 01777, 0));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		put(t->u, names[i], "x");
		must(fchmodat(t->u, names[i], 0444, 0));
		must(fchownat(t->u, names[i], 1000, 1000, 0));
		same_stat(t, names[i]);
		must(fchownat(t->u, names[i], 2000, 2000, 0));
	}
	assert_int_equal(as(&user, act_as_owner, &sticky), 0);
	sticky.expected = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		must(fchownat(t->u, names[i], 1000, 1000, 0));
	assert_int_equal(as(&user, act_as_owner, &sticky), 0);
	absent(t, "gone");
	absent(t, "name");
}

struct held {
	int to_user[2], to_test[2];
	const char *dir;
};

/* Keeps its working directory and answers, for each byte, what it may do there. */
static int stay_inside(struct held *held)
{
	struct stat st;
	char c;

	close(held->to_user[1]);
	if (chdir(held->dir))
		return 254;
	while (read(held->to_user[0], &c, 1) == 1) {
		unsigned char err = 0;

		if (c == 's')
			err = stat("f", &st) ? errno : 0;
		else if (c == 'c')
			err = try_open("new", O_WRONLY | O_CREAT, 0644) ? errno : unlink("new") ? errno : 0;
		else if (c == 'l')
			err = try_open(".", O_RDONLY, 0) ? errno : 0;
		if (write(held->to_test[1], &err, 1) != 1)
			return 253;
	}
	return 0;
}

static int ask(struct held *held, char what)
{
	unsigned char err;

	assert_int_equal(must(write(held->to_user[1], &what, 1)), 1);
	assert_int_equal(must(read(held->to_test[0], &err, 1)), 1);
	return err;
}

/* A working directory is never looked up again: the check itself must see the new rights. */
static void rights_of_a_working_directory(struct twin *t)
{
	struct held held = { .dir = over(t, "d/e") };
	pid_t child;
	int status;

	must(mkdirat(t->o, "d", 0755));
	must(mkdirat(t->o, "d/e", 0777));
	must(fchmodat(t->o, "d/e", 0777, 0));
	put(t->o, "d/e/f", "x");
	must(pipe(held.to_user));
	must(pipe(held.to_test));
	child = must(fork());
	if (!child)
		_exit(turn_into(&user) ? 252 : stay_inside(&held));
	must(close(held.to_test[1]));
	for (int round = 0; round < 3; round++) {
		assert_int_equal(ask(&held, 's'), 0);
		assert_int_equal(ask(&held, 'c'), 0);
		must(fchmodat(t->u, "d/e", 0755, 0));
		assert_int_equal(ask(&held, 'c'), EACCES);
		assert_int_equal(ask(&held, 'l'), 0);
		must(fchmodat(t->u, "d/e", 0711, 0));
		assert_int_equal(ask(&held, 'l'), EACCES);
		assert_int_equal(ask(&held, 's'), 0);
		must(fchmodat(t->u, "d/e", 0700, 0));
		assert_int_equal(ask(&held, 's'), EACCES);
		must(fchmodat(t->u, "d/e", 0777, 0));
	}
	/* Moved underneath, it still is where it is. */
	must(renameat(t->u, "d/e", t->u, "e"));
	assert_int_equal(ask(&held, 's'), 0);
	assert_int_equal(ask(&held, 'c'), 0);
	must(close(held.to_user[1]));
	assert_int_equal(must(waitpid(child, &status, 0)), child);
	assert_int_equal(status, 0);
}

static void hard_links_under(struct twin *t)
{
	put(t->o, "a", "one");
	must(linkat(t->u, "a", t->u, "b", 0));
	same_stat(t, "a");
	assert_int_equal(stat_of(t->o, "b").st_ino, stat_of(t->o, "a").st_ino);
	must(fchmodat(t->u, "b", 0600, 0));
	assert_int_equal(stat_of(t->o, "a").st_mode, S_IFREG | 0600);
	must(unlinkat(t->u, "a", 0));
	absent(t, "a");
	holds(t->o, "b", "one");
	must(linkat(t->o, "b", t->o, "a", 0));
	put(t->o, "a", "two");
	holds(t->o, "b", "two");
	assert_int_equal(stat_of(t->u, "a").st_nlink, 2);
}

static void listings_are_fresh(struct twin *t)
{
	assert_string_equal(names_in(t->over), "");
	put(t->u, "b", "");
	assert_string_equal(names_in(t->over), "b");
	must(renameat(t->u, "b", t->u, "c"));
	put(t->u, "a", "");
	assert_string_equal(names_in(t->over), "a c");
	must(unlinkat(t->u, "c", 0));
	assert_string_equal(names_in(t->over), "a");
}

/* Dropping the caches of either side loses nothing. */
static void dropped_caches(struct twin *t)
{
	int fd, drop = must(open("/proc/sys/vm/drop_caches", O_WRONLY));
	struct stat before;

	must(mkdirat(t->o, "d", 0755));
	put(t->o, "d/f", "x");
	fd = must(openat(t->o, "d/f", O_RDWR));
	before = stat_of(t->o, "d/f");
	assert_int_equal(must(write(drop, "2", 1)), 1);
	same_stat(t, "d/f");
	assert_int_equal(stat_of(t->o, "d/f").st_ino, before.st_ino);
	must(renameat(t->u, "d", t->u, "e"));
	assert_int_equal(must(write(drop, "2", 1)), 1);
	must(pwrite(fd, "y", 1, 0));
	holds(t->o, "e/f", "y");
}

/* A mount of something else on the mount goes with the name below it, and only then. */
static void mounted_upon(struct twin *t)
{
	must(mkdirat(t->o, "d", 0755));
	must(mkdirat(t->o, "d/m", 0755));
	must(mount("inner", over(t, "d/m"), "tmpfs", 0, "size=64k"));
	put(t->o, "d/m/mark", "mark");
	put(t->u, "d/other", "x");
	must(unlinkat(t->u, "d/other", 0));
	must(fchmodat(t->u, "d", 0700, 0));
	holds(t->o, "d/m/mark", "mark");
	assert_fails(renameat(t->o, "d/m", t->o, "d/n"), EBUSY);
	assert_fails(unlinkat(t->o, "d/m", AT_REMOVEDIR), EBUSY);
	must(renameat(t->o, "d", t->o, "e"));
	holds(t->o, "e/m/mark", "mark");
	assert_string_equal(names_in(under(t, "e/m")), "");
	must(umount(over(t, "e/m")));
	assert_string_equal(names_in(over(t, "e/m")), "");
}

static const struct twin_test tests[] = {
	TWIN_TEST(made_under),
	TWIN_TEST(made_under_then_over),
	TWIN_TEST(taken_away_under),
	TWIN_TEST(filled_under),
	TWIN_TEST(renamed_under),
	TWIN_TEST(replaced_under),
	TWIN_TEST(retargeted_under),
	TWIN_TEST(swapped_under),
	TWIN_TEST(moved_deep_under),
	TWIN_TEST(turned_over_under),
	TWIN_TEST(rights_change_under),
	TWIN_TEST(owners_change_under),
	TWIN_TEST(rights_of_a_working_directory),
	TWIN_TEST(hard_links_under),
	TWIN_TEST(listings_are_fresh),
	TWIN_TEST(dropped_caches),
	TWIN_TEST(mounted_upon),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_ALL);
}
