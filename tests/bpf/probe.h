/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs of probe.bpf.c share with the test, in .bss. */
#ifndef PROBE_H
#define PROBE_H

#define PROBE_NAME	64
#define PROBE_DEFAULT	33	/* stands for default_op, after the last of enum fuse_bpf_op */
#define PROBE_OPS	34

/* struct fuse_bpf_ctx as the program read it, by fields. */
struct probe_ctx {
	__u32 opcode;
	__u32 phase;
	__s64 result;
	__u64 mount_id;
	__u64 cgroup_id;
	__u32 uid;
	__u32 gid;
	__u32 pid;
	__u32 tgid;
	__u64 ino;
	__u64 size;
	__u32 dev;
	__u32 mode;
	__u32 owner_uid;
	__u32 owner_gid;
	__u32 target_is_dir;
};

struct probe_op {
	__u64 calls[2];		/* by phase: pre, post */
	struct probe_ctx ctx[2];
	__u64 in[2];		/* what in had in the pre phase, if anything */
	__s32 verdict[2];
	__u32 rewrite;		/* write result in the post phase */
	__s64 result;
};

struct probe {
	/* All operations, or those of this process, or of this name. */
	__u32 tgid;
	char name[PROBE_NAME];
	struct probe_op op[PROBE_OPS];
	__u32 new_mode;		/* mkdir, mknod, create, tmpfile: rewrite in->mode to it */
	__u64 entry_valid;	/* lookup: in ns; 0: leave it */
	struct {
		__u32 on;
		__u32 mode;	/* type bits are those to be shown */
		__u32 uid, gid;
		__u64 ino, size;
	} attr;			/* getattr: show these, in any phase */
};

#endif /* PROBE_H */
