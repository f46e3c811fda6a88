// SPDX-License-Identifier: GPL-2.0-only
/* The idmap of a mount is a type of its own. */
#include <linux/fs.h>
#include <linux/mount.h>

static_assert(__same_type(mnt_idmap((struct vfsmount *)NULL), struct mnt_idmap *));
