// SPDX-License-Identifier: GPL-2.0-only
/* The end of a write to a backing file is told with its kiocb. */
#include <linux/backing-file.h>

static_assert(__same_type(((struct backing_file_ctx *)NULL)->end_write,
			  void (*)(struct kiocb *, ssize_t)));
