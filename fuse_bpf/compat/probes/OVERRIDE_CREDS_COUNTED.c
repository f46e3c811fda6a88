// SPDX-License-Identifier: GPL-2.0-only
/* Overriding credentials takes a reference, reverting puts it. */
#include <linux/cred.h>

static_assert(__same_type(revert_creds, void (const struct cred *)));
