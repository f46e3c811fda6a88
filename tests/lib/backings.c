// SPDX-License-Identifier: GPL-2.0-only
/* Filesystems of every kind to lay a mount over: see backings.h. */
#include "test.h"

static bool make_tmpfs(const char *at)
{
	return true;
}

static bool make_ext4(const char *at)
{
	return fs_on_disk("ext4", "-O ^has_journal", at, NULL);
}

static bool make_xfs(const char *at)
{
	return fs_on_disk("xfs", "", at, NULL);
}

static bool make_btrfs(const char *at)
{
	return fs_on_disk("btrfs", "", at, NULL);
}

static bool make_overlay(const char *at)
{
	if (!fs_known("overlay"))
		return false;
	fs_mount("overlay", at, "overlay",
		 fmt("lowerdir=%s,upperdir=%s,workdir=%s", tmp_dir("overlay-lower"),
		     tmp_dir("overlay-upper"), tmp_dir("overlay-work")));
	return true;
}

static bool make_nfs(const char *at)
{
	const char *served = tmp_dir("served");

	if (!fs_has_nfs())
		return false;
	assert_int_equal(fs_export(served, "sync"), 0);
	fs_nfs(4, served, at, FS_NFS_UNCACHED);
	return true;
}

static bool make_ours(const char *at)
{
	fs_mount(tmp_dir("shown"), at, "fuse_bpf", NULL);
	return true;
}

static const struct {
	const char *name;
	bool (*make)(const char *at);
} kinds[BACKING_KINDS] = {
	[ON_TMPFS] = { "tmpfs", make_tmpfs },
	[ON_EXT4] = { "ext4", make_ext4 },
	[ON_OVERLAY] = { "overlay", make_overlay },
	[ON_XFS] = { "xfs", make_xfs },
	[ON_BTRFS] = { "btrfs", make_btrfs },
	[ON_NFS] = { "nfs", make_nfs },
	[ON_OURS] = { "ours", make_ours },
};

static bool made[BACKING_KINDS];

const char *backing_name(enum backing kind)
{
	return kinds[kind].name;
}

static const char *root_of(enum backing kind)
{
	return tmp_dir(fmt("on-%s", kinds[kind].name));
}

bool backing_possible(enum backing kind)
{
	if (!made[kind])
		made[kind] = kinds[kind].make(root_of(kind));
	return made[kind];
}

const char *backing_dir(enum backing kind, const char *name)
{
	const char *path;

	if (!backing_possible(kind))
		fail_msg("there is no %s here", kinds[kind].name);
	path = tmp_path(fmt("on-%s/%s", kinds[kind].name, name));
	if (mkdir(path, 0755) && errno != EEXIST)
		fail_msg("mkdir %s: %m", path);
	return path;
}

void backings_done(void)
{
	fs_done();
	memset(made, 0, sizeof(made));
}

static int backings_teardown(void **state)
{
	backings_done();
	return 0;
}

/* ext4 where there is a disk, else the next best that is not tmpfs. */
int run_on_backings(const char *group, const struct CMUnitTest *tests, size_t n,
		    int (*teardown)(void **state))
{
	static enum backing both[] = { ON_TMPFS, ON_EXT4 };
	struct CMUnitTest *all = calloc(2 * n, sizeof(*all));
	size_t i;
	int ret;

	if (access(SCRATCH_DISK, F_OK))
		both[1] = ON_OVERLAY;
	for (i = 0; i < 2 * n; i++) {
		enum backing *kind = &both[i / n];

		all[i] = tests[i % n];
		all[i].name = strdup(fmt("%s: %s", backing_name(*kind), tests[i % n].name));
		all[i].initial_state = kind;
		all[i].teardown_func = teardown;
	}
	ret = _cmocka_run_group_tests(group, all, 2 * n, NULL, backings_teardown);
	for (i = 0; i < 2 * n; i++)
		free((char *)all[i].name);
	free(all);
	return ret;
}
