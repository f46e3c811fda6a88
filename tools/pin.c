// SPDX-License-Identifier: GPL-2.0-only
/*
 * Links pinned in the BPF filesystem, which keeps them when their maker ends.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "fuse-bpf.h"

#define BPFFS		"/sys/fs/bpf"

static enum status make_directory(void)
{
	struct statfs fs;

	if (statfs(BPFFS, &fs)) {
		complain("%s: %m", BPFFS);
		return FAILED;
	}
	if (fs.f_type != BPF_FS_MAGIC && mount("bpffs", BPFFS, "bpf", 0, "mode=0700")) {
		complain("can't mount the BPF filesystem on %s: %m", BPFFS);
		return FAILED;
	}
	if (mkdir(PIN_DIR, 0700) && errno != EEXIST) {
		complain("can't make %s: %m", PIN_DIR);
		return FAILED;
	}
	return DONE;
}

static bool link_at(const char *path, struct bpf_link_info *info)
{
	__u32 size = sizeof(*info);
	int fd = bpf_obj_get(path);
	bool found;

	if (fd < 0)
		return false;
	memset(info, 0, sizeof(*info));
	found = !bpf_link_get_info_by_fd(fd, info, &size) &&
		info->type == BPF_LINK_TYPE_STRUCT_OPS;
	close(fd);
	return found;
}

/*
 * Whether the pin is what is left after another tool than this one detached the
 * link: such a link has no map, and can't ever be attached again.
 */
static bool is_dead(const char *path)
{
	struct bpf_link_info info;

	return link_at(path, &info) && !info.struct_ops.map_id;
}

enum status pin_make(const char *name, int link_fd)
{
	enum status status = make_directory();
	char path[sizeof(PIN_DIR) + FUSE_BPF_NAME_MAX];
	int err;

	if (status)
		return status;
	snprintf(path, sizeof(path), "%s/%s", PIN_DIR, name);
	err = bpf_obj_pin(link_fd, path);
	if (err == -EEXIST && is_dead(path) && !unlink(path))
		err = bpf_obj_pin(link_fd, path);
	if (!err)
		return DONE;
	if (err == -EEXIST)
		complain("%s is there already: rm it if it is not needed", path);
	else
		complain("can't pin the link at %s: %s", path, strerror(-err));
	return FAILED;
}

const char *pin_find(const char *name, __u32 link, char *path, size_t size)
{
	struct bpf_link_info info;

	if (!link)
		return NULL;
	snprintf(path, size, "%s/%s", PIN_DIR, name);
	return link_at(path, &info) && info.id == link ? path : NULL;
}
