// SPDX-License-Identifier: GPL-2.0-only
/* A good object without a set. */
#include <fuse_bpf/fuse_bpf.bpf.h>

__u32 global = 1;

char LICENSE[] SEC("license") = "GPL";
