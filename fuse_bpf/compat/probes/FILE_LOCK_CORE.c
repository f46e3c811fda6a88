// SPDX-License-Identifier: GPL-2.0-only
/* What locks and leases share is a struct in the lock. */
#include <linux/filelock.h>

static_assert(__same_type(((struct file_lock *)NULL)->c.flc_file, struct file *));
