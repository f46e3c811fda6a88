// SPDX-License-Identifier: GPL-2.0-only
/* Making a directory may end in another dentry than it began with. */
#include <linux/fs.h>

struct delegated_inode;

static_assert(__same_type(((struct inode_operations *)NULL)->mkdir,
			  struct dentry *(*)(struct mnt_idmap *, struct inode *,
					     struct dentry *, umode_t)));
static_assert(__same_type(vfs_mkdir,
			  struct dentry *(struct mnt_idmap *, struct inode *,
					  struct dentry *, umode_t,
					  struct delegated_inode *)) ||
	      __same_type(vfs_mkdir,
			  struct dentry *(struct mnt_idmap *, struct inode *,
					  struct dentry *, umode_t)));
