// SPDX-License-Identifier: GPL-2.0-only
/*
 * Answers that depend on the caller: what matches "*.root" is there for root alone,
 * and what is below "ruled*" is under no programs for root, and under these for others.
 */
#include <fuse_bpf/fuse_bpf.bpf.h>

char root_glob[8] = "*.root", ruled_glob[8] = "ruled*";

static __always_inline int verdict(struct fuse_bpf_ctx *ctx)
{
	if (ctx->uid == 0)
		return FUSE_BPF_BACKING;
	return bpf_fuse_match_name(ctx, FUSE_BPF_NAME, root_glob, sizeof(root_glob)) ?
	       -ENOENT : FUSE_BPF_BACKING;
}

static __always_inline void choose(struct fuse_bpf_ctx *ctx)
{
	if (ctx->uid == 0 && bpf_fuse_match_name(ctx, FUSE_BPF_NAME, ruled_glob, sizeof(ruled_glob)))
		bpf_fuse_set_child(ctx, FUSE_BPF_CHILD_OPS, FUSE_BPF_CHILD_NONE);
}

FUSE_BPF_PROG(early_lookup, struct fuse_bpf_ctx *ctx)
{
	choose(ctx);
	return verdict(ctx);
}

FUSE_BPF_PROG(late_lookup, struct fuse_bpf_ctx *ctx)
{
	choose(ctx);
	return ctx->phase == FUSE_BPF_PHASE_PRE ? FUSE_BPF_BACKING | FUSE_BPF_POST : verdict(ctx);
}

FUSE_BPF_PROG(callers_readdir, struct fuse_bpf_ctx *ctx)
{
	return verdict(ctx);
}

FUSE_BPF_OPS(callers) = {
	.name = "callers",
	.abi = 1,
	.flags = FUSE_BPF_F_PER_CALLER,
	.lookup = (void *)early_lookup,
	.readdir = (void *)callers_readdir,
};

FUSE_BPF_OPS(callers_late) = {
	.name = "callers_late",
	.abi = 1,
	.flags = FUSE_BPF_F_PER_CALLER,
	.lookup = (void *)late_lookup,
	.readdir = (void *)callers_readdir,
};

char LICENSE[] SEC("license") = "GPL";
