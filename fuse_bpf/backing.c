// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lower layer, objects: one function per thing that the backing filesystem
 * is asked about a file that our dentry stands for.  All run with the derived
 * credentials, and what changes anything with write access to the mount.
 */
#include <linux/fs.h>
#include <linux/backing-file.h>
#include <linux/namei.h>
#include <linux/posix_acl_xattr.h>
#include <linux/statfs.h>
#include <linux/xattr.h>
#include "fuse_bpf_i.h"

/* --- attributes -------------------------------------------------------------- */

int fuse_bpf_backing_getattr(struct dentry *dentry, struct kstat *stat,
			     u32 request_mask, unsigned int flags)
{
	struct path path = fuse_bpf_backing_path(dentry);
	const struct cred *old = fuse_bpf_creds_enter(dentry->d_sb);
	int err;

	if (IS_ERR(old))
		return PTR_ERR(old);
	/* The LSM was asked about our inode; the mount may see what is below. */
	err = vfs_getattr_nosec(&path, stat, request_mask, flags);
	fuse_bpf_creds_leave(old);
	return err;
}

/*
 * What the backing filesystem itself has to decide or recompute.  Called with
 * the derived credentials, which tell whether setuid bits may stay.
 */
static struct iattr fuse_bpf_backing_iattr(const struct path *path, const struct iattr *attr)
{
	struct iattr below = *attr;

	/* ia_file is ours, and an open below did not truncate anything. */
	below.ia_valid &= ~(ATTR_FILE | ATTR_OPEN);
	/* The VFS asks for this at our inode, whose S_NOSEC says there is nothing. */
	if (below.ia_valid & ATTR_SIZE)
		below.ia_valid |= ATTR_KILL_PRIV |
				  setattr_should_drop_suidgid(mnt_idmap(path->mnt),
							      d_inode(path->dentry));
	/* The mode was computed from ours; let it be from the one below. */
	if (below.ia_valid & (ATTR_KILL_SUID | ATTR_KILL_SGID))
		below.ia_valid &= ~ATTR_MODE;
	return below;
}

static int fuse_bpf_notify_change(const struct path *path, struct iattr *attr)
{
	struct inode *inode = d_inode(path->dentry);
	int err;

	if (attr->ia_valid & ATTR_SIZE) {
		err = get_write_access(inode);
		if (err)
			return err;
	}
	inode_lock(inode);
	err = notify_change(mnt_idmap(path->mnt), path->dentry, attr, NULL);
	inode_unlock(inode);
	if (attr->ia_valid & ATTR_SIZE)
		put_write_access(inode);
	return err;
}

int fuse_bpf_backing_setattr(struct dentry *dentry, struct iattr *attr)
{
	struct path path = fuse_bpf_backing_path(dentry);
	const struct cred *old = fuse_bpf_creds_enter(dentry->d_sb);
	struct iattr below;
	int err;

	if (IS_ERR(old))
		return PTR_ERR(old);
	err = mnt_want_write(path.mnt);
	if (!err) {
		below = fuse_bpf_backing_iattr(&path, attr);
		err = fuse_bpf_notify_change(&path, &below);
		mnt_drop_write(path.mnt);
	}
	fuse_bpf_creds_leave(old);
	return err;
}

int fuse_bpf_backing_permission(struct inode *inode, int mask)
{
	struct vfsmount *mnt = fuse_bpf_sb(inode->i_sb)->mnt;
	const struct cred *old = fuse_bpf_creds_enter(inode->i_sb);
	int err;

	if (IS_ERR(old))
		return PTR_ERR(old);
	err = inode_permission(mnt_idmap(mnt), fuse_bpf_backing_inode(inode), mask);
	fuse_bpf_creds_leave(old);
	return err;
}

const char *fuse_bpf_backing_get_link(struct dentry *dentry, struct delayed_call *done)
{
	const struct cred *old = fuse_bpf_creds_enter(dentry->d_sb);
	const char *link;

	if (IS_ERR(old))
		return ERR_CAST(old);
	link = vfs_get_link(fuse_bpf_backing_dentry(dentry), done);
	fuse_bpf_creds_leave(old);
	return link;
}

int fuse_bpf_backing_statfs(struct dentry *dentry, struct kstatfs *buf)
{
	struct path path = fuse_bpf_backing_path(dentry);
	const struct cred *old = fuse_bpf_creds_enter(dentry->d_sb);
	int err;

	if (IS_ERR(old))
		return PTR_ERR(old);
	err = vfs_statfs(&path, buf);
	fuse_bpf_creds_leave(old);
	return err;
}

/* --- files ---------------------------------------------------------------------- */

/* What open(2) has already done, or what is not for a second file. */
#define FUSE_BPF_OPEN_DONE	(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC)

/*
 * The backing file of @file, which is being opened.  Not charged to the caller.
 * While a program runs from our file, nobody may write to it below either.
 */
struct file *fuse_bpf_backing_open(struct file *file)
{
	struct path path = fuse_bpf_backing_path(file->f_path.dentry);
	const struct cred *old = fuse_bpf_creds_enter(file_inode(file)->i_sb);
	struct file *backing;
	int err;

	if (IS_ERR(old))
		return ERR_CAST(old);
	backing = compat_backing_file_open(file, file->f_flags & ~FUSE_BPF_OPEN_DONE,
					   &path, current_cred());
	fuse_bpf_creds_leave(old);
	if (IS_ERR(backing) || !(file->f_flags & __FMODE_EXEC))
		return backing;
	err = deny_write_access(backing);
	if (err) {
		fput(backing);
		return ERR_PTR(err);
	}
	return backing;
}

/* Undoes fuse_bpf_backing_open(), or _tmpfile(). */
void fuse_bpf_backing_close(struct file *file, struct file *backing)
{
	if (file->f_flags & __FMODE_EXEC)
		allow_write_access(backing);
	__fput_sync(backing);
}

struct file *fuse_bpf_backing_tmpfile(struct file *file, struct dentry *parent,
				      umode_t mode)
{
	struct path path = fuse_bpf_backing_path(parent);
	const struct cred *old = fuse_bpf_creds_enter(parent->d_sb);
	struct file *backing;
	int err;

	if (IS_ERR(old))
		return ERR_CAST(old);
	err = mnt_want_write(path.mnt);
	if (err) {
		backing = ERR_PTR(err);
		goto leave;
	}
	/* O_EXCL forbids linkat(2) below just as it does on ours. */
	backing = compat_backing_tmpfile_open(file, file->f_flags & ~(O_CREAT | O_NOCTTY | O_TRUNC),
					      &path, mode, current_cred());
	mnt_drop_write(path.mnt);
leave:
	fuse_bpf_creds_leave(old);
	return backing;
}

/* --- extended attributes ------------------------------------------------------------ */

ssize_t fuse_bpf_backing_getxattr(struct dentry *dentry, const char *name,
				  void *value, size_t size)
{
	struct path path = fuse_bpf_backing_path(dentry);
	const struct cred *old = fuse_bpf_creds_enter(dentry->d_sb);
	ssize_t ret;

	if (IS_ERR(old))
		return PTR_ERR(old);
	ret = vfs_getxattr(mnt_idmap(path.mnt), path.dentry, name, value, size);
	fuse_bpf_creds_leave(old);
	return ret;
}

/* @value NULL removes it. */
int fuse_bpf_backing_setxattr(struct dentry *dentry, const char *name,
			      const void *value, size_t size, int flags)
{
	struct path path = fuse_bpf_backing_path(dentry);
	const struct cred *old = fuse_bpf_creds_enter(dentry->d_sb);
	int err;

	if (IS_ERR(old))
		return PTR_ERR(old);
	err = mnt_want_write(path.mnt);
	if (err)
		goto leave;
	if (value)
		err = vfs_setxattr(mnt_idmap(path.mnt), path.dentry, name, value, size, flags);
	else
		err = vfs_removexattr(mnt_idmap(path.mnt), path.dentry, name);
	mnt_drop_write(path.mnt);
leave:
	fuse_bpf_creds_leave(old);
	return err;
}

ssize_t fuse_bpf_backing_listxattr(struct dentry *dentry, char *list, size_t size)
{
	const struct cred *old = fuse_bpf_creds_enter(dentry->d_sb);
	ssize_t ret;

	if (IS_ERR(old))
		return PTR_ERR(old);
	ret = vfs_listxattr(fuse_bpf_backing_dentry(dentry), list, size);
	fuse_bpf_creds_leave(old);
	return ret;
}

struct posix_acl *fuse_bpf_backing_get_acl(struct dentry *dentry, int type)
{
	struct path path = fuse_bpf_backing_path(dentry);
	const struct cred *old = fuse_bpf_creds_enter(dentry->d_sb);
	struct posix_acl *acl;

	if (IS_ERR(old))
		return ERR_CAST(old);
	acl = vfs_get_acl(mnt_idmap(path.mnt), path.dentry, posix_acl_xattr_name(type));
	fuse_bpf_creds_leave(old);
	return acl;
}

/* @acl NULL removes it. */
int fuse_bpf_backing_set_acl(struct dentry *dentry, struct posix_acl *acl, int type)
{
	struct path path = fuse_bpf_backing_path(dentry);
	const char *name = posix_acl_xattr_name(type);
	const struct cred *old = fuse_bpf_creds_enter(dentry->d_sb);
	int err;

	if (IS_ERR(old))
		return PTR_ERR(old);
	err = mnt_want_write(path.mnt);
	if (err)
		goto leave;
	if (acl)
		err = vfs_set_acl(mnt_idmap(path.mnt), path.dentry, name, acl);
	else
		err = vfs_remove_acl(mnt_idmap(path.mnt), path.dentry, name);
	mnt_drop_write(path.mnt);
leave:
	fuse_bpf_creds_leave(old);
	return err;
}
