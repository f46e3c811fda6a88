// SPDX-License-Identifier: GPL-2.0-only
/* Files stand under their own filesystem's names. */
#include <linux/dcache.h>

static_assert(__same_type(((struct dentry_operations *)NULL)->d_real,
			  struct dentry *(*)(struct dentry *, enum d_real_type)));
