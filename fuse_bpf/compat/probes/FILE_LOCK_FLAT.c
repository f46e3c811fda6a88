// SPDX-License-Identifier: GPL-2.0-only
/* A lock has all of its members itself. */
#include <linux/filelock.h>

static_assert(__same_type(((struct file_lock *)NULL)->fl_file, struct file *));
