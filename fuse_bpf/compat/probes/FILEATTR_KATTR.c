// SPDX-License-Identifier: GPL-2.0-only
/* File attributes inside the kernel are a struct file_kattr. */
#include <linux/fs.h>
#include <linux/fileattr.h>

static_assert(__same_type(vfs_fileattr_get,
			  int (struct dentry *, struct file_kattr *)));
static_assert(__same_type(((struct inode_operations *)NULL)->fileattr_get,
			  int (*)(struct dentry *, struct file_kattr *)));
