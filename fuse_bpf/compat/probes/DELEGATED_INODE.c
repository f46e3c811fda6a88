// SPDX-License-Identifier: GPL-2.0-only
/* Every change of a directory can break a delegation of it. */
#include <linux/fs.h>

struct delegated_inode;

static_assert(__same_type(vfs_mknod,
			  int (struct mnt_idmap *, struct inode *,
			       struct dentry *, umode_t, dev_t,
			       struct delegated_inode *)));
static_assert(__same_type(vfs_mkdir,
			  struct dentry *(struct mnt_idmap *, struct inode *,
					  struct dentry *, umode_t,
					  struct delegated_inode *)));
static_assert(__same_type(vfs_symlink,
			  int (struct mnt_idmap *, struct inode *,
			       struct dentry *, const char *,
			       struct delegated_inode *)));
static_assert(__same_type(vfs_link,
			  int (struct dentry *, struct mnt_idmap *,
			       struct inode *, struct dentry *,
			       struct delegated_inode *)));
static_assert(__same_type(vfs_rmdir,
			  int (struct mnt_idmap *, struct inode *,
			       struct dentry *, struct delegated_inode *)));
static_assert(__same_type(vfs_unlink,
			  int (struct mnt_idmap *, struct inode *,
			       struct dentry *, struct delegated_inode *)));
static_assert(__same_type(notify_change,
			  int (struct mnt_idmap *, struct dentry *,
			       struct iattr *, struct delegated_inode *)));
