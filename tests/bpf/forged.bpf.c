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

/* A buffer that is NULL, as the map has no such element: on 6.1 the verifier lets that pass. */
struct room {
	char bytes[64];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct room);
} absent SEC(".maps");

static __always_inline char *no_room(void)
{
	__u32 key = 1;

	return bpf_map_lookup_elem(&absent, &key);
}

FUSE_BPF_PROG(null_name, struct fuse_bpf_ctx *ctx)
{
	int ret = bpf_fuse_read_name(ctx, FUSE_BPF_NAME, no_room(), sizeof(struct room));

	return ret == -EINVAL ? -EUSERS : FUSE_BPF_BACKING;
}

FUSE_BPF_PROG(null_path, struct fuse_bpf_ctx *ctx)
{
	int ret = bpf_fuse_read_path(ctx, FUSE_BPF_PATH, no_room(), sizeof(struct room));

	return ret == -EINVAL ? -EUSERS : FUSE_BPF_BACKING;
}

FUSE_BPF_PROG(null_pattern, struct fuse_bpf_ctx *ctx)
{
	return bpf_fuse_match_name(ctx, FUSE_BPF_NAME, no_room(), sizeof(struct room)) ?
	       FUSE_BPF_BACKING : -EUSERS;
}

#define ONE(set, member, prog) \
	FUSE_BPF_OPS(set) = { .name = #set, .abi = 1, .member = (void *)prog }
ONE(f_stack, unlink, on_stack);
ONE(f_map, lookup, in_map);
ONE(f_one_step, unlink, one_step);
ONE(f_two_steps, unlink, two_steps);
ONE(f_task, unlink, current_task);
ONE(f_null_name, unlink, null_name);
ONE(f_null_path, unlink, null_path);
ONE(f_null_match, unlink, null_pattern);

char LICENSE[] SEC("license") = "GPL";
