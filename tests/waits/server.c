// SPDX-License-Identifier: GPL-2.0-only
/*
 * Over a FUSE server that does not answer, who waits for it can be killed where that works on
 * the FUSE mount itself, and holds up others there only. With a lock of ours held more than the
 * VFS holds there, or a wait of ours that no signal ends, the mount of ours stands still.
 * timeout: 900
 */
#include "lib/server.h"

#include <dirent.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

/* Long enough for what is to be seen waiting; nothing fails where it is too short. */
#define A_WHILE	300

static const char *served;	/* the FUSE mount */
static const char *view;	/* ours over it */
static const char *elsewhere;	/* another one of ours, not over it */

/* Where the waiting task, or one that must not wait, is at work. */
static const char *dir;
static int dir_fd = -1, file_fd = -1;

static const char *at(const char *name)
{
	return fmt("%s/%s", dir, name);
}

static int result(int ret)
{
	return ret < 0 ? errno : 0;
}

/* --- what waits: 0, or an errno --------------------------------------------------------------- */

static int do_lookup(void *arg)
{
	return result(access(at("absent"), F_OK));
}

static int do_list(void *arg)
{
	char entries[1024];

	return result(syscall(SYS_getdents64, dir_fd, entries, sizeof(entries)));
}

static int do_open(void *arg)
{
	return result(open(at("f"), O_RDONLY));
}

static int do_read(void *arg)
{
	char byte;

	return result(pread(file_fd, &byte, 1, 0));
}

static int do_write(void *arg)
{
	return result(pwrite(file_fd, "T", 1, 0));
}

static int do_stat(void *arg)
{
	struct stat st;

	return result(fstatat(AT_FDCWD, at("f"), &st, 0));
}

static int do_chmod(void *arg)
{
	return result(chmod(at("f"), 0600));
}

static int do_truncate(void *arg)
{
	return result(ftruncate(file_fd, 2));
}

static int do_fallocate(void *arg)
{
	return result(fallocate(file_fd, 0, 0, 4));
}

static int do_fsync(void *arg)
{
	return result(fsync(file_fd));
}

static int do_getxattr(void *arg)
{
	char value[8];

	return result(getxattr(at("f"), "user.a", value, sizeof(value)));
}

static int do_setxattr(void *arg)
{
	return result(setxattr(at("f"), "user.a", "b", 1, 0));
}

static int do_statfs(void *arg)
{
	struct statvfs st;

	return result(fstatvfs(dir_fd, &st));
}

static int do_create(void *arg)
{
	return result(open(at("new"), O_WRONLY | O_CREAT | O_EXCL, 0644));
}

static int do_mkdir(void *arg)
{
	return result(mkdir(at("new"), 0755));
}

static int do_link(void *arg)
{
	return result(link(at("f"), at("new")));
}

static int do_rename(void *arg)
{
	return result(rename(at("f"), at("new")));
}

static int do_replace(void *arg)
{
	return result(rename(at("f"), at("g")));
}

static int do_unlink(void *arg)
{
	return result(unlink(at("f")));
}

/* What is held of the directory natively, and of the file f, and so what others can do there. */
enum held_dir { FREE, SHARED, EXCLUSIVE };

struct held {
	enum held_dir dir;
	bool file;
};

static const struct sort {
	const char *name;
	int (*run)(void *arg);
	long call;
	uint64_t ops;		/* the requests that stay without an answer */
	const char *node;	/* in the directory; "" the directory */
	struct held held;
} sorts[] = {
	{ "lookup", do_lookup, SYS_access, FUSE_OP(LOOKUP), "", { SHARED, false } },
	{ "listing", do_list, SYS_getdents64, FUSE_OP(READDIR), "", { SHARED, false } },
	{ "open", do_open, SYS_openat, FUSE_OP(OPEN), "f", { FREE, false } },
	{ "read", do_read, SYS_pread64, FUSE_OP(READ), "f", { FREE, false } },
	{ "write", do_write, SYS_pwrite64, FUSE_OP(WRITE), "f", { FREE, true } },
	{ "stat", do_stat, SYS_newfstatat, FUSE_OP(GETATTR), "f", { FREE, false } },
	{ "chmod", do_chmod, SYS_chmod, FUSE_OP(SETATTR), "f", { FREE, true } },
	{ "ftruncate", do_truncate, SYS_ftruncate, FUSE_OP(SETATTR), "f", { FREE, true } },
	{ "fallocate", do_fallocate, SYS_fallocate, FUSE_OP(FALLOCATE), "f", { FREE, true } },
	{ "fsync", do_fsync, SYS_fsync, FUSE_OP(FSYNC), "f", { FREE, true } },
	{ "getxattr", do_getxattr, SYS_getxattr, FUSE_OP(GETXATTR), "f", { FREE, false } },
	{ "setxattr", do_setxattr, SYS_setxattr, FUSE_OP(SETXATTR), "f", { FREE, true } },
	{ "statfs", do_statfs, SYS_fstatfs, FUSE_OP(STATFS), "", { FREE, false } },
	{ "lookup to create", do_create, SYS_openat, FUSE_OP(LOOKUP), "", { EXCLUSIVE, false } },
	{ "create", do_create, SYS_openat, FUSE_OP(CREATE) | FUSE_OP(MKNOD), "", { EXCLUSIVE, false } },
	{ "mkdir", do_mkdir, SYS_mkdir, FUSE_OP(MKDIR), "", { EXCLUSIVE, false } },
	{ "link", do_link, SYS_link, FUSE_OP(LINK), "", { EXCLUSIVE, true } },
	{ "rename", do_rename, SYS_rename, FUSE_OP(RENAME) | FUSE_OP(RENAME2), "", { EXCLUSIVE, true } },
	{ "replace", do_replace, SYS_rename, FUSE_OP(RENAME) | FUSE_OP(RENAME2), "",
	  { EXCLUSIVE, true } },
	{ "unlink", do_unlink, SYS_unlink, FUSE_OP(UNLINK), "", { EXCLUSIVE, true } },
};

#define SORTS	(sizeof(sorts) / sizeof(sorts[0]))

/* --- what must not wait: 0, or an errno ------------------------------------------------------- */

static int other_stat_same(void)
{
	return do_stat(NULL);
}

static int other_write_same(void)
{
	int fd = open(at("f"), O_WRONLY);

	return pwrite(fd, "t", 1, 0) == 1 ? result(close(fd)) : EIO;
}

static int other_chmod_same(void)
{
	return result(chmod(at("f"), 0640));
}

static int other_rename_same(void)
{
	return rename(at("f"), at("moved")) ? errno : result(rename(at("moved"), at("f")));
}

static int other_stat(void)
{
	struct stat st;

	return result(stat(at("h"), &st));
}

static int other_read(void)
{
	char text[8] = "";
	int fd = open(at("h"), O_RDONLY);

	return read(fd, text, 4) == 4 && !strcmp(text, "text") ? result(close(fd)) : EIO;
}

static int other_write(void)
{
	int fd = open(at("h"), O_RDWR);

	return pwrite(fd, "text", 4, 0) == 4 ? result(close(fd)) : EIO;
}

static int other_chmod(void)
{
	return result(chmod(at("h"), 0640));
}

static int other_truncate(void)
{
	return result(truncate(at("h"), 4));
}

static int other_lookup(void)
{
	return access(at("another"), F_OK) && errno == ENOENT ? 0 : EIO;
}

static int other_list(void)
{
	struct dirent **list;
	int n = scandir(dir, &list, NULL, NULL);

	return n >= 3 ? 0 : EIO;
}

static int other_create(void)
{
	int fd = open(at("made"), O_WRONLY | O_CREAT | O_EXCL, 0644);

	return fd < 0 ? errno : result(close(fd));
}

static int other_rename(void)
{
	return result(rename(at("made"), at("moved")));
}

static int other_unlink(void)
{
	return result(unlink(at("moved")));
}

static int other_mkdir(void)
{
	return mkdir(at("made"), 0755) ? errno : result(rmdir(at("made")));
}

static const struct other {
	const char *name;
	int (*run)(void);
	struct held with;	/* ... at most */
} others[] = {
	{ "stat of the same file", other_stat_same, { EXCLUSIVE, true } },
	{ "write to the same file", other_write_same, { EXCLUSIVE, false } },
	{ "chmod of the same file", other_chmod_same, { EXCLUSIVE, false } },
	{ "rename of the same file", other_rename_same, { FREE, false } },
	{ "stat", other_stat, { EXCLUSIVE, true } },
	{ "read", other_read, { EXCLUSIVE, true } },
	{ "write", other_write, { EXCLUSIVE, true } },
	{ "chmod", other_chmod, { EXCLUSIVE, true } },
	{ "truncate", other_truncate, { EXCLUSIVE, true } },
	{ "lookup", other_lookup, { SHARED, true } },
	{ "listing", other_list, { SHARED, true } },
	{ "create", other_create, { FREE, true } },
	{ "rename", other_rename, { FREE, true } },
	{ "unlink", other_unlink, { FREE, true } },
	{ "mkdir", other_mkdir, { FREE, true } },
};

#define OTHERS	(sizeof(others) / sizeof(others[0]))

/* The one that is under way, shared with the child that does them. */
static volatile unsigned int *under_way;

static bool can_go_on(const struct other *other, const struct held *held)
{
	return held->dir <= other->with.dir && held->file <= other->with.file;
}

static int do_others(void *arg)
{
	for (*under_way = 0; *under_way < OTHERS; ++*under_way)
		if (can_go_on(&others[*under_way], arg) && others[*under_way].run())
			return 1;
	return 0;
}

static void others_work(const char *where, struct held held)
{
	dir = where;
	if (!returns_soon(do_others, &held))
		fail_msg("in %s: %s failed or waits", where,
			 *under_way < OTHERS ? others[*under_way].name : "exit");
}

/* --- the tests -------------------------------------------------------------------------------- */

static const struct held nothing = { FREE, false };

/* The directories of a side are its own: nothing that the first leaves is in the other's way. */
struct side {
	bool ours;
	const char *name;	/* of the directory in which it waits; the server's name for it */
	char a[96];		/* ... its path */
	char b[96];		/* another directory */
};

static void side_make(struct side *side, bool ours)
{
	const char *root = ours ? view : served;

	side->ours = ours;
	side->name = ours ? "oa" : "na";
	snprintf(side->a, sizeof(side->a), "%s/%s", root, side->name);
	snprintf(side->b, sizeof(side->b), "%s/%s", root, ours ? "ob" : "nb");
}

/* What the tasks go through is in the cache, and the files of the one that waits are open. */
static void enter(const struct side *side)
{
	struct stat st;

	dir = side->a;
	assert_ok(stat(at("f"), &st));
	assert_ok(stat(at("g"), &st));
	assert_ok(stat(at("h"), &st));
	dir_fd = must(open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	file_fd = must(open(at("f"), O_RDWR | O_CLOEXEC));
}

static void leave(void)
{
	must(close(dir_fd));
	must(close(file_fd));
}

static struct task *start_held(const struct sort *sort, const struct side *side)
{
	struct task *waiter;

	enter(side);
	server_hold(sort->ops, *sort->node ? fmt("%s/%s", side->name, sort->node) : side->name);
	waiter = task_start(sort->run, NULL);
	if (!server_holds())
		fail_msg("in %s: the server gets no such request; it comes to %d", side->a,
			 task_ends(waiter, 0) ? task_result(waiter) : -1);
	return waiter;
}

/* One request was read and has no answer; all others have. */
static void others_go_on(const struct sort *sort)
{
	bool natively_killed = false;
	struct task *waiter;
	struct side side;

	for (int ours = 0; ours < 2; ours++) {
		side_make(&side, ours);
		waiter = start_held(sort, &side);
		others_work(side.a, sort->held);
		others_work(side.b, nothing);
		others_work(elsewhere, nothing);
		assert_false(task_ends(waiter, 0));
		task_kill(waiter);
		if (!ours)
			natively_killed = task_ends(waiter, A_WHILE);
		else if (natively_killed && !task_ends(waiter, PATIENCE))
			fail_msg("it cannot be killed, but natively");
		server_release();
		assert_true(task_ends(waiter, PATIENCE));
		others_work(side.b, nothing);
		leave();
	}
}

static void waiter_goes_on(const struct sort *sort)
{
	struct task *waiter;
	struct side side;
	int results[2];

	for (int ours = 0; ours < 2; ours++) {
		side_make(&side, ours);
		waiter = start_held(sort, &side);
		server_release();
		assert_true(task_ends(waiter, PATIENCE));
		results[ours] = task_result(waiter);
		leave();
	}
	assert_int_not_equal(results[0], -1);
	assert_int_equal(results[1], results[0]);
}

/* No request is read any more: so the kernel can take back what it has queued. */
static void waiter_can_be_killed(const struct sort *sort)
{
	struct task *waiter;
	struct side side;

	for (int ours = 0; ours < 2; ours++) {
		side_make(&side, ours);
		enter(&side);
		server_stall();
		waiter = task_start(sort->run, NULL);
		if (!sleeps_in(waiter->pid, waiter->pid, sort->call))
			fail_msg("in %s: it does not wait; it comes to %d", side.a,
				 task_ends(waiter, 0) ? task_result(waiter) : -1);
		others_work(elsewhere, nothing);
		assert_false(task_ends(waiter, 0));
		task_kill(waiter);
		if (!task_ends(waiter, PATIENCE))
			fail_msg("in %s: it cannot be killed", side.a);
		server_resume();
		others_work(side.a, nothing);
		leave();
	}
}

static int do_detach(void *arg)
{
	return result(umount2(arg, MNT_DETACH));
}

static void lay_mounts(void)
{
	server_start(served);
	must(mount(served, view, "fuse_bpf", 0, NULL));
}

/* A mount with a waiter can be detached, and the server's death ends the wait. */
static void mount_can_be_left(const struct sort *sort)
{
	struct task *waiter;
	struct side side;
	int results[2];

	for (int ours = 0; ours < 2; ours++) {
		side_make(&side, ours);
		waiter = start_held(sort, &side);
		leave();
		if (!returns_soon(do_detach, (void *)(ours ? view : served)))
			fail_msg("umount -l of %s failed or waits", ours ? view : served);
		assert_false(task_ends(waiter, 0));
		server_end();
		assert_true(task_ends(waiter, PATIENCE));
		results[ours] = task_result(waiter);
		if (!ours) {
			must(umount2(view, MNT_DETACH));
			lay_mounts();
		}
	}
	assert_int_not_equal(results[0], -1);
	assert_int_equal(results[1], results[0]);
}

static const struct {
	const char *name;
	void (*run)(const struct sort *sort);
} ways[] = {
	{ "others go on", others_go_on },
	{ "waiter goes on", waiter_goes_on },
	{ "waiter can be killed", waiter_can_be_killed },
	{ "mount can be left", mount_can_be_left },
};

#define WAYS	(sizeof(ways) / sizeof(ways[0]))

static size_t mounts;

static void run(void **state)
{
	size_t unit = (uintptr_t)*state;
	const char *back;

	mounts = mnt_count();
	if (!server_possible())
		skip();
	back = tmp_dir("back");
	elsewhere = tmp_dir("elsewhere");
	served = tmp_dir("served");
	view = tmp_dir("view");
	for (int i = 0; i < 3; i++)
		file_write(fmt("%s/%c", back, "fgh"[i]), "text");
	mnt(back, elsewhere, NULL);
	lay_mounts();
	ways[unit % WAYS].run(&sorts[unit / WAYS]);
}

static int teardown(void **state)
{
	/* The server too, and so its filesystem. */
	tasks_done();
	mnt_undo(mounts);
	return close_range(3, ~0U, 0);
}

int main(void)
{
	static struct CMUnitTest tests[SORTS * WAYS];

	under_way = mmap(NULL, sizeof(*under_way), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (under_way == MAP_FAILED)
		return 1;
	for (size_t i = 0; i < SORTS * WAYS; i++)
		tests[i] = (struct CMUnitTest){
			strdup(fmt("%s: %s", sorts[i / WAYS].name, ways[i % WAYS].name)),
			run, NULL, teardown, (void *)(uintptr_t)i,
		};
	return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
