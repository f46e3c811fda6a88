/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs of attrs.bpf.c share with the test. */
#ifndef ATTRS_H
#define ATTRS_H

struct shift {
	__u32 uid, gid;		/* added */
	__u32 mode_less, mode_more;
};

/* A value of the map "answers"; the key is an inode number. */
struct answer {
	__u64 size;
	__u64 mtime;
	__u32 mode;
	__u32 uid;
	__u32 gid;
	__u32 nlink;
};

#endif /* ATTRS_H */
