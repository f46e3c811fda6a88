// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the backing mount forbids, nosuid, nodev, noexec, read-only, a mount of
 * it forbids too: otherwise whoever may mount launders what an administrator
 * shut off. The same flags on our own mount work as on any other.
 */
#include "twin.h"

#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>

static const struct who user = { .uid = 1000, .gid = 1000 };

/* What the copies of this program report as their status. */
enum { RAN = 16, IS_ROOT = 1, IS_CAPABLE = 2, NOT_RUN = 64 };

static int report(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return NOT_RUN;
	return RAN | (geteuid() ? 0 : IS_ROOT) |
	       (data[0].effective & 1 << CAP_NET_RAW ? IS_CAPABLE : 0);
}

static int run_it(void *path)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		execl(path, path, "report", NULL);
		_exit(errno == EACCES ? NOT_RUN : NOT_RUN + 1);
	}
	return pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ? 255 : WEXITSTATUS(status);
}

static void copy_self(int dir, const char *name, mode_t mode)
{
	int from = must(open("/proc/self/exe", O_RDONLY));
	int to = must(openat(dir, name, O_WRONLY | O_CREAT | O_EXCL, 0600));
	struct stat st = stat_of(from, "");

	while (must(sendfile(to, from, NULL, st.st_size)) > 0)
		;
	must(fchmod(to, mode));
	must(close(to));
	must(close(from));
}

static void fill(const char *dir)
{
	/* cap_net_raw+ep, revision 2 */
	static const uint32_t cap[5] = { 0x02000001, 1 << CAP_NET_RAW, 0, 0, 0 };
	int fd = must(open(dir, O_RDONLY | O_DIRECTORY));

	copy_self(fd, "plain", 0755);
	copy_self(fd, "setuid", 04755);
	copy_self(fd, "capable", 0755);
	must(setxattr(fmt("%s/capable", dir), "security.capability", cap, sizeof(cap), 0));
	must(mknodat(fd, "null", S_IFCHR | 0666, makedev(1, 3)));
	must(fchmodat(fd, "null", 0666, 0));
	put(fd, "file", "text");
	must(fchmodat(fd, "file", 0666, 0));
	must(mkdirat(fd, "dir", 0777));
	must(close(fd));
}

/* A filled tmpfs whose mount then gets these flags, and a mount of it. */
static const char *over_backing(unsigned long flags)
{
	const char *backing = tmp_dir("backing");

	must(mount("backing", backing, "tmpfs", 0, "mode=0777"));
	fill(backing);
	must(mount(NULL, backing, NULL, MS_REMOUNT | MS_BIND | flags, NULL));
	mnt(backing, tmp_path("view"), "");
	return tmp_path("view");
}

static int undo(void **state)
{
	test_teardown(state);
	if (umount(tmp_path("backing")))
		print_error("umount backing: %m\n");
	return 0;
}

/* The controls: without a flag all of it works, so that the rest proves something. */
static void nothing_forbidden(void **state)
{
	const char *view = over_backing(0);

	assert_int_equal(as(&user, run_it, (void *)fmt("%s/plain", view)), RAN);
	assert_int_equal(as(&user, run_it, (void *)fmt("%s/setuid", view)), RAN | IS_ROOT | IS_CAPABLE);
	assert_int_equal(as(&user, run_it, (void *)fmt("%s/capable", view)), RAN | IS_CAPABLE);
	assert_ok(try_open(fmt("%s/null", view), O_RDWR, 0));
	assert_ok(try_open(fmt("%s/file", view), O_RDWR, 0));
}

static void nosuid(void **state)
{
	const char *view = over_backing(MS_NOSUID);

	assert_int_equal(as(&user, run_it, (void *)fmt("%s/plain", view)), RAN);
	assert_int_equal(as(&user, run_it, (void *)fmt("%s/setuid", view)), RAN);
	assert_int_equal(as(&user, run_it, (void *)fmt("%s/capable", view)), RAN);
}

/* What has no effect there is not shown to ours, and goes with the owner all the same. */
static void nosuid_chown(void **state)
{
	/* cap_net_raw+ep, revision 2 */
	static const uint32_t cap[5] = { 0x02000001, 1 << CAP_NET_RAW, 0, 0, 0 };
	const char *view = over_backing(MS_NOSUID), *backing = tmp_path("backing");
	const char *native = fmt("%s/native", backing), *ours = fmt("%s/ours", backing);
	char value[32];

	for (int i = 0; i < 2; i++) {
		const char *path = i ? ours : native;

		file_write(path, "text");
		must(chmod(path, S_ISGID | 0775));
		must(setxattr(path, "security.capability", cap, sizeof(cap), 0));
		must(chown(i ? fmt("%s/ours", view) : native, 1000, 1000));
		assert_fails(getxattr(path, "security.capability", value, sizeof(value)), ENODATA);
		assert_int_equal(file_mode(path), S_IFREG | 0775);
	}
}

static void nodev(void **state)
{
	const char *view = over_backing(MS_NODEV);

	assert_fails(try_open(fmt("%s/null", view), O_RDWR, 0), EACCES);
	assert_fails(try_open(fmt("%s/null", view), O_RDONLY, 0), EACCES);
	assert_int_equal(file_mode(fmt("%s/null", view)), S_IFCHR | 0666);
	/* Nor one that is made through the mount. */
	must(mknod(fmt("%s/dir/null", view), S_IFCHR | 0666, makedev(1, 3)));
	assert_fails(try_open(fmt("%s/dir/null", view), O_RDWR, 0), EACCES);
	assert_ok(try_open(fmt("%s/file", view), O_RDWR, 0));
}

static void noexec(void **state)
{
	const char *view = over_backing(MS_NOEXEC);
	int fd = must(open(fmt("%s/plain", view), O_RDONLY));

	assert_int_equal(as(&user, run_it, (void *)fmt("%s/plain", view)), NOT_RUN);
	assert_int_equal(run_it((void *)fmt("%s/plain", view)), NOT_RUN);
	errno = 0;
	assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0), MAP_FAILED);
	assert_int_equal(errno, EPERM);
	must(close(fd));
	assert_ok(try_open(fmt("%s/file", view), O_RDWR, 0));
}

static void refuses_changes(const char *view)
{
	struct stat before, after;

	must(stat(fmt("%s/file", view), &before));
	assert_fails(try_open(fmt("%s/file", view), O_RDWR, 0), EROFS);
	assert_fails(try_open(fmt("%s/file", view), O_RDONLY | O_TRUNC, 0), EROFS);
	assert_fails(try_open(fmt("%s/new", view), O_WRONLY | O_CREAT, 0644), EROFS);
	assert_fails(try_open(fmt("%s/dir", view), O_TMPFILE | O_RDWR, 0644), EROFS);
	assert_fails(mkdir(fmt("%s/new", view), 0755), EROFS);
	assert_fails(mknod(fmt("%s/new", view), S_IFIFO | 0600, 0), EROFS);
	assert_fails(symlink("x", fmt("%s/new", view)), EROFS);
	assert_fails(link(fmt("%s/file", view), fmt("%s/new", view)), EROFS);
	assert_fails(rename(fmt("%s/file", view), fmt("%s/new", view)), EROFS);
	assert_fails(unlink(fmt("%s/file", view)), EROFS);
	assert_fails(rmdir(fmt("%s/dir", view)), EROFS);
	assert_fails(chmod(fmt("%s/file", view), 0600), EROFS);
	assert_fails(chown(fmt("%s/file", view), 1, 1), EROFS);
	assert_fails(truncate(fmt("%s/file", view), 0), EROFS);
	assert_fails(utimensat(AT_FDCWD, fmt("%s/file", view), NULL, 0), EROFS);
	assert_fails(setxattr(fmt("%s/file", view), "user.x", "x", 1, 0), EROFS);
	assert_fails(removexattr(fmt("%s/capable", view), "security.capability"), EROFS);
	assert_fails(access(fmt("%s/file", view), W_OK), EROFS);
	must(stat(fmt("%s/file", view), &after));
	assert_memory_equal(&before, &after, sizeof(before));
	assert_string_equal(names_in(view), "capable dir file null plain setuid");
	file_is(fmt("%s/file", view), "text");
	/* What is behind a device or a pipe is not on the filesystem. */
	assert_ok(try_open(fmt("%s/null", view), O_RDWR, 0));
}

static void read_only_backing_mount(void **state)
{
	refuses_changes(over_backing(MS_RDONLY));
}

static void read_only_backing_filesystem(void **state)
{
	const char *view = over_backing(0);

	must(mount(NULL, tmp_path("backing"), NULL, MS_REMOUNT | MS_RDONLY, NULL));
	refuses_changes(view);
	must(mount(NULL, tmp_path("backing"), NULL, MS_REMOUNT, NULL));
	assert_ok(try_open(fmt("%s/new", view), O_WRONLY | O_CREAT, 0644));
	assert_true(exists(tmp_path("backing/new")));
}

static void read_only_mount_of_ours(void **state)
{
	struct statvfs st;
	const char *view = over_backing(0);

	must(mount(NULL, view, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	refuses_changes(view);
	must(statvfs(view, &st));
	assert_true(st.f_flag & ST_RDONLY);
	file_write(tmp_path("backing/file"), "text");	/* the backing directory itself stays writable */
}

static void flags_of_ours(void **state)
{
	const char *view = over_backing(0);

	must(mount(NULL, view, NULL, MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV, NULL));
	assert_int_equal(as(&user, run_it, (void *)fmt("%s/setuid", view)), RAN);
	assert_int_equal(as(&user, run_it, (void *)fmt("%s/capable", view)), RAN);
	assert_fails(try_open(fmt("%s/null", view), O_RDWR, 0), EACCES);
	must(mount(NULL, view, NULL, MS_REMOUNT | MS_BIND | MS_NOEXEC, NULL));
	assert_int_equal(as(&user, run_it, (void *)fmt("%s/plain", view)), NOT_RUN);
}

/* All of it at once, and a mount on that mount: nothing comes back. */
static void forbidden_through_two_mounts(void **state)
{
	const char *view = over_backing(MS_NOSUID | MS_NODEV), *second = tmp_path("second");

	mnt(view, second, "");
	assert_int_equal(as(&user, run_it, (void *)fmt("%s/plain", second)), RAN);
	assert_int_equal(as(&user, run_it, (void *)fmt("%s/setuid", second)), RAN);
	assert_int_equal(as(&user, run_it, (void *)fmt("%s/capable", second)), RAN);
	assert_fails(try_open(fmt("%s/null", second), O_RDWR, 0), EACCES);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(nothing_forbidden, undo),
		cmocka_unit_test_teardown(nosuid, undo),
		cmocka_unit_test_teardown(nosuid_chown, undo),
		cmocka_unit_test_teardown(nodev, undo),
		cmocka_unit_test_teardown(noexec, undo),
		cmocka_unit_test_teardown(read_only_backing_mount, undo),
		cmocka_unit_test_teardown(read_only_backing_filesystem, undo),
		cmocka_unit_test_teardown(read_only_mount_of_ours, undo),
		cmocka_unit_test_teardown(flags_of_ours, undo),
		cmocka_unit_test_teardown(forbidden_through_two_mounts, undo),
	};

	if (argc > 1)
		return report();
	umask(0022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
