// SPDX-License-Identifier: GPL-2.0-only
/* The times of an inode are read by calls. */
#include <linux/fs.h>

static_assert(__same_type(inode_get_atime((const struct inode *)NULL), struct timespec64) &&
	      __same_type(inode_get_mtime((const struct inode *)NULL), struct timespec64) &&
	      __same_type(inode_get_ctime((const struct inode *)NULL), struct timespec64));
