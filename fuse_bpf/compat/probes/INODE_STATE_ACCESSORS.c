// SPDX-License-Identifier: GPL-2.0-only
/* The state of an inode is read by a call. */
#include <linux/fs.h>

static_assert(sizeof(inode_state_read_once((struct inode *)NULL)) > 0);
