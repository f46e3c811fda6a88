// SPDX-License-Identifier: GPL-2.0-only
/*
 * Path walks that come into the middle of a lookup, or of a change through the mount.
 * Without the comparison of absences a file that is being made loses its name; without
 * the mark, or without the second comparison, mounts below a renamed directory go; without
 * our own count, or the look at where a dentry has gone, a directory that was moved
 * underneath is found where it is not.
 *
 * timeout: 240
 */
#include "twin.h"

#include <linux/fs.h>
#include <sys/mount.h>

/* What fn of a child does it with; a child has a copy. */
static struct twin *twin;
static const char *first, *second;

static void names(struct twin *t, const char *one, const char *two)
{
	twin = t;
	first = one;
	second = two;
}

static int looks(void *name)
{
	struct stat st;

	return fstatat(twin->o, name, &st, AT_SYMLINK_NOFOLLOW) ? errno : 0;
}

/* A walker that must not wait for anybody. */
static int look(const char *name)
{
	return goes_through(looks, (void *)name);
}

/* --- making ------------------------------------------------------------------------------ */

/* What an open file is shown as is right. */
static int path_is(int fd, const char *name)
{
	char path[512];
	ssize_t n = readlink(fmt("/proc/self/fd/%d", fd), path, sizeof(path) - 1);

	if (n < 0)
		return errno;
	path[n] = 0;
	return strcmp(path, over(twin, name)) ? 200 : 0;
}

static int makes_file(void *unused)
{
	int fd = openat(twin->o, first, O_RDWR | O_CREAT | O_EXCL, 0644);

	return fd < 0 ? errno : path_is(fd, first);
}

static int makes_dir(void *unused)
{
	return mkdirat(twin->o, first, 0755) ? errno : 0;
}

static int makes_pipe(void *unused)
{
	return mknodat(twin->o, first, S_IFIFO | 0600, 0) ? errno : 0;
}

static int makes_link(void *unused)
{
	return symlinkat("target", twin->o, first) ? errno : 0;
}

static int makes_name(void *unused)
{
	return linkat(twin->o, "linked", twin->o, first, 0) ? errno : 0;
}

static int (*const makers[])(void *unused) = {
	makes_file, makes_dir, makes_pipe, makes_link, makes_name,
};

/* A walker comes by when each kind of entry is at this point of being made. */
static void walker_while_made(struct twin *t, const char *point)
{
	put(t->u, "linked", "x");
	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
		pid_t maker;

		names(t, fmt("f%zu", i), NULL);
		maker = stop_at(point, makers[i], NULL);
		assert_int_equal(look(first), ENOENT);
		assert_int_equal(go_on(point, maker), 0);
		same_stat(t, first);
	}
}

/* It is found, and what it was compared with is not known yet. */
static void absence_before_it_is_confirmed(struct twin *t)
{
	walker_while_made(t, "lookup:spliced");
}

static void made_below_and_not_above(struct twin *t)
{
	walker_while_made(t, "make:done");
}

/* It was there for a moment: a walker has dropped our absence, which is made a file then. */
static void absence_that_was_dropped(struct twin *t)
{
	pid_t maker, walker;

	names(t, "f", NULL);
	maker = stop_at("open:absent", makes_file, NULL);
	put(t->u, "f", "for a moment");
	walker = in_background(looks, "f");
	child_blocks(walker);
	must(unlinkat(t->u, "f", 0));
	assert_int_equal(go_on("open:absent", maker), 0);
	assert_int_equal(child_ends(walker), 0);
	same_stat(t, "f");
}

/* --- removing ---------------------------------------------------------------------------- */

static int removes_file(void *unused)
{
	return unlinkat(twin->o, "f", 0) ? errno : 0;
}

static int removes_dir(void *unused)
{
	return unlinkat(twin->o, "d", AT_REMOVEDIR) ? errno : 0;
}

static void removed_below_and_not_above(struct twin *t)
{
	pid_t remover;

	names(t, NULL, NULL);
	put(t->o, "f", "x");
	must(mkdirat(t->o, "d", 0755));
	remover = stop_at("remove:done", removes_file, NULL);
	assert_int_equal(look("f"), 0);
	assert_int_equal(go_on("remove:done", remover), 0);
	absent(t, "f");
	remover = stop_at("remove:done", removes_dir, NULL);
	assert_int_equal(look("d"), 0);
	assert_int_equal(go_on("remove:done", remover), 0);
	absent(t, "d");
}

/* --- moving ------------------------------------------------------------------------------ */

static int moves(void *unused)
{
	return renameat(twin->o, first, twin->o, second) ? errno : 0;
}

static int exchanges(void *unused)
{
	return renameat2(twin->o, first, twin->o, second, RENAME_EXCHANGE) ? errno : 0;
}

/* A directory with a mount below, whose loss shows. */
static void marked_dir(struct twin *t, const char *name)
{
	must(mkdirat(t->o, name, 0755));
	must(mkdirat(t->o, fmt("%s/m", name), 0755));
	must(mount("marked", over(t, fmt("%s/m", name)), "tmpfs", 0, "size=64k"));
	put(t->o, fmt("%s/m/mark", name), "");
}

static void still_marked(struct twin *t, const char *name)
{
	assert_int_equal(look(fmt("%s/m/mark", name)), 0);
	must(umount(over(t, fmt("%s/m", name))));
	same_stat(t, fmt("%s/m", name));
}

/* Until the VFS has moved our dentry the old name holds, and the new one does not. */
static void moved_below_and_not_above(struct twin *t)
{
	static const char *const to[] = { "e", "p/d" };
	pid_t mover;

	must(mkdirat(t->o, "p", 0755));
	for (size_t i = 0; i < 2; i++) {
		names(t, "d", to[i]);
		marked_dir(t, "d");
		mover = stop_at("rename:done", moves, NULL);
		assert_int_equal(look("d/m/mark"), 0);
		assert_int_equal(look(second), ENOENT);
		go_on_to("rename:done", "rename:known", mover);
		assert_int_equal(look("d/m/mark"), 0);
		assert_int_equal(look(second), ENOENT);
		assert_int_equal(go_on("rename:known", mover), 0);
		absent(t, "d");
		still_marked(t, second);
	}
}

static void exchanged_below_and_not_above(struct twin *t)
{
	pid_t mover;

	names(t, "d", "e");
	marked_dir(t, "d");
	must(mkdirat(t->o, "e", 0755));
	put(t->o, "e/in", "in");
	mover = stop_at("rename:done", exchanges, NULL);
	assert_int_equal(look("d/m/mark"), 0);
	assert_int_equal(look("e/in"), 0);
	go_on_to("rename:done", "rename:known", mover);
	assert_int_equal(look("d/m/mark"), 0);
	assert_int_equal(look("e/in"), 0);
	assert_int_equal(go_on("rename:known", mover), 0);
	holds(t->o, "d/in", "in");
	still_marked(t, "e");
}

static void moved_over_another(struct twin *t)
{
	pid_t mover;

	names(t, "f", "g");
	put(t->o, "f", "f");
	put(t->o, "g", "g");
	mover = stop_at("rename:done", moves, NULL);
	assert_int_equal(look("f"), 0);
	assert_int_equal(look("g"), 0);
	go_on_to("rename:done", "rename:known", mover);
	assert_int_equal(look("f"), 0);
	assert_int_equal(look("g"), 0);
	assert_int_equal(go_on("rename:known", mover), 0);
	absent(t, "f");
	holds(t->o, "g", "f");
}

/* Its count below is another, and nothing else: a walk compares the names. */
static void disturb(struct twin *t, const char *name)
{
	must(renameat(t->u, name, t->u, "away"));
	must(renameat(t->u, "away", t->u, name));
}

/* The walker has seen the counts differ before the rename began, and compares in its middle. */
static void compared_while_moved(struct twin *t)
{
	pid_t walker, mover;

	names(t, "d", "e");
	marked_dir(t, "d");
	disturb(t, "d");
	walker = stop_at("revalidate:differs", looks, "d/m/mark");
	mover = stop_at("rename:done", moves, NULL);
	assert_int_equal(go_on("revalidate:differs", walker), 0);
	assert_int_equal(go_on("rename:done", mover), 0);
	still_marked(t, "e");
}

/* It compares in the middle, and looks at the mark when the rename has ended. */
static void compared_while_moved_and_marked_after(struct twin *t)
{
	pid_t walker, mover;
	int found;

	names(t, "d", "e");
	marked_dir(t, "d");
	disturb(t, "d");
	walker = stop_at("revalidate:differs", looks, "d/m/mark");
	mover = stop_at("rename:done", moves, NULL);
	go_on_to("revalidate:differs", "revalidate:compared", walker);
	assert_int_equal(go_on("rename:done", mover), 0);
	found = go_on("revalidate:compared", walker);
	/* Programs have to be called for the name, so the walk comes again, after the move. */
	assert_int_equal(found, t->world == TWIN_NOP ? ENOENT : 0);
	still_marked(t, "e");
}

/* --- moved underneath -------------------------------------------------------------------- */

/* a/d/x, b and c, which the mount has seen. */
static void lay_out(struct twin *t)
{
	must(mkdirat(t->o, "a", 0755));
	must(mkdirat(t->o, "b", 0755));
	must(mkdirat(t->o, "c", 0755));
	must(mkdirat(t->o, "a/d", 0755));
	put(t->o, "a/d/x", "x");
	names(t, NULL, NULL);
}

/* The slower of two lookups moves our dentry back to where the directory no longer is. */
static void two_lookups_of_a_moved_directory(struct twin *t)
{
	pid_t slow;

	lay_out(t);
	must(renameat(t->u, "a/d", t->u, "b/d"));
	slow = stop_at("lookup:splice", looks, "b/d/x");
	must(renameat(t->u, "b/d", t->u, "c/d"));
	assert_int_equal(look("c/d/x"), 0);
	go_on_to("lookup:splice", "lookup:spliced", slow);
	assert_int_equal(look("b/d/x"), ENOENT);
	assert_int_equal(look("a/d/x"), ENOENT);
	assert_int_equal(look("c/d/x"), 0);
	/* It found the directory when it was there. */
	assert_int_equal(go_on("lookup:spliced", slow), 0);
	assert_int_equal(look("b/d/x"), ENOENT);
	same_stat(t, "c/d/x");
}

/* A lookup moves our dentry to its new place while a walker is about to compare the old one. */
static void moved_away_from_a_walker(struct twin *t)
{
	pid_t walker;

	lay_out(t);
	disturb(t, "a/d");
	walker = stop_at("revalidate:differs", looks, "a/d/x");
	must(renameat(t->u, "a/d", t->u, "b/d"));
	assert_int_equal(look("b/d/x"), 0);
	assert_int_equal(go_on("revalidate:differs", walker), ENOENT);
	same_stat(t, "b/d/x");
}

/* Between the look below and our dentry's inode: it goes, comes as another, is moved. */
static void changed_after_it_was_found(struct twin *t)
{
	pid_t walker;

	names(t, NULL, NULL);
	put(t->u, "f", "first");
	walker = stop_at("lookup:found", looks, "f");
	must(unlinkat(t->u, "f", 0));
	assert_int_equal(go_on("lookup:found", walker), 0);
	absent(t, "f");

	put(t->u, "g", "first");
	walker = stop_at("lookup:found", looks, "g");
	must(unlinkat(t->u, "g", 0));
	must(mkdirat(t->u, "g", 0700));
	assert_int_equal(go_on("lookup:found", walker), 0);
	same_stat(t, "g");

	put(t->u, "h", "moved");
	walker = stop_at("lookup:found", looks, "h");
	must(renameat(t->u, "h", t->u, "i"));
	assert_int_equal(go_on("lookup:found", walker), 0);
	absent(t, "h");
	holds(t->o, "i", "moved");

	/* Made below, it is what the lookup has in hand. */
	walker = stop_at("lookup:found", looks, "k");
	put(t->u, "k", "made");
	assert_int_equal(go_on("lookup:found", walker), 0);
	holds(t->o, "k", "made");
}

static const struct twin_test tests[] = {
	TWIN_TEST(absence_before_it_is_confirmed),
	TWIN_TEST(made_below_and_not_above),
	TWIN_TEST(absence_that_was_dropped),
	TWIN_TEST(removed_below_and_not_above),
	TWIN_TEST(moved_below_and_not_above),
	TWIN_TEST(exchanged_below_and_not_above),
	TWIN_TEST(moved_over_another),
	TWIN_TEST(compared_while_moved),
	TWIN_TEST(compared_while_moved_and_marked_after),
	TWIN_TEST(two_lookups_of_a_moved_directory),
	TWIN_TEST(moved_away_from_a_walker),
	TWIN_TEST(changed_after_it_was_found),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_ALL | TWIN_POINTS);
}
