// SPDX-License-Identifier: GPL-2.0-only
/* Encoding and decoding a file handle take no flags. */
#include <linux/exportfs.h>
#include <linux/fs.h>

static_assert(__same_type(exportfs_encode_inode_fh,
			  int (struct inode *, struct fid *, int *, struct inode *)));
static_assert(__same_type(exportfs_decode_fh_raw,
			  struct dentry *(struct vfsmount *, struct fid *, int, int,
					  int (*)(void *, struct dentry *), void *)));
