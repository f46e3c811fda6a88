// SPDX-License-Identifier: GPL-2.0-only
/* Every kfunc takes trusted pointers only. */
#include <linux/btf.h>

static_assert(KF_ACQUIRE != 0);
