/* SPDX-License-Identifier: GPL-2.0-only */
/* Options of a mount, and write access to one. */
#ifndef _FUSE_BPF_COMPAT_MOUNT_H
#define _FUSE_BPF_COMPAT_MOUNT_H

#include <linux/fdtable.h>
#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/mount.h>
#include <linux/sched.h>

static inline int compat_fd_if_same(const void *wanted, struct file *file, unsigned int fd)
{
	return file == wanted ? fd + 1 : 0;
}

/*
 * The descriptor that fs_parse() made of @param.  Of one that is not text older
 * kernels hand over the file alone, with the number 0, and nothing that compiles
 * tells which do: so the number is looked for.  -1 if it was closed meanwhile.
 */
static inline int compat_param_fd(const struct fs_parameter *param,
				  const struct fs_parse_result *result)
{
	if (param->type != fs_value_is_file)
		return result->uint_32;
	return iterate_fd(current->files, 0, compat_fd_if_same, param->file) - 1;
}

/*
 * Write access to @mnt for a caller who keeps its superblock from freezing, which is over
 * on an error.  Where this is not exported the protection is given up for a moment.
 */
static inline int compat_mnt_get_write_access(struct vfsmount *mnt)
{
#ifdef HAVE_SYM_MNT_GET_WRITE_ACCESS
	int err = mnt_get_write_access(mnt);

	if (err)
		sb_end_write(mnt->mnt_sb);
	return err;
#else
	sb_end_write(mnt->mnt_sb);
	return mnt_want_write(mnt);
#endif
}

#endif /* _FUSE_BPF_COMPAT_MOUNT_H */
