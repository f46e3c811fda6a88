/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs of ways.bpf.c share with the test, in .bss. */
#ifndef WAYS_H
#define WAYS_H

enum ways_op { WAYS_READ, WAYS_WRITE, WAYS_MMAP, WAYS_COPY, WAYS_OPS };

struct ways {
	__u64 ino;			/* of the one file that counts; 0: all do */
	__u64 calls[WAYS_OPS][2];	/* by phase: pre, post */
	__u64 offset[WAYS_OPS];		/* what the last pre call was told */
	__u64 length[WAYS_OPS];
	__s64 counted[WAYS_OPS];	/* ctx->result of the last post call */
	__s32 verdict[WAYS_OPS];	/* in the pre phase */
	__u32 shorten;			/* post phase of read and write: the count is less by it */
};

#endif /* WAYS_H */
