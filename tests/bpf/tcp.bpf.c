// SPDX-License-Identifier: GPL-2.0-only
/* A program of another struct_ops type that calls a kfunc of ours. */
#include <fuse_bpf/fuse_bpf.bpf.h>

struct sock;

struct tcp_congestion_ops {
	__u32 (*ssthresh)(struct sock *sk);
	__u32 (*undo_cwnd)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	char name[16];
} __attribute__((preserve_access_index));

__u64 seed;

SEC("struct_ops/thief")
__u32 thief(__u64 *raw)
{
	return bpf_fuse_hash_name((void *)raw[0], FUSE_BPF_NAME, seed);
}

SEC("struct_ops/honest")
__u32 honest(__u64 *raw)
{
	return 2;
}

SEC("struct_ops/undo")
__u32 undo(__u64 *raw)
{
	return 2;
}

SEC("struct_ops/avoid")
void avoid(__u64 *raw)
{
}

SEC(".struct_ops.link")
struct tcp_congestion_ops tcp_thief = {
	.ssthresh = (void *)thief,
	.name = "tcp_thief",
};

/* The same without the call, to show that the rest of it loads; can be attached. */
SEC(".struct_ops.link")
struct tcp_congestion_ops tcp_honest = {
	.ssthresh = (void *)honest,
	.undo_cwnd = (void *)undo,
	.cong_avoid = (void *)avoid,
	.name = "tcp_honest",
};

char LICENSE[] SEC("license") = "GPL";
