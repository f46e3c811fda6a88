// SPDX-License-Identifier: GPL-2.0-only
/* A file may stand under another filesystem's name; ->d_real() finds its own. */
#include <linux/dcache.h>

static_assert(__same_type(((struct dentry_operations *)NULL)->d_real,
			  struct dentry *(*)(struct dentry *, const struct inode *)));
