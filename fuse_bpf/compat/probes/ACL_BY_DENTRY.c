// SPDX-License-Identifier: GPL-2.0-only
/* ACLs are got and set by dentry; there is another call for permission checks. */
#include <linux/fs.h>
#include <linux/posix_acl.h>

static_assert(__same_type(((struct inode_operations *)NULL)->get_inode_acl,
			  struct posix_acl *(*)(struct inode *, int, bool)));
static_assert(__same_type(((struct inode_operations *)NULL)->get_acl,
			  struct posix_acl *(*)(struct mnt_idmap *,
						struct dentry *, int)));
static_assert(__same_type(((struct inode_operations *)NULL)->set_acl,
			  int (*)(struct mnt_idmap *, struct dentry *,
				  struct posix_acl *, int)));
static_assert(__same_type(vfs_set_acl,
			  int (struct mnt_idmap *, struct dentry *, const char *,
			       struct posix_acl *)));
