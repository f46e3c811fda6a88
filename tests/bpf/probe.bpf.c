// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program on every operation that counts its calls, keeps what it was given,
 * and does what the test asks for: any verdict, any rewriting.
 */
#include <fuse_bpf/fuse_bpf.bpf.h>
#include "probe.h"

struct probe probe;

_Static_assert(PROBE_DEFAULT == FUSE_BPF_OP_POLL + 1, "probe.h has the wrong PROBE_DEFAULT");

/* Whether the operation is one that the test asked for, by name where it has one. */
static __always_inline bool wanted(struct fuse_bpf_ctx *ctx)
{
	char name[PROBE_NAME];

	if (probe.tgid && probe.tgid != ctx->tgid)
		return false;
	if (!probe.name[0] ||
	    bpf_fuse_read_name(ctx, FUSE_BPF_NAME, name, sizeof(name)) < 0)
		return true;
	for (int i = 0; i < PROBE_NAME; i++)
		if (name[i] != probe.name[i])
			return false;
	return true;
}

static __always_inline void keep(struct probe_ctx *to, struct fuse_bpf_ctx *ctx)
{
	to->opcode = ctx->opcode;
	to->phase = ctx->phase;
	to->result = ctx->result;
	to->mount_id = ctx->mount_id;
	to->cgroup_id = ctx->cgroup_id;
	to->uid = ctx->uid;
	to->gid = ctx->gid;
	to->pid = ctx->pid;
	to->tgid = ctx->tgid;
	to->ino = ctx->ino;
	to->size = ctx->size;
	to->dev = ctx->dev;
	to->mode = ctx->mode;
	to->owner_uid = ctx->owner_uid;
	to->owner_gid = ctx->owner_gid;
	to->target_is_dir = ctx->target_is_dir;
}

static __always_inline int act(struct fuse_bpf_ctx *ctx, __u32 nr, __u64 in0, __u64 in1)
{
	struct probe_op *op = &probe.op[nr];
	__u32 post = ctx->phase == FUSE_BPF_PHASE_POST;

	__sync_fetch_and_add(&op->calls[post], 1);
	keep(&op->ctx[post], ctx);
	if (!post) {
		op->in[0] = in0;
		op->in[1] = in1;
	} else if (op->rewrite) {
		ctx->result = op->result;
	}
	return op->verdict[post];
}

/* A program that does no more than that. */
#define PLAIN(member, BIT)	PLAIN_NR(member, FUSE_BPF_OP_##BIT)
#define PLAIN_NR(member, nr)						\
FUSE_BPF_PROG(member, struct fuse_bpf_ctx *ctx)				\
{									\
	return wanted(ctx) ? act(ctx, nr, 0, 0) : FUSE_BPF_BACKING;	\
}

/* ... and keeps two fields of in. */
#define TAKING(member, BIT, type, in0, in1)				\
FUSE_BPF_PROG(member, struct fuse_bpf_ctx *ctx, struct type *in)	\
{									\
	return wanted(ctx) ? act(ctx, FUSE_BPF_OP_##BIT, in->in0, in->in1) : FUSE_BPF_BACKING; \
}

/* ... and rewrites the mode. */
#define MAKING(member, BIT, type, in1)					\
FUSE_BPF_PROG(member, struct fuse_bpf_ctx *ctx, struct type *in)	\
{									\
	__u64 mode = in->mode;						\
									\
	if (!wanted(ctx))						\
		return FUSE_BPF_BACKING;				\
	if (probe.new_mode && ctx->phase == FUSE_BPF_PHASE_PRE)		\
		in->mode = probe.new_mode;				\
	return act(ctx, FUSE_BPF_OP_##BIT, mode, in->in1);		\
}

FUSE_BPF_PROG(lookup, struct fuse_bpf_ctx *ctx, struct fuse_entry_out *out)
{
	if (!wanted(ctx))
		return FUSE_BPF_BACKING;
	if (probe.entry_valid) {
		out->entry_valid = probe.entry_valid / 1000000000;
		out->entry_valid_nsec = probe.entry_valid % 1000000000;
	}
	return act(ctx, FUSE_BPF_OP_LOOKUP, out->attr.mode, out->attr.ino);
}

FUSE_BPF_PROG(getattr, struct fuse_bpf_ctx *ctx, struct fuse_getattr_in *in,
	      struct fuse_attr_out *out)
{
	__u64 mode = out->attr.mode, size = out->attr.size;

	if (!wanted(ctx))
		return FUSE_BPF_BACKING;
	if (probe.attr.on) {
		out->attr.mode = probe.attr.mode;
		out->attr.uid = probe.attr.uid;
		out->attr.gid = probe.attr.gid;
		out->attr.ino = probe.attr.ino;
		out->attr.size = probe.attr.size;
		out->attr.nlink = 1;
	}
	return act(ctx, FUSE_BPF_OP_GETATTR, mode, size);
}

FUSE_BPF_PROG(statfs, struct fuse_bpf_ctx *ctx, struct fuse_statfs_out *out)
{
	if (!wanted(ctx))
		return FUSE_BPF_BACKING;
	if (probe.attr.on) {
		out->st.blocks = probe.attr.size;
		out->st.bfree = 0;
		out->st.bavail = 0;
		out->st.bsize = 4096;
		out->st.namelen = 99;
	}
	return act(ctx, FUSE_BPF_OP_STATFS, 0, 0);
}

TAKING(setattr, SETATTR, fuse_setattr_in, valid, size)
PLAIN(readlink, READLINK)
MAKING(mknod, MKNOD, fuse_mknod_in, rdev)
MAKING(mkdir, MKDIR, fuse_mkdir_in, umask)
PLAIN(symlink, SYMLINK)
TAKING(link, LINK, fuse_link_in, oldnodeid, oldnodeid)
PLAIN(unlink, UNLINK)
PLAIN(rmdir, RMDIR)
TAKING(rename, RENAME, fuse_rename2_in, flags, newdir)
MAKING(create, CREATE, fuse_create_in, flags)
MAKING(tmpfile, TMPFILE, fuse_create_in, flags)
TAKING(open, OPEN, fuse_open_in, flags, open_flags)
TAKING(read, READ, fuse_read_in, offset, size)
TAKING(write, WRITE, fuse_write_in, offset, size)
TAKING(mmap, MMAP, fuse_bpf_mmap_in, length, prot)
PLAIN(flush, FLUSH)
PLAIN(release, RELEASE)
TAKING(fsync, FSYNC, fuse_fsync_in, fsync_flags, fsync_flags)
TAKING(fallocate, FALLOCATE, fuse_fallocate_in, offset, length)
TAKING(lseek, LSEEK, fuse_lseek_in, offset, whence)
TAKING(copy_file_range, COPY_FILE_RANGE, fuse_bpf_copy_in, dst_offset, length)
TAKING(getxattr, GETXATTR, fuse_getxattr_in, size, size)
TAKING(setxattr, SETXATTR, fuse_setxattr_in, size, flags)
TAKING(listxattr, LISTXATTR, fuse_getxattr_in, size, size)
PLAIN(removexattr, REMOVEXATTR)
TAKING(access, ACCESS, fuse_access_in, mask, mask)
TAKING(readdir, READDIR, fuse_bpf_readdir_in, ino, type)
TAKING(ioctl, IOCTL, fuse_ioctl_in, cmd, arg)
PLAIN(lock, LOCK)
PLAIN_NR(default_op, PROBE_DEFAULT)

FUSE_BPF_OPS(every) = {
	.name = "every",
	.abi = 1,
	.lookup = (void *)lookup,
	.getattr = (void *)getattr,
	.setattr = (void *)setattr,
	.readlink = (void *)readlink,
	.mknod = (void *)mknod,
	.mkdir = (void *)mkdir,
	.symlink = (void *)symlink,
	.link = (void *)link,
	.unlink = (void *)unlink,
	.rmdir = (void *)rmdir,
	.rename = (void *)rename,
	.create = (void *)create,
	.tmpfile = (void *)tmpfile,
	.open = (void *)open,
	.read = (void *)read,
	.write = (void *)write,
	.mmap = (void *)mmap,
	.flush = (void *)flush,
	.release = (void *)release,
	.fsync = (void *)fsync,
	.fallocate = (void *)fallocate,
	.lseek = (void *)lseek,
	.copy_file_range = (void *)copy_file_range,
	.getxattr = (void *)getxattr,
	.setxattr = (void *)setxattr,
	.listxattr = (void *)listxattr,
	.removexattr = (void *)removexattr,
	.statfs = (void *)statfs,
	.access = (void *)access,
	.readdir = (void *)readdir,
	.ioctl = (void *)ioctl,
	.lock = (void *)lock,
	.default_op = (void *)default_op,
};

FUSE_BPF_OPS(only_default) = {
	.name = "only_default",
	.abi = 1,
	.default_op = (void *)default_op,
};

/* What most tests need: nothing on paths but lookup. */
FUSE_BPF_OPS(only_lookup) = {
	.name = "only_lookup",
	.abi = 1,
	.lookup = (void *)lookup,
};

FUSE_BPF_OPS(empty) = {
	.name = "empty",
	.abi = 1,
};

char LICENSE[] SEC("license") = "GPL";
