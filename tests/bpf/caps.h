/* SPDX-License-Identifier: GPL-2.0-only */
/* What tests/bpf/caps.bpf.c keeps, indexed by enum fuse_bpf_op. */
#ifndef CAPS_H
#define CAPS_H

#define CAPS_OPS	64

struct caps_seen {
	__u64 caps;		/* effective */
	__u32 uid;
	__u32 calls;
};

#endif /* CAPS_H */
