// SPDX-License-Identifier: GPL-2.0-only
/*
 * Space that runs out in the middle of a write, and quota: who is charged, and
 * where it ends. With the mounter's credentials for everybody's writes no quota
 * would ever hold; without CAP_SYS_RESOURCE of root's, root's would.
 */
#include "test.h"

#include <sys/quota.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#define CHUNK	(1 << 20)
#define LIMIT	(2 << 20)	/* of the user's quota, bytes */
#define FILES	12		/* and files */

/* Small ones, with quota of users. */
static const struct kind {
	const char *name, *mkfs, *options;
} kinds[] = {
	{ "ext4", "-b 4096 -m 0 -O quota,^has_journal -E quotatype=usrquota /dev/vdb 64M #", "usrquota" },
	{ "xfs", "-d size=300m", "uquota" },
	{ "btrfs", "-b 128m", NULL },
};

static const char *disk, *view;

static bool small_fs(const struct kind *kind)
{
	disk = tmp_dir("disk");
	view = tmp_dir("view");
	if (!fs_on_disk(kind->name, kind->mkfs, disk, kind->options))
		return false;
	assert_ok(mkdir(fmt("%s/native", disk), 0755));
	assert_ok(mkdir(fmt("%s/under", disk), 0755));
	assert_ok(chmod(fmt("%s/native", disk), 0777));
	assert_ok(chmod(fmt("%s/under", disk), 0777));
	fs_mount(fmt("%s/under", disk), view, "fuse_bpf", NULL);
	return true;
}

static int end_test(void **state)
{
	become_root();
	close_range(3, ~0U, 0);
	fs_done();
	return 0;
}

/* Most of the space, in pieces that there is room for. */
static void take_most(const char *dir)
{
	int fd = open(fmt("%s/ballast", dir), O_RDWR | O_CREAT, 0600);
	struct statfs st;

	assert_ok(fd);
	for (off_t piece = 64 << 20, at = 0; piece >= 1 << 20;) {
		assert_ok(fstatfs(fd, &st));
		if (st.f_bavail * st.f_bsize < (size_t)piece + (3 << 20) || fallocate(fd, 0, at, piece))
			piece /= 2;
		else
			at += piece;
	}
	close(fd);
}

/* Writes until it fails: what was written, and why it ended. */
static off_t write_to_the_end(int fd, int *err)
{
	static char block[CHUNK];
	off_t total = 0;
	ssize_t n;

	memset(block, 'w', sizeof(block));
	while ((n = write(fd, block, sizeof(block))) > 0)
		total += n;
	*err = errno;
	return total;
}

static void full_in_the_middle(void **state)
{
	struct stat above, below;
	off_t total;
	int fd, err;

	if (!small_fs(*state))
		skip();
	take_most(fmt("%s/native", disk));
	fd = open(fmt("%s/f", view), O_RDWR | O_CREAT | O_APPEND, 0644);
	assert_ok(fd);
	total = write_to_the_end(fd, &err);
	assert_int_equal(err, ENOSPC);
	assert_true(total > 0);
	assert_ok(fstat(fd, &above));
	assert_ok(stat(fmt("%s/under/f", disk), &below));
	assert_int_equal(above.st_size, total);
	assert_int_equal(below.st_size, total);
	assert_ok(fsync(fd));
	assert_fails(fallocate(fd, 0, total, 64 << 20), ENOSPC);
	assert_ok(unlink(fmt("%s/native/ballast", disk)));
	/* Some free it a moment later. */
	sync();
	assert_int_equal(write(fd, "x", 1), 1);
	assert_ok(fsync(fd));
}

/* --- quota --- */

static void set_limit(uid_t uid, uint64_t bytes, uint64_t files)
{
	struct dqblk q = {
		.dqb_bhardlimit = bytes / 1024, .dqb_bsoftlimit = bytes / 1024, .dqb_ihardlimit = files,
		.dqb_isoftlimit = files, .dqb_valid = QIF_LIMITS,
	};

	assert_ok(syscall(SYS_quotactl, QCMD(Q_SETQUOTA, USRQUOTA), SCRATCH_DISK, uid, &q));
}

static struct dqblk used_by(uid_t uid)
{
	struct dqblk q;

	/* xfs has nothing of whom it never met. */
	memset(&q, 0, sizeof(q));
	if (syscall(SYS_quotactl, QCMD(Q_GETQUOTA, USRQUOTA), SCRATCH_DISK, uid, &q))
		assert_int_equal(errno, ENOENT);
	return q;
}

/* What the user got on one side. */
struct got {
	off_t bytes, extended;
	int bytes_err, extended_err, allocate_err, chown_err, files, files_err;
};

static struct got use_it_up(const char *dir)
{
	struct got got = {};
	int fd = open(fmt("%s/f", dir), O_RDWR | O_CREAT | O_APPEND, 0644);

	assert_ok(fd);
	become(TEST_UID, TEST_GID);
	close(fd);
	fd = open(fmt("%s/mine", dir), O_RDWR | O_CREAT | O_APPEND, 0644);
	assert_ok(fd);
	got.bytes = write_to_the_end(fd, &got.bytes_err);
	got.allocate_err = fallocate(fd, 0, got.bytes, CHUNK) ? errno : 0;
	for (; got.files < 2 * FILES; got.files++)
		if (try_open(fmt("%s/%d", dir, got.files), O_WRONLY | O_CREAT, 0644))
			break;
	got.files_err = errno;
	/* Root's writes into the user's file are charged to the user; ext4 does not stop them. */
	become_root();
	got.extended = write(fd, "root", 4);
	got.extended_err = errno;
	got.chown_err = chown(fmt("%s/f", dir), TEST_UID, TEST_GID) ? errno : 0;
	close(fd);
	return got;
}

/* xfs frees what was removed a moment later. */
static bool nothing_is_used(void *arg)
{
	return !used_by(TEST_UID).dqb_curspace;
}

static void same_quota(void **state)
{
	struct dqblk native, ours;
	struct got a, b;

	if (!small_fs(*state))
		skip();
	if (syscall(SYS_quotactl, QCMD(Q_GETQUOTA, USRQUOTA), SCRATCH_DISK, 0, &ours)) {
		print_message("# no quota: %m\n");
		skip();
	}
	set_limit(TEST_UID, LIMIT, FILES);
	a = use_it_up(fmt("%s/native", disk));
	native = used_by(TEST_UID);
	sh(fmt("rm %s/native/*", disk));
	assert_true(wait_for(SOON, nothing_is_used, NULL));
	b = use_it_up(view);
	ours = used_by(TEST_UID);
	assert_int_equal(a.bytes_err, EDQUOT);
	assert_int_equal(a.files_err, EDQUOT);
	assert_int_equal(b.bytes, a.bytes);
	assert_int_equal(b.bytes_err, a.bytes_err);
	assert_int_equal(b.allocate_err, a.allocate_err);
	assert_int_equal(b.files, a.files);
	assert_int_equal(b.files_err, a.files_err);
	assert_int_equal(b.extended, a.extended);
	if (a.extended < 0)
		assert_int_equal(b.extended_err, a.extended_err);
	else
		assert_int_equal(a.extended, 4);
	assert_int_equal(b.chown_err, a.chown_err);
	assert_int_equal(ours.dqb_curspace, native.dqb_curspace);
	assert_int_equal(ours.dqb_curinodes, native.dqb_curinodes);
	assert_true(ours.dqb_curspace >= LIMIT / 2);
}

int main(void)
{
	enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };
	struct CMUnitTest tests[2 * KINDS - 1];

	umask(0022);
	for (size_t i = 0; i < 2 * KINDS - 1; i++) {
		const struct kind *kind = &kinds[i % KINDS];

		tests[i] = (struct CMUnitTest){
			strdup(fmt("%s: %s", kind->name, i < KINDS ? "full_in_the_middle" : "same_quota")),
			i < KINDS ? full_in_the_middle : same_quota, NULL, end_test, (void *)kind,
		};
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
