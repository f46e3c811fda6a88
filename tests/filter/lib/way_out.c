// SPDX-License-Identifier: GPL-2.0-only
/* How the bytes of a file get out: into way_buf, or into another file. */
#include "way.h"

#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

static int out_read(const struct way_try *t)
{
	return way_errno(read(t->fd, way_buf, WAY_BYTES));
}

static int out_pread(const struct way_try *t)
{
	return way_errno(pread(t->fd, way_buf, 100, 0));
}

static int out_readv(const struct way_try *t)
{
	struct iovec v[2] = { { way_buf, 50 }, { way_buf + 50, 50 } };

	return way_errno(readv(t->fd, v, 2));
}

static int out_direct(const struct way_try *t)
{
	int fd = open(t->path, O_RDONLY | O_DIRECT), err;

	if (fd < 0 && errno == EINVAL)
		return WAY_NOT_HERE;
	assert_ok(fd);
	err = way_errno(read(fd, way_buf, WAY_BYTES));
	close(fd);
	return err;
}

static int out_splice(const struct way_try *t)
{
	int pipes[2], err;

	assert_ok(pipe(pipes));
	err = way_errno(splice(t->fd, NULL, pipes[1], NULL, 4096, 0));
	if (!err)
		assert_ok(read(pipes[0], way_buf, 4096));
	close(pipes[0]);
	close(pipes[1]);
	return err;
}

static int out_sendfile(const struct way_try *t)
{
	return way_errno(sendfile(t->other, t->fd, NULL, WAY_BYTES));
}

static int out_copy(const struct way_try *t)
{
	return way_errno(copy_file_range(t->fd, NULL, t->other, NULL, WAY_BYTES, 0));
}

static int out_clone(const struct way_try *t)
{
	int err = way_errno(ioctl(t->other, FICLONE, t->fd));

	return err == EOPNOTSUPP ? WAY_NOT_HERE : err;
}

static int out_clone_range(const struct way_try *t)
{
	struct file_clone_range range = { .src_fd = t->fd, .src_length = 4096 };
	int err = way_errno(ioctl(t->other, FICLONERANGE, &range));

	return err == EOPNOTSUPP ? WAY_NOT_HERE : err;
}

/* The other has the same bytes meanwhile, and the kernel is not to say so. */
static int out_dedupe(const struct way_try *t)
{
	int err;

	memset(way_buf, 0, WAY_BYTES);
	memcpy(way_buf, "#!/bin/true\n" WAY_MARK, sizeof("#!/bin/true\n" WAY_MARK));
	assert_int_equal(pwrite(t->other, way_buf, WAY_BYTES, 0), WAY_BYTES);
	err = way_dedupe(t->fd, t->other);
	assert_ok(ftruncate(t->other, 0));
	memset(way_buf, 0, WAY_BYTES);
	return err;
}

static int out_uring(const struct way_try *t)
{
	long ret = way_uring(IORING_OP_READ, t->fd, 0);

	return ret < 0 ? -ret : 0;
}

static int out_uring_async(const struct way_try *t)
{
	long ret = way_uring(IORING_OP_READ, t->fd, IOSQE_ASYNC);

	return ret < 0 ? -ret : 0;
}

static int out_aio(const struct way_try *t)
{
	long ret = way_aio(IOCB_CMD_PREAD, t->fd);

	return ret < 0 ? -ret : 0;
}

/* The kernel reads the first line to find out what to run. */
static int out_exec(const struct way_try *t)
{
	pid_t pid = fork();
	int status;

	assert_ok(pid);
	if (!pid) {
		close(t->other);
		execl(t->path, t->path, NULL);
		_exit(errno);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* It is no module, which the kernel sees when it has read it. */
static int out_module(const struct way_try *t)
{
	assert_int_equal(syscall(SYS_finit_module, t->fd, "", 0), -1);
	return errno == ENOEXEC ? 0 : errno;
}

static int out_loop(const struct way_try *t)
{
	int control, nr, dev, err;

	sh("modprobe -q loop");
	control = open("/dev/loop-control", O_RDWR);
	if (control < 0)
		return WAY_NOT_HERE;
	nr = ioctl(control, LOOP_CTL_GET_FREE);
	assert_ok(nr);
	close(control);
	dev = open(fmt("/dev/loop%d", nr), O_RDONLY);
	assert_ok(dev);
	assert_ok(ioctl(dev, LOOP_SET_FD, t->fd));
	err = way_errno(pread(dev, way_buf, 512, 0));
	assert_ok(ioctl(dev, LOOP_CLR_FD));
	close(dev);
	return err;
}

/* The start of it, by a mapping that may be read in the end. */
static int map_out(const struct way_try *t, int prot, int flags)
{
	void *p = mmap(NULL, WAY_BYTES, prot, flags, t->fd, 0);
	int err;

	if (p == MAP_FAILED)
		return errno;
	err = prot & PROT_READ ? 0 : way_errno(mprotect(p, WAY_BYTES, PROT_READ));
	if (!err)
		memcpy(way_buf, p, WAY_BYTES);
	munmap(p, WAY_BYTES);
	return err;
}

static int out_map_private(const struct way_try *t)
{
	return map_out(t, PROT_READ | PROT_WRITE, MAP_PRIVATE);
}

static int out_map_shared(const struct way_try *t)
{
	return map_out(t, PROT_READ, MAP_SHARED);
}

static int out_map_later(const struct way_try *t)
{
	return map_out(t, PROT_NONE, MAP_PRIVATE);
}

const struct way ways_out[] = {
	{ "read", out_read, WAYS_READ, 0, false },
	{ "pread", out_pread, WAYS_READ, 0, false },
	{ "readv", out_readv, WAYS_READ, 0, false },
	{ "read of O_DIRECT", out_direct, WAYS_READ, 0, false },
	{ "splice", out_splice, WAYS_READ, 0, false },
	{ "sendfile", out_sendfile, WAYS_READ, 0, false },
	{ "copy_file_range", out_copy, WAYS_READ, 0, false },
	{ "FICLONE", out_clone, WAYS_READ, 0, true },
	{ "FICLONERANGE", out_clone_range, WAYS_READ, 0, true },
	{ "FIDEDUPERANGE", out_dedupe, WAYS_READ, 0, true },
	{ "io_uring", out_uring, WAYS_READ, 0, false },
	{ "io_uring by a worker", out_uring_async, WAYS_READ, 0, false },
	{ "io_submit", out_aio, WAYS_READ, 0, false },
	{ "execve", out_exec, WAYS_READ, 0, false },
	{ "finit_module", out_module, WAYS_READ, 0, false },
	{ "a loop device", out_loop, WAYS_READ, EIO, false },
	{ "mmap, private", out_map_private, WAYS_MMAP, 0, false },
	{ "mmap, shared", out_map_shared, WAYS_MMAP, 0, false },
	{ "mmap and mprotect", out_map_later, WAYS_MMAP, 0, false },
};

const size_t ways_out_count = sizeof(ways_out) / sizeof(ways_out[0]);
