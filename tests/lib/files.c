// SPDX-License-Identifier: GPL-2.0-only
/* Assertions, and short forms of what tests do with files. */
#include "test.h"

#include <dirent.h>
#include <ftw.h>

void assert_call(long ret, int err, const char *call, const char *file, int line)
{
	int got = ret < 0 ? errno : 0;

	if (ret < -1)
		cm_print_error("%s returned %ld\n", call, ret);
	else if (got != err)
		cm_print_error("%s: got %s, not %s\n", call,
			       got ? strerrorname_np(got) : "success",
			       err ? strerrorname_np(err) : "success");
	else
		return;
	_fail(file, line);
}

void assert_part(const char *text, const char *part, const char *file, int line)
{
	if (strstr(text, part))
		return;
	cm_print_error("\"%s\" is not in \"%s\"\n", part, text);
	_fail(file, line);
}

void file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0)
		fail_msg("open %s: %m", path);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_ok(close(fd));
}

void file_is(const char *path, const char *text)
{
	char buf[4096];
	int fd = open(path, O_RDONLY);
	ssize_t len;

	if (fd < 0)
		fail_msg("open %s: %m", path);
	len = read(fd, buf, sizeof(buf) - 1);
	assert_ok(len);
	assert_ok(close(fd));
	buf[len] = 0;
	assert_string_equal(buf, text);
}

mode_t file_mode(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		fail_msg("lstat %s: %m", path);
	return st.st_mode;
}

bool exists(const char *path)
{
	struct stat st;

	if (!lstat(path, &st))
		return true;
	if (errno != ENOENT)
		fail_msg("lstat %s: %m", path);
	return false;
}

static int visible(const struct dirent *d)
{
	return strcmp(d->d_name, ".") && strcmp(d->d_name, "..");
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

const char *names_in(const char *dir)
{
	static char names[65536];
	struct dirent **list;
	size_t used = 0;
	int i, n;

	n = scandir(dir, &list, visible, by_bytes);
	if (n < 0)
		fail_msg("scandir %s: %m", dir);
	names[0] = 0;
	for (i = 0; i < n; i++) {
		used += snprintf(names + used, sizeof(names) - used, "%s%s",
				 i ? " " : "", list[i]->d_name);
		assert_in_range(used, 1, sizeof(names) - 1);
		free(list[i]);
	}
	free(list);
	return names;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return remove(path);
}

void remove_tree(const char *path)
{
	if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT))
		fail_msg("remove %s: %m", path);
}

int try_open(const char *path, int flags, mode_t mode)
{
	int fd = open(path, flags, mode);

	return fd < 0 ? fd : close(fd);
}
