// SPDX-License-Identifier: GPL-2.0-only
/* Reading a directory passes an actor and a position, no more. */
#include <linux/fs.h>

static_assert(sizeof(struct dir_context) ==
	      sizeof(filldir_t) + sizeof(loff_t));
