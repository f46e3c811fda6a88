// SPDX-License-Identifier: GPL-2.0-only
/* Sets that the kernel must not take, and beside each what it must take. */
#include <fuse_bpf/fuse_bpf.bpf.h>

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} tails SEC(".maps");

FUSE_BPF_PROG(no_ino, struct fuse_bpf_ctx *ctx)
{
	ctx->ino = 1;
	return FUSE_BPF_BACKING;
}

FUSE_BPF_PROG(no_mount_id, struct fuse_bpf_ctx *ctx)
{
	ctx->mount_id = 1;
	return FUSE_BPF_BACKING;
}

FUSE_BPF_PROG(may_result, struct fuse_bpf_ctx *ctx)
{
	ctx->result = 0;
	return FUSE_BPF_BACKING;
}

/* Stores at fixed offsets, as no compiler would make them. */
#define STORE(name, member, offset, argument)				\
SEC("struct_ops/" #member) int name(__u64 *raw)				\
{									\
	void *p = (void *)raw[argument];				\
									\
	asm volatile("*(u64 *)(%[p] " offset ") = %[v]"			\
		     :: [p]"r"(p), [v]"r"(1ULL) : "memory");		\
	return FUSE_BPF_BACKING;					\
}
STORE(past_ctx, unlink, "+ 96", 0)
STORE(past_out, getattr, "+ 104", 2)
STORE(across_out, getattr, "+ 100", 2)
STORE(before_out, getattr, "- 8", 2)
STORE(across_result, unlink, "+ 4", 0)

/* The helper wants the array of arguments, not the first of them. */
SEC("struct_ops/unlink") int no_tail_call(__u64 *raw)
{
	bpf_tail_call(raw, &tails, 0);
	return FUSE_BPF_BACKING;
}

/* An argument that the member does not have. */
FUSE_BPF_PROG(no_argument, struct fuse_bpf_ctx *ctx, struct fuse_getattr_in *in)
{
	return in->getattr_flags ? -EPERM : FUSE_BPF_BACKING;
}

static const char rodata_glob[] = "*.x";
FUSE_BPF_PROG(no_rodata, struct fuse_bpf_ctx *ctx)
{
	return bpf_fuse_match_name(ctx, FUSE_BPF_NAME, rodata_glob, sizeof(rodata_glob));
}

FUSE_BPF_PROG_SLEEPABLE(no_sleep_access, struct fuse_bpf_ctx *ctx)
{
	return ctx->phase ? FUSE_BPF_BACKING : -EPERM;
}

FUSE_BPF_PROG_SLEEPABLE(no_sleep_mmap, struct fuse_bpf_ctx *ctx)
{
	return ctx->phase ? FUSE_BPF_BACKING : -EPERM;
}

FUSE_BPF_PROG_SLEEPABLE(no_sleep_default, struct fuse_bpf_ctx *ctx)
{
	return ctx->phase ? FUSE_BPF_BACKING : -EPERM;
}

/* It looks at nothing, so the verifier has no question to ask the module. */
FUSE_BPF_PROG_SLEEPABLE(no_sleep_blind, struct fuse_bpf_ctx *ctx)
{
	return FUSE_BPF_BACKING;
}

FUSE_BPF_PROG_SLEEPABLE(may_sleep, struct fuse_bpf_ctx *ctx)
{
	return ctx->phase ? FUSE_BPF_BACKING : -EPERM;
}

/* Callbacks that run where nothing may sleep, in programs that may and in others. */
struct timed {
	struct bpf_timer timer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct timed);
} timed SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} walked SEC(".maps");

static int on_timer(void *map, __u32 *key, struct timed *value)
{
	return 0;
}

static long on_element(void *map, __u32 *key, __u64 *value, void *data)
{
	return 0;
}

static __always_inline int with_timer(struct fuse_bpf_ctx *ctx)
{
	__u32 key = 0;
	struct timed *value = bpf_map_lookup_elem(&timed, &key);

	if (!value || bpf_timer_init(&value->timer, &timed, 1))
		return FUSE_BPF_BACKING;
	return bpf_timer_set_callback(&value->timer, on_timer) ? -EPERM : FUSE_BPF_BACKING;
}

static __always_inline int with_walk(struct fuse_bpf_ctx *ctx)
{
	return bpf_for_each_map_elem(&walked, on_element, NULL, 0) < 0 ? -EPERM : FUSE_BPF_BACKING;
}

FUSE_BPF_PROG(may_timer, struct fuse_bpf_ctx *ctx) { return with_timer(ctx); }
FUSE_BPF_PROG_SLEEPABLE(no_timer, struct fuse_bpf_ctx *ctx) { return with_timer(ctx); }
FUSE_BPF_PROG(may_walk, struct fuse_bpf_ctx *ctx) { return with_walk(ctx); }
FUSE_BPF_PROG_SLEEPABLE(no_walk, struct fuse_bpf_ctx *ctx) { return with_walk(ctx); }

FUSE_BPF_PROG(no_poll, struct fuse_bpf_ctx *ctx)
{
	return FUSE_BPF_BACKING;
}

#define ONE(set, member, prog) \
	FUSE_BPF_OPS(set) = { .name = #set, .abi = 1, .member = (void *)prog }
ONE(w_ino, unlink, no_ino);
ONE(w_mount_id, unlink, no_mount_id);
ONE(w_result, unlink, may_result);
ONE(w_past_ctx, unlink, past_ctx);
ONE(w_past_out, getattr, past_out);
ONE(w_across_out, getattr, across_out);
ONE(w_before_out, getattr, before_out);
ONE(w_across_result, unlink, across_result);
ONE(tail, unlink, no_tail_call);
ONE(argument, unlink, no_argument);
ONE(rodata, lookup, no_rodata);
ONE(s_access, access, no_sleep_access);
ONE(s_mmap, mmap, no_sleep_mmap);
ONE(s_default, default_op, no_sleep_default);
ONE(s_blind, access, no_sleep_blind);
ONE(s_open, open, may_sleep);
ONE(m_poll, poll, no_poll);
ONE(t_open, open, may_timer);
ONE(t_sleeper, open, no_timer);
ONE(e_open, open, may_walk);
ONE(e_sleeper, open, no_walk);

char LICENSE[] SEC("license") = "GPL";
