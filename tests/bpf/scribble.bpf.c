// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes to every field of the context but result, by handing its address to a global function: there the verifier of
 * 6.12 looks at reads alone. Then it asks the kfuncs what they know of the operation.
 */
#include <fuse_bpf/fuse_bpf.bpf.h>
#include "scribble.h"

struct scribble scribble;

__noinline int scribble_word(__u32 *p)
{
	if (!p)
		return 0;
	*p = scribble.word;
	return 1;
}

__noinline int scribble_double(__u64 *p)
{
	if (!p)
		return 0;
	*p = scribble.word * 0x100000001ULL;
	return 1;
}

#define WORD(field)	scribble_word((void *)__builtin_preserve_access_index(&ctx->field))
#define DOUBLE(field)	scribble_double((void *)__builtin_preserve_access_index(&ctx->field))

static __always_inline void write_all(struct fuse_bpf_ctx *ctx)
{
	WORD(opcode);
	WORD(phase);
	DOUBLE(mount_id);
	DOUBLE(cgroup_id);
	WORD(uid);
	WORD(gid);
	WORD(pid);
	WORD(tgid);
	DOUBLE(ino);
	DOUBLE(size);
	WORD(dev);
	WORD(mode);
	WORD(owner_uid);
	WORD(owner_gid);
	WORD(target_is_dir);
	WORD(reserved);
	DOUBLE(opaque);
}

FUSE_BPF_PROG(scribble_mkdir, struct fuse_bpf_ctx *ctx)
{
	__u32 post = ctx->phase == FUSE_BPF_PHASE_POST;
	struct scribble_call *call = &scribble.calls[post];

	call->count++;
	call->tgid = ctx->tgid;
	call->result = ctx->result;
	write_all(ctx);
	call->written = ctx->mount_id;
	call->name_len = bpf_fuse_read_name(ctx, FUSE_BPF_NAME, call->name, sizeof(call->name));
	call->path_len = bpf_fuse_read_path(ctx, FUSE_BPF_PATH, call->path, sizeof(call->path));
	call->child = bpf_fuse_set_child(ctx, FUSE_BPF_CHILD_OPS, FUSE_BPF_CHILD_NONE);
	return post ? FUSE_BPF_BACKING : FUSE_BPF_BACKING | FUSE_BPF_POST;
}

FUSE_BPF_OPS(scribble_set) = {
	.name = "scribble",
	.abi = 1,
	.mkdir = (void *)scribble_mkdir,
};

char LICENSE[] SEC("license") = "GPL";
