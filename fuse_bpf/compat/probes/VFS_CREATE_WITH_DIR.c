// SPDX-License-Identifier: GPL-2.0-only
/* vfs_create() takes the directory, and whether to create exclusively. */
#include <linux/fs.h>

static_assert(__same_type(vfs_create,
			  int (struct mnt_idmap *, struct inode *,
			       struct dentry *, umode_t, bool)));
