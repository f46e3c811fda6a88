// SPDX-License-Identifier: GPL-2.0-only
/* How bytes get into a file: from way_buf, or from another file. */
#include "way.h"

#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/wait.h>

int way_dedupe(int from, int to)
{
	struct file_dedupe_range *range = calloc(1, sizeof(*range) + sizeof(range->info[0]));
	int err;

	range->src_length = WAY_BYTES;
	range->dest_count = 1;
	range->info[0].dest_fd = to;
	err = way_errno(ioctl(from, FIDEDUPERANGE, range));
	if (!err)
		err = range->info[0].status < 0 ? -range->info[0].status : 0;
	free(range);
	return err == EOPNOTSUPP ? WAY_NOT_HERE : err;
}

static int in_write(const struct way_try *t)
{
	return way_errno(write(t->fd, way_buf, WAY_BYTES));
}

static int in_pwrite(const struct way_try *t)
{
	return way_errno(pwrite(t->fd, way_buf, 100, 0));
}

static int in_writev(const struct way_try *t)
{
	struct iovec v[2] = { { way_buf, 50 }, { way_buf + 50, 50 } };

	return way_errno(writev(t->fd, v, 2));
}

static int in_direct(const struct way_try *t)
{
	int fd = open(t->path, O_WRONLY | O_DIRECT), err;

	if (fd < 0 && errno == EINVAL)
		return WAY_NOT_HERE;
	assert_ok(fd);
	err = way_errno(write(fd, way_buf, WAY_BYTES));
	close(fd);
	return err;
}

static int in_splice(const struct way_try *t)
{
	int pipes[2], err;

	assert_ok(pipe(pipes));
	assert_int_equal(write(pipes[1], way_buf, 4096), 4096);
	err = way_errno(splice(pipes[0], NULL, t->fd, NULL, 4096, 0));
	close(pipes[0]);
	close(pipes[1]);
	return err;
}

static int in_sendfile(const struct way_try *t)
{
	return way_errno(sendfile(t->fd, t->other, NULL, WAY_BYTES));
}

static int in_copy(const struct way_try *t)
{
	return way_errno(copy_file_range(t->other, NULL, t->fd, NULL, WAY_BYTES, 0));
}

static int in_clone(const struct way_try *t)
{
	int err = way_errno(ioctl(t->fd, FICLONE, t->other));

	return err == EOPNOTSUPP ? WAY_NOT_HERE : err;
}

static int in_uring(const struct way_try *t)
{
	long ret = way_uring(IORING_OP_WRITE, t->fd, 0);

	return ret < 0 ? -ret : 0;
}

static int in_uring_async(const struct way_try *t)
{
	long ret = way_uring(IORING_OP_WRITE, t->fd, IOSQE_ASYNC);

	return ret < 0 ? -ret : 0;
}

static int in_aio(const struct way_try *t)
{
	long ret = way_aio(IOCB_CMD_PWRITE, t->fd);

	return ret < 0 ? -ret : 0;
}

#define CORE_PATTERN	"/proc/sys/kernel/core_pattern"

static void core_pattern(const char *text, char *before)
{
	int fd = open(CORE_PATTERN, O_RDWR);

	assert_ok(fd);
	if (before)
		assert_ok(read(fd, before, 255));
	assert_int_equal(pwrite(fd, text, strlen(text), 0), strlen(text));
	close(fd);
}

/* The kernel removes the file, and makes it again for the dump. */
static int in_core(const struct way_try *t)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	char before[256] = "";
	struct stat st;
	int status;
	pid_t pid;

	if (access(CORE_PATTERN, F_OK))
		return WAY_NOT_HERE;
	core_pattern(t->path, before);
	pid = fork();
	if (!pid) {
		setrlimit(RLIMIT_CORE, &all);
		prctl(PR_SET_DUMPABLE, 1);
		signal(SIGABRT, SIG_DFL);
		abort();
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	core_pattern(before, NULL);
	assert_true(WIFSIGNALED(status));
	assert_ok(stat(t->path, &st));
	return st.st_size ? 0 : EIO;
}

static int map_in(const struct way_try *t, int prot)
{
	void *p = mmap(NULL, WAY_BYTES, prot, MAP_SHARED, t->fd, 0);
	int err;

	if (p == MAP_FAILED)
		return errno;
	err = prot & PROT_WRITE ? 0 : way_errno(mprotect(p, WAY_BYTES, PROT_READ | PROT_WRITE));
	if (!err)
		memcpy(p, way_buf, WAY_BYTES);
	munmap(p, WAY_BYTES);
	return err;
}

static int in_map(const struct way_try *t)
{
	return map_in(t, PROT_READ | PROT_WRITE);
}

static int in_map_later(const struct way_try *t)
{
	return map_in(t, PROT_READ);
}

const struct way ways_in[] = {
	{ "write", in_write, WAYS_WRITE, 0, false },
	{ "pwrite", in_pwrite, WAYS_WRITE, 0, false },
	{ "writev", in_writev, WAYS_WRITE, 0, false },
	{ "write of O_DIRECT", in_direct, WAYS_WRITE, 0, false },
	{ "splice", in_splice, WAYS_WRITE, 0, false },
	{ "sendfile", in_sendfile, WAYS_WRITE, 0, false },
	{ "copy_file_range", in_copy, WAYS_WRITE, 0, false },
	{ "FICLONE", in_clone, WAYS_WRITE, 0, true },
	{ "io_uring", in_uring, WAYS_WRITE, 0, false },
	{ "io_uring by a worker", in_uring_async, WAYS_WRITE, 0, false },
	{ "io_submit", in_aio, WAYS_WRITE, 0, false },
	{ "a core dump", in_core, WAYS_WRITE, EIO, false },
	{ "mmap", in_map, WAYS_MMAP, 0, false },
	{ "mmap and mprotect", in_map_later, WAYS_MMAP, 0, false },
};

const size_t ways_in_count = sizeof(ways_in) / sizeof(ways_in[0]);
