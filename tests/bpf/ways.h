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
	__u32 flags;			/* of the last write: O_* */
	__u32 shorten;			/* in the post phase the count becomes less by it */
	__u32 turn;			/* so many calls so far, */
	__u32 turns[WAYS_OPS][2];	/* and the number of the last one */
	struct {			/* mmap: what it was told, and what to do about it */
		__u32 prot, max_prot, shared;
		__u32 clear, set;	/* bits of max_prot */
	} map;
	struct {			/* copy_file_range: what it was told */
		__u64 src_ino, src_offset, src_mount_id, dst_ino, dst_offset, length;
		__u64 mount_id;		/* of ctx */
		__u32 src_dev, dev, how;
	} copy;
};

#endif /* WAYS_H */
