// SPDX-License-Identifier: GPL-2.0-only
/*
 * Backing files for a kernel that has none: what linux/backing-file.h of newer
 * kernels declares, with their contracts.
 *
 * The file for I/O stands under its own path, as theirs does, so that watches,
 * write access to the mount and the lower filesystem find what they expect.
 * A mapping shows the user's path, pins the user's mount, and outlives both
 * files: it has a file of its own that stands under the user's path.  Whoever
 * asks that file for its dentry is answered by ->d_real().
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fsnotify.h>
#include <linux/mm.h>
#include <linux/splice.h>
#include "fuse_bpf_i.h"

struct file *backing_file_open(const struct file *user_file, int flags,
			       const struct path *real_path, const struct cred *cred)
{
	struct file *file;

	/* The path is no fake here; this is the call that charges nobody. */
	file = open_with_fake_path(real_path, flags, d_inode(real_path->dentry), cred);
	/* Newer kernels tell who watches from within. */
	if (!IS_ERR(file))
		fsnotify_open(file);
	return file;
}

struct file *backing_tmpfile_open(const struct file *user_file, int flags,
				  const struct path *real_parentpath, umode_t mode,
				  const struct cred *cred)
{
	return vfs_tmpfile_open(mnt_idmap(real_parentpath->mnt), real_parentpath, mode,
				flags, cred);
}

/* --- splice and mmap ----------------------------------------------------------------- */

ssize_t backing_file_splice_read(struct file *in, struct kiocb *iocb,
				 struct pipe_inode_info *pipe, size_t len,
				 unsigned int flags, struct backing_file_ctx *ctx)
{
	if (!in->f_op->splice_read)
		return -EINVAL;
	return in->f_op->splice_read(in, &iocb->ki_pos, pipe, len, flags);
}

/* Called with mmap_lock held. */
int backing_file_mmap(struct file *file, struct vm_area_struct *vma,
		      struct backing_file_ctx *ctx)
{
	struct file *mapped;
	int err;

	if (!file->f_op->mmap)
		return -ENODEV;
	/* To open one of ours takes locks that come before mmap_lock; its own backing file has none. */
	if (fuse_bpf_is_our_file(file))
		return file->f_op->mmap(file, vma);
	/*
	 * What is below was told of the open file; of this one nobody asked.  Nor is
	 * it read or written: O_DIRECT, which may have come later, could refuse it.
	 */
	mapped = open_with_fake_path(&vma->vm_file->f_path,
				     (file->f_flags & ~O_DIRECT) | (__force int)FMODE_NONOTIFY,
				     file_inode(file), ctx->cred);
	if (IS_ERR(mapped))
		return PTR_ERR(mapped);
	vma_set_file(vma, mapped);
	/* The mapping has it now. */
	fput(mapped);
	err = call_mmap(mapped, vma);
	if (!err)
		file_accessed(file);
	return err;
}
