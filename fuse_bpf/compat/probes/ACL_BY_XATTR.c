// SPDX-License-Identifier: GPL-2.0-only
/* ACLs are extended attributes like others; ->get_acl() is for permission checks. */
#include <linux/fs.h>
#include <linux/posix_acl_xattr.h>
#include <linux/xattr.h>

static_assert(__same_type(((struct inode_operations *)NULL)->get_acl,
			  struct posix_acl *(*)(struct inode *, int, bool)));
static_assert(__same_type(get_acl, struct posix_acl *(struct inode *, int)));
static_assert(__same_type(vfs_set_acl_prepare,
			  struct posix_acl *(struct mnt_idmap *,
					     struct user_namespace *,
					     const void *, size_t)));
