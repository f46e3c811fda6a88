// SPDX-License-Identifier: GPL-2.0-only
/*
 * The trees: one on a mount over a backing directory, the reference in the same
 * filesystem beside that directory. Both begin alike, with a new mount.
 *
 * Each is at the end of a scaffold of directories, alike too and immutable, so
 * that a ".." too many leads to the same on both sides, and to nothing else.
 */
#include "diff.h"

#include <dirent.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/xattr.h>

#include <linux/fs.h>

#define SCAFFOLD	"/n/n/n/n/n/n"

struct world worlds[] = {
	{ .name = "tmpfs", .backing = ON_TMPFS },
	{ .name = "tmpfs-nop", .backing = ON_TMPFS, .programs = true, .protected = true },
	{ .name = "ext4", .backing = ON_EXT4 },
	{ .name = "ext4-nop", .backing = ON_EXT4, .programs = true, .protected = true },
	{ .name = "overlay", .backing = ON_OVERLAY },
	{ .name = "xfs", .backing = ON_XFS },
	{ .name = "btrfs", .backing = ON_BTRFS },
	{ .name = "nfs", .backing = ON_NFS },
	{ .name = "ours", .backing = ON_OURS },
};
const unsigned int world_count = sizeof(worlds) / sizeof(worlds[0]);

static const char *mount_dir, *backing_root, *ref_root;
static bool mounted;

/* --- what the kernel forbids in sticky directories, as systemd sets it -------------------- */

static const struct {
	const char *name;
	char systemd;
} protections[] = {
	{ "hardlinks", '1' }, { "symlinks", '1' }, { "fifos", '1' }, { "regular", '2' },
};

static void protect(bool on)
{
	size_t i;

	for (i = 0; i < sizeof(protections) / sizeof(protections[0]); i++) {
		int fd = open(fmt("/proc/sys/fs/protected_%s", protections[i].name),
			      O_WRONLY | O_CLOEXEC);

		assert_ok(fd);
		assert_int_equal(write(fd, on ? &protections[i].systemd : "0", 1), 1);
		close(fd);
	}
}

/* --- entering -------------------------------------------------------------------------------- */

/* Reading is then seen in atime each time, and not depending on which of two times is later. */
static void strict_atime(const char *mount_point)
{
	assert_ok(mount(NULL, mount_point, NULL, MS_REMOUNT | MS_BIND | MS_STRICTATIME, NULL));
}

static const char *base_dir(enum backing kind)
{
	const char *base = backing_dir(kind, "differential");

	if (kind != ON_TMPFS)
		strict_atime(fmt("%s/..", base));
	return base;
}

void world_enter(struct world *w)
{
	/* Before anything is laid over it: that counts then. */
	strict_atime(getenv("TEST_TMP"));
	mount_dir = tmp_dir("over");
	backing_root = strdup(fmt("%s/backing", base_dir(w->backing)));
	ref_root = strdup(fmt("%s/ref", base_dir(w->backing)));
	snprintf(w->over, sizeof(w->over), "%s" SCAFFOLD, mount_dir);
	snprintf(w->under, sizeof(w->under), "%s" SCAFFOLD, backing_root);
	snprintf(w->ref, sizeof(w->ref), "%s" SCAFFOLD, ref_root);
	if (w->programs)
		set_attached("nop", NULL, "nop");
	protect(w->protected);
}

/* --- the start state --------------------------------------------------------------------------- */

/* Where there are such flags.  NFS of newer kernels has some to read, and none to write. */
static void set_flags(const char *path, int flags)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC), was = 0;

	if (fd < 0)
		return;
	if (!ioctl(fd, FS_IOC_GETFLAGS, &was)) {
		was &= ~(FS_APPEND_FL | FS_IMMUTABLE_FL);
		was |= flags;
		if (ioctl(fd, FS_IOC_SETFLAGS, &was) && errno != ENOTTY)
			fail_msg("flags of %s: %m", path);
	}
	close(fd);
}

void world_remove(const char *path)
{
	DIR *dir;
	struct dirent *e;
	struct stat st;

	if (lstat(path, &st))
		return;
	if (S_ISDIR(st.st_mode) || S_ISREG(st.st_mode))
		set_flags(path, 0);
	if (S_ISDIR(st.st_mode)) {
		dir = opendir(path);
		assert_non_null(dir);
		while ((e = readdir(dir))) {
			char sub[4096];

			if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
				continue;
			snprintf(sub, sizeof(sub), "%s/%s", path, e->d_name);
			world_remove(sub);
		}
		closedir(dir);
	}
	assert_ok(remove(path));
}

static void build_file(const char *path, uid_t uid, gid_t gid, mode_t mode, size_t size)
{
	static unsigned char bytes[20000];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_ok(fd);
	pattern(bytes, size, size);
	assert_int_equal(write(fd, bytes, size), size);
	assert_ok(fchown(fd, uid, gid));
	assert_ok(fchmod(fd, mode));
	close(fd);
}

static void build_dir(const char *path, uid_t uid, gid_t gid, mode_t mode)
{
	assert_ok(mkdir(path, 0700));
	assert_ok(chown(path, uid, gid));
	assert_ok(chmod(path, mode));
}

/* Some of each: sticky, setgid, of others; files with holes, setuid, attributes. */
static void build_tree(const char *root)
{
	build_dir(fmt("%s/d0", root), 0, 0, 0755);
	build_dir(fmt("%s/d1", root), 0, 0, 01777);
	build_dir(fmt("%s/d2", root), 1000, 2000, 02775);
	build_dir(fmt("%s/d0/d1", root), 1001, 1001, 0750);
	build_file(fmt("%s/f0", root), 0, 0, 0644, 5000);
	build_file(fmt("%s/f1", root), 1000, 1000, 04755, 20000);
	build_file(fmt("%s/d1/f0", root), 1001, 2000, 0664, 100);
	build_file(fmt("%s/d2/f2", root), 1000, 2000, 02775, 4096);
	assert_ok(truncate(fmt("%s/d2/f2", root), 40000));
	if (fs_has_user_xattrs(root))
		assert_ok(setxattr(fmt("%s/f0", root), "user.a", "one", 3, 0));
	/* Not every filesystem has these. */
	setxattr(fmt("%s/f0", root), "trusted.a", "two", 3, 0);
	assert_ok(link(fmt("%s/f0", root), fmt("%s/d0/f0", root)));
	assert_ok(symlink("d1", fmt("%s/l0", root)));
	assert_ok(symlink("../f1", fmt("%s/d1/l1", root)));
	assert_ok(mknod(fmt("%s/s0", root), S_IFIFO | 0666, 0));
	assert_ok(chmod(fmt("%s/s0", root), 0666));
}

static void build(const char *base)
{
	char path[512];
	size_t used = snprintf(path, sizeof(path), "%s", base);
	const char *level;

	assert_ok(mkdir(path, 0755));
	for (level = SCAFFOLD; *level; level += 2) {
		assert_ok(chown(path, SCAFFOLD_UID, 0));
		used += snprintf(path + used, sizeof(path) - used, "/n");
		assert_ok(mkdir(path, 0755));
	}
	assert_ok(chmod(path, 0777));
	build_tree(path);
	while (strcmp(path, base)) {
		*strrchr(path, '/') = 0;
		set_flags(path, FS_IMMUTABLE_FL);
	}
}

/* Every time is the same at first: a change on one side alone cannot hide behind another. */
static void same_times(const char *path)
{
	const struct timespec times[2] = { { 1000000000, 5 }, { 1000000000, 5 } };
	struct dirent **list;
	int n = scandir(path, &list, NULL, alphasort), i;

	for (i = 0; i < n; i++) {
		const char *name = list[i]->d_name;
		char sub[4096];

		snprintf(sub, sizeof(sub), "%s/%s", path, name);
		if (strcmp(name, ".") && strcmp(name, "..")) {
			if (list[i]->d_type == DT_DIR)
				same_times(sub);
			assert_ok(utimensat(AT_FDCWD, sub, times, AT_SYMLINK_NOFOLLOW));
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	assert_ok(utimensat(AT_FDCWD, path, times, 0));
}

void world_unmount(void)
{
	if (mounted)
		umnt(mount_dir);
	mounted = false;
}

void world_mount(const char *options)
{
	world_unmount();
	mnt(backing_root, mount_dir, options);
	strict_atime(mount_dir);
	mounted = true;
}

void world_reset(struct world *w)
{
	umask(0);
	world_unmount();
	world_remove(backing_root);
	world_remove(ref_root);
	build(backing_root);
	build(ref_root);
	same_times(w->under);
	same_times(w->ref);
	world_mount(w->programs ? "ops=nop" : "");
}

void world_leave(struct world *w)
{
	protect(false);
	world_unmount();
	world_remove(backing_root);
	world_remove(ref_root);
	sets_done();
	backings_done();
}
