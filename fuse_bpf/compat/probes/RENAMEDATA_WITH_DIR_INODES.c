// SPDX-License-Identifier: GPL-2.0-only
/* A rename names its directories by inode and has two idmaps. */
#include <linux/fs.h>

static_assert(__same_type(((struct renamedata *)NULL)->old_mnt_idmap,
			  struct mnt_idmap *));
static_assert(__same_type(((struct renamedata *)NULL)->new_mnt_idmap,
			  struct mnt_idmap *));
static_assert(__same_type(((struct renamedata *)NULL)->old_dir,
			  struct inode *));
static_assert(__same_type(((struct renamedata *)NULL)->new_dir,
			  struct inode *));
static_assert(__same_type(((struct renamedata *)NULL)->delegated_inode,
			  struct inode **));
