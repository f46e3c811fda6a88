// SPDX-License-Identifier: GPL-2.0-only
/* ... about reads too, with the type. */
#include <linux/bpf.h>
#include <linux/bpf_verifier.h>

static_assert(__same_type(((struct bpf_verifier_ops *)NULL)->btf_struct_access,
			  int (*)(struct bpf_verifier_log *, const struct btf *,
				  const struct btf_type *, int, int,
				  enum bpf_access_type, u32 *,
				  enum bpf_type_flag *)));
