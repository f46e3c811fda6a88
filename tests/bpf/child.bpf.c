// SPDX-License-Identifier: GPL-2.0-only
/*
 * Refuses every setattr and open of a file with EPERM and hides "hidden", but below
 * directories whose names say otherwise: "free*" has no ops, "some*" has ops that
 * see setattr alone, "most*" and "odd*" such that see all but open, "all*" such that
 * see all. The same for directories as they are made.
 */
#include <fuse_bpf/fuse_bpf.bpf.h>

char free_glob[8] = "free*", some_glob[8] = "some*", hidden_name[8] = "hidden";
char most_glob[8] = "most*", odd_glob[8] = "odd*", all_glob[8] = "all*";
/* What bpf_fuse_set_child() returned for nonsense, after mkdir, and before; then 1: choose nothing. */
__s32 chosen[5];

/* Named ones, and so none of later modules. */
#define NAMED	(FUSE_BPF_BIT(POLL) * 2 - 1)

static __always_inline void choose(struct fuse_bpf_ctx *ctx)
{
	if (chosen[4])
		return;
	if (bpf_fuse_match_name(ctx, FUSE_BPF_NAME, free_glob, sizeof(free_glob)))
		bpf_fuse_set_child(ctx, FUSE_BPF_CHILD_OPS, FUSE_BPF_CHILD_NONE);
	else if (bpf_fuse_match_name(ctx, FUSE_BPF_NAME, some_glob, sizeof(some_glob)))
		bpf_fuse_set_child(ctx, FUSE_BPF_CHILD_MASK, FUSE_BPF_BIT(SETATTR));
	else if (bpf_fuse_match_name(ctx, FUSE_BPF_NAME, most_glob, sizeof(most_glob)))
		bpf_fuse_set_child(ctx, FUSE_BPF_CHILD_MASK, ~FUSE_BPF_BIT(OPEN));
	else if (bpf_fuse_match_name(ctx, FUSE_BPF_NAME, odd_glob, sizeof(odd_glob)))
		bpf_fuse_set_child(ctx, FUSE_BPF_CHILD_MASK, NAMED & ~FUSE_BPF_BIT(OPEN));
	else if (bpf_fuse_match_name(ctx, FUSE_BPF_NAME, all_glob, sizeof(all_glob)))
		bpf_fuse_set_child(ctx, FUSE_BPF_CHILD_MASK, NAMED);
}

FUSE_BPF_PROG(child_lookup, struct fuse_bpf_ctx *ctx)
{
	choose(ctx);
	if (bpf_fuse_match_name(ctx, FUSE_BPF_NAME, hidden_name, sizeof(hidden_name)))
		return -ENOENT;
	return FUSE_BPF_BACKING;
}

FUSE_BPF_PROG(child_mkdir, struct fuse_bpf_ctx *ctx)
{
	if (ctx->phase == FUSE_BPF_PHASE_POST) {
		chosen[2] = bpf_fuse_set_child(ctx, FUSE_BPF_CHILD_OPS, FUSE_BPF_CHILD_NONE);
		return FUSE_BPF_BACKING;
	}
	chosen[0] = bpf_fuse_set_child(ctx, 77, 0);
	chosen[1] = bpf_fuse_set_child(ctx, FUSE_BPF_CHILD_OPS, 77);
	chosen[3] = bpf_fuse_set_child(ctx, FUSE_BPF_CHILD_MASK, ~0ULL);
	choose(ctx);
	return FUSE_BPF_BACKING | FUSE_BPF_POST;
}

FUSE_BPF_PROG(child_setattr, struct fuse_bpf_ctx *ctx)
{
	return ctx->target_is_dir ? FUSE_BPF_BACKING : -EPERM;
}

FUSE_BPF_PROG(child_open, struct fuse_bpf_ctx *ctx)
{
	return ctx->target_is_dir ? FUSE_BPF_BACKING : -EPERM;
}

FUSE_BPF_OPS(child) = {
	.name = "child",
	.abi = 1,
	.lookup = (void *)child_lookup,
	.mkdir = (void *)child_mkdir,
	.setattr = (void *)child_setattr,
	.open = (void *)child_open,
};

char LICENSE[] SEC("license") = "GPL";
