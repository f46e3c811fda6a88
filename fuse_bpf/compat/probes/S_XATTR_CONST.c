// SPDX-License-Identifier: GPL-2.0-only
/* The table of xattr handlers is constant. */
#include <linux/fs.h>
#include <linux/xattr.h>

static_assert(__same_type(((struct super_block *)NULL)->s_xattr,
			  const struct xattr_handler * const *));
