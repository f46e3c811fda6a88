// SPDX-License-Identifier: GPL-2.0-only
/* Mounts, through both of the kernel's interfaces. */
#include "test.h"

#include <mntent.h>
#include <sys/mount.h>

char mnt_log[4096];

static char *mounted[64];
static unsigned int mounted_count;

static void remember(const char *dir)
{
	if (mounted_count == sizeof(mounted) / sizeof(mounted[0]))
		fail_msg("too many mounts for the table in mnt.c");
	mounted[mounted_count++] = strdup(dir);
}

int try_mnt(const char *source, const char *dir, const char *options)
{
	if (mkdir(dir, 0755) && errno != EEXIST)
		return -1;
	if (mount(source, dir, "fuse_bpf", 0, options))
		return -1;
	remember(dir);
	return 0;
}

void mnt(const char *source, const char *dir, const char *options)
{
	if (try_fsmnt(source, dir, options))
		fail_msg("mount %s on %s with \"%s\": %m: %s", source, dir,
			 options ? options : "", mnt_log);
}

static void forget(const char *dir)
{
	unsigned int i;

	for (i = mounted_count; i-- > 0;) {
		if (strcmp(mounted[i], dir))
			continue;
		free(mounted[i]);
		memmove(&mounted[i], &mounted[i + 1],
			(--mounted_count - i) * sizeof(mounted[0]));
		return;
	}
}

/* Unmounts the topmost at dir; what still uses it fails the test. */
void umnt(const char *dir)
{
	if (umount(dir))
		fail_msg("umount %s: %m", dir);
	forget(dir);
}

void mnt_done(void)
{
	while (mounted_count) {
		char *dir = mounted[--mounted_count];

		if (umount2(dir, MNT_DETACH))
			print_error("umount %s: %m\n", dir);
		free(dir);
	}
}

/* Reads as many lines of the table as it has, at most max; dir gets the last one's. */
static size_t read_table(size_t max, char *dir, size_t size)
{
	FILE *f = setmntent("/proc/self/mounts", "r");
	struct mntent *entry;
	size_t n = 0;

	assert_non_null(f);
	for (; n < max && (entry = getmntent(f)); n++)
		snprintf(dir, size, "%s", entry->mnt_dir);
	endmntent(f);
	return n;
}

size_t mnt_count(void)
{
	char dir[4096];

	return read_table(SIZE_MAX, dir, sizeof(dir));
}

/* New ones come last in the table; the oldest of them takes along what is mounted below it. */
void mnt_undo(size_t count)
{
	char dir[4096];

	while (read_table(count + 1, dir, sizeof(dir)) > count) {
		if (umount2(dir, MNT_DETACH)) {
			print_error("umount %s: %m\n", dir);
			return;
		}
		forget(dir);
	}
}

static int set_option(int fd, char *option)
{
	char *value = strchr(option, '=');

	if (!value)
		return fsconfig(fd, FSCONFIG_SET_FLAG, option, NULL, 0);
	*value++ = 0;
	if (*value == '@')
		return fsconfig(fd, FSCONFIG_SET_FD, option, NULL, atoi(value + 1));
	return fsconfig(fd, FSCONFIG_SET_STRING, option, value, 0);
}

static int configure(int fd, const char *source, const char *options)
{
	char *list = strdup(options ? options : ""), *rest = list, *option;
	int ret = 0;

	while (!ret && (option = strsep(&rest, ",")))
		if (*option)
			ret = set_option(fd, option);
	if (!ret && source)
		ret = fsconfig(fd, FSCONFIG_SET_STRING, "source", source, 0);
	if (!ret)
		ret = fsconfig(fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	free(list);
	return ret;
}

static void read_log(int fd)
{
	size_t used = 0;
	ssize_t len;

	while (used < sizeof(mnt_log) - 1) {
		len = read(fd, mnt_log + used, sizeof(mnt_log) - 1 - used);
		if (len <= 0)
			break;
		used += len;
		if (mnt_log[used - 1] != '\n' && used < sizeof(mnt_log) - 1)
			mnt_log[used++] = '\n';
	}
	mnt_log[used] = 0;
}

static int attach(int fd, const char *dir)
{
	int mfd = fsmount(fd, 0, 0), ret;

	if (mfd < 0)
		return -1;
	if (mkdir(dir, 0755) && errno != EEXIST)
		fail_msg("mkdir %s: %m", dir);
	ret = move_mount(mfd, "", AT_FDCWD, dir, MOVE_MOUNT_F_EMPTY_PATH);
	close(mfd);
	if (!ret)
		remember(dir);
	return ret;
}

int try_fsmnt(const char *source, const char *dir, const char *options)
{
	int fd = fsopen("fuse_bpf", FSOPEN_CLOEXEC), ret, err;

	mnt_log[0] = 0;
	if (fd < 0)
		return -1;
	ret = configure(fd, source, options);
	if (!ret)
		ret = attach(fd, dir);
	err = errno;
	read_log(fd);
	close(fd);
	errno = err;
	return ret;
}
