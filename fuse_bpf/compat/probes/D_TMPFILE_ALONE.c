// SPDX-License-Identifier: GPL-2.0-only
/* To make a dentry one without a name is one with counting its links down. */
#include <linux/dcache.h>

static_assert(__same_type(d_tmpfile, void (struct file *, struct inode *)));
