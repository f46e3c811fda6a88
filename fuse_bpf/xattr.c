// SPDX-License-Identifier: GPL-2.0-only
/*
 * Extended attributes and POSIX ACLs.  The VFS has checked the caller's right
 * to the attribute against our inode; below, the derived credentials work.
 */
#include <linux/fs.h>
#include <linux/posix_acl_xattr.h>
#include <linux/xattr.h>
#include "fuse_bpf_i.h"

/* A file capability below a nosuid mount must not work above it. */
static bool fuse_bpf_xattr_masked(const struct inode *inode, const char *name)
{
	return fuse_bpf_sb(inode->i_sb)->nosuid && !strcmp(name, XATTR_NAME_CAPS);
}

/*
 * Callers copy as much from their buffer as the return value says.  One whose first call
 * a program shortened to nothing comes with a buffer of size 0, which the backing
 * filesystem takes for a question about the length.
 */
static ssize_t fuse_bpf_xattr_length(ssize_t ret, const void *buffer, size_t size)
{
	return buffer && ret > 0 && (size_t)ret > size ? -ERANGE : ret;
}

static int fuse_bpf_xattr_get(const struct xattr_handler *handler, struct dentry *dentry,
			      struct inode *inode, const char *name, void *value,
			      size_t size)
{
	FUSE_BPF_CALL(call);
	ssize_t ret;

	if (fuse_bpf_xattr_masked(inode, name))
		return -ENODATA;
	/*
	 * Security modules see a dentry made for a file handle before it has its
	 * backing one.  SELinux takes ENODATA for the label's absence; with another
	 * error it reads the label when it needs it.
	 */
	if (unlikely(!fuse_bpf_backing_dentry(dentry)))
		return -EOPNOTSUPP;
	if (fuse_bpf_begin(&call, inode, FUSE_BPF_OP_GETXATTR, dentry)) {
		call.xattr = name;
		call.in.getxattr.size = size;
	}
	ret = fuse_bpf_pre(&call);
	if (!ret)
		ret = fuse_bpf_backing_getxattr(dentry, name, value, size);
	return fuse_bpf_xattr_length(fuse_bpf_post(&call, ret), value, size);
}

/* Mode and ACL share bits, and the VFS clears S_NOSEC on its own. */
static int fuse_bpf_xattr_changed(struct inode *inode, int err)
{
	int err2 = fuse_bpf_refresh_changed(inode);

	return err ?: err2;
}

/*
 * Of an open file our inode may show ids of long ago, by which the VFS has seen whether
 * a capability in a user namespace counts for it.  security.* is not checked below.
 */
static int fuse_bpf_xattr_refresh(struct mnt_idmap *idmap, struct inode *inode, const char *name)
{
	int err;

	if (likely(fuse_bpf_attr_fresh(inode)) ||
	    strncmp(name, XATTR_SECURITY_PREFIX, XATTR_SECURITY_PREFIX_LEN))
		return 0;
	err = fuse_bpf_refresh(inode, FUSE_BPF_REFRESH_LOCKED);
	if (!err && current_user_ns() != &init_user_ns &&
	    !capable_wrt_inode_uidgid(idmap, inode, CAP_SETFCAP))
		err = -EPERM;
	return err;
}

/* How often attributes may change underneath while one extended attribute is set. */
#define FUSE_BPF_XATTR_TRIES	16

/*
 * Where the right to it went by attributes that have changed below meanwhile, it is
 * checked there again by those that there are now.
 */
static int fuse_bpf_xattr_set_below(struct mnt_idmap *idmap, struct dentry *dentry,
				    const char *name, const void *value, size_t size, int flags)
{
	struct inode *inode = d_inode(dentry);
	int tries, err;

	for (tries = 0; tries < FUSE_BPF_XATTR_TRIES; tries++) {
		err = fuse_bpf_backing_setxattr(idmap, dentry, name, value, size, flags);
		if (err != -ESTALE ||
		    (fuse_bpf_attr_fresh(inode) && !fuse_bpf_change_is_granted(inode)))
			break;
		err = fuse_bpf_refresh(inode, FUSE_BPF_REFRESH_LOCKED);
		if (err)
			break;
	}
	return err;
}

static int fuse_bpf_xattr_set(const struct xattr_handler *handler, struct mnt_idmap *idmap,
			      struct dentry *dentry, struct inode *inode, const char *name,
			      const void *value, size_t size, int flags)
{
	FUSE_BPF_CALL(call);
	int err;

	err = fuse_bpf_xattr_refresh(idmap, inode, name);
	if (err)
		return err;
	if (fuse_bpf_begin(&call, inode,
			   value ? FUSE_BPF_OP_SETXATTR : FUSE_BPF_OP_REMOVEXATTR, dentry)) {
		call.xattr = name;
		if (value) {
			call.in.setxattr.size = size;
			call.in.setxattr.flags = flags;
		}
	}
	err = fuse_bpf_pre(&call);
	if (!err)
		err = fuse_bpf_xattr_set_below(idmap, dentry, name, value, size, flags);
	err = fuse_bpf_post(&call, err);
	err = fuse_bpf_xattr_changed(inode, err);
	/*
	 * EAGAIN means to the VFS that nothing handles the name: an LSM would set its own.
	 * An NFS server has its client try again.
	 */
	if (value && err == -EAGAIN)
		err = current->flags & PF_KTHREAD ? -ETIMEDOUT : -EBUSY;
	return err;
}

/* One handler for every namespace: the names are the backing filesystem's. */
static const struct xattr_handler fuse_bpf_xattr_handler = {
	.prefix	= "",
	.get	= fuse_bpf_xattr_get,
	.set	= fuse_bpf_xattr_set,
};

ssize_t fuse_bpf_listxattr(struct dentry *dentry, char *list, size_t size)
{
	struct inode *inode = d_inode(dentry);
	FUSE_BPF_CALL(call);
	ssize_t ret, shown;

	if (fuse_bpf_begin(&call, inode, FUSE_BPF_OP_LISTXATTR, dentry))
		call.in.listxattr.size = size;
	ret = fuse_bpf_pre(&call);
	if (!ret)
		ret = fuse_bpf_backing_listxattr(dentry, list, size);
	shown = fuse_bpf_post(&call, ret);
	/* An NFS server and overlayfs go from name to name, beyond an end that is in one. */
	if (unlikely(shown > 0 && shown < ret && size && list[shown - 1]))
		return fuse_bpf_refuse(&call, "an end in the middle of a name, at", shown);
	return fuse_bpf_xattr_length(shown, list, size);
}

/* --- POSIX ACLs ----------------------------------------------------------------------- */

/* Ids of ACL entries as the backing mount maps them; others are not looked at. */
static void fuse_bpf_map_acl_entries(struct posix_acl *acl, struct mnt_idmap *idmap,
				     struct user_namespace *fs_ns)
{
	struct posix_acl_entry *e;

	for (e = acl->a_entries; e < acl->a_entries + acl->a_count; e++) {
		if (e->e_tag == ACL_USER)
			e->e_uid = vfsuid_into_kuid(make_vfsuid(idmap, fs_ns, e->e_uid));
		else if (e->e_tag == ACL_GROUP)
			e->e_gid = vfsgid_into_kgid(make_vfsgid(idmap, fs_ns, e->e_gid));
	}
}

/*
 * An ACL of the backing filesystem as it is on its mount: itself, or where that
 * is idmapped a copy.  Takes over the reference.
 */
static struct posix_acl *fuse_bpf_map_acl(const struct inode *inode, struct posix_acl *acl)
{
	struct vfsmount *mnt = fuse_bpf_sb(inode->i_sb)->mnt;
	struct posix_acl *mapped;

	if (IS_ERR_OR_NULL(acl) || likely(!is_idmapped_mnt(mnt)))
		return acl;
	mapped = posix_acl_alloc(acl->a_count, GFP_KERNEL);
	if (mapped) {
		memcpy(mapped->a_entries, acl->a_entries, acl->a_count * sizeof(*acl->a_entries));
		fuse_bpf_map_acl_entries(mapped, mnt_idmap(mnt), mnt->mnt_sb->s_user_ns);
	}
	posix_acl_release(acl);
	return mapped ?: ERR_PTR(-ENOMEM);
}

/* For permission checks.  Where a program made the mode, that is the whole truth. */
struct posix_acl *fuse_bpf_get_inode_acl(struct inode *inode, int type, bool rcu)
{
	struct inode *backing = fuse_bpf_backing_inode(inode);

	if (!IS_POSIXACL(backing) || READ_ONCE(fuse_bpf_inode(inode)->shaped))
		return NULL;
	if (!rcu)
		return fuse_bpf_map_acl(inode, compat_get_inode_acl(backing, type));
	if (is_idmapped_mnt(fuse_bpf_sb(inode->i_sb)->mnt))
		return ERR_PTR(-ECHILD);
	return get_cached_acl_rcu(backing, type);
}

/* For getxattr(2). */
struct posix_acl *fuse_bpf_get_acl(struct mnt_idmap *idmap, struct dentry *dentry, int type)
{
	struct inode *inode = d_inode(dentry);
	struct posix_acl *acl = NULL;
	FUSE_BPF_CALL(call);
	int err;

	if (fuse_bpf_begin(&call, inode, FUSE_BPF_OP_GETXATTR, dentry)) {
		call.xattr = compat_posix_acl_xattr_name(type);
		/* It is given as a whole, never its length alone. */
		call.in.getxattr.size = XATTR_SIZE_MAX;
	}
	err = fuse_bpf_pre(&call);
	if (!err) {
		acl = fuse_bpf_map_acl(inode, fuse_bpf_backing_get_acl(dentry, type));
		err = PTR_ERR_OR_ZERO(acl);
	}
	err = fuse_bpf_post(&call, err);
	if (!err)
		return acl;
	if (!IS_ERR(acl))
		posix_acl_release(acl);
	return ERR_PTR(err);
}

int fuse_bpf_set_acl(struct mnt_idmap *idmap, struct dentry *dentry,
		     struct posix_acl *acl, int type)
{
	struct inode *inode = d_inode(dentry);
	FUSE_BPF_CALL(call);
	int err;

	if (fuse_bpf_begin(&call, inode,
			   acl ? FUSE_BPF_OP_SETXATTR : FUSE_BPF_OP_REMOVEXATTR, dentry)) {
		call.xattr = compat_posix_acl_xattr_name(type);
		if (acl)
			call.in.setxattr.size = posix_acl_xattr_size(acl->a_count);
	}
	err = fuse_bpf_pre(&call);
	if (!err)
		err = fuse_bpf_backing_set_acl(idmap, dentry, acl, type);
	err = fuse_bpf_post(&call, err);
	return fuse_bpf_xattr_changed(inode, err);
}

COMPAT_WRAP_ACL_HANDLERS(fuse_bpf_get_acl, fuse_bpf_set_acl)

const struct xattr_handler * const fuse_bpf_xattr_handlers[] = {
	COMPAT_ACL_HANDLERS
	&fuse_bpf_xattr_handler,
	NULL
};
