/* SPDX-License-Identifier: GPL-2.0-only */
/* File handles of the backing filesystem. */
#ifndef _FUSE_BPF_COMPAT_EXPORT_H
#define _FUSE_BPF_COMPAT_EXPORT_H

#include <linux/exportfs.h>

#ifdef HAVE_EXPORT_FH_FLAGS
#define COMPAT_FH_NO_FLAGS	, 0
#else
#define COMPAT_FH_NO_FLAGS
#endif

static inline int compat_encode_fh(struct inode *inode, struct fid *fid, int *words,
				   struct inode *parent)
{
	return exportfs_encode_inode_fh(inode, fid, words, parent COMPAT_FH_NO_FLAGS);
}

static inline struct dentry *compat_decode_fh(struct vfsmount *mnt, struct fid *fid, int words,
					      int type,
					      int (*acceptable)(void *, struct dentry *),
					      void *context)
{
	return exportfs_decode_fh_raw(mnt, fid, words, type COMPAT_FH_NO_FLAGS, acceptable,
				      context);
}

#endif /* _FUSE_BPF_COMPAT_EXPORT_H */
