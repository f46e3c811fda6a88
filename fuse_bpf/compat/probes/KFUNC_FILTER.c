// SPDX-License-Identifier: GPL-2.0-only
/* Who registers kfuncs is asked about each program that calls one. */
#include <linux/bpf.h>
#include <linux/btf.h>

static_assert(__same_type(((struct btf_kfunc_id_set *)NULL)->filter,
			  int (*)(const struct bpf_prog *, u32)));
