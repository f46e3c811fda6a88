// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random operations on few names by several processes through two mounts and
 * underneath. Each may fail, but only as it may fail natively; when all is
 * quiet, both mounts show just what the backing directory has.
 *
 * timeout: 180
 */
#include "crowd.h"

#include <dirent.h>
#include <linux/fs.h>

#include "tree.h"

static int second;	/* the other mount's directory */

/* Renames keep a directory at its depth, lest the tree grows without end. */
static const char *some_path(unsigned int depth)
{
	switch (depth) {
	case 1:
		return fmt("%c", 'a' + pick(3));
	case 2:
		return fmt("%c/%c", 'a' + pick(3), 'a' + pick(3));
	default:
		return fmt("%c/%c/%c", 'a' + pick(3), 'a' + pick(3), 'a' + pick(3));
	}
}

static void may_fail(const char *what, const char *a, const char *b, long result)
{
	static const int errors[] = {
		ENOENT, EEXIST, ENOTEMPTY, ENOTDIR, EISDIR, ELOOP,
		EINVAL,		/* renaming a directory into itself */
		EPERM,		/* a link to a directory */
	};

	if (result >= 0)
		return;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errno == errors[i])
			return;
	violated("%s %s %s: %s", what, a, b, strerror(errno));
}

/* Names that others change at the same moment may be refused: see docs/differences.md. */
static void may_be_stale(const char *what, const char *a, const char *b, long result)
{
	if (result >= 0 || errno != ESTALE)
		may_fail(what, a, b, result);
}

static void use_file(int dir, const char *path)
{
	bool create = pick(2);
	int fd = openat(dir, path, O_RDWR | (create ? O_CREAT : 0), 0644);
	char text[16];

	if (create)
		may_be_stale("create", path, "", fd);
	else
		may_fail("open", path, "", fd);
	if (fd < 0)
		return;
	surely(write(fd, "some text", 9));
	surely(pread(fd, text, sizeof(text), 0));
	surely(close(fd));
}

static void list_dir(int dir, const char *path)
{
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY);
	char entries[4096];
	ssize_t n;

	may_fail("open directory", path, "", fd);
	if (fd < 0)
		return;
	while ((n = getdents64(fd, entries, sizeof(entries))) > 0)
		;
	may_fail("list", path, "", n);
	surely(close(fd));
}

static void random_operation(int dir)
{
	unsigned int depth = 1 + pick(3);
	const char *a = some_path(depth), *b = some_path(depth);
	struct stat st;

	switch (pick(13)) {
	case 0:
		return use_file(dir, a);
	case 1:
		return may_fail("mkdir", a, "", mkdirat(dir, a, 0755));
	case 2:
		return may_be_stale("rename", a, b, renameat(dir, a, dir, b));
	case 3:
		return may_be_stale("exchange", a, b, renameat2(dir, a, dir, b, RENAME_EXCHANGE));
	case 4:
		return may_be_stale("rename, no replace", a, b, renameat2(dir, a, dir, b, RENAME_NOREPLACE));
	case 5:
		return may_be_stale("link", a, b, linkat(dir, a, dir, b, 0));
	case 6:
		return may_fail("symlink", a, b, symlinkat(some_path(1), dir, b));
	case 7:
		return may_be_stale("unlink", a, "", unlinkat(dir, a, 0));
	case 8:
		return may_be_stale("rmdir", a, "", unlinkat(dir, a, AT_REMOVEDIR));
	case 9:
		return may_fail("chmod", a, "", fchmodat(dir, a, 0700 + pick(0100), 0));
	case 10:
		return list_dir(dir, pick(2) ? "." : a);
	case 11:
		return may_fail("mkdir", a, "", mkdirat(dir, fmt("%c", 'a' + pick(3)), 0755));
	default:
		may_fail("stat", a, "", fstatat(dir, a, &st, 0));
	}
}

static void act_over(struct twin *t)
{
	random_operation(t->o);
}

static void act_under(struct twin *t)
{
	random_operation(t->u);
}

static void act_over_second(struct twin *t)
{
	random_operation(second);
}

static void check_tree(struct twin *t, const char *mount)
{
	char lines[4096] = "";
	FILE *out = fmemopen(lines, sizeof(lines) - 1, "w");
	struct tree_count count = tree_compare(t->under, mount, TREE_VIEWS, out);

	fclose(out);
	if (count.differences)
		fail_msg("%s shows what %s has not:\n%s", mount, t->under, lines);
}

static void run_chaos(struct twin *t, const struct member *members, size_t n)
{
	const char *mount = tmp_path("second");

	mnt(t->under, mount, t->world == TWIN_NOP ? "ops=nop" : "");
	second = must(open(mount, O_RDONLY));
	crowd_run(t, members, n);
	check_tree(t, t->over);
	check_tree(t, mount);
	must(close(second));
	umnt(mount);
}

static void through_one_mount(struct twin *t)
{
	static const struct member members[] = {
		{ "over", act_over },
		{ "over", act_over },
		{ "over", act_over },
	};

	run_chaos(t, members, sizeof(members) / sizeof(members[0]));
}

static void everywhere(struct twin *t)
{
	static const struct member members[] = {
		{ "over", act_over },
		{ "over", act_over },
		{ "under", act_under },
		{ "second", act_over_second },
	};

	run_chaos(t, members, sizeof(members) / sizeof(members[0]));
}

static const struct twin_test tests[] = {
	TWIN_TEST(through_one_mount),
	TWIN_TEST(everywhere),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_ALL);
}
