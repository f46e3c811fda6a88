// SPDX-License-Identifier: GPL-2.0-only
/* The callbacks of a backing file are given the file of the user. */
#include <linux/backing-file.h>

static_assert(__same_type(((struct backing_file_ctx *)NULL)->user_file,
			  struct file *));
