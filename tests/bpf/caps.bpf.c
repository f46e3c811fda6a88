// SPDX-License-Identifier: GPL-2.0-only
/* Which capabilities, and which user, each operation comes with: what a backing filesystem is shown. */
#include <fuse_bpf/fuse_bpf.bpf.h>
#include "caps.h"

/* Of the kernel's, what is read; the layout is found when the program is loaded. */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
typedef struct {
	__u64 val;
} kernel_cap_t;

struct cred {
	kernel_cap_t cap_effective;
};

struct task_struct {
	const struct cred *cred;
};
#pragma clang attribute pop

struct caps_seen seen[CAPS_OPS];

static __always_inline int look(struct fuse_bpf_ctx *ctx, __u32 op)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	const struct cred *cred = NULL;

	bpf_probe_read_kernel(&cred, sizeof(cred), &task->cred);
	bpf_probe_read_kernel(&seen[op].caps, sizeof(seen[op].caps), &cred->cap_effective);
	seen[op].uid = ctx->uid;
	seen[op].calls++;
	return FUSE_BPF_BACKING;
}

#define LOOK(member, op)						\
	FUSE_BPF_PROG(caps_##member, struct fuse_bpf_ctx *ctx)		\
	{								\
		return look(ctx, FUSE_BPF_OP_##op);			\
	}

LOOK(setattr, SETATTR)
LOOK(create, CREATE)
LOOK(mkdir, MKDIR)
LOOK(link, LINK)
LOOK(unlink, UNLINK)
LOOK(rename, RENAME)
LOOK(open, OPEN)
LOOK(read, READ)
LOOK(write, WRITE)
LOOK(mmap, MMAP)
LOOK(flush, FLUSH)
LOOK(fsync, FSYNC)
LOOK(fallocate, FALLOCATE)
LOOK(lseek, LSEEK)
LOOK(copy_file_range, COPY_FILE_RANGE)
LOOK(getxattr, GETXATTR)
LOOK(setxattr, SETXATTR)
LOOK(listxattr, LISTXATTR)
LOOK(readdir, READDIR)
LOOK(ioctl, IOCTL)
LOOK(tmpfile, TMPFILE)

#define MEMBER(member)	.member = (void *)caps_##member

FUSE_BPF_OPS(caps_ops) = {
	.name = "caps",
	.abi = 1,
	MEMBER(setattr),
	MEMBER(create),
	MEMBER(mkdir),
	MEMBER(link),
	MEMBER(unlink),
	MEMBER(rename),
	MEMBER(open),
	MEMBER(read),
	MEMBER(write),
	MEMBER(mmap),
	MEMBER(flush),
	MEMBER(fsync),
	MEMBER(fallocate),
	MEMBER(lseek),
	MEMBER(copy_file_range),
	MEMBER(getxattr),
	MEMBER(setxattr),
	MEMBER(listxattr),
	MEMBER(readdir),
	MEMBER(ioctl),
	MEMBER(tmpfile),
};

char LICENSE[] SEC("license") = "GPL";
