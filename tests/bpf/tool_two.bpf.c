// SPDX-License-Identifier: GPL-2.0-only
/* Two sets in an object: one too many for fuse-bpf. */
#include <fuse_bpf/fuse_bpf.bpf.h>

FUSE_BPF_OPS(first) = { .name = "first", .abi = 1 };
FUSE_BPF_OPS(second) = { .name = "second", .abi = 1 };

char LICENSE[] SEC("license") = "GPL";
