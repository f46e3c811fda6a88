// SPDX-License-Identifier: GPL-2.0-only
/* A set that is registered without a link. */
#include <fuse_bpf/fuse_bpf.bpf.h>

FUSE_BPF_PROG(plain_mkdir, struct fuse_bpf_ctx *ctx)
{
	return -EROFS;
}

SEC(".struct_ops")
struct fuse_bpf_ops plain = {
	.name = "plain",
	.abi = 1,
	.mkdir = (void *)plain_mkdir,
};

char LICENSE[] SEC("license") = "GPL";
