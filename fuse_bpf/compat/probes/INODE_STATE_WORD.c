// SPDX-License-Identifier: GPL-2.0-only
/* The state of an inode is a number. */
#include <linux/fs.h>

static_assert(__same_type(((struct inode *)NULL)->i_state, u32) ||
	      __same_type(((struct inode *)NULL)->i_state, unsigned long));
