// SPDX-License-Identifier: GPL-2.0-only
/* Holds a lookup open when the name that it found can be seen already, but is not known to hold yet. */
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define WAIT_NS		300000
#define MOST_LOOKS	(1 << 20)

static long look_at_clock(__u32 i, __u64 *end)
{
	return bpf_ktime_get_ns() >= *end;
}

SEC("fexit/d_splice_alias")
int at_d_splice_alias(__u64 *ctx)
{
	__u64 end = bpf_ktime_get_ns() + WAIT_NS;

	bpf_loop(MOST_LOOKS, look_at_clock, &end, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
