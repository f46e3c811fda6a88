// SPDX-License-Identifier: GPL-2.0-only
/* Reading and writing through the mount reach the backing file at once, and the reverse. */
#include "twin.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

static char buf[1 << 16];

static void write_is_seen_under(struct twin *t)
{
	int fd = must(openat(t->o, "f", O_RDWR | O_CREAT | O_EXCL, 0640));

	assert_int_equal(must(write(fd, "hello", 5)), 5);
	holds(t->u, "f", "hello");
	assert_int_equal(must(pwrite(fd, "J", 1, 0)), 1);
	holds(t->u, "f", "Jello");
	assert_int_equal(must(pwrite(fd, "end", 3, 8)), 3);
	same_stat(t, "f");
	assert_int_equal(stat_of(t->u, "f").st_size, 11);
	assert_int_equal(must(pread(fd, buf, 100, 5)), 6);
	assert_memory_equal(buf, "\0\0\0end", 6);
	assert_int_equal(stat_of(t->u, "f").st_mode, S_IFREG | 0640);
}

static void write_under_is_seen(struct twin *t)
{
	int u = must(openat(t->u, "f", O_RDWR | O_CREAT | O_EXCL, 0644));
	int o = must(openat(t->o, "f", O_RDONLY));

	assert_int_equal(must(read(o, buf, 10)), 0);
	assert_int_equal(must(write(u, "abc", 3)), 3);
	assert_int_equal(must(read(o, buf, 10)), 3);
	assert_memory_equal(buf, "abc", 3);
	assert_int_equal(must(lseek(o, 0, SEEK_END)), 3);
	must(ftruncate(u, 100000));
	assert_int_equal(stat_of(t->o, "f").st_size, 100000);
	assert_int_equal(must(lseek(o, -1, SEEK_END)), 99999);
	assert_int_equal(must(read(o, buf, 10)), 1);
	must(ftruncate(u, 1));
	assert_int_equal(must(pread(o, buf, 10, 0)), 1);
	assert_int_equal(must(lseek(o, 0, SEEK_END)), 1);
}

static void vectors_and_flags(struct twin *t)
{
	int fd = must(openat(t->o, "f", O_RDWR | O_CREAT, 0644));
	struct iovec out[2] = { { "one", 3 }, { "two", 3 } };
	struct iovec in[2] = { { buf, 2 }, { buf + 2, 4 } };

	assert_int_equal(must(writev(fd, out, 2)), 6);
	assert_int_equal(must(pwritev2(fd, out, 1, 1, RWF_SYNC)), 3);
	assert_int_equal(must(pwritev2(fd, out, 1, 0, RWF_APPEND)), 3);
	assert_int_equal(must(pwritev2(fd, out, 2, -1, RWF_DSYNC)), 6);
	holds(t->u, "f", "oonewoonetwo");
	assert_int_equal(must(preadv(fd, in, 2, 1)), 6);
	assert_memory_equal(buf, "onewoo", 6);
	assert_int_equal(must(lseek(fd, 0, SEEK_CUR)), 12);
	assert_int_equal(must(lseek(fd, 3, SEEK_SET)), 3);
	assert_int_equal(must(read(fd, buf, 2)), 2);
	assert_memory_equal(buf, "ew", 2);
	assert_fails(pwritev2(fd, out, 1, 0, 1 << 30), EOPNOTSUPP);
	assert_fails(lseek(fd, -1, SEEK_SET), EINVAL);
	assert_fails(pread(fd, buf, 1, -1), EINVAL);
}

/* Flags that the filesystem below must see as they are: both sides do the same. */
static void every_rwf_flag_as_under(struct twin *t)
{
	struct iovec v = { buf, 4096 };

	put(t->u, "o", "some text");
	put(t->u, "u", "some text");
	for (int flag = 0; flag < 9; flag++) {
		int o = must(openat(t->o, "o", O_RDWR | O_APPEND));
		int u = must(openat(t->u, "u", O_RDWR | O_APPEND));

		/* RWF_ATOMIC and RWF_DONTCACHE are per file operations table: see docs/differences.md */
		if (flag == 6 || flag == 7)
			continue;
		assert_int_equal(outcome(preadv2(o, &v, 1, 0, 1 << flag)),
				 outcome(preadv2(u, &v, 1, 0, 1 << flag)));
		assert_int_equal(outcome(pwritev2(o, &v, 1, 1, 1 << flag)),
				 outcome(pwritev2(u, &v, 1, 1, 1 << flag)));
		assert_int_equal(stat_of(t->u, "o").st_size, stat_of(t->u, "u").st_size);
		must(close(o));
		must(close(u));
	}
}

static void append_from_both_sides(struct twin *t)
{
	int o = must(openat(t->o, "f", O_WRONLY | O_CREAT | O_APPEND, 0644));
	int u = must(openat(t->u, "f", O_WRONLY | O_APPEND));

	must(write(o, "a", 1));
	must(write(u, "b", 1));
	must(write(o, "c", 1));
	assert_int_equal(must(pwrite(o, "d", 1, 0)), 1);	/* appends all the same */
	must(write(u, "e", 1));
	holds(t->u, "f", "abcde");
	holds(t->o, "f", "abcde");
	must(fcntl(o, F_SETFL, 0));
	must(pwrite(o, "A", 1, 0));
	holds(t->u, "f", "Abcde");
	must(fcntl(o, F_SETFL, O_APPEND));
	must(pwrite(o, "f", 1, 0));
	holds(t->u, "f", "Abcdef");
}

static void truncation(struct twin *t)
{
	int u, o;

	put(t->u, "f", "long text");
	u = must(openat(t->u, "f", O_RDWR));
	o = must(openat(t->o, "f", O_RDWR | O_TRUNC));
	assert_int_equal(stat_of(t->u, "f").st_size, 0);
	assert_int_equal(must(read(u, buf, 10)), 0);
	must(write(o, "text", 4));
	must(ftruncate(o, 2));
	holds(t->u, "f", "te");
	must(truncate(over(t, "f"), 4));
	assert_int_equal(must(pread(u, buf, 10, 0)), 4);
	assert_memory_equal(buf, "te\0\0", 4);
	same_stat(t, "f");
	must(close(must(openat(t->u, "f", O_WRONLY | O_TRUNC))));
	assert_int_equal(must(pread(o, buf, 10, 0)), 0);
	assert_int_equal(stat_of(t->o, "f").st_size, 0);
	assert_fails(ftruncate(o, -1), EINVAL);
	assert_fails(truncate(over(t, "."), 0), EISDIR);
	assert_fails(truncate(over(t, "none"), 0), ENOENT);
	o = must(openat(t->o, "f", O_RDONLY));
	assert_fails(ftruncate(o, 0), EINVAL);
	assert_int_equal(outcome(ftruncate(u, 1L << 62)), outcome(truncate(over(t, "f"), 1L << 62)));
}

static void syncing(struct twin *t)
{
	int fd = must(openat(t->o, "f", O_RDWR | O_CREAT | O_SYNC, 0644));

	must(write(fd, "x", 1));
	must(fsync(fd));
	must(fdatasync(fd));
	must(sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER));
	must(syncfs(fd));
	must(fsync(t->o));
	must(close(must(openat(t->o, "f", O_RDWR | O_DSYNC))));
	holds(t->u, "f", "x");
}

static void splices(struct twin *t)
{
	int fd = must(openat(t->o, "f", O_RDWR | O_CREAT, 0644));
	loff_t at = 2;
	int p[2];

	must(pipe(p));
	must(write(p[1], "through a pipe", 14));
	assert_int_equal(must(splice(p[0], NULL, fd, NULL, 14, 0)), 14);
	holds(t->u, "f", "through a pipe");
	assert_int_equal(must(lseek(fd, 0, SEEK_CUR)), 14);
	assert_int_equal(must(splice(fd, &at, p[1], NULL, 5, 0)), 5);
	assert_int_equal(at, 7);
	assert_int_equal(must(read(p[0], buf, 100)), 5);
	assert_memory_equal(buf, "rough", 5);
	assert_int_equal(must(splice(fd, NULL, p[1], NULL, 5, SPLICE_F_NONBLOCK)), 0);
	put(t->u, "f", "seen at once");
	at = 0;
	assert_int_equal(must(splice(fd, &at, p[1], NULL, 100, 0)), 12);
	assert_int_equal(must(read(p[0], buf, 100)), 12);
	assert_memory_equal(buf, "seen at once", 12);
	must(write(p[1], "x", 1));
	assert_int_equal(must(fcntl(fd, F_SETFL, O_APPEND)), 0);
	assert_fails(splice(p[0], NULL, fd, NULL, 1, 0), EINVAL);
}

static void sendfile_both_ways(struct twin *t)
{
	int in, out, s[2];
	off_t at = 1;

	put(t->u, "in", "to be sent");
	in = must(openat(t->o, "in", O_RDONLY));
	out = must(openat(t->o, "out", O_WRONLY | O_CREAT, 0644));
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	assert_int_equal(must(sendfile(s[0], in, &at, 100)), 9);
	assert_int_equal(at, 10);
	assert_int_equal(must(read(s[1], buf, 100)), 9);
	assert_memory_equal(buf, "o be sent", 9);
	assert_int_equal(must(sendfile(out, in, NULL, 5)), 5);
	assert_int_equal(must(lseek(in, 0, SEEK_CUR)), 5);
	holds(t->u, "out", "to be");
}

static void copy_ranges(struct twin *t)
{
	loff_t from = 3, to = 1;
	int in, out, u;

	put(t->u, "in", "0123456789");
	put(t->u, "out", "abc");
	in = must(openat(t->o, "in", O_RDONLY));
	out = must(openat(t->o, "out", O_RDWR));
	assert_int_equal(must(copy_file_range(in, &from, out, &to, 4, 0)), 4);
	assert_int_equal(from, 7);
	assert_int_equal(to, 5);
	holds(t->u, "out", "a3456");
	assert_int_equal(must(copy_file_range(in, NULL, out, NULL, 100, 0)), 10);
	holds(t->u, "out", "0123456789");
	same_stat(t, "out");
	assert_fails(copy_file_range(in, NULL, out, NULL, 1, 1), EINVAL);
	assert_fails(copy_file_range(out, NULL, in, NULL, 1, 0), EBADF);
	u = must(openat(t->u, "in", O_RDONLY));
	/* Between the mount and the path below: two filesystems (docs/differences.md). */
	assert_fails(copy_file_range(u, NULL, out, NULL, 1, 0), EXDEV);
	holds(t->u, "out", "0123456789");
}

static void clones_as_under(struct twin *t)
{
	int in = must(openat(t->o, "in", O_RDWR | O_CREAT, 0644));
	int out = must(openat(t->o, "out", O_RDWR | O_CREAT, 0644));
	int uin = must(openat(t->u, "in", O_RDONLY));
	int uout = must(openat(t->u, "out", O_RDWR));

	must(write(in, "text", 4));
	assert_int_equal(outcome(ioctl(uout, FICLONE, uin)), -EOPNOTSUPP);
	assert_fails(ioctl(out, FICLONE, in), EOPNOTSUPP);
	assert_int_equal(stat_of(t->u, "out").st_size, 0);
}

static void allocates_as_under(struct twin *t)
{
	static const struct { int mode; off_t at, len; } calls[] = {
		{ 0, 0, 16384 },
		{ FALLOC_FL_KEEP_SIZE, 16384, 8192 },
		{ FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 4096 },
		{ FALLOC_FL_ZERO_RANGE, 8192, 100 },
		{ FALLOC_FL_COLLAPSE_RANGE, 0, 4096 },
		{ FALLOC_FL_INSERT_RANGE, 4096, 4096 },
		{ FALLOC_FL_PUNCH_HOLE, 0, 4096 },
		{ 0, 0, 0 },
		{ 0, -1, 1 },
	};
	int o = must(openat(t->o, "o", O_RDWR | O_CREAT, 0644));
	int u = must(openat(t->u, "u", O_RDWR | O_CREAT, 0644));

	memset(buf, 'x', 12288);
	must(write(o, buf, 12288));
	must(write(u, buf, 12288));
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct stat so, su;

		assert_int_equal(outcome(fallocate(o, calls[i].mode, calls[i].at, calls[i].len)),
				 outcome(fallocate(u, calls[i].mode, calls[i].at, calls[i].len)));
		so = stat_of(t->o, "o");
		su = stat_of(t->u, "u");
		assert_int_equal(so.st_size, su.st_size);
		assert_int_equal(so.st_blocks, su.st_blocks);
		same_stat(t, "o");
	}
	for (off_t at = 0; at < 30000; at += 1000) {
		assert_int_equal(outcome(lseek(o, at, SEEK_DATA)), outcome(lseek(u, at, SEEK_DATA)));
		assert_int_equal(outcome(lseek(o, at, SEEK_HOLE)), outcome(lseek(u, at, SEEK_HOLE)));
		assert_int_equal(must(lseek(o, 0, SEEK_CUR)), must(lseek(u, 0, SEEK_CUR)));
	}
}

static void holes(struct twin *t)
{
	int o = must(openat(t->o, "f", O_RDWR | O_CREAT, 0644));
	int u = must(openat(t->u, "f", O_RDWR));

	must(pwrite(o, "x", 1, 65536));
	assert_int_equal(must(lseek(o, 0, SEEK_DATA)), 65536);
	assert_int_equal(must(lseek(o, 0, SEEK_HOLE)), 0);
	assert_int_equal(must(lseek(o, 65536, SEEK_HOLE)), 65537);
	assert_fails(lseek(o, 65537, SEEK_DATA), ENXIO);
	assert_int_equal(must(lseek(o, 0, SEEK_CUR)), 65537);
	must(pwrite(u, "x", 1, 131072));
	assert_int_equal(must(lseek(o, 65540 + 4096, SEEK_DATA)), 131072);
}

static void wrong_ways(struct twin *t)
{
	int r, w, d;

	put(t->u, "f", "text");
	must(mkdirat(t->u, "d", 0755));
	r = must(openat(t->o, "f", O_RDONLY));
	w = must(openat(t->o, "f", O_WRONLY));
	d = must(openat(t->o, "d", O_RDONLY));
	assert_fails(write(r, "x", 1), EBADF);
	assert_fails(read(w, buf, 1), EBADF);
	assert_fails(read(d, buf, 1), EISDIR);
	assert_fails(openat(t->o, "d", O_RDWR), EISDIR);
	assert_fails(openat(t->o, "f", O_RDONLY | O_DIRECTORY), ENOTDIR);
	assert_fails(openat(t->o, "f", O_RDWR | O_CREAT | O_EXCL, 0644), EEXIST);
	assert_fails(openat(t->o, "f/x", O_RDONLY), ENOTDIR);
	assert_fails(openat(t->o, "d", O_RDWR | O_CREAT, 0644), EISDIR);
	assert_fails(read(must(openat(t->o, "f", O_PATH)), buf, 1), EBADF);
	holds(t->u, "f", "text");
}

/* Two opens have their own positions, a duplicate shares it. */
static void positions(struct twin *t)
{
	int a, b, c;

	put(t->u, "f", "abcdef");
	a = must(openat(t->o, "f", O_RDONLY));
	b = must(openat(t->o, "f", O_RDONLY));
	c = must(dup(a));
	must(read(a, buf, 2));
	must(read(b, buf + 2, 1));
	must(read(c, buf + 3, 2));
	assert_memory_equal(buf, "abacd", 5);
	must(lseek(c, 1, SEEK_SET));
	must(read(a, buf, 1));
	assert_memory_equal(buf, "b", 1);
}

static const struct twin_test tests[] = {
	TWIN_TEST(write_is_seen_under),
	TWIN_TEST(write_under_is_seen),
	TWIN_TEST(vectors_and_flags),
	TWIN_TEST(every_rwf_flag_as_under),
	TWIN_TEST(append_from_both_sides),
	TWIN_TEST(truncation),
	TWIN_TEST(syncing),
	TWIN_TEST(splices),
	TWIN_TEST(sendfile_both_ways),
	TWIN_TEST(copy_ranges),
	TWIN_TEST(clones_as_under),
	TWIN_TEST(allocates_as_under),
	TWIN_TEST(holes),
	TWIN_TEST(wrong_ways),
	TWIN_TEST(positions),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_ALL);
}
