// SPDX-License-Identifier: GPL-2.0-only
/* The dentry operations of a superblock are a member of it. */
#include <linux/fs.h>

static_assert(__same_type(((struct super_block *)NULL)->s_d_op,
			  const struct dentry_operations *));
