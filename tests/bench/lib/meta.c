// SPDX-License-Identifier: GPL-2.0-only
/* Rows about names and attributes. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "rows.h"

#define DEPTH	8

/* Does what follows with i counting up, and that alone is measured. */
#define measured(count, body...) do {					\
	unsigned int i;							\
									\
	start();							\
	for (i = 0; i < (count); i++)					\
		body;							\
	stop(count);							\
} while (0)

static void bench_getppid(unsigned int count)
{
	measured(count, must(syscall(SYS_getppid)));
}

static void bench_stat_warm(unsigned int count)
{
	struct stat st;

	make_files(1, 0);
	must(stat("f0", &st));
	measured(count, must(stat("f0", &st)));
	remove_files(1);
}

static void bench_stat_deep(unsigned int count)
{
	char path[2 * DEPTH] = "";
	struct stat st;
	int i;

	for (i = 0; i < DEPTH; i++) {
		sprintf(path + 2 * i, "d");
		must(mkdir(path, 0755));
		path[2 * i + 1] = '/';
	}
	path[2 * i - 1] = 0;
	must(stat(path, &st));
	measured(count, must(stat(path, &st)));
	while (i--) {
		path[2 * i + 1] = 0;
		must(rmdir(path));
	}
}

static void bench_fstat(unsigned int count)
{
	struct stat st;
	int fd;

	make_files(1, 0);
	fd = must(open("f0", O_RDONLY));
	measured(count, must(fstat(fd, &st)));
	close(fd);
	remove_files(1);
}

static void bench_stat_cold(unsigned int count)
{
	struct stat st;

	make_files(count, 0);
	go_cold();
	measured(count, must(stat(name_of(i), &st)));
	remove_files(count);
}

static void bench_stat_enoent(unsigned int count)
{
	struct stat st;

	go_cold();
	measured(count, must_fail(stat(name_of(i), &st), ENOENT));
}

static void bench_stat_negwarm(unsigned int count)
{
	struct stat st;

	must_fail(stat("f0", &st), ENOENT);
	measured(count, must_fail(stat("f0", &st), ENOENT));
}

static void bench_open_close(unsigned int count)
{
	make_files(1, 0);
	measured(count, close(must(open("f0", O_RDONLY))));
	remove_files(1);
}

static void bench_creat_unlink(unsigned int count)
{
	measured(count, {
		close(must(creat("f0", 0644)));
		must(unlink("f0"));
	});
}

static void bench_creat_many(unsigned int count)
{
	measured(count, close(must(creat(name_of(i), 0644))));
	remove_files(count);
}

static void bench_unlink_many(unsigned int count)
{
	make_files(count, 0);
	measured(count, must(unlink(name_of(i))));
}

static void bench_mkdir_rmdir(unsigned int count)
{
	measured(count, {
		must(mkdir("f0", 0755));
		must(rmdir("f0"));
	});
}

static void bench_rename(unsigned int count)
{
	make_files(1, 0);
	measured(count, must(rename(name_of(i % 2), name_of(1 - i % 2))));
	must(unlink(name_of(count % 2)));
}

static void bench_link_unlink(unsigned int count)
{
	make_files(1, 0);
	measured(count, {
		must(link("f0", "f1"));
		must(unlink("f1"));
	});
	remove_files(1);
}

static void bench_symlink_unlink(unsigned int count)
{
	measured(count, {
		must(symlink("target", "f0"));
		must(unlink("f0"));
	});
}

/* Once followed, its atime is later than its other times, as that of most links is. */
static void make_link(const char *target, const char *name)
{
	must(symlink(target, name));
	must(usleep(50000));
}

static void bench_readlink(unsigned int count)
{
	char target[16];

	make_link("target", "f0");
	must(readlink("f0", target, sizeof(target)));
	measured(count, must(readlink("f0", target, sizeof(target))));
	must(unlink("f0"));
}

static void bench_stat_symlink(unsigned int count)
{
	struct stat st;

	make_files(1, 0);
	make_link("f0", "f1");
	must(stat("f1", &st));
	measured(count, must(stat("f1", &st)));
	remove_files(2);
}

static void bench_chmod(unsigned int count)
{
	make_files(1, 0);
	measured(count, must(chmod("f0", i % 2 ? 0644 : 0600)));
	remove_files(1);
}

static void bench_utimens(unsigned int count)
{
	struct timespec times[2] = {};

	make_files(1, 0);
	measured(count, {
		times[0].tv_sec = times[1].tv_sec = i;
		must(utimensat(AT_FDCWD, "f0", times, 0));
	});
	remove_files(1);
}

static void bench_truncate(unsigned int count)
{
	make_files(1, 0);
	measured(count, must(truncate("f0", i % 2 ? 0 : 4096)));
	remove_files(1);
}

static void bench_statfs(unsigned int count)
{
	struct statfs st;

	measured(count, must(statfs(".", &st)));
}

static void bench_access(unsigned int count)
{
	make_files(1, 0);
	measured(count, must(access("f0", R_OK)));
	remove_files(1);
}

static void bench_getxattr(unsigned int count)
{
	char value[16];

	make_files(1, 0);
	must(setxattr("f0", "user.x", "value", 5, 0));
	measured(count, must(getxattr("f0", "user.x", value, sizeof(value))));
	remove_files(1);
}

static void bench_getxattr_none(unsigned int count)
{
	char value[16];

	make_files(1, 0);
	measured(count, must_fail(getxattr("f0", "user.x", value, sizeof(value)), ENODATA));
	remove_files(1);
}

static void bench_listxattr(unsigned int count)
{
	char list[64];

	make_files(1, 0);
	must(setxattr("f0", "user.x", "value", 5, 0));
	measured(count, must(listxattr("f0", list, sizeof(list))));
	remove_files(1);
}

static void bench_setxattr(unsigned int count)
{
	make_files(1, 0);
	must(setxattr("f0", "user.x", "value", 5, 0));
	measured(count, must(setxattr("f0", "user.x", i % 2 ? "value" : "eulav", 5, 0)));
	remove_files(1);
}

struct row meta_rows[] = {
	ROW(getppid),
	ROW(stat_warm),
	ROW(stat_deep),
	ROW(fstat),
	ROW(stat_cold),
	ROW(stat_enoent),
	ROW(stat_negwarm),
	ROW(stat_symlink),
	ROW(open_close),
	ROW(creat_unlink),
	ROW(creat_many),
	ROW(unlink_many),
	ROW(mkdir_rmdir),
	ROW(rename),
	ROW(link_unlink),
	ROW(symlink_unlink),
	ROW(readlink),
	ROW(chmod),
	ROW(utimens),
	ROW(truncate),
	ROW(statfs),
	ROW(access),
	ROW(getxattr),
	ROW(getxattr_none),
	ROW(listxattr),
	ROW(setxattr),
	{}
};
