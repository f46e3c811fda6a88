// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rewrites an error: a write that finds the disk full is told of a quota.  What is
 * written to a mapping has no errno, and passes: without a program for mmap no file
 * could be mapped for that.
 */
#include <fuse_bpf/fuse_bpf.bpf.h>

FUSE_BPF_PROG(quota_write, struct fuse_bpf_ctx *ctx)
{
	if (ctx->result == -ENOSPC)
		ctx->result = -EDQUOT;
	return FUSE_BPF_BACKING;
}

FUSE_BPF_PROG(quota_mmap, struct fuse_bpf_ctx *ctx)
{
	return FUSE_BPF_BACKING;
}

FUSE_BPF_OPS(quota) = {
	.name = "quota",
	.abi = 1,
	.post_only = FUSE_BPF_BIT(WRITE),
	.write = (void *)quota_write,
	.mmap = (void *)quota_mmap,
};

char LICENSE[] SEC("license") = "GPL";
