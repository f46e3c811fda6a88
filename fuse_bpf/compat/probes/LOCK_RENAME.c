// SPDX-License-Identifier: GPL-2.0-only
/* Whoever changes names locks the directories himself. */
#include <linux/namei.h>

static_assert(__same_type(lock_rename,
			  struct dentry *(struct dentry *, struct dentry *)));
static_assert(__same_type(unlock_rename,
			  void (struct dentry *, struct dentry *)));
