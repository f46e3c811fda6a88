// SPDX-License-Identifier: GPL-2.0-only
/* The attributes of an inode are filled in, all of them. */
#include <linux/fs.h>

static_assert(__same_type(generic_fillattr,
			  void (struct mnt_idmap *, struct inode *,
				struct kstat *)));
