/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * POSIX ACLs.  On older kernels getting and setting one is getting and setting
 * an extended attribute: two xattr handlers turn that into the newest kernel's
 * calls of ours, and what those call below turns it back.
 */
#ifndef _FUSE_BPF_COMPAT_ACL_H
#define _FUSE_BPF_COMPAT_ACL_H

#include <linux/fs.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <linux/slab.h>
#include <linux/xattr.h>

#ifdef HAVE_ACL_BY_DENTRY

#define compat_get_inode_acl		get_inode_acl
#define compat_vfs_get_acl		vfs_get_acl
#define compat_vfs_set_acl		vfs_set_acl
#define compat_vfs_remove_acl		vfs_remove_acl
#define compat_posix_acl_xattr_name	posix_acl_xattr_name

#define COMPAT_ACL_OPS(inode_getter, getter, setter)				\
	.get_inode_acl	= inode_getter,						\
	.get_acl	= getter,						\
	.set_acl	= setter,
#define COMPAT_ACL_HANDLERS
#define COMPAT_WRAP_ACL_HANDLERS(getter, setter)

#else

#define compat_get_inode_acl		get_acl

static inline const char *compat_posix_acl_xattr_name(int type)
{
	return type == ACL_TYPE_ACCESS ? XATTR_NAME_POSIX_ACL_ACCESS :
					 XATTR_NAME_POSIX_ACL_DEFAULT;
}

static inline struct posix_acl *compat_vfs_get_acl(struct mnt_idmap *idmap,
						   struct dentry *dentry, const char *name)
{
	struct posix_acl *acl;
	ssize_t size;
	void *value;

	/* Without the idmap: ids as they are in the inode.  It may grow in between. */
	do {
		size = vfs_getxattr(&init_user_ns, dentry, name, NULL, 0);
		if (size < 0)
			return ERR_PTR(size);
		value = kmalloc(size, GFP_KERNEL);
		if (!value)
			return ERR_PTR(-ENOMEM);
		size = vfs_getxattr(&init_user_ns, dentry, name, value, size);
		acl = size < 0 ? ERR_PTR(size) :
				 posix_acl_from_xattr(&init_user_ns, value, size);
		kfree(value);
	} while (size == -ERANGE);
	return acl ?: ERR_PTR(-ENODATA);
}

static inline int compat_vfs_set_acl(struct mnt_idmap *idmap, struct dentry *dentry,
				     const char *name, struct posix_acl *acl)
{
	size_t size = posix_acl_xattr_size(acl->a_count);
	void *value = kmalloc(size, GFP_KERNEL);
	int err;

	if (!value)
		return -ENOMEM;
	err = posix_acl_to_xattr(&init_user_ns, acl, value, size);
	if (err >= 0)
		err = vfs_setxattr(idmap, dentry, name, value, size, 0);
	kfree(value);
	return err;
}

static inline int compat_vfs_remove_acl(struct mnt_idmap *idmap, struct dentry *dentry,
					const char *name)
{
	return vfs_removexattr(idmap, dentry, name);
}

/* Does @inode have ACLs to get? */
static inline int compat_acl_check_get(const struct inode *inode)
{
	return IS_POSIXACL(inode) && !S_ISLNK(inode->i_mode) ? 0 : -EOPNOTSUPP;
}

/* Only directories have one: taking it from another inode is done without doing. */
static inline bool compat_acl_is_vain(const struct inode *inode,
				      const struct posix_acl *acl, int type)
{
	return !acl && type == ACL_TYPE_DEFAULT && !S_ISDIR(inode->i_mode);
}

/* May the caller set @acl on @inode?  The VFS leaves that to the handler. */
static inline int compat_acl_check_set(struct mnt_idmap *idmap, struct inode *inode,
				       const struct posix_acl *acl, int type)
{
	int err = compat_acl_check_get(inode);

	if (err || compat_acl_is_vain(inode, acl, type))
		return err;
	if (type == ACL_TYPE_DEFAULT && !S_ISDIR(inode->i_mode))
		return -EACCES;
	if (!inode_owner_or_capable(idmap, inode))
		return -EPERM;
	return acl ? posix_acl_valid(inode->i_sb->s_user_ns, acl) : 0;
}

#define COMPAT_ACL_OPS(inode_getter, getter, setter)	.get_acl = inode_getter,
#define COMPAT_ACL_HANDLERS	&compat_acl_access_handler, &compat_acl_default_handler,
#define COMPAT_WRAP_ACL_HANDLERS(getter, setter)				\
static int compat_acl_get(const struct xattr_handler *handler, struct dentry *dentry, \
			  struct inode *inode, const char *name, void *value,	\
			  size_t size)						\
{										\
	struct posix_acl *acl;							\
	int ret = compat_acl_check_get(inode);					\
										\
	if (ret)								\
		return ret;							\
	acl = getter(&init_user_ns, dentry, handler->flags);			\
	if (IS_ERR(acl))							\
		return PTR_ERR(acl);						\
	ret = posix_acl_to_xattr(&init_user_ns, acl, value, size);		\
	posix_acl_release(acl);							\
	return ret;								\
}										\
										\
static int compat_acl_set(const struct xattr_handler *handler, struct mnt_idmap *idmap, \
			  struct dentry *dentry, struct inode *inode,		\
			  const char *name, const void *value, size_t size,	\
			  int flags)						\
{										\
	struct posix_acl *acl = NULL;						\
	int err;								\
										\
	if (value)								\
		acl = vfs_set_acl_prepare(idmap, inode->i_sb->s_user_ns, value, size); \
	if (IS_ERR(acl))							\
		return PTR_ERR(acl);						\
	err = compat_acl_check_set(idmap, inode, acl, handler->flags);		\
	if (!err && !compat_acl_is_vain(inode, acl, handler->flags))		\
		err = setter(idmap, dentry, acl, handler->flags);		\
	posix_acl_release(acl);							\
	return err;								\
}										\
										\
static const struct xattr_handler compat_acl_access_handler = {			\
	.name	= XATTR_NAME_POSIX_ACL_ACCESS,					\
	.flags	= ACL_TYPE_ACCESS,						\
	.get	= compat_acl_get,						\
	.set	= compat_acl_set,						\
};										\
										\
static const struct xattr_handler compat_acl_default_handler = {		\
	.name	= XATTR_NAME_POSIX_ACL_DEFAULT,					\
	.flags	= ACL_TYPE_DEFAULT,						\
	.get	= compat_acl_get,						\
	.set	= compat_acl_set,						\
};

#endif

#endif /* _FUSE_BPF_COMPAT_ACL_H */
