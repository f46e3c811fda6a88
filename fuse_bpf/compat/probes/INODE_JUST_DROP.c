// SPDX-License-Identifier: GPL-2.0-only
/* What drops an inode at its last put, by its new name. */
#include <linux/fs.h>

static_assert(__same_type(inode_just_drop, int (struct inode *)));
