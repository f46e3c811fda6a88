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
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/splice.h>
#include <linux/uio.h>
#include "compat/compat.h"

/* An asynchronous request: the lower file's, until the user's is complete. */
struct compat_aio {
	struct kiocb iocb;
	refcount_t ref;			/* the submitter's and the completion's */
	struct kiocb *user_iocb;
	void (*end_write)(struct kiocb *iocb, ssize_t ret);
};

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

/* --- asynchronous I/O ------------------------------------------------------------- */

static void compat_aio_put(struct compat_aio *aio)
{
	if (refcount_dec_and_test(&aio->ref)) {
		fput(aio->iocb.ki_filp);
		kfree(aio);
	}
}

/* The lower request has come to @res; maybe in interrupt context. */
static void compat_aio_end(struct compat_aio *aio, long res)
{
	struct kiocb *iocb = &aio->iocb, *user_iocb = aio->user_iocb;

	if (iocb->ki_flags & IOCB_WRITE) {
		compat_sb_writers_acquired(iocb->ki_filp);
		file_end_write(iocb->ki_filp);
	}
	user_iocb->ki_pos = iocb->ki_pos;
	if (aio->end_write)
		aio->end_write(user_iocb, res);
	compat_aio_put(aio);
}

static void compat_aio_complete(struct kiocb *iocb, long res)
{
	struct compat_aio *aio = container_of(iocb, struct compat_aio, iocb);
	struct kiocb *user_iocb = aio->user_iocb;

	compat_aio_end(aio, res);
	user_iocb->ki_complete(user_iocb, res);
}

/* NULL if there is nothing to do, else an ERR_PTR if it cannot be done. */
static struct compat_aio *compat_aio_new(struct kiocb *user_iocb, struct file *file,
					 const struct iov_iter *iter, int flags,
					 const struct backing_file_ctx *ctx)
{
	struct compat_aio *aio;

	if (!iov_iter_count(iter))
		return NULL;
	if ((flags & IOCB_DIRECT) && !(file->f_mode & FMODE_CAN_ODIRECT))
		return ERR_PTR(-EINVAL);
	aio = kzalloc(sizeof(*aio), GFP_KERNEL);
	if (!aio)
		return ERR_PTR(-ENOMEM);
	refcount_set(&aio->ref, 2);
	aio->user_iocb = user_iocb;
	aio->end_write = ctx->end_write;
	kiocb_clone(&aio->iocb, user_iocb, get_file(file));
	aio->iocb.ki_flags = flags;
	aio->iocb.ki_complete = compat_aio_complete;
	return aio;
}

/* The lower filesystem took it, or is done with it. */
static ssize_t compat_aio_submitted(struct compat_aio *aio, ssize_t ret)
{
	if (ret != -EIOCBQUEUED)
		compat_aio_end(aio, ret);
	compat_aio_put(aio);
	return ret;
}

/* For asynchronous requests alone: we do the others on kiocbs of our own. */
ssize_t backing_file_read_iter(struct file *file, struct iov_iter *iter,
			       struct kiocb *iocb, int flags,
			       struct backing_file_ctx *ctx)
{
	struct compat_aio *aio = compat_aio_new(iocb, file, iter, flags, ctx);

	if (IS_ERR_OR_NULL(aio))
		return PTR_ERR(aio);
	return compat_aio_submitted(aio, vfs_iocb_iter_read(file, &aio->iocb, iter));
}

/* As backing_file_read_iter().  The lower filesystem is kept from freezing till the end. */
ssize_t backing_file_write_iter(struct file *file, struct iov_iter *iter,
				struct kiocb *iocb, int flags,
				struct backing_file_ctx *ctx)
{
	struct compat_aio *aio = compat_aio_new(iocb, file, iter, flags, ctx);

	if (IS_ERR_OR_NULL(aio))
		return PTR_ERR(aio);
	file_start_write(file);
	/* Another context may end it: lockdep is not to take it for this one's. */
	compat_sb_writers_release(file);
	return compat_aio_submitted(aio, vfs_iocb_iter_write(file, &aio->iocb, iter));
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
