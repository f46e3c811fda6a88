// SPDX-License-Identifier: GPL-2.0-only
/* Reading a directory passes the room that is left and flags of the actor. */
#include <linux/fs.h>

static_assert(__same_type(((struct dir_context *)NULL)->count, int));
static_assert(__same_type(((struct dir_context *)NULL)->dt_flags_mask,
			  unsigned int));
