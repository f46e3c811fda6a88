// SPDX-License-Identifier: GPL-2.0-only
/* A name to look up is a string and its length. */
#include <linux/namei.h>

static_assert(__same_type(lookup_one_unlocked,
			  struct dentry *(struct mnt_idmap *, const char *,
					  struct dentry *, int)));
static_assert(__same_type(lookup_one,
			  struct dentry *(struct mnt_idmap *, const char *,
					  struct dentry *, int)));
