/* SPDX-License-Identifier: GPL-2.0-only */
/* Backing files: opening them, and I/O that the kernel's helpers carry. */
#ifndef _FUSE_BPF_COMPAT_FILE_H
#define _FUSE_BPF_COMPAT_FILE_H

#include <linux/backing-file.h>
#include <linux/fs.h>
#include <linux/splice.h>

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

/* Makes @name the end_write() of a context; it calls @fn with the user's file. */
#ifdef HAVE_BACKING_END_WRITE_KIOCB
#define COMPAT_BACKING_END_WRITE(name, fn)				\
static void name(struct kiocb *iocb, ssize_t ret) { fn(iocb->ki_filp); }
typedef void (*compat_end_write_t)(struct kiocb *iocb, ssize_t ret);
#else
#define COMPAT_BACKING_END_WRITE(name, fn)				\
static void name(struct file *file, loff_t pos, ssize_t ret) { fn(file); }
typedef void (*compat_end_write_t)(struct file *file, loff_t pos, ssize_t ret);
#endif

/* For work under the credentials that are current already. */
static inline struct backing_file_ctx compat_backing_ctx(struct file *file,
							 compat_end_write_t end_write)
{
	return (struct backing_file_ctx) {
#ifdef HAVE_BACKING_CTX_USER_FILE
		.user_file = file,
#endif
		.cred = current_cred(),
		.end_write = end_write,
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

static inline ssize_t compat_backing_splice_write(struct pipe_inode_info *pipe,
						  struct file *backing, struct file *file,
						  loff_t *ppos, size_t len,
						  unsigned int flags,
						  struct backing_file_ctx *ctx)
{
	struct kiocb iocb;
	ssize_t ret;

	init_sync_kiocb(&iocb, file);
	iocb.ki_pos = *ppos;
	ret = backing_file_splice_write(pipe, backing, &iocb, len, flags, ctx);
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

static inline ssize_t compat_backing_splice_write(struct pipe_inode_info *pipe,
						  struct file *backing, struct file *file,
						  loff_t *ppos, size_t len,
						  unsigned int flags,
						  struct backing_file_ctx *ctx)
{
	return backing_file_splice_write(pipe, backing, ppos, len, flags, ctx);
}
#endif

#endif /* _FUSE_BPF_COMPAT_FILE_H */
