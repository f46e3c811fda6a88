// SPDX-License-Identifier: GPL-2.0-only
/* One request at a time by io_uring and io_submit(2). */
#include "way.h"

#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>

_Alignas(4096) char way_buf[WAY_BYTES];

int way_errno(long ret)
{
	return ret < 0 ? errno : 0;
}

long way_aio(int op, int fd)
{
	struct iocb cb = {
		.aio_lio_opcode = op, .aio_fildes = fd, .aio_buf = (uintptr_t)way_buf,
		.aio_nbytes = WAY_BYTES,
	}, *cbs[] = { &cb };
	struct io_event event = { 0 };
	aio_context_t ctx = 0;
	long ret = syscall(SYS_io_setup, 1, &ctx);

	assert_ok(ret);
	ret = syscall(SYS_io_submit, ctx, 1, cbs);
	if (ret != 1) {
		ret = -errno;
	} else {
		assert_int_equal(syscall(SYS_io_getevents, ctx, 1, 1, &event, NULL), 1);
		ret = event.res;
	}
	assert_ok(syscall(SYS_io_destroy, ctx));
	return ret;
}

long way_uring(int op, int fd, unsigned int flags)
{
	struct io_uring_params p = { 0 };
	int ring = syscall(SYS_io_uring_setup, 1, &p);
	size_t size = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
	struct io_uring_sqe *sqe;
	char *rings;
	long res;

	assert_ok(ring);
	assert_true(p.features & IORING_FEAT_SINGLE_MMAP);
	rings = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	sqe = mmap(NULL, sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
	assert_ptr_not_equal(rings, MAP_FAILED);
	assert_ptr_not_equal(sqe, MAP_FAILED);
	*sqe = (struct io_uring_sqe) {
		.opcode = op, .fd = fd, .addr = (uintptr_t)way_buf, .len = WAY_BYTES, .flags = flags,
	};
	*(unsigned int *)(rings + p.sq_off.array) = 0;
	__atomic_store_n((unsigned int *)(rings + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	assert_int_equal(syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0), 1);
	res = ((struct io_uring_cqe *)(rings + p.cq_off.cqes))->res;
	munmap(sqe, sizeof(*sqe));
	munmap(rings, size);
	close(ring);
	return res;
}
