// SPDX-License-Identifier: GPL-2.0-only
/*
 * File attributes (chattr, project ids) and extents: what the VFS turns from
 * an ioctl into a call.  Other ioctls do not reach the backing file.
 */
#include <linux/fs.h>
#include <linux/fileattr.h>
#include <linux/fiemap.h>
#include "fuse_bpf_i.h"

/* To a program it is the ioctl that gets or sets struct fsxattr. */
static bool fuse_bpf_fileattr_begin(struct fuse_bpf_call *call, struct dentry *dentry,
				    u32 cmd)
{
	bool asked = fuse_bpf_begin(call, d_inode(dentry), FUSE_BPF_OP_IOCTL, dentry);

	if (asked)
		call->in.ioctl.cmd = cmd;
	return asked;
}

int fuse_bpf_fileattr_get(struct dentry *dentry, struct file_kattr *fa)
{
	FUSE_BPF_CALL(call);
	int err;

	fuse_bpf_fileattr_begin(&call, dentry, FS_IOC_FSGETXATTR);
	err = fuse_bpf_pre(&call);
	if (!err)
		err = vfs_fileattr_get(fuse_bpf_backing_dentry(dentry), fa);
	return fuse_bpf_post(&call, err);
}

static int fuse_bpf_backing_fileattr_set(struct mnt_idmap *idmap, struct dentry *dentry,
					 struct file_kattr *fa)
{
	const struct cred *old = fuse_bpf_creds_enter_fileattr(d_inode(dentry), idmap);
	struct path path = fuse_bpf_backing_path(dentry);
	int err;

	if (IS_ERR(old))
		return PTR_ERR(old);
	err = fuse_bpf_want_write(path.mnt);
	if (!err) {
		fuse_bpf_point("change:fileattr");
		err = vfs_fileattr_set(mnt_idmap(path.mnt), path.dentry, fa);
		mnt_drop_write(path.mnt);
	}
	fuse_bpf_creds_leave(old);
	return err;
}

int fuse_bpf_fileattr_set(struct mnt_idmap *idmap, struct dentry *dentry,
			  struct file_kattr *fa)
{
	FUSE_BPF_CALL(call);
	int err, err2;

	fuse_bpf_fileattr_begin(&call, dentry, FS_IOC_FSSETXATTR);
	err = fuse_bpf_pre(&call);
	if (!err)
		err = fuse_bpf_backing_fileattr_set(idmap, dentry, fa);
	err = fuse_bpf_post(&call, err);
	err2 = fuse_bpf_refresh(d_inode(dentry), FUSE_BPF_REFRESH_LOCKED);
	return err ?: err2;
}

int fuse_bpf_fiemap(struct inode *inode, struct fiemap_extent_info *info, u64 start,
		    u64 len)
{
	struct inode *backing = fuse_bpf_backing_inode(inode);
	const struct cred *old;
	int err;

	err = fuse_bpf_detached(inode);
	if (err)
		return err;
	if (!backing->i_op->fiemap)
		return -EOPNOTSUPP;
	old = fuse_bpf_creds_enter(inode->i_sb);
	if (IS_ERR(old))
		return PTR_ERR(old);
	err = backing->i_op->fiemap(backing, info, start, len);
	fuse_bpf_creds_leave(old);
	return err;
}
