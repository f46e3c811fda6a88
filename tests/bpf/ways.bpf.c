// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs on what moves the bytes of a file, which count their calls and do what
 * the test says. Below a directory "free" there are none, below "narrow" reading
 * and writing alone are seen.
 */
#include <fuse_bpf/fuse_bpf.bpf.h>
#include "ways.h"

struct ways ways;
char free_name[8] = "free", narrow_name[8] = "narrow";

static __always_inline int act(struct fuse_bpf_ctx *ctx, enum ways_op op, __u64 offset,
			       __u64 length)
{
	__u32 post = ctx->phase == FUSE_BPF_PHASE_POST;

	if (ways.ino && ways.ino != ctx->ino)
		return FUSE_BPF_BACKING;
	__sync_fetch_and_add(&ways.calls[op][post], 1);
	ways.turns[op][post] = ++ways.turn;
	if (!post) {
		ways.offset[op] = offset;
		ways.length[op] = length;
		return ways.verdict[op];
	}
	ways.counted[op] = ctx->result;
	if (ways.shorten && ctx->result > 0)
		ctx->result = ctx->result - ways.shorten;
	return FUSE_BPF_BACKING;
}

FUSE_BPF_PROG(ways_lookup, struct fuse_bpf_ctx *ctx)
{
	if (bpf_fuse_match_name(ctx, FUSE_BPF_NAME, free_name, sizeof(free_name)))
		bpf_fuse_set_child(ctx, FUSE_BPF_CHILD_OPS, FUSE_BPF_CHILD_NONE);
	if (bpf_fuse_match_name(ctx, FUSE_BPF_NAME, narrow_name, sizeof(narrow_name)))
		bpf_fuse_set_child(ctx, FUSE_BPF_CHILD_MASK,
				   FUSE_BPF_BIT(READ) | FUSE_BPF_BIT(WRITE));
	return FUSE_BPF_BACKING;
}

FUSE_BPF_PROG(ways_read, struct fuse_bpf_ctx *ctx, struct fuse_read_in *in)
{
	return act(ctx, WAYS_READ, in->offset, in->size);
}

FUSE_BPF_PROG(ways_write, struct fuse_bpf_ctx *ctx, struct fuse_write_in *in)
{
	ways.flags = in->flags;
	return act(ctx, WAYS_WRITE, in->offset, in->size);
}

FUSE_BPF_PROG(ways_mmap, struct fuse_bpf_ctx *ctx, struct fuse_bpf_mmap_in *in)
{
	if (ctx->phase == FUSE_BPF_PHASE_PRE) {
		ways.map.prot = in->prot;
		ways.map.max_prot = in->max_prot;
		ways.map.shared = in->shared;
		in->max_prot = (in->max_prot & ~ways.map.clear) | ways.map.set;
	}
	return act(ctx, WAYS_MMAP, in->offset, in->length);
}

FUSE_BPF_PROG(ways_copy, struct fuse_bpf_ctx *ctx, struct fuse_bpf_copy_in *in)
{
	ways.copy.src_ino = in->src_ino;
	ways.copy.src_offset = in->src_offset;
	ways.copy.src_mount_id = in->src_mount_id;
	ways.copy.dst_ino = in->dst_ino;
	ways.copy.dst_offset = in->dst_offset;
	ways.copy.length = in->length;
	ways.copy.src_dev = in->src_dev;
	ways.copy.how = in->how;
	ways.copy.mount_id = ctx->mount_id;
	ways.copy.dev = ctx->dev;
	return act(ctx, WAYS_COPY, in->dst_offset, in->length);
}

FUSE_BPF_OPS(ways_all) = {
	.name = "ways_all",
	.abi = 1,
	.lookup = (void *)ways_lookup,
	.read = (void *)ways_read,
	.write = (void *)ways_write,
	.mmap = (void *)ways_mmap,
	.copy_file_range = (void *)ways_copy,
};

/* Without a member for mappings. */
FUSE_BPF_OPS(ways_reads) = {
	.name = "ways_reads",
	.abi = 1,
	.lookup = (void *)ways_lookup,
	.read = (void *)ways_read,
};

FUSE_BPF_OPS(ways_writes) = {
	.name = "ways_writes",
	.abi = 1,
	.lookup = (void *)ways_lookup,
	.write = (void *)ways_write,
};

char LICENSE[] SEC("license") = "GPL";
