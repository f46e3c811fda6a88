// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a program returns: without the check of verdicts a number out of range
 * goes to the caller or into the kernel's path walk as it is.
 */
#include "test.h"

#include <dirent.h>
#include <sys/statfs.h>
#include <sys/xattr.h>

#include "probe.h"

static const char *back, *at;
static struct probe *probe;

static int setup(void **state)
{
	back = tmp_dir("back");
	at = tmp_path("at");
	file_write(fmt("%s/file", back), "file");
	probe = set_attached("probe", "every", NULL)->globals;
	probe->tgid = getpid();
	mnt(back, at, "ops=every");
	file_is(fmt("%s/file", at), "file");
	assert_int_equal(ops_get("every").errors, 0);
	return 0;
}

static int teardown(void **state)
{
	test_teardown(state);
	rmdir(fmt("%s/dir", back));
	return unlink(fmt("%s/file", back));
}

static int do_unlink(void)
{
	return unlink(fmt("%s/file", at));
}

static int do_mkdir(void)
{
	return mkdir(fmt("%s/dir", at), 0755);
}

static int do_stat(void)
{
	struct stat st;

	return stat(fmt("%s/file", at), &st);
}

static int do_open(void)
{
	return try_open(fmt("%s/file", at), O_RDONLY, 0);
}

static int do_statfs(void)
{
	struct statfs st;

	return statfs(at, &st);
}

static int do_readdir(void)
{
	char buf[4096];
	int fd = open(at, O_RDONLY | O_DIRECTORY), err;
	long ret;

	if (fd < 0)
		return -1;
	do
		ret = getdents64(fd, buf, sizeof(buf));
	while (ret > 0);
	err = errno;
	close(fd);
	errno = err;
	return ret;
}

static int do_getxattr(void)
{
	return getxattr(fmt("%s/file", at), "user.x", NULL, 0);
}

static const struct {
	enum fuse_bpf_op op;
	int (*call)(void);
} calls[] = {
	{ FUSE_BPF_OP_UNLINK, do_unlink },
	{ FUSE_BPF_OP_MKDIR, do_mkdir },
	{ FUSE_BPF_OP_GETATTR, do_stat },
	{ FUSE_BPF_OP_OPEN, do_open },
	{ FUSE_BPF_OP_STATFS, do_statfs },
	{ FUSE_BPF_OP_READDIR, do_readdir },
	{ FUSE_BPF_OP_GETXATTR, do_getxattr },
	{ FUSE_BPF_OP_ACCESS, do_stat },
};

#define CALLS (sizeof(calls) / sizeof(calls[0]))

static void unchanged(void)
{
	file_is(fmt("%s/file", back), "file");
	assert_false(exists(fmt("%s/dir", back)));
}

static void expect_eio(size_t i, int phase, int verdict)
{
	struct probe_op *op = &probe->op[calls[i].op];
	unsigned long errors = ops_get("every").errors;

	op->verdict[0] = phase ? FUSE_BPF_BACKING | FUSE_BPF_POST : verdict;
	op->verdict[1] = verdict;
	errno = 0;
	if (calls[i].call() != -1 || errno != EIO)
		fail_msg("operation %d, phase %d, verdict %d: %m, not EIO", calls[i].op, phase, verdict);
	op->verdict[0] = op->verdict[1] = 0;
	if (ops_get("every").errors <= errors)
		fail_msg("operation %d, verdict %d: not counted", calls[i].op, verdict);
}

static const int never[] = {
	1000, 3, 0xff, 0x800, 0x10000, INT32_MAX, INT32_MIN, -4096, -4095, -512, -513, -514, -516,
	-518, -529, -ESTALE, -ECHILD, -ERESTART,
	FUSE_BPF_POST | FUSE_BPF_REPLY, FUSE_BPF_POST | FUSE_BPF_DAEMON,
	FUSE_BPF_DAEMON_PRE | FUSE_BPF_REPLY,
};

static void out_of_range(void **state)
{
	size_t i, k;

	for (i = 0; i < CALLS; i++)
		for (k = 0; k < sizeof(never) / sizeof(never[0]); k++)
			expect_eio(i, 0, never[k]);
	unchanged();
}

/* Where the operation has a post phase; what it did is done, so only by those that change nothing. */
static void out_of_range_in_post(void **state)
{
	static const size_t some[] = { 2, 3, 4, 6 };
	size_t i, k;

	for (i = 0; i < 4; i++) {
		for (k = 0; k < sizeof(never) / sizeof(never[0]); k++)
			expect_eio(some[i], 1, never[k]);
		expect_eio(some[i], 1, FUSE_BPF_POST);
		expect_eio(some[i], 1, FUSE_BPF_DAEMON);
	}
}

static void reply_where_it_is_no_answer(void **state)
{
	size_t i;

	for (i = 0; i < CALLS; i++)
		if (calls[i].op != FUSE_BPF_OP_GETATTR && calls[i].op != FUSE_BPF_OP_STATFS &&
		    calls[i].op != FUSE_BPF_OP_ACCESS)
			expect_eio(i, 0, FUSE_BPF_REPLY);
	unchanged();
}

static void post_where_there_is_none(void **state)
{
	expect_eio(5, 0, FUSE_BPF_BACKING | FUSE_BPF_POST);
}

static void said_in_the_log(void **state)
{
	int log = kmsg_open();

	expect_eio(0, 0, 1000);
	assert_true(kmsg_has(log, "fuse_bpf: every: program for unlink gave verdict 1000; answered EIO"));
	close(log);
	unchanged();
}

static void daemon_without_one(void **state)
{
	static const int verdicts[] = { FUSE_BPF_DAEMON, FUSE_BPF_BACKING | FUSE_BPF_DAEMON_PRE,
					FUSE_BPF_BACKING | FUSE_BPF_DAEMON_POST,
					FUSE_BPF_BACKING | FUSE_BPF_POST | FUSE_BPF_DAEMON_POST };
	unsigned long errors = ops_get("every").errors;
	size_t i;

	for (i = 0; i < 4; i++) {
		probe->op[FUSE_BPF_OP_UNLINK].verdict[0] = verdicts[i];
		assert_fails(do_unlink(), ENOTCONN);
	}
	assert_int_equal(ops_get("every").errors, errors);
	unchanged();
}

static void any_other_errno(void **state)
{
	static const int good[] = { EPERM, EACCES, EIO, ENOSPC, EUSERS, EXDEV, EOVERFLOW, 400, 511 };
	unsigned long errors = ops_get("every").errors;
	size_t i, k;

	for (i = 0; i < CALLS; i++) {
		for (k = 0; k < sizeof(good) / sizeof(good[0]); k++) {
			probe->op[calls[i].op].verdict[0] = -good[k];
			errno = 0;
			if (calls[i].call() != -1 || errno != good[k])
				fail_msg("operation %d: %m, not errno %d", calls[i].op, good[k]);
		}
		probe->op[calls[i].op].verdict[0] = 0;
	}
	assert_int_equal(ops_get("every").errors, errors);
	unchanged();
}

#define VERDICT(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		VERDICT(said_in_the_log),
		VERDICT(out_of_range),
		VERDICT(out_of_range_in_post),
		VERDICT(reply_where_it_is_no_answer),
		VERDICT(post_where_there_is_none),
		VERDICT(daemon_without_one),
		VERDICT(any_other_errno),
	};

	return cmocka_run_group_tests_name("verdicts", tests, NULL, NULL);
}
