// SPDX-License-Identifier: GPL-2.0-only
/* ... does not. */
#include <linux/bpf.h>

static_assert(__same_type(bpf_base_func_proto,
			  const struct bpf_func_proto *(enum bpf_func_id)));
