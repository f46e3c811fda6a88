// SPDX-License-Identifier: GPL-2.0-only
/* Which helpers there are depends on the program. */
#include <linux/bpf.h>

static_assert(__same_type(bpf_base_func_proto,
			  const struct bpf_func_proto *(enum bpf_func_id,
							const struct bpf_prog *)));
