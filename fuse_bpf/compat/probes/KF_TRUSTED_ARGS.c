// SPDX-License-Identifier: GPL-2.0-only
/* A kfunc says that it takes trusted pointers only. */
#include <linux/btf.h>

static_assert(KF_TRUSTED_ARGS != 0);
