// SPDX-License-Identifier: GPL-2.0-only
/* Operations on names: what directories hold, links, working directories. */
#include "diff.h"

#include <sys/sysmacros.h>
#include <sys/syscall.h>

#include <linux/fs.h>

static struct place from, to;

/* --- directories and special files --------------------------------------------------- */

static void make_dir(struct op *op)
{
	some_path(op, &op->path, 'd');
	op->mode = some_mode();
}

static void run_mkdir(struct side *s, const struct op *op, struct result *r)
{
	place_of(s, op, &op->path, &from);
	result_is(r, mkdirat(from.dir, from.text, op->mode));
}

/* What is deep is more often empty. */
static void make_rmdir(struct op *op)
{
	struct op_path path;

	some_path(op, &path, 'd');
	some_path(op, &op->path, 'd');
	if (path.count > op->path.count)
		op->path = path;
}

static void run_rmdir(struct side *s, const struct op *op, struct result *r)
{
	place_of(s, op, &op->path, &from);
	result_is(r, unlinkat(from.dir, from.text, AT_REMOVEDIR));
}

/* data: the device, one that does nothing, one that is not there, or a whiteout. */
static void make_node(struct op *op)
{
	some_path(op, &op->path, 's');
	op->mode = some_mode() | ONE_OF(S_IFIFO, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK, S_IFREG, 0,
					S_IFDIR);
	op->data = ONE_OF(makedev(1, 3), makedev(1, 5), makedev(240, 7), 0);
	if (S_ISBLK(op->mode))
		op->data = makedev(240, 7);
}

static void run_mknod(struct side *s, const struct op *op, struct result *r)
{
	place_of(s, op, &op->path, &from);
	result_is(r, mknodat(from.dir, from.text, op->mode, op->data));
}

/* --- links ------------------------------------------------------------------------------ */

/* At most one "..", and only at its start: see some_path(). flags: an absolute target. */
static void make_symlink(struct op *op)
{
	unsigned int i;

	some_path(op, &op->path, 'l');
	some_path(op, &op->path2, percent(50) ? 'f' : percent(50) ? 'd' : 'l');
	op->path2.from = FROM_ROOT;
	for (i = 0; i < op->path2.count; i++)
		if (op->path2.name[i] == NAME_DOTDOT)
			op->path2.name[i] = NAME_DOT;
	if (op->path2.count && percent(25))
		op->path2.name[0] = NAME_DOTDOT;
	op->flags = percent(5);
}

static void run_symlink(struct side *s, const struct op *op, struct result *r)
{
	place_of(s, op, &op->path2, &to);
	place_of(s, op, &op->path, &from);
	if (op->flags)
		memcpy(to.text, "/none", sizeof("/none"));
	result_is(r, symlinkat(to.text, from.dir, from.text));
}

static void make_readlink(struct op *op)
{
	some_path(op, &op->path, percent(85) ? 'l' : 'f');
	op->len = percent(80) ? 4096 : below(5);
}

static void run_readlink(struct side *s, const struct op *op, struct result *r)
{
	place_of(s, op, &op->path, &from);
	result_is(r, readlinkat(from.dir, from.text, (char *)r->bytes, op->len));
	r->size = r->ret > 0 ? r->ret : 0;
}

static void make_link(struct op *op)
{
	some_path(op, &op->path, percent(70) ? 'f' : percent(50) ? 'l' : 's');
	some_path(op, &op->path2, percent(80) ? 'f' : 'l');
	op->flags = ONE_OF(0, 0, 0, AT_SYMLINK_FOLLOW, AT_EMPTY_PATH, 1);
}

static void run_link(struct side *s, const struct op *op, struct result *r)
{
	place_of(s, op, &op->path2, &to);
	place_of(s, op, &op->path, &from);
	result_is(r, linkat(from.dir, from.text, to.dir, to.text, op->flags));
}

/* By AT_EMPTY_PATH, or its name in /proc: how a file of O_TMPFILE gets its name. */
static void make_linkfd(struct op *op)
{
	op->slot = some_slot(op, false);
	some_path(op, &op->path, 'f');
	op->flags = ONE_OF(AT_EMPTY_PATH, AT_SYMLINK_FOLLOW);
}

static void run_linkfd(struct side *s, const struct op *op, struct result *r)
{
	char proc[40] = "";

	place_of(s, op, &op->path, &to);
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", s->fd[op->slot]);
	if (op->flags == AT_EMPTY_PATH)
		result_is(r, linkat(s->fd[op->slot], "", to.dir, to.text, AT_EMPTY_PATH));
	else
		result_is(r, linkat(AT_FDCWD, proc, to.dir, to.text, op->flags));
}

static void make_unlink(struct op *op)
{
	some_path(op, &op->path, percent(60) ? 'f' : percent(50) ? 'l' : percent(60) ? 's' : 'd');
}

static void run_unlink(struct side *s, const struct op *op, struct result *r)
{
	place_of(s, op, &op->path, &from);
	result_is(r, unlinkat(from.dir, from.text, 0));
}

/* --- rename -------------------------------------------------------------------------------- */

static void make_rename(struct op *op)
{
	char class = percent(45) ? 'f' : percent(60) ? 'd' : percent(60) ? 'l' : 's';

	some_path(op, &op->path, class);
	some_path(op, &op->path2, percent(80) ? class : 'd');
	op->flags = ONE_OF(0, 0, 0, 0, RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_EXCHANGE,
			   RENAME_WHITEOUT, RENAME_EXCHANGE | RENAME_NOREPLACE, 8,
			   RENAME_WHITEOUT | RENAME_NOREPLACE);
}

/*
 * docs/differences.md, "a working directory below a directory that is moved
 * underneath": remembered, which stale() in lockstep.c asks for.
 */
static void note_move(struct side *s, const struct op *op)
{
	struct stat st, st2 = {};

	if (fstatat(to.dir, to.text, &st, AT_SYMLINK_NOFOLLOW))
		return;
	if (op->flags & RENAME_EXCHANGE && fstatat(from.dir, from.text, &st2, AT_SYMLINK_NOFOLLOW))
		return;
	if (S_ISDIR(st.st_mode) || S_ISDIR(st2.st_mode))
		moved_underneath();
}

static void run_rename(struct side *s, const struct op *op, struct result *r)
{
	place_of(s, op, &op->path2, &to);
	place_of(s, op, &op->path, &from);
	result_is(r, syscall(SYS_renameat2, from.dir, from.text, to.dir, to.text, op->flags));
	if (!r->ret && op->under)
		note_move(s, op);
}

/* --- working directories ----------------------------------------------------------------------- */

static void move_cwd(struct side *s, struct result *r)
{
	int fd;

	if (r->ret)
		return;
	fd = open(".", O_PATH | O_CLOEXEC);
	if (fd < 0) {
		result_is(r, fd);
		return;
	}
	if (s->cwd >= 0)
		close(s->cwd);
	s->cwd = fd;
}

static void make_chdir(struct op *op)
{
	unsigned int i;

	op->under = false;
	some_path(op, &op->path, 'd');
	for (i = 0; i < op->path.count && op->path.from >= FROM_CWD; i++)
		if (op->path.name[i] == NAME_DOTDOT)
			op->path.name[i] = NAME_DOT;
}

static void run_chdir(struct side *s, const struct op *op, struct result *r)
{
	const char *path = go_there(s, op, &op->path, r);

	if (!path)
		return;
	result_is(r, chdir(path));
	move_cwd(s, r);
}

static void make_fchdir(struct op *op)
{
	op->under = false;
	op->slot = some_slot(op, true);
}

static void run_fchdir(struct side *s, const struct op *op, struct result *r)
{
	result_is(r, fchdir(s->fd[op->slot]));
	move_cwd(s, r);
}

static void make_getcwd(struct op *op)
{
	op->under = false;
}

/* Below the root; outside of it both are in the scaffold. */
static void run_getcwd(struct side *s, const struct op *op, struct result *r)
{
	char path[8192];
	size_t prefix = strlen(s->path);
	long n = -1;

	if (s->cwd < 0 || fchdir(s->cwd)) {
		result_is(r, -1);
		return;
	}
	n = syscall(SYS_getcwd, path, sizeof(path));
	result_is(r, n < 0 ? -1 : 0);
	if (n > 0 && !strncmp(path, s->path, prefix)) {
		r->size = n - prefix;
		memcpy(r->bytes, path + prefix, r->size);
	}
}

static void make_umask(struct op *op)
{
	op->under = false;
	op->mode = ONE_OF(022, 022, 0, 077, 027, 0777, 02);
}

static void run_umask(struct side *s, const struct op *op, struct result *r)
{
	umask(op->mode);
	result_is(r, 0);
}

const struct op_kind path_kinds[] = {
	{ "mkdir", 45, HAS_PATH | HAS_MODE, make_dir, run_mkdir },
	{ "rmdir", 14, HAS_PATH, make_rmdir, run_rmdir },
	{ "mknod", 16, HAS_PATH | HAS_MODE | HAS_DATA, make_node, run_mknod },
	{ "symlink", 25, HAS_PATH | HAS_TARGET | HAS_FLAGS, make_symlink, run_symlink },
	{ "readlink", 18, HAS_PATH | HAS_LEN, make_readlink, run_readlink },
	{ "link", 25, HAS_PATH | HAS_PATH2 | HAS_FLAGS, make_link, run_link },
	{ "linkfd", 12, HAS_SLOT | HAS_PATH | HAS_FLAGS, make_linkfd, run_linkfd },
	{ "unlink", 28, HAS_PATH, make_unlink, run_unlink },
	{ "rename", 50, HAS_PATH | HAS_PATH2 | HAS_FLAGS, make_rename, run_rename },
	{ "chdir", 14, HAS_PATH, make_chdir, run_chdir },
	{ "fchdir", 6, HAS_SLOT, make_fchdir, run_fchdir },
	{ "getcwd", 8, 0, make_getcwd, run_getcwd },
	{ "umask", 6, HAS_MODE, make_umask, run_umask },
};
const unsigned int path_kind_count = sizeof(path_kinds) / sizeof(path_kinds[0]);
