// SPDX-License-Identifier: GPL-2.0-only
/* The inode operation is told whether to create exclusively. */
#include <linux/fs.h>

static_assert(__same_type(((struct inode_operations *)NULL)->create,
			  int (*)(struct mnt_idmap *, struct inode *,
				  struct dentry *, umode_t, bool)));
