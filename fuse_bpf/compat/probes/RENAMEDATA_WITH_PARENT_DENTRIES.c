// SPDX-License-Identifier: GPL-2.0-only
/* A rename names its directories by dentry and has one idmap. */
#include <linux/fs.h>

struct delegated_inode;

static_assert(__same_type(((struct renamedata *)NULL)->mnt_idmap,
			  struct mnt_idmap *));
static_assert(__same_type(((struct renamedata *)NULL)->old_parent,
			  struct dentry *));
static_assert(__same_type(((struct renamedata *)NULL)->new_parent,
			  struct dentry *));
static_assert(__same_type(((struct renamedata *)NULL)->delegated_inode,
			  struct delegated_inode *));
