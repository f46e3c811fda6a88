// SPDX-License-Identifier: GPL-2.0-only
/* Direct and asynchronous I/O: O_DIRECT, io_submit(2), io_uring, and that they meet the page cache's data. */
#include "twin.h"

#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define BLOCK	4096

static _Alignas(BLOCK) char page[4 * BLOCK];

static int open_direct(struct twin *t, const char *name)
{
	needs_direct_io(t);
	return must(openat(t->o, name, O_RDWR | O_CREAT | O_DIRECT, 0644));
}

static void direct_io_meets_the_cache(struct twin *t)
{
	int direct = open_direct(t, "f"), u;
	char *map;

	u = must(openat(t->u, "f", O_RDWR));
	memset(page, 'd', sizeof(page));
	assert_int_equal(must(pwrite(direct, page, sizeof(page), 0)), sizeof(page));
	map = mapped(u, sizeof(page), PROT_READ | PROT_WRITE, MAP_SHARED);
	assert_memory_equal(map, page, sizeof(page));
	map[BLOCK] = 'm';
	assert_int_equal(must(pread(direct, page, BLOCK, BLOCK)), BLOCK);
	assert_int_equal(page[0], 'm');
	must(pwrite(u, "u", 1, 0));
	assert_int_equal(must(pread(direct, page, BLOCK, 0)), BLOCK);
	assert_int_equal(page[0], 'u');
	assert_int_equal(must(pread(direct, page, BLOCK, 4 * BLOCK)), 0);
	assert_int_equal(must(pwrite(direct, page, BLOCK, 4 * BLOCK)), BLOCK);
	same_stat(t, "f");
	assert_int_equal(stat_of(t->o, "f").st_size, 5 * BLOCK);
}

static void misaligned_as_under(struct twin *t)
{
	int o = open_direct(t, "o"), u;

	u = must(openat(t->u, "u", O_RDWR | O_CREAT | O_DIRECT, 0644));
	for (int at = 0; at < 1024; at += 511) {
		for (int len = 512; len < 1100; len += 256) {
			assert_int_equal(outcome(pwrite(o, page + at, len, at)),
					 outcome(pwrite(u, page + at, len, at)));
			assert_int_equal(outcome(pread(o, page + at, len, at)),
					 outcome(pread(u, page + at, len, at)));
		}
	}
	assert_int_equal(stat_of(t->o, "o").st_size, stat_of(t->u, "u").st_size);
}

static void alignment_is_told(struct twin *t)
{
	struct statx o, u;

	put(t->o, "f", "x");
	must(statx(t->o, "f", 0, STATX_DIOALIGN | STATX_BTIME | STATX_BASIC_STATS, &o));
	must(statx(t->u, "f", 0, STATX_DIOALIGN | STATX_BTIME | STATX_BASIC_STATS, &u));
	assert_int_equal(o.stx_mask, u.stx_mask);
	assert_int_equal(o.stx_attributes & ~STATX_ATTR_MOUNT_ROOT, u.stx_attributes & ~STATX_ATTR_MOUNT_ROOT);
	assert_int_equal(o.stx_dio_mem_align, u.stx_dio_mem_align);
	assert_int_equal(o.stx_dio_offset_align, u.stx_dio_offset_align);
	assert_int_equal(o.stx_btime.tv_sec, u.stx_btime.tv_sec);
	assert_int_equal(o.stx_btime.tv_nsec, u.stx_btime.tv_nsec);
}

/* O_DIRECT can be turned on and off as below. */
static void switched_as_under(struct twin *t)
{
	int o = must(openat(t->o, "f", O_RDWR | O_CREAT, 0644));
	int u = must(openat(t->u, "f", O_RDWR));

	assert_int_equal(outcome(fcntl(o, F_SETFL, O_DIRECT)), outcome(fcntl(u, F_SETFL, O_DIRECT)));
	memset(page, 's', BLOCK);
	assert_int_equal(must(pwrite(o, page, BLOCK, 0)), BLOCK);
	must(fcntl(o, F_SETFL, 0));
	assert_int_equal(must(pwrite(o, "odd", 3, 1)), 3);
	assert_int_equal(must(pread(u, page, BLOCK, 0)), BLOCK);
	assert_memory_equal(page, "sodds", 5);
}

static long aio(aio_context_t ctx, int fd, int op, void *bytes, size_t len, off_t at, int rwf)
{
	struct iocb cb = {
		.aio_lio_opcode = op, .aio_fildes = fd, .aio_buf = (uintptr_t)bytes,
		.aio_nbytes = len, .aio_offset = at, .aio_rw_flags = rwf, .aio_data = 42,
	};
	struct iocb *cbs[] = { &cb };
	struct io_event event = { 0 };

	if (syscall(SYS_io_submit, ctx, 1, cbs) != 1)
		return -errno;
	assert_int_equal(must(syscall(SYS_io_getevents, ctx, 1, 1, &event, NULL)), 1);
	assert_int_equal(event.data, 42);
	return event.res;
}

static void aio_on(struct twin *t, int fd, const char *name)
{
	aio_context_t ctx = 0;
	int u = must(openat(t->u, name, O_RDWR));

	must(syscall(SYS_io_setup, 4, &ctx));
	memset(page, 'a', sizeof(page));
	assert_int_equal(aio(ctx, fd, IOCB_CMD_PWRITE, page, sizeof(page), 0, 0), sizeof(page));
	assert_int_equal(stat_of(t->u, name).st_size, sizeof(page));
	assert_int_equal(stat_of(t->o, name).st_size, sizeof(page));
	must(pwrite(u, "b", 1, BLOCK));
	assert_int_equal(aio(ctx, fd, IOCB_CMD_PREAD, page, BLOCK, BLOCK, 0), BLOCK);
	assert_memory_equal(page, "baaa", 4);
	assert_int_equal(aio(ctx, fd, IOCB_CMD_PREAD, page, BLOCK, sizeof(page), 0), 0);
	assert_int_equal(aio(ctx, fd, IOCB_CMD_FSYNC, NULL, 0, 0, 0), 0);
	assert_int_equal(aio(ctx, fd, IOCB_CMD_FDSYNC, NULL, 0, 0, 0), 0);
	must(syscall(SYS_io_destroy, ctx));
}

static void aio_buffered(struct twin *t)
{
	aio_on(t, must(openat(t->o, "f", O_RDWR | O_CREAT, 0644)), "f");
}

static void aio_direct(struct twin *t)
{
	aio_on(t, open_direct(t, "f"), "f");
}

/* Many requests under way at once, extending the file, from one descriptor. */
static void aio_many(struct twin *t)
{
	int fd = open_direct(t, "f");
	struct io_event events[64];
	struct iocb cb[64], *cbs[64];
	aio_context_t ctx = 0;

	must(syscall(SYS_io_setup, 64, &ctx));
	memset(page, 'z', BLOCK);
	for (int i = 0; i < 64; i++) {
		cb[i] = (struct iocb){
			.aio_lio_opcode = IOCB_CMD_PWRITE, .aio_fildes = fd,
			.aio_buf = (uintptr_t)page, .aio_nbytes = BLOCK, .aio_offset = i * BLOCK,
		};
		cbs[i] = &cb[i];
	}
	assert_int_equal(must(syscall(SYS_io_submit, ctx, 64, cbs)), 64);
	must(close(fd));
	assert_int_equal(must(syscall(SYS_io_getevents, ctx, 64, 64, events, NULL)), 64);
	for (int i = 0; i < 64; i++)
		assert_int_equal(events[i].res, BLOCK);
	must(syscall(SYS_io_destroy, ctx));
	same_stat(t, "f");
	assert_int_equal(stat_of(t->u, "f").st_size, 64 * BLOCK);
}

struct ring {
	int fd;
	unsigned int *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

static void ring_open(struct ring *r)
{
	struct io_uring_params p = { 0 };
	size_t size;
	char *rings;

	r->fd = must(syscall(SYS_io_uring_setup, 8, &p));
	assert_true(p.features & IORING_FEAT_SINGLE_MMAP);
	size = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
	rings = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQ_RING);
	r->sqes = mmap(NULL, p.sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE,
		       MAP_SHARED, r->fd, IORING_OFF_SQES);
	assert_ptr_not_equal(rings, MAP_FAILED);
	assert_ptr_not_equal(r->sqes, MAP_FAILED);
	r->sq_tail = (void *)(rings + p.sq_off.tail);
	r->sq_mask = (void *)(rings + p.sq_off.ring_mask);
	r->sq_array = (void *)(rings + p.sq_off.array);
	r->cq_head = (void *)(rings + p.cq_off.head);
	r->cq_mask = (void *)(rings + p.cq_off.ring_mask);
	r->cqes = (void *)(rings + p.cq_off.cqes);
}

static int ring_do(struct ring *r, const struct io_uring_sqe *sqe)
{
	unsigned int tail = *r->sq_tail, at = tail & *r->sq_mask;
	int res;

	r->sqes[at] = *sqe;
	r->sq_array[at] = at;
	__atomic_store_n(r->sq_tail, tail + 1, __ATOMIC_RELEASE);
	must(syscall(SYS_io_uring_enter, r->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0));
	res = r->cqes[*r->cq_head & *r->cq_mask].res;
	__atomic_store_n(r->cq_head, *r->cq_head + 1, __ATOMIC_RELEASE);
	return res;
}

static int ring_rw(struct ring *r, int op, int fd, size_t len, off_t at, int flags)
{
	struct io_uring_sqe sqe = {
		.opcode = op, .fd = fd, .addr = (uintptr_t)page, .len = len, .off = at, .flags = flags,
	};

	return ring_do(r, &sqe);
}

static void uring(struct twin *t)
{
	struct io_uring_sqe fsync = { .opcode = IORING_OP_FSYNC };
	int fd = must(openat(t->o, "f", O_RDWR | O_CREAT, 0644));
	struct ring r;

	ring_open(&r);
	fsync.fd = fd;
	for (int flags = 0; flags <= (int)IOSQE_ASYNC; flags += IOSQE_ASYNC) {
		memset(page, flags ? 'A' : 'S', sizeof(page));
		assert_int_equal(ring_rw(&r, IORING_OP_WRITE, fd, sizeof(page), 0, flags), sizeof(page));
		assert_int_equal(stat_of(t->u, "f").st_size, sizeof(page));
		memset(page, 0, sizeof(page));
		assert_int_equal(ring_rw(&r, IORING_OP_READ, fd, BLOCK, BLOCK, flags), BLOCK);
		assert_int_equal(page[7], flags ? 'A' : 'S');
		assert_int_equal(ring_rw(&r, IORING_OP_READ, fd, BLOCK, sizeof(page), flags), 0);
		assert_int_equal(ring_do(&r, &fsync), 0);
	}
	assert_int_equal(ring_rw(&r, IORING_OP_READ, must(openat(t->o, "f", O_WRONLY)), 1, 0, 0), -EBADF);
}

static void uring_direct(struct twin *t)
{
	int fd = open_direct(t, "f");
	struct ring r;

	ring_open(&r);
	memset(page, 'D', sizeof(page));
	assert_int_equal(ring_rw(&r, IORING_OP_WRITE, fd, sizeof(page), 0, 0), sizeof(page));
	memset(page, 0, sizeof(page));
	assert_int_equal(must(pread(must(openat(t->u, "f", O_RDONLY)), page, 5, BLOCK)), 5);
	assert_memory_equal(page, "DDDDD", 5);
	assert_int_equal(ring_rw(&r, IORING_OP_READ, fd, BLOCK, 0, 0), BLOCK);
	same_stat(t, "f");
}

static void polls_as_under(struct twin *t)
{
	struct pollfd p[2] = { { .events = POLLIN | POLLOUT }, { .events = POLLIN | POLLOUT } };

	put(t->u, "f", "x");
	p[0].fd = must(openat(t->o, "f", O_RDWR));
	p[1].fd = must(openat(t->u, "f", O_RDWR));
	assert_int_equal(must(poll(p, 2, 0)), 2);
	assert_int_equal(p[0].revents, p[1].revents);
}

static const struct twin_test tests[] = {
	TWIN_TEST(direct_io_meets_the_cache),
	TWIN_TEST(misaligned_as_under),
	TWIN_TEST(alignment_is_told),
	TWIN_TEST(switched_as_under),
	TWIN_TEST(aio_buffered),
	TWIN_TEST(aio_direct),
	TWIN_TEST(aio_many),
	TWIN_TEST(uring),
	TWIN_TEST(uring_direct),
	TWIN_TEST(polls_as_under),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_ALL);
}
