// SPDX-License-Identifier: GPL-2.0-only
/* The times of an inode are fields. */
#include <linux/fs.h>

static_assert(__same_type(((struct inode *)NULL)->i_atime, struct timespec64) &&
	      __same_type(((struct inode *)NULL)->i_mtime, struct timespec64) &&
	      __same_type(((struct inode *)NULL)->i_ctime, struct timespec64));
