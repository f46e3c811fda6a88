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
 * Never set after open: each kiocb has it from the user's file.  A splice, which has no
 * kiocb of ours, then goes where its programs saw it go, whatever is set while it waits.
 */
#define FUSE_BPF_CLEARED_FLAGS	O_APPEND

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
	unsigned int flags = READ_ONCE(file->f_flags), was = READ_ONCE(backing->f_flags);

	if (!fuse_bpf_atime_due(file))
		flags |= O_NOATIME;
	flags &= FUSE_BPF_SETFL_FLAGS & (was | ~FUSE_BPF_CLEARED_FLAGS);
	if ((was & FUSE_BPF_SETFL_FLAGS) == flags)
		return backing;
	spin_lock(&backing->f_lock);
	WRITE_ONCE(backing->f_flags, (backing->f_flags & ~FUSE_BPF_SETFL_FLAGS) | flags);
	WRITE_ONCE(backing->f_iocb_flags, iocb_flags(backing));
	spin_unlock(&backing->f_lock);
	return backing;
}

/* On a kiocb of our own with all of the caller's flags: the kernel's helper would lose some. */
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
		ret = fuse_bpf_aio_read(backing, iocb, iter);
	}
	fuse_bpf_creds_leave(old);
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
		ret = fuse_bpf_aio_write(backing, iocb, iter);
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
	struct backing_file_ctx ctx = compat_backing_ctx(file);
	ssize_t ret;

	if (IS_ERR(old))
		return PTR_ERR(old);
	ret = compat_backing_splice_read(fuse_bpf_backing_file_now(file), file, ppos, pipe,
					 len, flags, &ctx);
	fuse_bpf_creds_leave(old);
	return ret;
}

/*
 * Waits for the pipe as long as its other end likes, so without a lock of an inode, as
 * the VFS does.  The kernel's helper would need ours.  overlayfs locks its own inode
 * before the pipe: it is left to do so, as the other way round would be a deadlock with
 * who splices to it from the same pipe.
 */
ssize_t fuse_bpf_backing_splice_write(struct pipe_inode_info *pipe, struct file *file,
				      loff_t *ppos, size_t len, unsigned int flags)
{
	struct file *backing = fuse_bpf_backing_file_now(file);
	const struct cred *old;
	ssize_t ret;

	if (!backing->f_op->splice_write || !backing->f_op->write_iter)
		return -EINVAL;
	old = fuse_bpf_creds_enter_file(file);
	if (IS_ERR(old))
		return PTR_ERR(old);
	sb_start_write(file_inode(backing)->i_sb);
	ret = backing->f_op->splice_write(pipe, backing, ppos, len, flags);
	sb_end_write(file_inode(backing)->i_sb);
	fuse_bpf_creds_leave(old);
	fuse_bpf_copy_size(file_inode(file));
	return ret;
}

int fuse_bpf_backing_mmap(struct file *file, struct vm_area_struct *vma)
{
	const struct cred *old = fuse_bpf_creds_enter_file(file);
	struct backing_file_ctx ctx = compat_backing_ctx(file);
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
	const struct cred *old;
	int err;

	err = fuse_bpf_detached(file_inode(file));
	if (err)
		return err;
	old = fuse_bpf_creds_enter_file(file);
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

/*
 * A dedupe into a file that is open for reading is for its owner and for those who may
 * write to it.  The VFS has checked that on our inode.  Where the mount may show another
 * owner or mode, the VFS's check of the backing inode is passed as the owner of that.
 */
static const struct cred *fuse_bpf_creds_enter_remap(struct file *out, unsigned int flags)
{
	const struct inode *inode = file_inode(out), *backing = fuse_bpf_backing_inode(inode);
	struct mnt_idmap *idmap = mnt_idmap(fuse_bpf_sb(inode->i_sb)->mnt);

	if (!(flags & REMAP_FILE_DEDUP) || (out->f_mode & FMODE_WRITE) ||
	    !fuse_bpf_change_is_granted(inode))
		return fuse_bpf_creds_enter_file(out);
	return fuse_bpf_creds_enter_file_as(out,
		vfsuid_into_kuid(make_vfsuid(idmap, backing->i_sb->s_user_ns,
					     READ_ONCE(backing->i_uid))));
}

loff_t fuse_bpf_backing_remap(struct file *in, loff_t pos_in, struct file *out,
			      loff_t pos_out, loff_t len, unsigned int flags)
{
	const struct cred *old = fuse_bpf_creds_enter_remap(out, flags);
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
static int fuse_bpf_fd_is_of(const void *file, struct file *other, unsigned int fd)
{
	return other == file;
}

/*
 * Has another thread closed the last descriptor of @file while current was granted
 * @fl?  fcntl(2) takes such a lock back itself, but looks for it at our inode; and the
 * file may live on in another process.  Not for a file of ours that is another's backing
 * file: no process has a descriptor of that.
 */
static bool fuse_bpf_lock_outlives(struct file *file, const struct file_lock *fl)
{
	/* However many tasks have the descriptors now: one that closed this one may have ended. */
	return current->files && compat_fl_owner(fl) == current->files &&
	       compat_fl_type(fl) != F_UNLCK &&
	       !(file->f_mode & FMODE_NOACCOUNT) &&
	       !iterate_fd(current->files, 0, fuse_bpf_fd_is_of, file);
}

int fuse_bpf_backing_lock(struct file *file, int cmd, struct file_lock *fl)
{
	struct file *backing = fuse_bpf_backing_file(file);
	bool sets = cmd != F_GETLK && cmd != F_OFD_GETLK;
	int err;

	/* A server of NFSv3, which looks for its locks at our inode when it drops them. */
	if (fl->fl_lmops && fl->fl_lmops->lm_grant)
		return cmd == F_CANCELLK ? 0 : -ENOLCK;
	/* The lock is the backing file's; a waiting caller comes again with its own. */
	compat_fl_file(fl) = backing;
	err = sets ? vfs_lock_file(backing, cmd, fl, NULL) : vfs_test_lock(backing, fl);
	compat_fl_file(fl) = file;
	fuse_bpf_point("lock:granted");
	if (err || !sets || !fuse_bpf_lock_outlives(file, fl))
		return err;
	fuse_bpf_backing_remove_posix(file, current->files);
	return -EBADF;
}

/*
 * The VFS looks for locks at the inode of the file that it is given, and where a
 * mount of ours lies over another they are further down.
 */
static struct file *fuse_bpf_locked_file(const struct file *file)
{
	return fuse_bpf_lowest_file(fuse_bpf_backing_file(file));
}

void fuse_bpf_backing_remove_posix(struct file *file, fl_owner_t owner)
{
	locks_remove_posix(fuse_bpf_locked_file(file), owner);
}

/*
 * A lock that is granted after its descriptor was closed fcntl(2) takes back itself,
 * but it looks for it at our inode.  The call holds a reference to our file, so the
 * last put of the file comes after the lock.  @file is being released: its backing
 * file takes no more locks.  A filesystem that fails to remove an owner's locks keeps
 * them, as it does without us.
 */
void fuse_bpf_backing_remove_left(struct file *file)
{
	struct file *locked = fuse_bpf_locked_file(file);
	struct file_lock_context *ctx = locks_inode_context(file_inode(locked));
	fl_owner_t owner = NULL, last;

	if (!ctx || list_empty(&ctx->flc_posix))
		return;
	do {
		last = owner;
		spin_lock(&ctx->flc_lock);
		owner = compat_posix_owner(ctx, locked);
		spin_unlock(&ctx->flc_lock);
		if (owner)
			locks_remove_posix(locked, owner);
	} while (owner != last);
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
