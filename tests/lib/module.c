// SPDX-License-Identifier: GPL-2.0-only
/* Loading and unloading the module, and reading what it shows. */
#include "test.h"

#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

extern char **environ;

static int modprobe(void)
{
	char *const argv[] = { "modprobe", "fuse_bpf", NULL };
	int status;
	pid_t pid;

	errno = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
	if (errno || waitpid(pid, &status, 0) != pid)
		return -1;
	errno = ENOEXEC;
	return status ? -1 : 0;
}

int module_load(const char *path)
{
	int fd, ret, err;

	if (!path)
		return modprobe();
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail_msg("open %s: %m", path);
	ret = syscall(SYS_finit_module, fd, "", 0);
	err = errno;
	close(fd);
	errno = err;
	return ret;
}

int module_unload(void)
{
	return syscall(SYS_delete_module, "fuse_bpf", O_NONBLOCK);
}

bool module_loaded(void)
{
	return !access("/sys/module/fuse_bpf", F_OK);
}

int module_refs(void)
{
	FILE *f = fopen("/sys/module/fuse_bpf/refcnt", "r");
	int refs;

	if (!f)
		fail_msg("/sys/module/fuse_bpf/refcnt: %m");
	assert_int_equal(fscanf(f, "%d", &refs), 1);
	fclose(f);
	return refs;
}

static bool unloaded(void *arg)
{
	int *ret = arg;

	*ret = module_unload();
	return !*ret || errno != EAGAIN;
}

void module_unload_soon(void)
{
	int ret;

	wait_for(SOON, unloaded, &ret);
	assert_ok(ret);
	assert_false(module_loaded());
}

bool ops_find(const char *name, struct ops_line *line)
{
	FILE *f = fopen("/proc/fs/fuse_bpf/ops", "r");
	struct ops_line l;
	char text[256];
	bool found = false;

	if (!f)
		fail_msg("/proc/fs/fuse_bpf/ops: %m");
	if (!fgets(text, sizeof(text), f))
		fail_msg("/proc/fs/fuse_bpf/ops has no header");
	assert_string_equal(text, "name state map link mounts inodes errors\n");
	while (fgets(text, sizeof(text), f)) {
		if (sscanf(text, "%15s %15s %u %u %u %u %lu", l.name, l.state, &l.map, &l.link,
			   &l.mounts, &l.inodes, &l.errors) != 7)
			fail_msg("not a line of /proc/fs/fuse_bpf/ops: %s", text);
		if (strcmp(l.name, name) || (found && strcmp(l.state, "live")))
			continue;
		*line = l;
		found = true;
	}
	fclose(f);
	return found;
}

struct ops_line ops_get(const char *name)
{
	struct ops_line line;

	if (!ops_find(name, &line))
		fail_msg("/proc/fs/fuse_bpf/ops does not have %s", name);
	return line;
}

bool ops_gone(void *name)
{
	struct ops_line line;

	return !ops_find(name, &line);
}
