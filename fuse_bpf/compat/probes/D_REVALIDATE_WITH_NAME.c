// SPDX-License-Identifier: GPL-2.0-only
/* A dentry is revalidated as a name in a directory, both stable. */
#include <linux/dcache.h>

static_assert(__same_type(((struct dentry_operations *)NULL)->d_revalidate,
			  int (*)(struct inode *, const struct qstr *,
				  struct dentry *, unsigned int)));
