// SPDX-License-Identifier: GPL-2.0-only
/*
 * An access program that decides for the owner what mode and owner say, and says so by
 * granting it: the mount then grants by the program's word what the backing filesystem
 * would have found itself.
 */
#include <fuse_bpf/fuse_bpf.bpf.h>

FUSE_BPF_PROG(grants_access, struct fuse_bpf_ctx *ctx, struct fuse_access_in *in)
{
	__u32 owners = ctx->mode >> 6 & 7;

	if (ctx->uid == ctx->owner_uid && (owners & in->mask) == in->mask)
		return FUSE_BPF_REPLY;
	return FUSE_BPF_BACKING;
}

FUSE_BPF_OPS(grants_ops) = {
	.name = "grants",
	.abi = 1,
	.access = (void *)grants_access,
};

char LICENSE[] SEC("license") = "GPL";
