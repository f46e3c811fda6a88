// SPDX-License-Identifier: GPL-2.0-only
/* A file without a name can be marked as one, and no more. */
#include <linux/dcache.h>

static_assert(__same_type(d_mark_tmpfile, void (struct file *, struct inode *)));
