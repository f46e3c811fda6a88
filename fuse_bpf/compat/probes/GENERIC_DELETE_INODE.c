// SPDX-License-Identifier: GPL-2.0-only
/* What drops an inode at its last put, by its old name. */
#include <linux/fs.h>

static_assert(__same_type(generic_delete_inode, int (struct inode *)));
