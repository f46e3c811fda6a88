// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rewrites owner and mode: everything seems to belong to user and group 1000,
 * and nobody else may write.  Permission checks follow what is shown.
 */
#include <fuse_bpf/fuse_bpf.bpf.h>

FUSE_BPF_PROG(owner_getattr, struct fuse_bpf_ctx *ctx, struct fuse_getattr_in *in,
	      struct fuse_attr_out *out)
{
	if (ctx->result == 0) {
		out->attr.uid = 1000;
		out->attr.gid = 1000;
		out->attr.mode &= ~022;
	}
	return FUSE_BPF_BACKING;
}

FUSE_BPF_OPS(owner) = {
	.name = "owner",
	.abi = 1,
	.post_only = FUSE_BPF_BIT(GETATTR),
	.getattr = (void *)owner_getattr,
};

char LICENSE[] SEC("license") = "GPL";
