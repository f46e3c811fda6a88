// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every operation meets its program: it is called before anything is done, can
 * refuse it, and is called again if it asked. Without an entry point's call of
 * its program that operation goes past every policy.
 *
 * timeout: 240
 */
#include "test.h"

#include <dirent.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/statfs.h>
#include <sys/xattr.h>

#include "probe.h"

static const char *back, *at;
static struct probe *probe;
static int file_fd = -1, dir_fd = -1;

#define AT(name) fmt("%s/" name, at)
#define BACK(name) fmt("%s/" name, back)

static void make_backing(void **state)
{
	enum backing *kind = *state;

	back = backing_dir(*kind, "every");
	at = tmp_path("at");
	file_write(BACK("file"), "0123456789");
	file_write(BACK("other"), "other");
	assert_ok(mkdir(BACK("dir"), 0755));
	assert_ok(symlink("file", BACK("link")));
	assert_ok(setxattr(BACK("file"), "trusted.have", "value", 5, 0));
}

static void start(void **state, const char *which)
{
	make_backing(state);
	probe = set_attached("probe", which, NULL)->globals;
	mnt(back, at, fmt("ops=%s", which));
	file_fd = open(AT("file"), O_RDWR);
	assert_ok(file_fd);
	dir_fd = open(at, O_RDONLY | O_DIRECTORY);
	assert_ok(dir_fd);
	probe->tgid = getpid();
}

static int teardown(void **state)
{
	if (file_fd >= 0)
		close(file_fd);
	if (dir_fd >= 0)
		close(dir_fd);
	file_fd = dir_fd = -1;
	test_teardown(state);
	remove_tree(back);
	return 0;
}

static int do_lookup(void)
{
	struct stat st;

	return lstat(AT("other"), &st);
}

static int do_getattr(void)
{
	struct stat st;

	return fstat(file_fd, &st);
}

static int do_setattr(void)
{
	return fchmod(file_fd, 0600);
}

static int do_readlink(void)
{
	char buf[64];

	return readlink(AT("link"), buf, sizeof(buf)) < 0 ? -1 : 0;
}

static int do_mknod(void)
{
	return mknod(AT("made"), S_IFIFO | 0644, 0);
}

static int do_mkdir(void)
{
	return mkdir(AT("made"), 0755);
}

static int do_symlink(void)
{
	return symlink("target", AT("made"));
}

static int do_link(void)
{
	return link(AT("file"), AT("made"));
}

static int do_unlink(void)
{
	return unlink(AT("other"));
}

static int do_rmdir(void)
{
	return rmdir(AT("dir"));
}

static int do_rename(void)
{
	return rename(AT("other"), AT("moved"));
}

static int do_create(void)
{
	return try_open(AT("made"), O_WRONLY | O_CREAT, 0644);
}

static int do_tmpfile(void)
{
	return try_open(at, O_RDWR | O_TMPFILE, 0644);
}

static int do_open(void)
{
	return try_open(AT("file"), O_RDONLY, 0);
}

static int do_read(void)
{
	char buf[4];

	return pread(file_fd, buf, 4, 2) < 0 ? -1 : 0;
}

static int do_write(void)
{
	return pwrite(file_fd, "WXYZ", 4, 2) < 0 ? -1 : 0;
}

static int do_mmap(void)
{
	void *p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file_fd, 0);

	return p == MAP_FAILED ? -1 : munmap(p, 4096);
}

static int do_flush(void)
{
	int fd = dup(file_fd);

	return fd < 0 ? -2 : close(fd);
}

static int do_fsync(void)
{
	return fdatasync(file_fd);
}

static int do_fallocate(void)
{
	return fallocate(file_fd, 0, 0, 4096);
}

static int do_lseek(void)
{
	return lseek(file_fd, 0, SEEK_DATA) < 0 ? -1 : 0;
}

static int do_copy_file_range(void)
{
	off_t from = 0, to = 100;

	return copy_file_range(file_fd, &from, file_fd, &to, 4, 0) < 0 ? -1 : 0;
}

static int do_getxattr(void)
{
	char buf[16];

	return fgetxattr(file_fd, "trusted.have", buf, sizeof(buf)) < 0 ? -1 : 0;
}

static int do_setxattr(void)
{
	return fsetxattr(file_fd, "trusted.made", "value", 5, 0);
}

static int do_listxattr(void)
{
	char buf[256];

	return flistxattr(file_fd, buf, sizeof(buf)) < 0 ? -1 : 0;
}

static int do_removexattr(void)
{
	return fremovexattr(file_fd, "trusted.have");
}

static int do_statfs(void)
{
	struct statfs st;

	return fstatfs(file_fd, &st);
}

static int do_access(void)
{
	return faccessat(dir_fd, "file", R_OK, AT_EACCESS);
}

static int do_readdir(void)
{
	char buf[4096];
	long ret;

	if (lseek(dir_fd, 0, SEEK_SET))
		return -2;
	do
		ret = getdents64(dir_fd, buf, sizeof(buf));
	while (ret > 0);
	return ret;
}

static int do_ioctl(void)
{
	struct fsxattr attr;

	return ioctl(file_fd, FS_IOC_FSGETXATTR, &attr);
}

static int do_lock(void)
{
	return flock(file_fd, LOCK_SH | LOCK_NB);
}

/* release is not here, since nothing fails by it. */
static const struct {
	enum fuse_bpf_op op;
	__u32 opcode;
	int (*call)(void);
	bool in_dir;	/* the directory's ops run, so ctx->ino is the directory */
} all[] = {
	{ FUSE_BPF_OP_LOOKUP, FUSE_LOOKUP, do_lookup, true },
	{ FUSE_BPF_OP_GETATTR, FUSE_GETATTR, do_getattr, false },
	{ FUSE_BPF_OP_SETATTR, FUSE_SETATTR, do_setattr, false },
	{ FUSE_BPF_OP_READLINK, FUSE_READLINK, do_readlink, false },
	{ FUSE_BPF_OP_MKNOD, FUSE_MKNOD, do_mknod, true },
	{ FUSE_BPF_OP_MKDIR, FUSE_MKDIR, do_mkdir, true },
	{ FUSE_BPF_OP_SYMLINK, FUSE_SYMLINK, do_symlink, true },
	{ FUSE_BPF_OP_LINK, FUSE_LINK, do_link, true },
	{ FUSE_BPF_OP_UNLINK, FUSE_UNLINK, do_unlink, true },
	{ FUSE_BPF_OP_RMDIR, FUSE_RMDIR, do_rmdir, true },
	{ FUSE_BPF_OP_RENAME, FUSE_RENAME2, do_rename, true },
	{ FUSE_BPF_OP_CREATE, FUSE_CREATE, do_create, true },
	{ FUSE_BPF_OP_TMPFILE, FUSE_TMPFILE, do_tmpfile, true },
	{ FUSE_BPF_OP_OPEN, FUSE_OPEN, do_open, false },
	{ FUSE_BPF_OP_READ, FUSE_READ, do_read, false },
	{ FUSE_BPF_OP_WRITE, FUSE_WRITE, do_write, false },
	{ FUSE_BPF_OP_MMAP, FUSE_BPF_OPCODE_MMAP, do_mmap, false },
	{ FUSE_BPF_OP_FLUSH, FUSE_FLUSH, do_flush, false },
	{ FUSE_BPF_OP_FSYNC, FUSE_FSYNC, do_fsync, false },
	{ FUSE_BPF_OP_FALLOCATE, FUSE_FALLOCATE, do_fallocate, false },
	{ FUSE_BPF_OP_LSEEK, FUSE_LSEEK, do_lseek, false },
	{ FUSE_BPF_OP_COPY_FILE_RANGE, FUSE_COPY_FILE_RANGE, do_copy_file_range, false },
	{ FUSE_BPF_OP_GETXATTR, FUSE_GETXATTR, do_getxattr, false },
	{ FUSE_BPF_OP_SETXATTR, FUSE_SETXATTR, do_setxattr, false },
	{ FUSE_BPF_OP_LISTXATTR, FUSE_LISTXATTR, do_listxattr, false },
	{ FUSE_BPF_OP_REMOVEXATTR, FUSE_REMOVEXATTR, do_removexattr, false },
	{ FUSE_BPF_OP_STATFS, FUSE_STATFS, do_statfs, false },
	{ FUSE_BPF_OP_ACCESS, FUSE_ACCESS, do_access, false },
	{ FUSE_BPF_OP_READDIR, FUSE_READDIR, do_readdir, true },
	{ FUSE_BPF_OP_IOCTL, FUSE_IOCTL, do_ioctl, false },
	{ FUSE_BPF_OP_LOCK, FUSE_SETLK, do_lock, false },
};

#define ALL (sizeof(all) / sizeof(all[0]))

static void unchanged(void)
{
	struct stat st;

	assert_string_equal(names_in(back), "dir file link other");
	file_is(BACK("file"), "0123456789");
	assert_ok(stat(BACK("file"), &st));
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(getxattr(BACK("file"), "trusted.have", NULL, 0), 5);
	assert_fails(getxattr(BACK("file"), "trusted.made", NULL, 0), ENODATA);
}

static void refused(void **state)
{
	size_t i;

	start(state, "every");
	for (i = 0; i < ALL; i++) {
		struct probe_op *op = &probe->op[all[i].op];

		op->verdict[0] = -EUSERS;
		op->calls[0] = 0;
		errno = 0;
		if (all[i].call() != -1 || errno != EUSERS)
			fail_msg("operation %d: %m, not EUSERS", all[i].op);
		op->verdict[0] = 0;
		if (!op->calls[0])
			fail_msg("operation %d did not call its program", all[i].op);
		unchanged();
	}
	assert_int_equal(ops_get("every").errors, 0);
}

static void undo(void)
{
	remove(AT("made"));
	if (exists(AT("moved")))
		assert_ok(rename(AT("moved"), AT("other")));
	if (!exists(AT("other")))
		file_write(AT("other"), "other");
	mkdir(AT("dir"), 0755);
}

/* access is asked several times, and ctx is of another inode on the way. */
static bool has_one_call(enum fuse_bpf_op op)
{
	return op != FUSE_BPF_OP_ACCESS && op != FUSE_BPF_OP_READDIR && op != FUSE_BPF_OP_LOOKUP &&
	       op != FUSE_BPF_OP_GETATTR;
}

static void check_ctx(size_t i, const struct probe_op *op, int phase)
{
	const struct probe_ctx *ctx = &op->ctx[phase];
	struct stat dir, file, link;

	assert_ok(stat(back, &dir));
	assert_ok(stat(BACK("file"), &file));
	assert_ok(lstat(BACK("link"), &link));
	if (ctx->opcode != all[i].opcode || ctx->phase != (phase ? 2 : 1) || ctx->result < 0)
		fail_msg("operation %d: opcode %u, phase %u, result %lld", all[i].op, ctx->opcode,
			 ctx->phase, (long long)ctx->result);
	assert_int_equal(ctx->pid, gettid());
	assert_int_equal(ctx->tgid, getpid());
	assert_int_equal(ctx->uid, 0);
	assert_int_equal(ctx->gid, 0);
	assert_int_not_equal(ctx->mount_id, 0);
	if (ctx->ino != (all[i].in_dir ? dir.st_ino :
			 all[i].op == FUSE_BPF_OP_READLINK ? link.st_ino : file.st_ino))
		fail_msg("operation %d: ino %llu", all[i].op, (unsigned long long)ctx->ino);
}

static void called_in_both_phases(void **state)
{
	size_t i;

	start(state, "every");
	for (i = 0; i < ALL; i++) {
		struct probe_op *op = &probe->op[all[i].op];

		if (all[i].op == FUSE_BPF_OP_READDIR || all[i].op == FUSE_BPF_OP_ACCESS)
			continue;
		op->verdict[0] = FUSE_BPF_BACKING | FUSE_BPF_POST;
		op->calls[0] = op->calls[1] = 0;
		if (all[i].call())
			fail_msg("operation %d: %m", all[i].op);
		op->verdict[0] = 0;
		if (!op->calls[0] || !op->calls[1] ||
		    (has_one_call(all[i].op) && (op->calls[0] != 1 || op->calls[1] != 1)))
			fail_msg("operation %d: %llu pre and %llu post calls", all[i].op,
				 (unsigned long long)op->calls[0], (unsigned long long)op->calls[1]);
		check_ctx(i, op, 0);
		check_ctx(i, op, 1);
		undo();
	}
	assert_int_equal(ops_get("every").errors, 0);
}

/* One program for every member that is absent. */
static void default_op(void **state)
{
	struct probe_op *op;
	size_t i;

	start(state, "only_default");
	op = &probe->op[PROBE_DEFAULT];
	probe->tgid = 0;
	for (i = 0; i < ALL; i++) {
		if (all[i].op == FUSE_BPF_OP_LOOKUP || all[i].op == FUSE_BPF_OP_GETATTR ||
		    all[i].op == FUSE_BPF_OP_READLINK)
			continue;
		op->calls[0] = 0;
		if (all[i].call())
			fail_msg("operation %d: %m", all[i].op);
		if (!op->calls[0])
			fail_msg("default_op was not called for operation %d", all[i].op);
		undo();
	}
	op->verdict[0] = -EUSERS;
	assert_fails(do_write(), EUSERS);
	assert_int_equal(op->ctx[0].opcode, FUSE_WRITE);
	assert_fails(do_getattr(), EUSERS);
	assert_int_equal(op->ctx[0].opcode, FUSE_GETATTR);
	op->verdict[0] = FUSE_BPF_BACKING | FUSE_BPF_POST;
	op->calls[1] = 0;
	assert_ok(do_write());
	assert_int_equal(op->calls[1], 1);
	assert_int_equal(op->ctx[1].result, 4);
	op->verdict[0] = 0;
}

/* With a set that has no program on them, operations cost and change nothing. */
static void absent_members(void **state)
{
	size_t i;

	start(state, "empty");
	for (i = 0; i < ALL; i++) {
		if (all[i].call())
			fail_msg("operation %d: %m", all[i].op);
		undo();
	}
	assert_int_equal(ops_get("empty").errors, 0);
}

/* Data goes round the read and write programs by no other way. */
static void other_ways_to_data(void **state)
{
	struct probe_op *read_op, *write_op;
	int pipes[2], other;
	char buf[16];

	start(state, "every");
	read_op = &probe->op[FUSE_BPF_OP_READ];
	write_op = &probe->op[FUSE_BPF_OP_WRITE];
	assert_ok(pipe(pipes));
	other = open(BACK("other"), O_RDWR);
	assert_ok(other);
	read_op->verdict[0] = write_op->verdict[0] = -EUSERS;
	assert_fails(read(file_fd, buf, 1), EUSERS);
	assert_fails(splice(file_fd, NULL, pipes[1], NULL, 4, 0), EUSERS);
	assert_fails(sendfile(other, file_fd, NULL, 4), EUSERS);
	assert_int_equal(write(pipes[1], "abcd", 4), 4);
	assert_fails(splice(pipes[0], NULL, file_fd, NULL, 4, 0), EUSERS);
	assert_fails(write(file_fd, "x", 1), EUSERS);
	unchanged();
	file_is(BACK("other"), "other");
	read_op->verdict[0] = write_op->verdict[0] = 0;
	close(pipes[0]);
	close(pipes[1]);
	close(other);
}

/* open(O_TRUNC) changes nothing if setattr or open is refused. */
static void truncating_open(void **state)
{
	start(state, "every");
	probe->op[FUSE_BPF_OP_SETATTR].verdict[0] = -EUSERS;
	assert_fails(try_open(AT("file"), O_WRONLY | O_TRUNC, 0), EUSERS);
	probe->op[FUSE_BPF_OP_SETATTR].verdict[0] = 0;
	unchanged();
	probe->op[FUSE_BPF_OP_OPEN].verdict[0] = -EUSERS;
	assert_fails(try_open(AT("file"), O_WRONLY | O_TRUNC, 0), EUSERS);
	probe->op[FUSE_BPF_OP_OPEN].verdict[0] = 0;
	unchanged();
	assert_ok(try_open(AT("file"), O_WRONLY | O_TRUNC, 0));
	file_is(BACK("file"), "");
}

/* release is called once, at the last close, and nothing fails by it. */
static void release(void **state)
{
	struct probe_op *op;
	int fd, copy;

	start(state, "every");
	op = &probe->op[FUSE_BPF_OP_RELEASE];
	fd = open(AT("file"), O_RDONLY);
	copy = dup(fd);
	assert_ok(copy);
	op->verdict[0] = -EUSERS;
	assert_ok(close(fd));
	assert_int_equal(op->calls[0], 0);
	assert_ok(close(copy));
	assert_int_equal(op->calls[0], 1);
	assert_int_equal(op->ctx[0].opcode, FUSE_RELEASE);
	op->verdict[0] = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused),
		cmocka_unit_test(called_in_both_phases),
		cmocka_unit_test(default_op),
		cmocka_unit_test(absent_members),
		cmocka_unit_test(other_ways_to_data),
		cmocka_unit_test(truncating_open),
		cmocka_unit_test(release),
	};

	return run_on_backings("every", tests, sizeof(tests) / sizeof(tests[0]), teardown);
}
