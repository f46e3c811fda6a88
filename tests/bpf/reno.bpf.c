// SPDX-License-Identifier: GPL-2.0-only
/* A congestion control that counts its calls and leaves the window alone; attached by a link and without one. */
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct sock;

struct tcp_congestion_ops {
	__u32 (*ssthresh)(struct sock *sk);
	__u32 (*undo_cwnd)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	char name[16];
	void (*release)(struct sock *sk);
} __attribute__((preserve_access_index));

__u64 calls;

SEC("struct_ops/ssthresh")
__u32 ssthresh(__u64 *ctx)
{
	return 2;
}

SEC("struct_ops/undo_cwnd")
__u32 undo_cwnd(__u64 *ctx)
{
	return 2;
}

SEC("struct_ops/cong_avoid")
void cong_avoid(__u64 *ctx)
{
	__sync_fetch_and_add(&calls, 1);
}

/*
 * Of the struct's last member. The update of the map's value must return 0 and not what setting up the last program
 * returned, which is its trampoline's size.
 */
SEC("struct_ops/release")
void release(__u64 *ctx)
{
}

SEC(".struct_ops.link")
struct tcp_congestion_ops by_link = {
	.ssthresh = (void *)ssthresh,
	.undo_cwnd = (void *)undo_cwnd,
	.cong_avoid = (void *)cong_avoid,
	.release = (void *)release,
	.name = "core_link",
};

SEC(".struct_ops")
struct tcp_congestion_ops by_element = {
	.ssthresh = (void *)ssthresh,
	.undo_cwnd = (void *)undo_cwnd,
	.cong_avoid = (void *)cong_avoid,
	.release = (void *)release,
	.name = "core_plain",
};

char LICENSE[] SEC("license") = "GPL";
