/* SPDX-License-Identifier: GPL-2.0-only */
/* What the program of scribble.bpf.c shares with the test, in .bss. */
#ifndef SCRIBBLE_H
#define SCRIBBLE_H

struct scribble_call {
	__u32 count;
	__u32 tgid;		/* as it found it */
	__s64 result;
	__u64 written;		/* mount_id after its writing */
	__s32 name_len, path_len, child;
	char name[32], path[32];
};

struct scribble {
	__u32 word;		/* what it writes, twice to a field of 8 bytes */
	struct scribble_call calls[2];	/* by phase: pre, post */
};

#endif /* SCRIBBLE_H */
