// SPDX-License-Identifier: GPL-2.0-only
/* Every program of a type may call the kfuncs for the type. */
#include <linux/btf.h>

static_assert(sizeof(((struct btf_kfunc_id_set *)NULL)->set) > 0);
