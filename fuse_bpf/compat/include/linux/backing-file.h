/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Found only where the kernel has no such header: what the newest one's
 * declares, done by fuse_bpf/compat/backing_file.c.
 */
#ifndef _FUSE_BPF_COMPAT_BACKING_FILE_H
#define _FUSE_BPF_COMPAT_BACKING_FILE_H

#include <linux/fs.h>

struct pipe_inode_info;

#define COMPAT_OWN_BACKING_FILE	1

struct backing_file_ctx {
	const struct cred *cred;
	void (*accessed)(struct file *file);
	void (*end_write)(struct kiocb *iocb, ssize_t ret);
};

struct file *backing_file_open(const struct file *user_file, int flags,
			       const struct path *real_path, const struct cred *cred);
struct file *backing_tmpfile_open(const struct file *user_file, int flags,
				  const struct path *real_parentpath, umode_t mode,
				  const struct cred *cred);
ssize_t backing_file_splice_read(struct file *in, struct kiocb *iocb,
				 struct pipe_inode_info *pipe, size_t len,
				 unsigned int flags, struct backing_file_ctx *ctx);
int backing_file_mmap(struct file *file, struct vm_area_struct *vma,
		      struct backing_file_ctx *ctx);

#endif /* _FUSE_BPF_COMPAT_BACKING_FILE_H */
