// SPDX-License-Identifier: GPL-2.0-only
/*
 * The blocks that ext4 keeps for root: with the mounter's credentials for
 * everybody's writes anyone could fill them, without any root could not.
 */
#include "twin.h"

#include <sys/mount.h>
#include <sys/statfs.h>

#define DISK	"/dev/vdb"
#define CHUNK	65536

static const struct who user = { .uid = 1000, .gid = 1000 };

/* Writes until there is no space, through the cache and past it. */
static int fill_up(void *path)
{
	static _Alignas(4096) char bytes[CHUNK];
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0666);

	if (fd < 0)
		return errno;
	while (write(fd, bytes, CHUNK) > 0 && !fsync(fd))
		;
	return errno == ENOSPC ? 0 : errno;
}

static int allocate(void *path)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0666);

	return fd < 0 || fallocate(fd, 0, 0, CHUNK) ? errno : 0;
}

static struct statfs space(const char *path)
{
	struct statfs st;

	must(statfs(path, &st));
	return st;
}

static void only_root_gets_the_reserve(void **state)
{
	const char *disk = tmp_dir("disk"), *view = tmp_path("view");
	struct statfs full;
	int fd;

	if (access(DISK, F_OK)) {
		print_message("# there is no scratch disk\n");
		skip();
	}
	/* 64 MiB, 20 % of it reserved. */
	assert_int_equal(system("mkfs.ext4 -q -F -O ^has_journal -b 4096 -m 20 " DISK " 64M"), 0);
	must(mount(DISK, disk, "ext4", 0, NULL));
	must(chmod(disk, 0777));
	mnt(disk, view, "");
	assert_int_equal(as(&user, fill_up, (void *)fmt("%s/user", view)), 0);
	full = space(disk);
	assert_in_range(full.f_bavail, 0, 1024);
	assert_in_range(full.f_bfree, full.f_blocks / 6, full.f_blocks / 4);
	assert_int_equal(as(&user, allocate, (void *)fmt("%s/user", view)), 0);	/* has them already */
	assert_int_equal(as(&user, allocate, (void *)fmt("%s/more", view)), ENOSPC);
	assert_int_equal(as(&user, allocate, (void *)fmt("%s/more", disk)), ENOSPC);
	/* Root's own writes go on, also into the user's file. */
	fd = must(open(fmt("%s/user", view), O_WRONLY | O_APPEND));
	assert_int_equal(must(write(fd, "x", 1)), 1);
	must(close(fd));
	assert_int_equal(in_child(0, allocate, (void *)fmt("%s/root", view)), 0);
	assert_true(space(disk).f_bfree < full.f_bfree);
	assert_int_equal(in_child(0, fill_up, (void *)fmt("%s/root", view)), 0);
	assert_in_range(space(disk).f_bfree, 0, 1024);
	umnt(view);
	must(umount(disk));
}

/* After a failure half way, too. */
static int undo(void **state)
{
	test_teardown(state);
	if (umount(tmp_path("disk")) && errno != EINVAL && errno != ENOENT)
		print_error("umount disk: %m\n");
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(only_root_gets_the_reserve, undo),
	};

	umask(0022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
