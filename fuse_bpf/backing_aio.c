// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lower layer, asynchronous I/O: a request of the backing file's carries the
 * completion of the caller's.
 *
 * The kernel's helper would do, but looks at our inode for setuid bits before it writes,
 * for which our inode has to be locked; and then it waits for a frozen filesystem, or for
 * a listener, where natively no lock is held.
 */
#include <linux/file.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include "fuse_bpf_i.h"

struct fuse_bpf_aio {
	struct kiocb iocb;		/* has a reference to the backing file */
	refcount_t ref;			/* the submitter's and the completion's */
	struct kiocb *user_iocb;	/* the caller's, until it is complete */
	bool write;			/* not all callers say so in their flags */
};

static void fuse_bpf_aio_put(struct fuse_bpf_aio *aio)
{
	if (refcount_dec_and_test(&aio->ref)) {
		fput(aio->iocb.ki_filp);
		kfree(aio);
	}
}

/* The request below has ended; maybe in interrupt context. */
static void fuse_bpf_aio_end(struct fuse_bpf_aio *aio)
{
	struct kiocb *user_iocb = aio->user_iocb;

	user_iocb->ki_pos = aio->iocb.ki_pos;
	if (aio->write)
		fuse_bpf_copy_size(file_inode(user_iocb->ki_filp));
	fuse_bpf_aio_put(aio);
}

static void fuse_bpf_aio_complete(struct kiocb *iocb, long res)
{
	struct fuse_bpf_aio *aio = container_of(iocb, struct fuse_bpf_aio, iocb);
	struct kiocb *user_iocb = aio->user_iocb;

	/* Until here compat_vfs_iocb_iter_write() keeps the filesystem from freezing. */
	if (aio->write)
		compat_kiocb_end_write(iocb);
	fuse_bpf_aio_end(aio);
	user_iocb->ki_complete(user_iocb, res);
}

static struct fuse_bpf_aio *fuse_bpf_aio_new(struct file *backing, struct kiocb *user_iocb,
					     bool write)
{
	struct fuse_bpf_aio *aio;

	if ((user_iocb->ki_flags & IOCB_DIRECT) && !(backing->f_mode & FMODE_CAN_ODIRECT))
		return ERR_PTR(-EINVAL);
	aio = kzalloc(sizeof(*aio), GFP_KERNEL);
	if (!aio)
		return ERR_PTR(-ENOMEM);
	refcount_set(&aio->ref, 2);
	aio->user_iocb = user_iocb;
	aio->write = write;
	kiocb_clone(&aio->iocb, user_iocb, get_file(backing));
	/* Nor is it one of libaio's, for whom a filesystem could cancel it. */
	aio->iocb.ki_flags &= ~(COMPAT_IOCB_DIO_CALLER_COMP | IOCB_AIO_RW);
	aio->iocb.ki_complete = fuse_bpf_aio_complete;
	return aio;
}

/* The backing filesystem took it, or is done with it. */
static ssize_t fuse_bpf_aio_submitted(struct fuse_bpf_aio *aio, ssize_t ret)
{
	if (ret != -EIOCBQUEUED)
		fuse_bpf_aio_end(aio);
	fuse_bpf_aio_put(aio);
	return ret;
}

/* With the derived credentials, as fuse_bpf_aio_write(). */
ssize_t fuse_bpf_aio_read(struct file *backing, struct kiocb *iocb, struct iov_iter *iter)
{
	struct fuse_bpf_aio *aio;

	if (!iov_iter_count(iter))
		return 0;
	aio = fuse_bpf_aio_new(backing, iocb, false);
	if (IS_ERR(aio))
		return PTR_ERR(aio);
	return fuse_bpf_aio_submitted(aio, vfs_iocb_iter_read(backing, &aio->iocb, iter));
}

ssize_t fuse_bpf_aio_write(struct file *backing, struct kiocb *iocb, struct iov_iter *iter)
{
	struct fuse_bpf_aio *aio;

	if (!iov_iter_count(iter))
		return 0;
	aio = fuse_bpf_aio_new(backing, iocb, true);
	if (IS_ERR(aio))
		return PTR_ERR(aio);
	return fuse_bpf_aio_submitted(aio, compat_vfs_iocb_iter_write(backing, &aio->iocb, iter));
}
