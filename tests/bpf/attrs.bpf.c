// SPDX-License-Identifier: GPL-2.0-only
/*
 * shift: owners and modes are moved by what the test chose. answer: stat of the inodes in a
 * map is answered from it, and the backing filesystem is not asked.
 */
#include <fuse_bpf/fuse_bpf.bpf.h>
#include "attrs.h"

struct shift by;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u64);
	__type(value, struct answer);
} answers SEC(".maps");

FUSE_BPF_PROG(shift_getattr, struct fuse_bpf_ctx *ctx, struct fuse_getattr_in *in,
	      struct fuse_attr_out *out)
{
	if (ctx->result == 0) {
		out->attr.uid = out->attr.uid + by.uid;
		out->attr.gid = out->attr.gid + by.gid;
		out->attr.mode = (out->attr.mode & ~by.mode_less) | by.mode_more;
	}
	return FUSE_BPF_BACKING;
}

FUSE_BPF_PROG(answer_getattr, struct fuse_bpf_ctx *ctx, struct fuse_getattr_in *in,
	      struct fuse_attr_out *out)
{
	__u64 ino = ctx->ino;
	struct answer *a = bpf_map_lookup_elem(&answers, &ino);

	if (!a)
		return FUSE_BPF_BACKING;
	out->attr.ino = ino;
	out->attr.size = a->size;
	out->attr.blocks = (a->size + 511) / 512;
	out->attr.mtime = a->mtime;
	out->attr.mode = a->mode;
	out->attr.uid = a->uid;
	out->attr.gid = a->gid;
	out->attr.nlink = a->nlink;
	return FUSE_BPF_REPLY;
}

FUSE_BPF_OPS(shift) = {
	.name = "shift",
	.abi = 1,
	.post_only = FUSE_BPF_BIT(GETATTR),
	.getattr = (void *)shift_getattr,
};

FUSE_BPF_OPS(answer) = {
	.name = "answer",
	.abi = 1,
	.getattr = (void *)answer_getattr,
};

char LICENSE[] SEC("license") = "GPL";
