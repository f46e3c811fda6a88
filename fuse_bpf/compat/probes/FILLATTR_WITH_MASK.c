// SPDX-License-Identifier: GPL-2.0-only
/* The attributes of an inode are filled in as far as they are asked for. */
#include <linux/fs.h>

static_assert(__same_type(generic_fillattr,
			  void (struct mnt_idmap *, u32, struct inode *,
				struct kstat *)));
