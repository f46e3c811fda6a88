// SPDX-License-Identifier: GPL-2.0-only
/* A set whose program keeps its argument in a map. */
#include <fuse_bpf/fuse_bpf.bpf.h>

struct kept {
	struct fuse_bpf_ctx __kptr *ctx;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct kept);
} keeper SEC(".maps");

FUSE_BPF_PROG(keep, struct fuse_bpf_ctx *ctx)
{
	__u32 key = 0;
	struct kept *kept = bpf_map_lookup_elem(&keeper, &key);

	if (kept)
		kept->ctx = ctx;
	return FUSE_BPF_BACKING;
}

FUSE_BPF_OPS(f_keep) = {
	.name = "f_keep",
	.abi = 1,
	.unlink = (void *)keep,
};

char LICENSE[] SEC("license") = "GPL";
