// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes a mount read-only: whatever would change a file, a directory or their
 * attributes fails with EROFS.  Unlike a mount's "ro" it can be replaced or
 * taken off while the mount is in use, and be had for a part of a tree.
 */
#include <fuse_bpf/fuse_bpf.bpf.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

/* A program serves one member, so each operation that is refused has its own. */
#define REFUSE(op)						\
	FUSE_BPF_PROG(readonly_##op, struct fuse_bpf_ctx *ctx)	\
	{							\
		return -EROFS;					\
	}

REFUSE(setattr)
REFUSE(mknod)
REFUSE(mkdir)
REFUSE(symlink)
REFUSE(link)
REFUSE(unlink)
REFUSE(rmdir)
REFUSE(rename)
REFUSE(create)
REFUSE(tmpfile)
REFUSE(write)
REFUSE(fallocate)
REFUSE(copy_file_range)
REFUSE(setxattr)
REFUSE(removexattr)

/*
 * This keeps writable mappings out as well: they need a file opened for writing.  Of
 * one that was opened before, none can be made by a set with write and without mmap.
 */
FUSE_BPF_PROG(readonly_open, struct fuse_bpf_ctx *ctx, struct fuse_open_in *in)
{
	return in->flags & (O_ACCMODE | O_TRUNC) ? -EROFS : FUSE_BPF_BACKING;
}

/* Others pass: a program that asks whether a file is a terminal expects ENOTTY. */
FUSE_BPF_PROG(readonly_ioctl, struct fuse_bpf_ctx *ctx, struct fuse_ioctl_in *in)
{
	switch (in->cmd) {
	case FS_IOC_FSSETXATTR:
	case FS_IOC_SETFLAGS:
		return -EROFS;
	default:
		return FUSE_BPF_BACKING;
	}
}

FUSE_BPF_OPS(readonly) = {
	.name = "readonly",
	.abi = 1,
	.setattr = (void *)readonly_setattr,
	.mknod = (void *)readonly_mknod,
	.mkdir = (void *)readonly_mkdir,
	.symlink = (void *)readonly_symlink,
	.link = (void *)readonly_link,
	.unlink = (void *)readonly_unlink,
	.rmdir = (void *)readonly_rmdir,
	.rename = (void *)readonly_rename,
	.create = (void *)readonly_create,
	.tmpfile = (void *)readonly_tmpfile,
	.open = (void *)readonly_open,
	.write = (void *)readonly_write,
	.fallocate = (void *)readonly_fallocate,
	.copy_file_range = (void *)readonly_copy_file_range,
	.setxattr = (void *)readonly_setxattr,
	.removexattr = (void *)readonly_removexattr,
	.ioctl = (void *)readonly_ioctl,
};

char LICENSE[] SEC("license") = "GPL";
