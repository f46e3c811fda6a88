// SPDX-License-Identifier: GPL-2.0-only
/* File attributes inside the kernel are a struct fileattr. */
#include <linux/fs.h>
#include <linux/fileattr.h>

static_assert(__same_type(vfs_fileattr_get,
			  int (struct dentry *, struct fileattr *)));
static_assert(__same_type(((struct inode_operations *)NULL)->fileattr_get,
			  int (*)(struct dentry *, struct fileattr *)));
