/* SPDX-License-Identifier: GPL-2.0-only */
/* Backing files: opening them, and I/O on them. */
#ifndef _FUSE_BPF_COMPAT_FILE_H
#define _FUSE_BPF_COMPAT_FILE_H

#include <linux/backing-file.h>
#include <linux/file.h>
#include <linux/filelock.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/splice.h>

#ifndef FMODE_CAN_ATOMIC_WRITE
#define FMODE_CAN_ATOMIC_WRITE	((__force fmode_t)0)
#endif

/* --- files under another name ------------------------------------------------ */

/*
 * Our dentry of a file that is ours.  Where overlayfs, lying over us, opens our
 * file under a path of its own, that path's dentry is not it.
 */
#ifdef HAVE_D_REAL_BY_INODE
#define compat_file_dentry	file_dentry
#else
static inline struct dentry *compat_file_dentry(const struct file *file)
{
	return file->f_path.dentry;
}
#endif

/*
 * The dentry below one of ours whose inode is @inode, or, without, the one that
 * has the data.  @fn finds the next lower dentry of one of ours.  Newer kernels
 * have no need of it, but for uprobes, and overlayfs takes no upper layer that has it.
 */
#ifdef HAVE_D_REAL_BY_INODE
#define COMPAT_D_REAL		.d_real = compat_d_real,
#define COMPAT_WRAP_D_REAL(fn)							\
static struct dentry *compat_d_real(struct dentry *dentry, const struct inode *inode) \
{										\
	if (d_is_negative(dentry) || d_inode(dentry) == inode)			\
		return dentry;							\
	return d_real(fn(dentry), inode);					\
}
#else
#define COMPAT_D_REAL
#define COMPAT_WRAP_D_REAL(fn)
#endif

/* --- backing files ----------------------------------------------------------- */

/*
 * Kernels without backing files end none on the spot, but in kernel threads.
 * The last of a task's system call comes after these, all the same.
 */
#ifdef COMPAT_OWN_BACKING_FILE
#define compat_fput_sync	fput
#else
#define compat_fput_sync	__fput_sync
#endif

/*
 * Kernels without backing files leave freeze protection to the writer.  Of a request
 * that is queued it goes on until compat_kiocb_end_write(), maybe in another context,
 * which is not to look to lockdep as if it were held here.
 */
#ifdef COMPAT_OWN_BACKING_FILE
static inline void compat_kiocb_end_write(struct kiocb *iocb)
{
	struct file *file = iocb->ki_filp;

	if (S_ISREG(file_inode(file)->i_mode))
		__sb_writers_acquired(file_inode(file)->i_sb, SB_FREEZE_WRITE);
	file_end_write(file);
}

static inline ssize_t compat_vfs_iocb_iter_write(struct file *file, struct kiocb *iocb,
						 struct iov_iter *iter)
{
	ssize_t ret;

	file_start_write(file);
	if (S_ISREG(file_inode(file)->i_mode))
		__sb_writers_release(file_inode(file)->i_sb, SB_FREEZE_WRITE);
	ret = vfs_iocb_iter_write(file, iocb, iter);
	if (ret != -EIOCBQUEUED)
		compat_kiocb_end_write(iocb);
	return ret;
}
#else
#define compat_kiocb_end_write		kiocb_end_write
#define compat_vfs_iocb_iter_write	vfs_iocb_iter_write
#endif

/* A completion that the submitter finishes: the caller's of a request of ours cannot. */
#ifdef IOCB_DIO_CALLER_COMP
#define COMPAT_IOCB_DIO_CALLER_COMP	IOCB_DIO_CALLER_COMP
#else
#define COMPAT_IOCB_DIO_CALLER_COMP	0
#endif

#ifdef HAVE_BACKING_FILE_OPEN_USER_FILE
#define compat_backing_file_open	backing_file_open
#define compat_backing_tmpfile_open	backing_tmpfile_open
#else
static inline struct file *compat_backing_file_open(const struct file *user_file, int flags,
						    const struct path *path,
						    const struct cred *cred)
{
	return backing_file_open(&user_file->f_path, flags, path, cred);
}

static inline struct file *compat_backing_tmpfile_open(const struct file *user_file,
						       int flags, const struct path *parent,
						       umode_t mode, const struct cred *cred)
{
	return backing_tmpfile_open(&user_file->f_path, flags, parent, mode, cred);
}
#endif

/* For work under the credentials that are current already. */
static inline struct backing_file_ctx compat_backing_ctx(struct file *file)
{
	return (struct backing_file_ctx) {
#ifdef HAVE_BACKING_CTX_USER_FILE
		.user_file = file,
#endif
		.cred = current_cred(),
	};
}

#ifdef HAVE_BACKING_SPLICE_KIOCB
static inline ssize_t compat_backing_splice_read(struct file *backing, struct file *file,
						 loff_t *ppos, struct pipe_inode_info *pipe,
						 size_t len, unsigned int flags,
						 struct backing_file_ctx *ctx)
{
	struct kiocb iocb;
	ssize_t ret;

	init_sync_kiocb(&iocb, file);
	iocb.ki_pos = *ppos;
	ret = backing_file_splice_read(backing, &iocb, pipe, len, flags, ctx);
	*ppos = iocb.ki_pos;
	return ret;
}
#else
static inline ssize_t compat_backing_splice_read(struct file *backing, struct file *file,
						 loff_t *ppos, struct pipe_inode_info *pipe,
						 size_t len, unsigned int flags,
						 struct backing_file_ctx *ctx)
{
	return backing_file_splice_read(backing, ppos, pipe, len, flags, ctx);
}
#endif

/* --- mappings ------------------------------------------------------------------- */

#ifdef HAVE_VM_FLAGS_CALLS
#define compat_vm_flags_clear	vm_flags_clear
#else
static inline void compat_vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif

/* --- locks ---------------------------------------------------------------------- */

#ifdef HAVE_FILE_LOCK_CORE
#define compat_fl_file(fl)	((fl)->c.flc_file)
#define compat_fl_owner(fl)	((fl)->c.flc_owner)
#define compat_fl_type(fl)	((fl)->c.flc_type)
#define compat_fl_pid(fl)	((fl)->c.flc_pid)
#else
#define compat_fl_file(fl)	((fl)->fl_file)
#define compat_fl_owner(fl)	((fl)->fl_owner)
#define compat_fl_type(fl)	((fl)->fl_type)
#define compat_fl_pid(fl)	((fl)->fl_pid)
#endif

/* Recalls a delegation of @inode; -EWOULDBLOCK until it has been returned. */
static inline int compat_try_break_deleg(struct inode *inode)
{
#ifdef LEASE_BREAK_NONBLOCK
	return break_deleg(inode, LEASE_BREAK_NONBLOCK);
#else
	return break_deleg(inode, O_WRONLY | O_NONBLOCK);
#endif
}

/* Who has a POSIX or OFD lock that was taken through @file, or NULL.  Under @ctx->flc_lock. */
static inline fl_owner_t compat_posix_owner(const struct file_lock_context *ctx,
					    const struct file *file)
{
#ifdef HAVE_FILE_LOCK_CORE
	const struct file_lock_core *lock;

	list_for_each_entry(lock, &ctx->flc_posix, flc_list)
		if (lock->flc_file == file)
			return lock->flc_owner;
#else
	const struct file_lock *lock;

	list_for_each_entry(lock, &ctx->flc_posix, fl_list)
		if (lock->fl_file == file)
			return lock->fl_owner;
#endif
	return NULL;
}

#endif /* _FUSE_BPF_COMPAT_FILE_H */
