/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A set with a program on every operation that does nothing. NOP_NAME is its
 * name, NOP_BEFORE what they return before the operation.
 */
#ifndef NOP_H
#define NOP_H

#include <fuse_bpf/fuse_bpf.bpf.h>

#define NOP(member)							\
	FUSE_BPF_PROG(nop_##member, struct fuse_bpf_ctx *ctx)		\
	{								\
		return ctx->phase == FUSE_BPF_PHASE_PRE ? NOP_BEFORE : FUSE_BPF_BACKING; \
	}

NOP(lookup)
NOP(getattr)
NOP(setattr)
NOP(readlink)
NOP(mknod)
NOP(mkdir)
NOP(symlink)
NOP(link)
NOP(unlink)
NOP(rmdir)
NOP(rename)
NOP(create)
NOP(tmpfile)
NOP(open)
NOP(read)
NOP(write)
NOP(mmap)
NOP(flush)
NOP(release)
NOP(fsync)
NOP(fallocate)
NOP(lseek)
NOP(copy_file_range)
NOP(getxattr)
NOP(setxattr)
NOP(listxattr)
NOP(removexattr)
NOP(statfs)
NOP(access)
NOP(ioctl)
NOP(lock)

/* Has no post phase: asking for one is refused. */
FUSE_BPF_PROG(nop_readdir, struct fuse_bpf_ctx *ctx)
{
	return FUSE_BPF_BACKING;
}

#define MEMBER(member)	.member = (void *)nop_##member

FUSE_BPF_OPS(nop_ops) = {
	.name = NOP_NAME,
	.abi = 1,
	MEMBER(lookup),
	MEMBER(getattr),
	MEMBER(setattr),
	MEMBER(readlink),
	MEMBER(mknod),
	MEMBER(mkdir),
	MEMBER(symlink),
	MEMBER(link),
	MEMBER(unlink),
	MEMBER(rmdir),
	MEMBER(rename),
	MEMBER(create),
	MEMBER(tmpfile),
	MEMBER(open),
	MEMBER(read),
	MEMBER(write),
	MEMBER(mmap),
	MEMBER(flush),
	MEMBER(release),
	MEMBER(fsync),
	MEMBER(fallocate),
	MEMBER(lseek),
	MEMBER(copy_file_range),
	MEMBER(getxattr),
	MEMBER(setxattr),
	MEMBER(listxattr),
	MEMBER(removexattr),
	MEMBER(statfs),
	MEMBER(access),
	MEMBER(readdir),
	MEMBER(ioctl),
	MEMBER(lock),
};

char LICENSE[] SEC("license") = "GPL";

#endif /* NOP_H */
