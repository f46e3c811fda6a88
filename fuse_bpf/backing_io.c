// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lower layer, open files: what is done with a backing file.  Data never
 * passes through us: the backing file's page cache is the only one.
 */
#include <linux/backing-file.h>
#include <linux/filelock.h>
#include <linux/splice.h>
#include <linux/uio.h>
#include "fuse_bpf_i.h"

static void fuse_bpf_end_write(struct file *file)
{
	fuse_bpf_copy_size(file_inode(file));
}

COMPAT_BACKING_END_WRITE(fuse_bpf_backing_end_write, fuse_bpf_end_write)

/*
 * Synchronous I/O goes on a kiocb of our own with all of the caller's flags;
 * the kernel's helper would rebuild them and lose some.  For asynchronous I/O
 * the helper carries the completion.
 */
ssize_t fuse_bpf_backing_read(struct kiocb *iocb, struct iov_iter *iter)
{
	struct file *file = iocb->ki_filp, *backing = fuse_bpf_backing_file(file);
	const struct cred *old = fuse_bpf_creds_enter(file_inode(file)->i_sb);
	ssize_t ret;

	if (IS_ERR(old))
		return PTR_ERR(old);
	if (is_sync_kiocb(iocb)) {
		struct kiocb below;

		kiocb_clone(&below, iocb, backing);
		ret = vfs_iocb_iter_read(backing, &below, iter);
		iocb->ki_pos = below.ki_pos;
	} else {
		struct backing_file_ctx ctx = compat_backing_ctx(file, NULL);

		ret = backing_file_read_iter(backing, iter, iocb, iocb->ki_flags, &ctx);
	}
	fuse_bpf_creds_leave(old);
	return ret;
}

ssize_t fuse_bpf_backing_write(struct kiocb *iocb, struct iov_iter *iter)
{
	struct file *file = iocb->ki_filp, *backing = fuse_bpf_backing_file(file);
	const struct cred *old = fuse_bpf_creds_enter(file_inode(file)->i_sb);
	ssize_t ret;

	if (IS_ERR(old))
		return PTR_ERR(old);
	if (is_sync_kiocb(iocb)) {
		struct kiocb below;

		kiocb_clone(&below, iocb, backing);
		ret = vfs_iocb_iter_write(backing, &below, iter);
		iocb->ki_pos = below.ki_pos;
	} else {
		struct backing_file_ctx ctx =
			compat_backing_ctx(file, fuse_bpf_backing_end_write);

		ret = backing_file_write_iter(backing, iter, iocb, iocb->ki_flags, &ctx);
	}
	fuse_bpf_creds_leave(old);
	fuse_bpf_copy_size(file_inode(file));
	return ret;
}

ssize_t fuse_bpf_backing_splice_read(struct file *file, loff_t *ppos,
				     struct pipe_inode_info *pipe, size_t len,
				     unsigned int flags)
{
	const struct cred *old = fuse_bpf_creds_enter(file_inode(file)->i_sb);
	struct backing_file_ctx ctx = compat_backing_ctx(file, NULL);
	ssize_t ret;

	if (IS_ERR(old))
		return PTR_ERR(old);
	ret = compat_backing_splice_read(fuse_bpf_backing_file(file), file, ppos, pipe, len,
					 flags, &ctx);
	fuse_bpf_creds_leave(old);
	return ret;
}

ssize_t fuse_bpf_backing_splice_write(struct pipe_inode_info *pipe, struct file *file,
				      loff_t *ppos, size_t len, unsigned int flags)
{
	const struct cred *old = fuse_bpf_creds_enter(file_inode(file)->i_sb);
	struct backing_file_ctx ctx = compat_backing_ctx(file, fuse_bpf_backing_end_write);
	ssize_t ret;

	if (IS_ERR(old))
		return PTR_ERR(old);
	ret = compat_backing_splice_write(pipe, fuse_bpf_backing_file(file), file, ppos, len,
					  flags, &ctx);
	fuse_bpf_creds_leave(old);
	fuse_bpf_copy_size(file_inode(file));
	return ret;
}

int fuse_bpf_backing_mmap(struct file *file, struct vm_area_struct *vma)
{
	const struct cred *old = fuse_bpf_creds_enter(file_inode(file)->i_sb);
	struct backing_file_ctx ctx = compat_backing_ctx(file, NULL);
	int err;

	if (IS_ERR(old))
		return PTR_ERR(old);
	err = backing_file_mmap(fuse_bpf_backing_file(file), vma, &ctx);
	fuse_bpf_creds_leave(old);
	return err;
}

int fuse_bpf_backing_fsync(struct file *file, loff_t start, loff_t end, int datasync)
{
	const struct cred *old = fuse_bpf_creds_enter(file_inode(file)->i_sb);
	int err;

	if (IS_ERR(old))
		return PTR_ERR(old);
	err = vfs_fsync_range(fuse_bpf_backing_file(file), start, end, datasync);
	fuse_bpf_creds_leave(old);
	return err;
}

int fuse_bpf_backing_flush(struct file *file, fl_owner_t owner)
{
	struct file *backing = fuse_bpf_backing_file(file);
	const struct cred *old;
	int err;

	if (!backing->f_op->flush)
		return 0;
	old = fuse_bpf_creds_enter(file_inode(file)->i_sb);
	if (IS_ERR(old))
		return PTR_ERR(old);
	err = backing->f_op->flush(backing, owner);
	fuse_bpf_creds_leave(old);
	return err;
}

int fuse_bpf_backing_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	const struct cred *old = fuse_bpf_creds_enter(file_inode(file)->i_sb);
	int err;

	if (IS_ERR(old))
		return PTR_ERR(old);
	err = vfs_fallocate(fuse_bpf_backing_file(file), mode, offset, len);
	fuse_bpf_creds_leave(old);
	fuse_bpf_copy_size(file_inode(file));
	return err;
}

loff_t fuse_bpf_backing_llseek(struct file *file, loff_t offset, int whence)
{
	const struct cred *old = fuse_bpf_creds_enter(file_inode(file)->i_sb);
	loff_t ret;

	if (IS_ERR(old))
		return PTR_ERR(old);
	ret = vfs_llseek(fuse_bpf_backing_file(file), offset, whence);
	fuse_bpf_creds_leave(old);
	return ret;
}

ssize_t fuse_bpf_backing_copy(struct file *in, loff_t pos_in, struct file *out,
			      loff_t pos_out, size_t len, unsigned int flags)
{
	const struct cred *old = fuse_bpf_creds_enter(file_inode(out)->i_sb);
	ssize_t ret;

	if (IS_ERR(old))
		return PTR_ERR(old);
	ret = vfs_copy_file_range(fuse_bpf_backing_file(in), pos_in,
				  fuse_bpf_backing_file(out), pos_out, len, flags);
	fuse_bpf_creds_leave(old);
	fuse_bpf_copy_size(file_inode(out));
	return ret;
}

loff_t fuse_bpf_backing_remap(struct file *in, loff_t pos_in, struct file *out,
			      loff_t pos_out, loff_t len, unsigned int flags)
{
	const struct cred *old = fuse_bpf_creds_enter(file_inode(out)->i_sb);
	loff_t ret;

	if (IS_ERR(old))
		return PTR_ERR(old);
	if (flags & REMAP_FILE_DEDUP)
		ret = vfs_dedupe_file_range_one(fuse_bpf_backing_file(in), pos_in,
						fuse_bpf_backing_file(out), pos_out, len,
						flags);
	else
		ret = vfs_clone_file_range(fuse_bpf_backing_file(in), pos_in,
					   fuse_bpf_backing_file(out), pos_out, len, flags);
	fuse_bpf_creds_leave(old);
	fuse_bpf_copy_size(file_inode(out));
	return ret;
}

/*
 * POSIX and OFD locks belong to the backing inode, so that they hold between
 * mounts and against users of the backing directory.  The VFS drops those of
 * our inode only; fuse_bpf_flush() and fuse_bpf_release() drop these.
 */
int fuse_bpf_backing_lock(struct file *file, int cmd, struct file_lock *fl)
{
	struct file *backing = fuse_bpf_backing_file(file);
	int err;

	/* The lock is the backing file's; a waiting caller comes again with its own. */
	fl->c.flc_file = backing;
	if (cmd == F_GETLK || cmd == F_OFD_GETLK)
		err = vfs_test_lock(backing, fl);
	else
		err = vfs_lock_file(backing, cmd, fl, NULL);
	fl->c.flc_file = file;
	return err;
}

/* Owned by the backing file, whose end drops it. */
int fuse_bpf_backing_flock(struct file *file, int cmd, struct file_lock *fl)
{
	struct file *backing = fuse_bpf_backing_file(file);

	fl->c.flc_file = backing;
	fl->c.flc_owner = backing;
	if (backing->f_op->flock)
		return backing->f_op->flock(backing, cmd, fl);
	return locks_lock_file_wait(backing, fl);
}
