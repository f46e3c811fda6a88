// SPDX-License-Identifier: GPL-2.0-only
/* Making a directory keeps the dentry that it was given. */
#include <linux/fs.h>

static_assert(__same_type(((struct inode_operations *)NULL)->mkdir,
			  int (*)(struct mnt_idmap *, struct inode *,
				  struct dentry *, umode_t)));
static_assert(__same_type(vfs_mkdir,
			  int (struct mnt_idmap *, struct inode *,
			       struct dentry *, umode_t)));
