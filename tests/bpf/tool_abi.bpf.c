// SPDX-License-Identifier: GPL-2.0-only
/* A set that the module refuses: there is no abi 0. */
#include <fuse_bpf/fuse_bpf.bpf.h>

FUSE_BPF_OPS(no_abi) = { .name = "no_abi" };

char LICENSE[] SEC("license") = "GPL";
