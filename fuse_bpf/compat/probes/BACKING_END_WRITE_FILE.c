// SPDX-License-Identifier: GPL-2.0-only
/* The end of a write to a backing file is told with file and position. */
#include <linux/backing-file.h>

static_assert(__same_type(((struct backing_file_ctx *)NULL)->end_write,
			  void (*)(struct file *, loff_t, ssize_t)));
