// SPDX-License-Identifier: GPL-2.0-only
/* A backing file is opened on behalf of a file. */
#include <linux/backing-file.h>

static_assert(__same_type(backing_file_open,
			  struct file *(const struct file *, int,
					const struct path *,
					const struct cred *)));
static_assert(__same_type(backing_tmpfile_open,
			  struct file *(const struct file *, int,
					const struct path *, umode_t,
					const struct cred *)));
