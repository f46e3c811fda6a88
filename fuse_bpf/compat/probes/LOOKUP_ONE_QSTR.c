// SPDX-License-Identifier: GPL-2.0-only
/* A name to look up is a struct qstr. */
#include <linux/namei.h>

static_assert(__same_type(lookup_one_unlocked,
			  struct dentry *(struct mnt_idmap *, struct qstr *,
					  struct dentry *)));
static_assert(__same_type(lookup_one,
			  struct dentry *(struct mnt_idmap *, struct qstr *,
					  struct dentry *)));
