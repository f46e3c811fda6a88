// SPDX-License-Identifier: GPL-2.0-only
/* Limits: the process's and the backing filesystem's bind writers through the mount alike. */
#include "twin.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/statfs.h>

static char page[4096];
static volatile sig_atomic_t signals;

static void on_signal(int signal)
{
	signals++;
}

static void file_size_limit(struct twin *t)
{
	struct rlimit old, low = { 6000, RLIM_INFINITY };
	int fd = must(openat(t->o, "f", O_RDWR | O_CREAT, 0644));

	signals = 0;
	signal(SIGXFSZ, on_signal);
	must(getrlimit(RLIMIT_FSIZE, &old));
	must(setrlimit(RLIMIT_FSIZE, &low));
	assert_int_equal(write(fd, page, 4096), 4096);
	assert_int_equal(write(fd, page, 4096), 6000 - 4096);
	assert_int_equal(signals, 0);
	assert_fails(write(fd, page, 1), EFBIG);
	assert_int_equal(signals, 1);
	assert_fails(ftruncate(fd, 6001), EFBIG);
	assert_int_equal(signals, 2);
	assert_fails(fallocate(fd, 0, 0, 6001), EFBIG);
	must(setrlimit(RLIMIT_FSIZE, &old));
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(stat_of(t->u, "f").st_size, 6000);
	same_stat(t, "f");
}

static void largest_offset_as_under(struct twin *t)
{
	int o = must(openat(t->o, "o", O_RDWR | O_CREAT, 0644));
	int u = must(openat(t->u, "u", O_RDWR | O_CREAT, 0644));

	signal(SIGXFSZ, SIG_IGN);
	for (int bit = 40; bit < 63; bit++) {
		off_t at = (1L << bit) - 1;

		assert_int_equal(outcome(pwrite(o, "x", 1, at)), outcome(pwrite(u, "x", 1, at)));
		assert_int_equal(outcome(ftruncate(o, at)), outcome(ftruncate(u, at)));
		assert_int_equal(outcome(lseek(o, at, SEEK_SET)), outcome(lseek(u, at, SEEK_SET)));
	}
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(stat_of(t->o, "o").st_size, stat_of(t->u, "u").st_size);
}

static void same_statfs(const char *a, const char *b)
{
	struct statfs o, u;

	must(statfs(a, &o));
	must(statfs(b, &u));
	assert_int_equal(o.f_bsize, u.f_bsize);
	assert_int_equal(o.f_frsize, u.f_frsize);
	assert_int_equal(o.f_blocks, u.f_blocks);
	assert_int_equal(o.f_bfree, u.f_bfree);
	assert_int_equal(o.f_bavail, u.f_bavail);
	assert_int_equal(o.f_files, u.f_files);
	assert_int_equal(o.f_ffree, u.f_ffree);
	assert_int_equal(o.f_namelen, u.f_namelen);
}

static void statfs_is_the_backings(struct twin *t)
{
	int fd = must(openat(t->o, "f", O_RDWR | O_CREAT, 0644));
	struct statfs before, after;

	same_statfs(t->over, t->under);
	must(fstatfs(fd, &before));
	must(fallocate(fd, 0, 0, 1 << 20));
	must(fstatfs(fd, &after));
	assert_true(before.f_bfree > after.f_bfree);
	same_statfs(over(t, "f"), under(t, "f"));
}

/* A small tmpfs below a mount of its own, filled through it. */
static void no_space(struct twin *t)
{
	const char *small = tmp_dir("small"), *view = tmp_path("view");
	struct stat st;
	ssize_t n = 0, sum = 0;
	int fd;

	must(mount("small", small, "tmpfs", 0, "size=64k,mode=0755"));
	mnt(small, view, t->world == TWIN_NOP ? "ops=nop" : "");
	fd = must(open(fmt("%s/f", view), O_RDWR | O_CREAT, 0644));
	must(pwrite(fd, page, 1, 4096 * 14));	/* a page in the way of the write below */
	for (;;) {
		n = write(fd, page, 3000);
		if (n < 3000)
			break;
		sum += n;
	}
	if (n > 0) {
		sum += n;
		assert_fails(write(fd, page, 3000), ENOSPC);
	} else {
		assert_int_equal(n, -1);
		assert_int_equal(errno, ENOSPC);
	}
	assert_true(sum >= 60000 && sum <= 65536);
	must(stat(fmt("%s/f", small), &st));
	assert_int_equal(st.st_size, sum);
	assert_fails(fallocate(fd, 0, 0, 1 << 20), ENOSPC);
	same_statfs(small, view);
	must(close(fd));
	must(unlink(fmt("%s/f", view)));
	fd = must(open(fmt("%s/g", view), O_RDWR | O_CREAT, 0644));
	assert_int_equal(must(write(fd, page, sizeof(page))), sizeof(page));
	must(close(fd));
	umnt(view);
	must(umount(small));
}

/* No inode left: creation fails and leaves nothing behind. */
static void no_inodes(struct twin *t)
{
	const char *small = tmp_dir("small"), *view = tmp_path("view");
	int i;

	must(mount("small", small, "tmpfs", 0, "nr_inodes=10,mode=0755"));
	mnt(small, view, t->world == TWIN_NOP ? "ops=nop" : "");
	for (i = 0; !mkdir(fmt("%s/%d", view, i), 0755); i++)
		;
	assert_int_equal(errno, ENOSPC);
	assert_true(i > 4 && i < 10);
	assert_fails(open(fmt("%s/f", view), O_WRONLY | O_CREAT, 0644), ENOSPC);
	assert_fails(symlink("x", fmt("%s/f", view)), ENOSPC);
	assert_fails(mknod(fmt("%s/f", view), S_IFIFO | 0644, 0), ENOSPC);
	assert_false(exists(fmt("%s/f", small)));
	assert_false(exists(fmt("%s/f", view)));
	must(rmdir(fmt("%s/0", view)));
	must(mkdir(fmt("%s/f", view), 0755));
	assert_true(exists(fmt("%s/f", small)));
	umnt(view);
	must(umount(small));
}

static const struct twin_test tests[] = {
	TWIN_TEST(file_size_limit),
	TWIN_TEST(largest_offset_as_under),
	TWIN_TEST(statfs_is_the_backings),
	TWIN_TEST(no_space),
	TWIN_TEST(no_inodes),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_ALL);
}
