// SPDX-License-Identifier: GPL-2.0-only
/* The dentry operations of a superblock are set by a call. */
#include <linux/dcache.h>

static_assert(__same_type(set_default_d_op,
			  void (struct super_block *,
				const struct dentry_operations *)));
