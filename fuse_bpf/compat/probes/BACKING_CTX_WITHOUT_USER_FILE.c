// SPDX-License-Identifier: GPL-2.0-only
/* The callbacks of a backing file know the file of the user themselves. */
#include <linux/backing-file.h>

static_assert(sizeof(struct backing_file_ctx) == 3 * sizeof(void *));
