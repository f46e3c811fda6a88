// SPDX-License-Identifier: GPL-2.0-only
/* Sets whose programs take what is no argument of theirs for one. */
#include <fuse_bpf/fuse_bpf.bpf.h>

/* What a context looks like, in the program's own memory. */
union lookalike {
	struct fuse_bpf_ctx ctx;
	__u64 words[sizeof(struct fuse_bpf_ctx) / 8];
};

union lookalike global;

FUSE_BPF_PROG(on_stack, struct fuse_bpf_ctx *ctx)
{
	union lookalike local = {};

	local.words[0] = ctx->opcode;
	return bpf_fuse_hash_name(&local.ctx, FUSE_BPF_NAME, 1) ? FUSE_BPF_BACKING : -EPERM;
}

FUSE_BPF_PROG(in_map, struct fuse_bpf_ctx *ctx)
{
	return bpf_fuse_set_child(&global.ctx, FUSE_BPF_CHILD_MASK, 0);
}

/* Reads on through a pointer that is no argument. */
struct bpf_map_ops;
struct bpf_map {
	const struct bpf_map_ops *ops;
	__u32 max_entries;
} __attribute__((preserve_access_index));
struct bpf_map_ops {
	void *map_alloc;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 7);
	__type(key, __u32);
	__type(value, __u64);
} plain SEC(".maps");

FUSE_BPF_PROG(one_step, struct fuse_bpf_ctx *ctx)
{
	struct bpf_map *map = (void *)&plain;

	return map->max_entries == 7 ? FUSE_BPF_BACKING : -EPERM;
}

FUSE_BPF_PROG(two_steps, struct fuse_bpf_ctx *ctx)
{
	struct bpf_map *map = (void *)&plain;

	return map->ops->map_alloc ? FUSE_BPF_BACKING : -EPERM;
}

struct task_struct {
	int pid;
} __attribute__((preserve_access_index));

FUSE_BPF_PROG(current_task, struct fuse_bpf_ctx *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();

	return task->pid ? FUSE_BPF_BACKING : -EPERM;
}

#define ONE(set, member, prog) \
	FUSE_BPF_OPS(set) = { .name = #set, .abi = 1, .member = (void *)prog }
ONE(f_stack, unlink, on_stack);
ONE(f_map, lookup, in_map);
ONE(f_one_step, unlink, one_step);
ONE(f_two_steps, unlink, two_steps);
ONE(f_task, unlink, current_task);

char LICENSE[] SEC("license") = "GPL";
