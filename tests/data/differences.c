// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a mount differs from a bind mount of the same directory, for good
 * reasons: a test for each line of docs/differences.md that can be seen.
 */
#include "twin.h"

#include <linux/fiemap.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/quota.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>

static void a_filesystem_of_its_own(struct twin *t)
{
	struct statfs o, u;

	put(t->o, "f", "x");
	assert_int_not_equal(stat_of(t->o, "f").st_dev, stat_of(t->u, "f").st_dev);
	must(statfs(t->over, &o));
	must(statfs(t->under, &u));
	assert_int_not_equal(o.f_type, u.f_type);
	assert_fails(linkat(t->o, "f", t->u, "g", 0), EXDEV);
	assert_fails(renameat(t->u, "f", t->o, "g"), EXDEV);
	assert_fails(copy_file_range(must(openat(t->o, "f", O_RDONLY)), NULL,
				     must(openat(t->u, "f", O_RDWR)), NULL, 1, 0), EXDEV);
	absent(t, "g");
}

static bool event_for(int fd, const char *name)
{
	_Alignas(struct inotify_event) char buf[4096];
	ssize_t n = read(fd, buf, sizeof(buf));
	bool seen = false;

	for (char *p = buf; n > 0 && p < buf + n;) {
		const struct inotify_event *event = (void *)p;

		seen = seen || (event->len && !strcmp(event->name, name));
		p += sizeof(*event) + event->len;
	}
	return seen;
}

static void watches_see_their_side(struct twin *t)
{
	int o = must(inotify_init1(IN_NONBLOCK)), u = must(inotify_init1(IN_NONBLOCK));

	must(inotify_add_watch(o, t->over, IN_CREATE | IN_DELETE));
	must(inotify_add_watch(u, t->under, IN_CREATE | IN_DELETE));
	put(t->o, "through", "x");
	assert_true(event_for(o, "through"));
	assert_true(event_for(u, "through"));
	put(t->u, "direct", "x");
	assert_false(event_for(o, "direct"));
	assert_true(event_for(u, "direct"));
}

static struct sockaddr_un address(const char *dir)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	assert_true(snprintf(at.sun_path, sizeof(at.sun_path), "%s/s", dir) < (int)sizeof(at.sun_path));
	return at;
}

static void sockets_and_fifos_have_their_side(struct twin *t)
{
	struct sockaddr_un o = address(t->over), u = address(t->under);
	int s = must(socket(AF_UNIX, SOCK_STREAM, 0)), c = must(socket(AF_UNIX, SOCK_STREAM, 0));
	int r;

	must(bind(s, (struct sockaddr *)&o, sizeof(o)));
	must(listen(s, 1));
	assert_fails(connect(c, (struct sockaddr *)&u, sizeof(u)), ECONNREFUSED);
	must(connect(c, (struct sockaddr *)&o, sizeof(o)));
	must(mknodat(t->o, "fifo", S_IFIFO | 0600, 0));
	r = must(openat(t->o, "fifo", O_RDONLY | O_NONBLOCK));
	assert_fails(openat(t->u, "fifo", O_WRONLY | O_NONBLOCK), ENXIO);
	must(openat(t->o, "fifo", O_WRONLY | O_NONBLOCK));
	must(close(r));
}

static volatile sig_atomic_t broken;

static void on_break(int signal)
{
	broken = 1;
}

static void leases_know_their_side(struct twin *t)
{
	int fd;

	put(t->o, "f", "x");
	signal(SIGIO, on_break);
	fd = must(openat(t->o, "f", O_RDONLY));
	must(fcntl(fd, F_SETLEASE, F_RDLCK));
	broken = 0;
	must(close(must(openat(t->u, "f", O_WRONLY | O_NONBLOCK))));
	assert_int_equal(broken, 0);
	assert_fails(openat(t->o, "f", O_WRONLY | O_NONBLOCK), EWOULDBLOCK);
	assert_int_equal(broken, 1);
	must(fcntl(fd, F_SETLEASE, F_UNLCK));
	signal(SIGIO, SIG_DFL);
}

/* Kernels that have no such thing say the same. */
static void directories_are_not_delegated(struct twin *t)
{
	struct {
		uint32_t flags;
		uint16_t type, pad;
	} delegation = { .type = F_RDLCK };
	int fd = must(openat(t->o, ".", O_RDONLY | O_DIRECTORY));

	assert_fails(fcntl(fd, 1024 + 16 /* F_SETDELEG */, &delegation), EINVAL);
}

static void ioctls_are_few(struct twin *t)
{
	int version, fd = must(openat(t->o, "f", O_RDWR | O_CREAT, 0644));

	assert_fails(ioctl(fd, FS_IOC_GETVERSION, &version), ENOTTY);
	assert_fails(ioctl(fd, FITRIM, &version), ENOTTY);
	must(ioctl(fd, FS_IOC_GETFLAGS, &version));
}

/* What tells of blocks, and quota, is the backing filesystem's. */
static void blocks_are_not_shown(struct twin *t)
{
	int block = 0, fd = must(openat(t->o, "f", O_RDWR | O_CREAT, 0644));
	char info[256];

	must(write(fd, "x", 1));
	assert_fails(ioctl(fd, FIBMAP, &block), EINVAL);
	assert_fails(syscall(443 /* quotactl_fd */, fd, QCMD(Q_GETINFO, USRQUOTA), 0, info), ENOSYS);
	assert_int_equal(fpathconf(fd, _PC_LINK_MAX), 127);
	assert_int_equal(fpathconf(fd, _PC_FILESIZEBITS), 32);
	assert_fails(ioctl(fd, FS_IOC_FIEMAP, 1), EFAULT);
	assert_fails(ioctl(must(openat(t->u, "f", O_RDWR)), FS_IOC_FIEMAP, 1), EOPNOTSUPP);
}

static void sizes_in_blocks_may_be_stale(struct twin *t)
{
	int fd = must(openat(t->o, "f", O_RDWR | O_CREAT, 0644));
	loff_t before, size;

	must(write(fd, "x", 1));
	must(ioctl(fd, FIOQSIZE, &before));
	must(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 65536));
	must(ioctl(fd, FIOQSIZE, &size));
	assert_int_equal(size, before);
	must(ioctl(must(openat(t->u, "f", O_RDWR)), FIOQSIZE, &size));
	assert_int_equal(size, 65536);
}

/* Flags of a file operations table, which is the same for all backing filesystems. */
static void uncached_and_atomic_writes(struct twin *t)
{
	int fd = must(openat(t->o, "f", O_RDWR | O_CREAT, 0644));
	char bytes[4096] = "";
	struct iovec v = { bytes, sizeof(bytes) };

	assert_fails(pwritev2(fd, &v, 1, 0, 0x80 /* RWF_DONTCACHE */), EOPNOTSUPP);
	assert_int_equal(stat_of(t->u, "f").st_size, 0);
}

static unsigned long free_blocks(const char *path)
{
	struct statfs st;

	must(statfs(path, &st));
	return st.f_bfree;
}

static bool freed(void *arg)
{
	int drop = must(open("/proc/sys/vm/drop_caches", O_WRONLY));
	struct { struct twin *t; unsigned long want; } *f = arg;

	must(write(drop, "2", 1));
	must(close(drop));
	return free_blocks(f->t->under) >= f->want;
}

/* What is cached above keeps the space of what is removed below. */
static void space_comes_back_late(struct twin *t)
{
	struct { struct twin *t; unsigned long want; } f = { t, free_blocks(t->under) };
	int fd = must(openat(t->o, "f", O_RDWR | O_CREAT, 0644));

	must(fallocate(fd, 0, 0, 1 << 20));
	must(close(fd));
	f.want = free_blocks(t->under) + 200;
	must(unlinkat(t->u, "f", 0));
	assert_true(free_blocks(t->under) < f.want);
	assert_true(wait_for(10000, freed, &f));
	absent(t, "f");
}

static void mounts_go_with_the_name_below(struct twin *t)
{
	must(mkdirat(t->o, "d", 0755));
	must(mkdirat(t->o, "d/m", 0755));
	must(mount("inner", over(t, "d/m"), "tmpfs", 0, "size=64k"));
	must(renameat(t->u, "d", t->u, "e"));
	absent(t, "d");
	assert_string_equal(names_in(over(t, "e")), "m");
	assert_fails(umount(over(t, "e/m")), EINVAL);
}

/*
 * The kernel looks for seals in the inode of any file whose mapping is one of
 * tmpfs: with that mapping on our file it would read and write past our inode.
 */
static void no_memfd_seals(struct twin *t)
{
	int o;

	put(t->u, "f", "x");
	assert_true(fcntl(must(openat(t->u, "f", O_RDWR)), F_GET_SEALS) >= 0);
	o = must(openat(t->o, "f", O_RDWR));
	assert_fails(fcntl(o, F_GET_SEALS), EINVAL);
	assert_fails(fcntl(o, F_ADD_SEALS, F_SEAL_WRITE), EINVAL);
	assert_int_equal(must(pwrite(o, "y", 1, 0)), 1);
}

static void mounts_inside_are_not_seen(struct twin *t)
{
	must(mkdirat(t->u, "m", 0755));
	must(mount("inner", under(t, "m"), "tmpfs", 0, "size=64k"));
	put(t->u, "m/f", "x");
	assert_string_equal(names_in(over(t, "m")), "");
	must(umount(under(t, "m")));
}

/* Of files and directories they hold: data/atime.c. */
static void links_do_not_know_the_mounts_options(struct twin *t)
{
	const struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };
	char target[8];

	mnt(t->under, tmp_path("second"), "");
	must(mount(NULL, tmp_path("second"), NULL, MS_REMOUNT | MS_BIND | MS_NOATIME, NULL));
	must(symlinkat("to", t->u, "l"));
	must(utimensat(t->u, "l", old, AT_SYMLINK_NOFOLLOW));
	assert_int_equal(must(readlink(tmp_path("second/l"), target, sizeof(target))), 2);
	umnt(tmp_path("second"));
	assert_true(stat_of(t->u, "l").st_atim.tv_sec > 1000);
}

static const struct twin_test tests[] = {
	TWIN_TEST(a_filesystem_of_its_own),
	TWIN_TEST(watches_see_their_side),
	TWIN_TEST(sockets_and_fifos_have_their_side),
	TWIN_TEST(leases_know_their_side),
	TWIN_TEST(directories_are_not_delegated),
	TWIN_TEST(ioctls_are_few),
	TWIN_TEST(blocks_are_not_shown),
	TWIN_TEST(sizes_in_blocks_may_be_stale),
	TWIN_TEST(uncached_and_atomic_writes),
	TWIN_TEST(space_comes_back_late),
	TWIN_TEST(mounts_go_with_the_name_below),
	TWIN_TEST(no_memfd_seals),
	TWIN_TEST(mounts_inside_are_not_seen),
	TWIN_TEST(links_do_not_know_the_mounts_options),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_TMPFS);
}
