// SPDX-License-Identifier: GPL-2.0-only
/*
 * A version of a set that marks its operations: the pre call leaves the
 * version's number for the task, and the post call says if another one left it.
 */
#include <fuse_bpf/fuse_bpf.bpf.h>

const volatile __u32 version;

struct key {
	__u32 pid;
	__u32 opcode;	/* an operation can have another one inside */
};

/* Shared by all versions; one entry per operation under way. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct key);
	__type(value, __u32);
} stamps SEC(".maps");

/* 0: operations that saw two versions; 1: post calls; 2: post without pre */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

static __always_inline void count(__u32 what)
{
	__u64 *n = bpf_map_lookup_elem(&counts, &what);

	if (n)
		__sync_fetch_and_add(n, 1);
}

static __always_inline int stamp(struct fuse_bpf_ctx *ctx)
{
	struct key key = { .pid = ctx->pid, .opcode = ctx->opcode };
	__u32 number = version, *left;

	if (ctx->phase == FUSE_BPF_PHASE_PRE) {
		bpf_map_update_elem(&stamps, &key, &number, BPF_ANY);
		return FUSE_BPF_BACKING | FUSE_BPF_POST;
	}
	left = bpf_map_lookup_elem(&stamps, &key);
	count(1);
	if (!left)
		count(2);
	else if (*left != number)
		count(0);
	if (left)
		bpf_map_delete_elem(&stamps, &key);
	return FUSE_BPF_BACKING;
}

#define STAMP(member) FUSE_BPF_PROG(member, struct fuse_bpf_ctx *ctx) { return stamp(ctx); }
STAMP(stamp_getattr)
STAMP(stamp_write)
STAMP(stamp_rename)
STAMP(stamp_mkdir)
STAMP(stamp_rmdir)

FUSE_BPF_OPS(stamp_ops) = {
	.name = "stamp",
	.abi = 1,
	.getattr = (void *)stamp_getattr,
	.write = (void *)stamp_write,
	.rename = (void *)stamp_rename,
	.mkdir = (void *)stamp_mkdir,
	.rmdir = (void *)stamp_rmdir,
};

char LICENSE[] SEC("license") = "GPL";
