// SPDX-License-Identifier: GPL-2.0-only
/* A dentry is revalidated by itself. */
#include <linux/dcache.h>

static_assert(__same_type(((struct dentry_operations *)NULL)->d_revalidate,
			  int (*)(struct dentry *, unsigned int)));
