// SPDX-License-Identifier: GPL-2.0-only
/* Splicing a backing file takes a pointer to its position. */
#include <linux/backing-file.h>

static_assert(__same_type(backing_file_splice_read,
			  ssize_t (struct file *, loff_t *,
				   struct pipe_inode_info *, size_t,
				   unsigned int, struct backing_file_ctx *)));
