// SPDX-License-Identifier: GPL-2.0-only
/* A set that the verifier refuses: the mode in the context can't be written. */
#include <fuse_bpf/fuse_bpf.bpf.h>

FUSE_BPF_PROG(refused_mkdir, struct fuse_bpf_ctx *ctx)
{
	ctx->mode = 0;
	return FUSE_BPF_BACKING;
}

FUSE_BPF_OPS(refused) = {
	.name = "refused",
	.abi = 1,
	.mkdir = (void *)refused_mkdir,
};

char LICENSE[] SEC("license") = "GPL";
