/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs of hostile_ops.h share with the test, in .bss. */
#ifndef HOSTILE_H
#define HOSTILE_H

#define HOSTILE_NAME	"hostile"
#define HOSTILE_PATTERN	64
#define HOSTILE_OPS	34	/* FUSE_BPF_OP_COUNT, whose header differs for programs and tests */

struct hostile {
	__u64 seed;
	__u64 calls;		/* counted by the programs */
	__u64 mask;		/* bits of enum fuse_bpf_op: which of them are hostile */
	__u32 chance;		/* of 1000 calls of those, so many */
	/* The same caller gets the same answer, for a while, and another caller another. */
	__u32 per_caller;
	__u64 address;		/* of the callers' memory: what sleepable programs read */
	char pattern[HOSTILE_PATTERN];
	__u64 odd[HOSTILE_OPS];	/* calls that were answered at random, by operation */
};

#endif /* HOSTILE_H */
