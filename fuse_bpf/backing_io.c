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

/* What fcntl(2) changes of an open file and the backing filesystem acts upon. */
#define FUSE_BPF_SETFL_FLAGS	(O_APPEND | O_DIRECT | O_NOATIME | O_NONBLOCK)

/*
 * Whether our mount's options let reading @file set the atime below.  Those of the
 * backing mount may still forbid it.
 */
static bool fuse_bpf_atime_due(const struct file *file)
{
	const struct inode *inode = file_inode(file);
	int flags = READ_ONCE(file->f_path.mnt->mnt_flags);

	if ((flags & (MNT_NOATIME | MNT_READONLY)) || fuse_bpf_rdonly(inode->i_sb) ||
	    ((flags & MNT_NODIRATIME) && S_ISDIR(fuse_bpf_mode(inode))))
		return false;
	return !(flags & MNT_RELATIME) || fuse_bpf_backing_atime_old(fuse_bpf_backing_inode(inode));
}

/* The backing file of @file, with the flags that @file has by now. */
struct file *fuse_bpf_backing_file_now(struct file *file)
{
	struct file *backing = fuse_bpf_backing_file(file);
	unsigned int flags = READ_ONCE(file->f_flags) & FUSE_BPF_SETFL_FLAGS;

	if (!fuse_bpf_atime_due(file))
		flags |= O_NOATIME;
	if ((READ_ONCE(backing->f_flags) & FUSE_BPF_SETFL_FLAGS) == flags)
		return backing;
	spin_lock(&backing->f_lock);
	WRITE_ONCE(backing->f_flags, (backing->f_flags & ~FUSE_BPF_SETFL_FLAGS) | flags);
	WRITE_ONCE(backing->f_iocb_flags, iocb_flags(backing));
	spin_unlock(&backing->f_lock);
	return backing;
}

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
	struct file *file = iocb->ki_filp, *backing = fuse_bpf_backing_file_now(file);
	const struct cred *old = fuse_bpf_creds_enter_file(file);
	ssize_t ret;

	if (IS_ERR(old))
		return PTR_ERR(old);
	if (is_sync_kiocb(iocb)) {
		struct kiocb below __uninitialized;

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

/*
 * The kernel's helpers look for setuid bits at our inode, where S_NOSEC says that
 * there is nothing to look for.  chmod(2) takes it away for a while, under the lock.
 */
static bool fuse_bpf_lock_nosec(struct inode *inode, bool nowait)
{
	if (!nowait)
		inode_lock_shared(inode);
	else if (!inode_trylock_shared(inode))
		return false;
	if (unlikely(!(READ_ONCE(inode->i_flags) & S_NOSEC)))
		inode_set_flags(inode, S_NOSEC, S_NOSEC);
	return true;
}

/* By way of the helper, which carries the completion. */
static ssize_t fuse_bpf_backing_write_async(struct file *backing, struct kiocb *iocb,
					    struct iov_iter *iter)
{
	struct file *file = iocb->ki_filp;
	struct backing_file_ctx ctx = compat_backing_ctx(file, fuse_bpf_backing_end_write);
	ssize_t ret;

	if (!fuse_bpf_lock_nosec(file_inode(file), iocb->ki_flags & IOCB_NOWAIT))
		return -EAGAIN;
	ret = backing_file_write_iter(backing, iter, iocb, iocb->ki_flags, &ctx);
	inode_unlock_shared(file_inode(file));
	return ret;
}

ssize_t fuse_bpf_backing_write(struct kiocb *iocb, struct iov_iter *iter)
{
	struct file *file = iocb->ki_filp, *backing = fuse_bpf_backing_file_now(file);
	const struct cred *old = fuse_bpf_creds_enter_file(file);
	ssize_t ret;

	if (IS_ERR(old))
		return PTR_ERR(old);
	if (is_sync_kiocb(iocb)) {
		struct kiocb below __uninitialized;

		kiocb_clone(&below, iocb, backing);
		ret = compat_vfs_iocb_iter_write(backing, &below, iter);
		iocb->ki_pos = below.ki_pos;
	} else {
		ret = fuse_bpf_backing_write_async(backing, iocb, iter);
	}
	fuse_bpf_creds_leave(old);
	fuse_bpf_copy_size(file_inode(file));
	return ret;
}

ssize_t fuse_bpf_backing_splice_read(struct file *file, loff_t *ppos,
				     struct pipe_inode_info *pipe, size_t len,
				     unsigned int flags)
{
	const struct cred *old = fuse_bpf_creds_enter_file(file);
	struct backing_file_ctx ctx = compat_backing_ctx(file, NULL);
	ssize_t ret;

	if (IS_ERR(old))
		return PTR_ERR(old);
	ret = compat_backing_splice_read(fuse_bpf_backing_file_now(file), file, ppos, pipe,
					 len, flags, &ctx);
	fuse_bpf_creds_leave(old);
	return ret;
}

ssize_t fuse_bpf_backing_splice_write(struct pipe_inode_info *pipe, struct file *file,
				      loff_t *ppos, size_t len, unsigned int flags)
{
	const struct cred *old = fuse_bpf_creds_enter_file(file);
	struct backing_file_ctx ctx = compat_backing_ctx(file, fuse_bpf_backing_end_write);
	ssize_t ret;

	if (IS_ERR(old))
		return PTR_ERR(old);
	fuse_bpf_lock_nosec(file_inode(file), false);
	ret = compat_backing_splice_write(pipe, fuse_bpf_backing_file_now(file), file, ppos,
					  len, flags, &ctx);
	inode_unlock_shared(file_inode(file));
	fuse_bpf_creds_leave(old);
	fuse_bpf_copy_size(file_inode(file));
	return ret;
}

int fuse_bpf_backing_mmap(struct file *file, struct vm_area_struct *vma)
{
	const struct cred *old = fuse_bpf_creds_enter_file(file);
	struct backing_file_ctx ctx = compat_backing_ctx(file, NULL);
	int err;

	if (IS_ERR(old))
		return PTR_ERR(old);
	err = backing_file_mmap(fuse_bpf_backing_file_now(file), vma, &ctx);
	fuse_bpf_creds_leave(old);
	return err;
}

int fuse_bpf_backing_fsync(struct file *file, loff_t start, loff_t end, int datasync)
{
	const struct cred *old = fuse_bpf_creds_enter_file(file);
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
	old = fuse_bpf_creds_enter_file(file);
	if (IS_ERR(old))
		return PTR_ERR(old);
	err = backing->f_op->flush(backing, owner);
	fuse_bpf_creds_leave(old);
	return err;
}

int fuse_bpf_backing_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	const struct cred *old = fuse_bpf_creds_enter_file(file);
	int err;

	if (IS_ERR(old))
		return PTR_ERR(old);
	err = vfs_fallocate(fuse_bpf_backing_file(file), mode, offset, len);
	fuse_bpf_creds_leave(old);
	fuse_bpf_copy_size(file_inode(file));
	return err;
}

/* Readahead below has to be given a file that is its own. */
int fuse_bpf_backing_fadvise(struct file *file, loff_t offset, loff_t len, int advice)
{
	const struct cred *old = fuse_bpf_creds_enter_file(file);
	int err;

	if (IS_ERR(old))
		return PTR_ERR(old);
	err = vfs_fadvise(fuse_bpf_backing_file(file), offset, len, advice);
	fuse_bpf_creds_leave(old);
	return err;
}

loff_t fuse_bpf_backing_llseek(struct file *file, loff_t offset, int whence)
{
	const struct cred *old = fuse_bpf_creds_enter_file(file);
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
	const struct cred *old = fuse_bpf_creds_enter_file(out);
	ssize_t ret;

	if (IS_ERR(old))
		return PTR_ERR(old);
	ret = vfs_copy_file_range(fuse_bpf_backing_file_now(in), pos_in,
				  fuse_bpf_backing_file_now(out), pos_out, len, flags);
	fuse_bpf_creds_leave(old);
	fuse_bpf_copy_size(file_inode(out));
	return ret;
}

loff_t fuse_bpf_backing_remap(struct file *in, loff_t pos_in, struct file *out,
			      loff_t pos_out, loff_t len, unsigned int flags)
{
	const struct cred *old = fuse_bpf_creds_enter_file(out);
	loff_t ret;

	if (IS_ERR(old))
		return PTR_ERR(old);
	if (flags & REMAP_FILE_DEDUP)
		ret = vfs_dedupe_file_range_one(fuse_bpf_backing_file_now(in), pos_in,
						fuse_bpf_backing_file_now(out), pos_out,
						len, flags);
	else
		ret = vfs_clone_file_range(fuse_bpf_backing_file_now(in), pos_in,
					   fuse_bpf_backing_file_now(out), pos_out, len,
					   flags);
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

	/* A server of NFSv3, which looks for its locks at our inode when it drops them. */
	if (fl->fl_lmops && fl->fl_lmops->lm_grant)
		return cmd == F_CANCELLK ? 0 : -ENOLCK;
	/* The lock is the backing file's; a waiting caller comes again with its own. */
	compat_fl_file(fl) = backing;
	if (cmd == F_GETLK || cmd == F_OFD_GETLK)
		err = vfs_test_lock(backing, fl);
	else
		err = vfs_lock_file(backing, cmd, fl, NULL);
	compat_fl_file(fl) = file;
	return err;
}

/*
 * The VFS looks for locks at the inode of the file that it is given, and where a
 * mount of ours lies over another they are further down.
 */
void fuse_bpf_backing_remove_posix(struct file *file, fl_owner_t owner)
{
	do
		file = fuse_bpf_backing_file(file);
	while (fuse_bpf_is_our_file(file));
	locks_remove_posix(file, owner);
}

/* Owned by the backing file, whose end drops it. */
int fuse_bpf_backing_flock(struct file *file, int cmd, struct file_lock *fl)
{
	struct file *backing = fuse_bpf_backing_file(file);

	compat_fl_file(fl) = backing;
	compat_fl_owner(fl) = backing;
	if (backing->f_op->flock)
		return backing->f_op->flock(backing, cmd, fl);
	return locks_lock_file_wait(backing, fl);
}
