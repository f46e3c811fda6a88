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

static inline bool compat_inode_is_new(struct inode *inode)
{
#ifdef HAVE_INODE_STATE_ACCESSORS
	return inode_state_read_once(inode) & I_NEW;
#else
	return READ_ONCE(inode->i_state) & I_NEW;
#endif
}

static inline void compat_set_default_d_op(struct super_block *sb,
					   const struct dentry_operations *ops)
{
#ifdef HAVE_SET_DEFAULT_D_OP
	set_default_d_op(sb, ops);
#else
	sb->s_d_op = ops;
#endif
}

#endif /* _FUSE_BPF_COMPAT_INODE_H */
