// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walkers in a loop against changes through the mount and underneath.
 *
 * Without the in-progress mark a walker drops the entry that an operation of
 * the mount is just changing: open files show "(deleted)", mounts below a
 * renamed directory go. Without the sequence count changes underneath are
 * missed; with a count that is read at the wrong time names vanish for a moment.
 * With slow lookups others find an absence before its counts are known: whoever drops it
 * takes the name of the file that is being made there.
 *
 * timeout: 200
 */
#include "crowd.h"

#include <linux/fs.h>
#include <sys/mount.h>
#include <sys/utsname.h>

/* --- names that exist all the time ------------------------------------------------ */

/*
 * x/deep/er/file stays; x/swap-a and x/swap-b are exchanged, as are the
 * directories x/dir-a and x/dir-b; x/over and x/link are renamed over.
 */
static void lay_out_lasting(struct twin *t)
{
	must(mkdirat(t->o, "x", 0755));
	must(mkdirat(t->o, "x/deep", 0755));
	must(mkdirat(t->o, "x/deep/er", 0755));
	put(t->o, "x/deep/er/file", "lasts");
	put(t->o, "x/swap-a", "swap");
	put(t->o, "x/swap-b", "swap");
	must(mkdirat(t->o, "x/dir-a", 0755));
	must(mkdirat(t->o, "x/dir-b", 0755));
	put(t->o, "x/dir-a/in", "in");
	put(t->o, "x/dir-b/in", "in");
	put(t->o, "x/over", "over");
	must(symlinkat("deep/er", t->o, "x/link"));
}

static void look_at(int dir, const char *name)
{
	struct stat st;
	int fd;

	switch (pick(4)) {
	case 0:
		if (fstatat(dir, name, &st, 0))
			violated("stat %s: %s, but it exists all the time", name, strerror(errno));
		break;
	case 1:
		fd = openat(dir, name, O_RDONLY | O_NOATIME);
		if (fd < 0)
			violated("open %s: %s, but it exists all the time", name, strerror(errno));
		close(fd);
		break;
	case 2:
		if (faccessat(dir, name, R_OK, 0))
			violated("access %s: %s, but it exists all the time", name, strerror(errno));
		break;
	default:
		if (faccessat(dir, name, F_OK, AT_EACCESS))
			violated("access %s: %s, but it exists all the time", name, strerror(errno));
	}
}

static void walk_lasting(struct twin *t)
{
	static const char *const names[] = {
		"x/deep/er/file", "x/swap-a", "x/swap-b", "x/dir-a/in", "x/dir-b/in", "x/over",
		"x/link/file", "x/dir-a/../dir-b/in", "x/deep/../link/../er/file",
	};
	char target[64];

	look_at(t->o, names[pick(sizeof(names) / sizeof(names[0]))]);
	if (surely(readlinkat(t->o, "x/link", target, sizeof(target))) != 7)
		violated("x/link has another target");
}

/*
 * A change that may be refused where another one of the same names got in
 * between, twice: see docs/differences.md. Then false, and nothing is changed.
 */
static bool changed(long result, int line)
{
	if (result < 0 && errno != ESTALE)
		violated("line %d: %s", line, strerror(errno));
	return result >= 0;
}
#define CHANGED(call)	changed(call, __LINE__)

static void change_around(int dir)
{
	const char *mine = fmt("x/mine-%u", member_number()), *moved = fmt("x/moved-%u", member_number());

	switch (pick(6)) {
	case 0:
		CHANGED(renameat2(dir, "x/swap-a", dir, "x/swap-b", RENAME_EXCHANGE));
		break;
	case 1:
		CHANGED(renameat2(dir, "x/dir-a", dir, "x/dir-b", RENAME_EXCHANGE));
		break;
	case 2:
		surely(close(surely(openat(dir, mine, O_WRONLY | O_CREAT | O_EXCL, 0644))));
		if (!CHANGED(renameat(dir, mine, dir, "x/over")))
			surely(unlinkat(dir, mine, 0));
		break;
	case 3:
		surely(symlinkat("deep/er", dir, mine));
		if (!CHANGED(renameat(dir, mine, dir, "x/link")))
			surely(unlinkat(dir, mine, 0));
		break;
	case 4:
		surely(mkdirat(dir, mine, 0755));
		surely(renameat(dir, mine, dir, moved));
		surely(unlinkat(dir, moved, AT_REMOVEDIR));
		break;
	default:
		surely(close(surely(openat(dir, mine, O_WRONLY | O_CREAT | O_EXCL, 0644))));
		surely(linkat(dir, mine, dir, moved, 0));
		surely(unlinkat(dir, mine, 0));
		surely(unlinkat(dir, moved, 0));
	}
}

static void change_over(struct twin *t)
{
	change_around(t->o);
}

static void change_under(struct twin *t)
{
	change_around(t->u);
}

static void lasting_names_last(struct twin *t)
{
	static const struct member members[] = {
		{ "walker", walk_lasting },
		{ "walker", walk_lasting },
		{ "over", change_over },
		{ "under", change_under },
	};

	lay_out_lasting(t);
	crowd_run(t, members, sizeof(members) / sizeof(members[0]));
	for (const char *const *f = (const char *[]){ "x/over", "x/swap-a", "x/dir-b/in", NULL }; *f; f++)
		same_stat(t, *f);
}

/* --- what a process made is what it has ------------------------------------------------ */

static void check_path(int fd, const char *want)
{
	char got[512];
	ssize_t n = surely(readlink(fmt("/proc/self/fd/%d", fd), got, sizeof(got) - 1));

	got[n] = 0;
	if (strcmp(got, want))
		violated("an open file is shown as %s, not %s", got, want);
}

static void make_and_move(struct twin *t)
{
	const char *a = fmt("a%u", pick(3) + 10 * member_number()), *b = fmt("b%u", member_number());
	int fd = surely(openat(t->o, a, O_RDWR | O_CREAT | O_EXCL, 0644));

	check_path(fd, over(t, a));
	surely(renameat(t->o, a, t->o, b));
	check_path(fd, over(t, b));
	surely(linkat(t->o, b, t->o, a, 0));
	check_path(fd, over(t, b));
	surely(unlinkat(t->o, a, 0));
	check_path(fd, over(t, b));
	surely(unlinkat(t->o, b, 0));
	surely(close(fd));
	surely(mkdirat(t->o, a, 0755));
	fd = surely(openat(t->o, a, O_RDONLY | O_DIRECTORY));
	check_path(fd, over(t, a));
	surely(renameat(t->o, a, t->o, b));
	check_path(fd, over(t, b));
	surely(close(surely(openat(fd, "in", O_WRONLY | O_CREAT, 0644))));
	surely(unlinkat(fd, "in", 0));
	surely(unlinkat(t->o, b, AT_REMOVEDIR));
	surely(close(fd));
	surely(symlinkat("nowhere", t->o, a));
	surely(unlinkat(t->o, a, 0));
}

/* A name that comes and goes: it is there or it is not, and nothing else. */
static void walk_to(struct twin *t, const char *name, int flags)
{
	struct stat st;
	int fd;

	if (fstatat(t->o, name, &st, flags) && errno != ENOENT && errno != ENOTDIR)
		violated("stat %s: %s", name, strerror(errno));
	fd = openat(t->o, name, O_RDONLY);
	if (fd < 0 && errno != ENOENT && errno != ENOTDIR)
		violated("open %s: %s", name, strerror(errno));
	if (fd >= 0)
		close(fd);
}

static void walk_made(struct twin *t)
{
	walk_to(t, pick(2) ? fmt("a%u", pick(3) + 10 * pick(2)) : fmt("b%u/in", pick(2)), AT_SYMLINK_NOFOLLOW);
}

static void open_files_stay_named(struct twin *t)
{
	static const struct member members[] = {
		{ "maker", make_and_move },
		{ "maker", make_and_move },
		{ "walker", walk_made },
		{ "walker", walk_made },
	};

	crowd_run(t, members, sizeof(members) / sizeof(members[0]));
	assert_string_equal(names_in(t->under), "");
	assert_string_equal(names_in(t->over), "");
}

/* --- mounts below a renamed directory ----------------------------------------------- */

static void mount_marked(struct twin *t, const char *dir)
{
	must(mkdirat(t->o, dir, 0755));
	must(mkdirat(t->o, fmt("%s/m", dir), 0755));
	must(mount("marked", over(t, fmt("%s/m", dir)), "tmpfs", 0, "size=64k"));
	put(t->o, fmt("%s/m/mark", dir), "");
}

static void rename_mounted(struct twin *t)
{
	switch (pick(3)) {
	case 0:
		surely(renameat2(t->o, "one", t->o, "two", RENAME_EXCHANGE));
		break;
	case 1:
		surely(renameat(t->o, "away", t->o, "p/away"));
		look_at(t->o, "p/away/m/mark");
		surely(renameat(t->o, "p/away", t->o, "away"));
		break;
	default:
		surely(renameat(t->o, "away", t->o, "gone"));
		look_at(t->o, "gone/m/mark");
		surely(renameat(t->o, "gone", t->o, "away"));
	}
	look_at(t->o, "away/m/mark");
}

static void walk_mounted(struct twin *t)
{
	struct stat st;

	look_at(t->o, "one/m/mark");
	look_at(t->o, "two/m/mark");
	/* These two names come and go, but never without their mount. */
	for (const char *const *name = (const char *[]){ "away", "gone", "p/away", NULL }; *name; name++) {
		int fd = openat(t->o, *name, O_PATH | O_DIRECTORY);

		if (fd < 0 && errno == ENOENT)
			continue;
		surely(fd);
		if (fstatat(fd, "m/mark", &st, 0))
			violated("%s is there without the mount in it: %s", *name, strerror(errno));
		close(fd);
	}
}

/* Unrelated changes underneath in the same directories. */
static void stir_under(struct twin *t)
{
	surely(close(surely(openat(t->u, "stir", O_WRONLY | O_CREAT, 0644))));
	surely(renameat(t->u, "stir", t->u, "p/stir"));
	surely(unlinkat(t->u, "p/stir", 0));
}

static void mounts_below_stay(struct twin *t)
{
	static const struct member members[] = {
		{ "walker", walk_mounted },
		{ "walker", walk_mounted },
		{ "renamer", rename_mounted },
		{ "under", stir_under },
	};

	must(mkdirat(t->o, "p", 0755));
	mount_marked(t, "one");
	mount_marked(t, "two");
	mount_marked(t, "away");
	crowd_run(t, members, sizeof(members) / sizeof(members[0]));
	/* EINVAL here: the mount was lost. */
	must(umount(over(t, "one/m")));
	must(umount(over(t, "two/m")));
	must(umount(over(t, "away/m")));
}

/* --- changes underneath show at once, whatever others are doing ---------------------------- */

/*
 * Before 6.14 the kernel does not tell ->d_revalidate under which name it found
 * a dentry. A directory's dentry that another process is moving to its new
 * place at that moment is then taken for the old one, once: see
 * docs/differences.md.
 */
static bool may_be_late(void)
{
	struct utsname u;
	int major, minor;

	surely(uname(&u));
	if (sscanf(u.release, "%d.%d", &major, &minor) != 2)
		violated("no version in %s", u.release);
	return major < 6 || (major == 6 && minor < 14);
}

/* The inode that a name leads to through the mount, 0 if to none. */
static ino_t ino_over(struct twin *t, const char *name)
{
	struct stat st;

	if (!fstatat(t->o, name, &st, AT_SYMLINK_NOFOLLOW))
		return st.st_ino;
	if (errno != ENOENT)
		violated("stat %s: %s", name, strerror(errno));
	return 0;
}

/* ino is 0 if the name is gone underneath. */
static void shown(struct twin *t, const char *name, ino_t ino)
{
	ino_t seen = ino_over(t, name);

	if (seen != ino)
		violated("after a change underneath %s is inode %lu and still shown as %lu", name, ino, seen);
}

/* The same of what a moved directory leads to. */
static void shown_by_dir(struct twin *t, const char *name, ino_t ino)
{
	static unsigned long late;

	if (may_be_late() && ino_over(t, name) != ino)
		late++;
	if (late > 10 + steps() / 100)
		violated("%lu late answers", late);
	shown(t, name, ino);
}

static ino_t ino_under(struct twin *t, const char *name)
{
	struct stat st;

	surely(fstatat(t->u, name, &st, AT_SYMLINK_NOFOLLOW));
	return st.st_ino;
}

static void check_file(struct twin *t)
{
	ino_t ino;

	shown(t, "f", 0);
	surely(close(surely(openat(t->u, "f", O_WRONLY | O_CREAT | O_EXCL, 0644))));
	ino = ino_under(t, "f");
	shown(t, "f", ino);
	surely(renameat(t->u, "f", t->u, "d/g"));
	shown(t, "f", 0);
	shown(t, "d/g", ino);
	surely(linkat(t->u, "d/g", t->u, "f", 0));
	shown(t, "f", ino);
	surely(unlinkat(t->u, "d/g", 0));
	shown(t, "d/g", 0);
	surely(unlinkat(t->u, "f", 0));
	shown(t, "f", 0);
	surely(mkdirat(t->u, "f", 0755));
	shown(t, "f", ino_under(t, "f"));
	surely(unlinkat(t->u, "f", AT_REMOVEDIR));
	surely(symlinkat("d", t->u, "f"));
	shown(t, "f", ino_under(t, "f"));
	surely(unlinkat(t->u, "f", 0));
}

static void check_directory(struct twin *t)
{
	ino_t p = ino_under(t, "p/in"), q = ino_under(t, "q/in");

	shown_by_dir(t, "p/in", p);
	shown_by_dir(t, "q/in", q);
	surely(renameat2(t->u, "p", t->u, "q", RENAME_EXCHANGE));
	shown_by_dir(t, "p/in", q);
	shown_by_dir(t, "q/in", p);
	surely(renameat(t->u, "p", t->u, "d/p"));
	shown_by_dir(t, "p", 0);
	shown_by_dir(t, "d/p/in", q);
	surely(renameat(t->u, "d/p", t->u, "p"));
	shown_by_dir(t, "p/in", q);
}

static void check_mode(struct twin *t)
{
	mode_t mode = 0600 + pick(0200);
	struct stat st;

	surely(fchmodat(t->u, "mode", mode, 0));
	surely(fstatat(t->o, "mode", &st, 0));
	if ((st.st_mode & 07777) != mode)
		violated("the mode is shown as %o, not %o", st.st_mode & 07777, mode);
}

static void check_at_once(struct twin *t)
{
	switch (pick(3)) {
	case 0:
		return check_file(t);
	case 1:
		return check_directory(t);
	default:
		check_mode(t);
	}
}

static void walk_changed(struct twin *t)
{
	static const char *const names[] = { "f", "d/g", "f/none", "p/in", "q/in", "d/p/in", "mode", "d/p" };

	walk_to(t, names[pick(sizeof(names) / sizeof(names[0]))], 0);
}

static void stir_over(struct twin *t)
{
	surely(close(surely(openat(t->o, "stir", O_WRONLY | O_CREAT, 0644))));
	surely(renameat(t->o, "stir", t->o, "d/stir"));
	surely(unlinkat(t->o, "d/stir", 0));
}

static void changes_show_at_once(struct twin *t)
{
	static const struct member members[] = {
		{ "under", check_at_once },
		{ "walker", walk_changed },
		{ "walker", walk_changed },
		{ "over", stir_over },
	};

	must(mkdirat(t->u, "d", 0755));
	must(mkdirat(t->u, "p", 0755));
	must(mkdirat(t->u, "q", 0755));
	put(t->u, "p/in", "");
	put(t->u, "q/in", "");
	put(t->u, "mode", "");
	crowd_run(t, members, sizeof(members) / sizeof(members[0]));
}

static const struct twin_test tests[] = {
	TWIN_TEST(lasting_names_last),
	TWIN_TEST(open_files_stay_named),
	TWIN_TEST(mounts_below_stay),
	TWIN_TEST(changes_show_at_once),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_TMPFS | TWIN_NOP | TWIN_SLOW);
}
