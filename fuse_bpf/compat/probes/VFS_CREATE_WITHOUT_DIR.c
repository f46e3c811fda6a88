// SPDX-License-Identifier: GPL-2.0-only
/* vfs_create() finds the directory through the dentry. */
#include <linux/fs.h>

struct delegated_inode;

static_assert(__same_type(vfs_create,
			  int (struct mnt_idmap *, struct dentry *, umode_t,
			       struct delegated_inode *)));
