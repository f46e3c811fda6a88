// SPDX-License-Identifier: GPL-2.0-only
/* A type's verifier_ops is asked about writes, with the register's state. */
#include <linux/bpf.h>
#include <linux/bpf_verifier.h>

static_assert(__same_type(((struct bpf_verifier_ops *)NULL)->btf_struct_access,
			  int (*)(struct bpf_verifier_log *,
				  const struct bpf_reg_state *, int, int)));
