/* SPDX-License-Identifier: GPL-2.0-only */
/* Inodes, superblocks and file attributes under their newest names. */
#ifndef _FUSE_BPF_COMPAT_INODE_H
#define _FUSE_BPF_COMPAT_INODE_H

#include <linux/fs.h>

#ifndef HAVE_FILEATTR_KATTR
#define file_kattr	fileattr
#endif

#ifdef HAVE_INODE_JUST_DROP
#define compat_inode_just_drop	inode_just_drop
#else
#define compat_inode_just_drop	generic_delete_inode
#endif

/* Does current hold the lock of @inode exclusively?  A realtime lock does not say: true, then. */
static inline bool compat_inode_may_be_locked_by_us(const struct inode *inode)
{
#ifdef CONFIG_PREEMPT_RT
	return true;
#else
	/* The low bits are flags of a reader, or of a writer who is waited for. */
	return (atomic_long_read(&inode->i_rwsem.owner) & ~7L) == (long)current;
#endif
}

static inline bool compat_inode_is_new(struct inode *inode)
{
#ifdef HAVE_INODE_STATE_ACCESSORS
	return inode_state_read_once(inode) & I_NEW;
#else
	return READ_ONCE(inode->i_state) & I_NEW;
#endif
}

static inline void compat_generic_fillattr(struct mnt_idmap *idmap, u32 request_mask,
					   struct inode *inode, struct kstat *stat)
{
#ifdef HAVE_FILLATTR_WITH_MASK
	generic_fillattr(idmap, request_mask, inode, stat);
#else
	generic_fillattr(idmap, inode, stat);
#endif
}

/*
 * Nothing makes a time of two words be read whole, nor does the VFS, where it looks
 * whether the atime is to be set.  One that is torn leads to an update too many or
 * too few, as one read a moment later does.
 */
static inline void compat_inode_times(const struct inode *inode, struct timespec64 *atime,
				      struct timespec64 *mtime, struct timespec64 *ctime)
{
#ifdef HAVE_INODE_TIME_ACCESSORS
	*atime = data_race(inode_get_atime(inode));
	*mtime = data_race(inode_get_mtime(inode));
	*ctime = data_race(inode_get_ctime(inode));
#else
	*atime = data_race(inode->i_atime);
	*mtime = data_race(inode->i_mtime);
	*ctime = data_race(inode->i_ctime);
#endif
}

/* Whether the umask is the filesystem's to apply, also where there are no ACLs. */
#ifdef SB_I_NOUMASK
#define COMPAT_SB_I_NOUMASK	SB_I_NOUMASK
#else
#define COMPAT_SB_I_NOUMASK	0
#endif

/* Whether EVM can make no HMAC there: older kernels look at overlayfs alone. */
#ifdef SB_I_EVM_HMAC_UNSUPPORTED
#define COMPAT_SB_I_EVM_HMAC_UNSUPPORTED	SB_I_EVM_HMAC_UNSUPPORTED
#else
#define COMPAT_SB_I_EVM_HMAC_UNSUPPORTED	0
#endif

static inline void compat_set_default_d_op(struct super_block *sb,
					   const struct dentry_operations *ops)
{
#ifdef HAVE_SET_DEFAULT_D_OP
	set_default_d_op(sb, ops);
#else
	sb->s_d_op = ops;
#endif
}

static inline void compat_set_xattr_handlers(struct super_block *sb,
					     const struct xattr_handler * const *handlers)
{
#ifdef HAVE_S_XATTR_CONST
	sb->s_xattr = handlers;
#else
	/* Nobody writes there all the same. */
	sb->s_xattr = (const struct xattr_handler **)handlers;
#endif
}

#endif /* _FUSE_BPF_COMPAT_INODE_H */
