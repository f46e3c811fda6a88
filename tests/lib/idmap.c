// SPDX-License-Identifier: GPL-2.0-only
/* A user namespace with many ids, and mounts that are mapped to them. */
#include "test.h"
#include "idmap.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

static int wait_to_be_killed(void *arg)
{
	return pause();
}

static void put_map(pid_t pid, const char *file)
{
	const char *map = fmt("0 %d %d", SHIFT, SHIFTED);
	int fd = open(fmt("/proc/%d/%s", pid, file), O_WRONLY);

	assert_ok(fd);
	assert_int_equal(write(fd, map, strlen(map)), strlen(map));
	close(fd);
}

int shifted_userns(void)
{
	static char stack[65536];
	pid_t pid = clone(wait_to_be_killed, stack + sizeof(stack), CLONE_NEWUSER | SIGCHLD, NULL);
	int fd;

	assert_ok(pid);
	put_map(pid, "uid_map");
	put_map(pid, "gid_map");
	fd = open(fmt("/proc/%d/ns/user", pid), O_RDONLY | O_CLOEXEC);
	assert_ok(fd);
	assert_ok(kill(pid, SIGKILL));
	assert_ok(waitpid(pid, NULL, 0));
	return fd;
}

void clone_shifted(const char *from, const char *to)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = shifted_userns() };
	int tree = open_tree(AT_FDCWD, from, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	assert_ok(tree);
	assert_ok(mount_setattr(tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)));
	assert_ok(move_mount(tree, "", AT_FDCWD, to, MOVE_MOUNT_F_EMPTY_PATH));
	close(attr.userns_fd);
	close(tree);
}
