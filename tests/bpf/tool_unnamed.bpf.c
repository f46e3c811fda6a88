// SPDX-License-Identifier: GPL-2.0-only
/* A set without a name. */
#include <fuse_bpf/fuse_bpf.bpf.h>

FUSE_BPF_OPS(unnamed) = { .abi = 1 };

char LICENSE[] SEC("license") = "GPL";
