// SPDX-License-Identifier: GPL-2.0-only
/* Overriding credentials swaps a pointer and counts nothing. */
#include <linux/cred.h>

static_assert(__same_type(revert_creds,
			  const struct cred *(const struct cred *)));
