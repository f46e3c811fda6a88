/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs of names.bpf.c tell the test. */
#ifndef NAMES_H
#define NAMES_H

#define NAMES_WHICH	6	/* values of enum fuse_bpf_name */

struct names {
	__u32 tgid;			/* of the process to listen to */
	__u64 seed;
	char pattern[32];
	__u64 calls;
	__s32 len[NAMES_WHICH];
	char text[NAMES_WHICH][64];	/* after the call, from all 0xff before */
	__s32 short_len;		/* of the entry, into 4 bytes */
	char short_text[4];
	__u64 hash[NAMES_WHICH];
	__u32 match[NAMES_WHICH];
	__s32 path_len[NAMES_WHICH];
	char path[NAMES_WHICH][64];
	__s32 child;			/* what bpf_fuse_set_child() said */
};

#endif /* NAMES_H */
