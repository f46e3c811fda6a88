// SPDX-License-Identifier: GPL-2.0-only
/* Only a change of a file can break a delegation. */
#include <linux/fs.h>

static_assert(__same_type(vfs_mknod,
			  int (struct mnt_idmap *, struct inode *,
			       struct dentry *, umode_t, dev_t)));
static_assert(__same_type(vfs_symlink,
			  int (struct mnt_idmap *, struct inode *,
			       struct dentry *, const char *)));
static_assert(__same_type(vfs_link,
			  int (struct dentry *, struct mnt_idmap *,
			       struct inode *, struct dentry *,
			       struct inode **)));
static_assert(__same_type(vfs_rmdir,
			  int (struct mnt_idmap *, struct inode *,
			       struct dentry *)));
static_assert(__same_type(vfs_unlink,
			  int (struct mnt_idmap *, struct inode *,
			       struct dentry *, struct inode **)));
static_assert(__same_type(notify_change,
			  int (struct mnt_idmap *, struct dentry *,
			       struct iattr *, struct inode **)));
