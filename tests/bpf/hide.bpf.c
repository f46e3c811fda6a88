// SPDX-License-Identifier: GPL-2.0-only
/* Hides the names that are keys of a map and those that match a glob. */
#include <fuse_bpf/fuse_bpf.bpf.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, char[64]);
	__type(value, __u32);
} names SEC(".maps");

char glob[16] = "*.hid";

static __always_inline int verdict(struct fuse_bpf_ctx *ctx)
{
	char name[64];

	if (bpf_fuse_match_name(ctx, FUSE_BPF_NAME, glob, sizeof(glob)))
		return -ENOENT;
	if (bpf_fuse_read_name(ctx, FUSE_BPF_NAME, name, sizeof(name)) < 0)
		return FUSE_BPF_BACKING;
	return bpf_map_lookup_elem(&names, name) ? -ENOENT : FUSE_BPF_BACKING;
}

FUSE_BPF_PROG(hide_lookup, struct fuse_bpf_ctx *ctx)
{
	return verdict(ctx);
}

FUSE_BPF_PROG(hide_readdir, struct fuse_bpf_ctx *ctx)
{
	return verdict(ctx);
}

/* The other two ways to hide at lookup. */
FUSE_BPF_PROG(reply_lookup, struct fuse_bpf_ctx *ctx)
{
	return verdict(ctx) ? FUSE_BPF_REPLY : FUSE_BPF_BACKING;
}

FUSE_BPF_PROG(late_lookup, struct fuse_bpf_ctx *ctx)
{
	if (ctx->phase == FUSE_BPF_PHASE_PRE)
		return FUSE_BPF_BACKING | FUSE_BPF_POST;
	return verdict(ctx);
}

FUSE_BPF_OPS(hide) = {
	.name = "hide",
	.abi = 1,
	.lookup = (void *)hide_lookup,
	.readdir = (void *)hide_readdir,
};

FUSE_BPF_OPS(hide_by_reply) = {
	.name = "hide_by_reply",
	.abi = 1,
	.lookup = (void *)reply_lookup,
	.readdir = (void *)hide_readdir,
};

FUSE_BPF_OPS(hide_late) = {
	.name = "hide_late",
	.abi = 1,
	.lookup = (void *)late_lookup,
	.readdir = (void *)hide_readdir,
};

/* Registered without a link: stays until its element is deleted. */
SEC(".struct_ops")
struct fuse_bpf_ops plain_hide = {
	.name = "plain_hide",
	.abi = 1,
	.lookup = (void *)hide_lookup,
	.readdir = (void *)hide_readdir,
};

char LICENSE[] SEC("license") = "GPL";
