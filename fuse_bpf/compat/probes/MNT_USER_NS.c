// SPDX-License-Identifier: GPL-2.0-only
/* The idmap of a mount is a user namespace. */
#include <linux/fs.h>
#include <linux/mount.h>

static_assert(__same_type(inode_permission,
			  int (struct user_namespace *, struct inode *, int)));
static_assert(__same_type(mnt_user_ns((struct vfsmount *)NULL),
			  struct user_namespace *));
