// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations of an open regular file, and what directories share of them.
 * file->private_data is the backing file from open to release.
 */
#include <linux/file.h>
#include <linux/filelock.h>
#include <linux/kdev_t.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>
#include <linux/splice.h>
#include <linux/uio.h>
#include "fuse_bpf_i.h"

/* --- open and release -------------------------------------------------------------- */

/* What a file can do is the backing file's to say. */
#define FUSE_BPF_FMODE_GRANTED	(FMODE_NOWAIT | FMODE_CAN_ODIRECT | FMODE_CAN_ATOMIC_WRITE)
#define FUSE_BPF_FMODE_DENIED	(FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE)

/*
 * sync_file_range, cachestat and swapon look at a file's mapping without asking
 * us, and should find the backing file's.  But some take the inode of our file for
 * one of the filesystem that the mapping is of, and would look past its end: the
 * kernel where it asks for memfd seals of what is on tmpfs, and ->swap_activate(),
 * but for ext4's.  Over those nothing is lost but what the three do.  Nor is it
 * shared where a program sees reading or writing, which swapping would go past.
 */
static bool fuse_bpf_may_share_mapping(const struct inode *inode, struct address_space *mapping)
{
	if (shmem_mapping(mapping) || fuse_bpf_wanted(inode, FUSE_BPF_OP_READ) ||
	    fuse_bpf_wanted(inode, FUSE_BPF_OP_WRITE))
		return false;
	return !mapping->a_ops->swap_activate ||
	       !strcmp(mapping->host->i_sb->s_type->name, "ext4");
}

/* @file is served by @backing from now on. */
void fuse_bpf_adopt_file(struct file *file, struct file *backing)
{
	file->private_data = backing;
	if (fuse_bpf_may_share_mapping(file_inode(file), backing->f_mapping)) {
		file->f_mapping = backing->f_mapping;
		file->f_wb_err = filemap_sample_wb_err(file->f_mapping);
	}
	file->f_mode |= backing->f_mode & FUSE_BPF_FMODE_GRANTED;
	file->f_mode &= ~(~backing->f_mode & FUSE_BPF_FMODE_DENIED);
}

bool fuse_bpf_is_our_file(const struct file *file)
{
	return file->f_op->open == fuse_bpf_open;
}

/* Of @file and the backing files below it, the first that is not one of ours. */
struct file *fuse_bpf_lowest_file(struct file *file)
{
	while (fuse_bpf_is_our_file(file))
		file = fuse_bpf_backing_file(file);
	return file;
}

int fuse_bpf_open(struct inode *inode, struct file *file)
{
	struct file *backing = NULL;
	FUSE_BPF_CALL(call);
	int err;

	if (fuse_bpf_begin(&call, inode, FUSE_BPF_OP_OPEN, compat_file_dentry(file)))
		call.in.open.flags = file->f_flags;
	err = fuse_bpf_pre(&call);
	if (!err) {
		backing = fuse_bpf_backing_open(file);
		err = PTR_ERR_OR_ZERO(backing);
	}
	err = fuse_bpf_post(&call, err);
	if (!err) {
		fuse_bpf_adopt_file(file, backing);
		fuse_bpf_copy_size(inode);
	} else if (!IS_ERR_OR_NULL(backing)) {
		/* The program refused after the fact. */
		fuse_bpf_backing_close(file, backing);
	}
	return err;
}

int fuse_bpf_release(struct inode *inode, struct file *file)
{
	struct file *backing = fuse_bpf_backing_file(file);
	FUSE_BPF_CALL(call);

	if (fuse_bpf_begin(&call, inode, FUSE_BPF_OP_RELEASE, compat_file_dentry(file)))
		call.in.release.flags = file->f_flags;
	fuse_bpf_pre(&call);
	/* OFD locks: their owner is the user's file. */
	fuse_bpf_backing_remove_posix(file, file);
	fuse_bpf_backing_remove_left(file);
	fuse_bpf_backing_close(file, backing);
	fuse_bpf_post(&call, 0);
	return 0;
}

static int fuse_bpf_flush(struct file *file, fl_owner_t owner)
{
	FUSE_BPF_CALL(call);
	int err;

	fuse_bpf_begin(&call, file_inode(file), FUSE_BPF_OP_FLUSH, compat_file_dentry(file));
	err = fuse_bpf_pre(&call);
	if (!err)
		err = fuse_bpf_backing_flush(file, owner);
	/* Whatever comes of it, this process has closed the file. */
	fuse_bpf_backing_remove_posix(file, owner);
	return fuse_bpf_post(&call, err);
}

/* --- data ------------------------------------------------------------------------------ */

/* A program may sleep, and the caller may not: it comes again in another way. */
static bool fuse_bpf_would_block(const struct kiocb *iocb, enum fuse_bpf_op op)
{
	const struct fuse_bpf_inode *fi = fuse_bpf_inode(file_inode(iocb->ki_filp));

	return (iocb->ki_flags & IOCB_NOWAIT) && fi->slot &&
	       (READ_ONCE(fi->slot->wanted) & fi->mask & BIT_ULL(op));
}

/* The post phase of I/O under way: the program is told 0, the caller what it was. */
static ssize_t fuse_bpf_post_io(struct fuse_bpf_call *call, struct kiocb *iocb,
				struct iov_iter *iter, ssize_t ret)
{
	ssize_t said;

	if (ret == -EIOCBQUEUED) {
		fuse_bpf_post(call, 0);
		return ret;
	}
	said = fuse_bpf_post(call, ret);
	/* A smaller count: who reads or writes on does so from there. */
	if (unlikely(said >= 0 && said < ret)) {
		iocb->ki_pos -= ret - said;
		iov_iter_revert(iter, ret - said);
	}
	return said;
}

/* The same of what has gone through a pipe, from which nothing can be taken back. */
static ssize_t fuse_bpf_post_splice(struct fuse_bpf_call *call, ssize_t ret)
{
	ssize_t said = fuse_bpf_post(call, ret);

	return said >= 0 && said < ret ? -EIO : said;
}

static ssize_t fuse_bpf_read_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	struct file *file = iocb->ki_filp;
	size_t count = iov_iter_count(iter);
	FUSE_BPF_CALL(call);
	ssize_t ret;

	if (fuse_bpf_would_block(iocb, FUSE_BPF_OP_READ))
		return -EAGAIN;
	if (fuse_bpf_begin(&call, file_inode(file), FUSE_BPF_OP_READ, compat_file_dentry(file))) {
		call.in.read.offset = iocb->ki_pos;
		call.in.read.size = min_t(size_t, count, U32_MAX);
		call.in.read.flags = READ_ONCE(file->f_flags);
	}
	ret = fuse_bpf_pre(&call);
	if (!ret)
		ret = fuse_bpf_backing_read(iocb, iter);
	/* At the end of what we know: it may have grown underneath. */
	if (ret >= 0 && ret < count)
		fuse_bpf_copy_size(file_inode(file));
	return fuse_bpf_post_io(&call, iocb, iter, ret);
}

/* RWF_APPEND and RWF_NOAPPEND go before what the file was opened with. */
static void fuse_bpf_fill_write(struct fuse_write_in *in, const struct kiocb *iocb, size_t count)
{
	struct file *file = iocb->ki_filp;
	bool append = iocb->ki_flags & IOCB_APPEND;

	in->offset = append ? i_size_read(fuse_bpf_backing_inode(file_inode(file))) : iocb->ki_pos;
	in->size = min_t(size_t, count, U32_MAX);
	in->flags = (READ_ONCE(file->f_flags) & ~O_APPEND) | (append ? O_APPEND : 0);
}

static ssize_t fuse_bpf_write_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	struct file *file = iocb->ki_filp;
	FUSE_BPF_CALL(call);
	ssize_t ret;

	if (fuse_bpf_would_block(iocb, FUSE_BPF_OP_WRITE))
		return -EAGAIN;
	if (fuse_bpf_begin(&call, file_inode(file), FUSE_BPF_OP_WRITE, compat_file_dentry(file)))
		fuse_bpf_fill_write(&call.in.write, iocb, iov_iter_count(iter));
	ret = fuse_bpf_pre(&call);
	if (!ret)
		ret = fuse_bpf_backing_write(iocb, iter);
	return fuse_bpf_post_io(&call, iocb, iter, ret);
}

static ssize_t fuse_bpf_splice_read(struct file *file, loff_t *ppos,
				    struct pipe_inode_info *pipe, size_t len,
				    unsigned int flags)
{
	FUSE_BPF_CALL(call);
	ssize_t ret;

	if (fuse_bpf_begin(&call, file_inode(file), FUSE_BPF_OP_READ, compat_file_dentry(file))) {
		call.in.read.offset = *ppos;
		call.in.read.size = min_t(size_t, len, U32_MAX);
		call.in.read.flags = READ_ONCE(file->f_flags);
	}
	ret = fuse_bpf_pre(&call);
	if (!ret)
		ret = fuse_bpf_backing_splice_read(file, ppos, pipe, len, flags);
	return fuse_bpf_post_splice(&call, ret);
}

static ssize_t fuse_bpf_splice_write(struct pipe_inode_info *pipe, struct file *file,
				     loff_t *ppos, size_t len, unsigned int flags)
{
	FUSE_BPF_CALL(call);
	ssize_t ret;

	if (fuse_bpf_begin(&call, file_inode(file), FUSE_BPF_OP_WRITE, compat_file_dentry(file))) {
		call.in.write.offset = *ppos;
		call.in.write.size = min_t(size_t, len, U32_MAX);
		call.in.write.flags = READ_ONCE(file->f_flags);
	}
	ret = fuse_bpf_pre(&call);
	if (!ret)
		ret = fuse_bpf_backing_splice_write(pipe, file, ppos, len, flags);
	return fuse_bpf_post_splice(&call, ret);
}

static u32 fuse_bpf_prot(vm_flags_t flags)
{
	return (flags & VM_READ ? PROT_READ : 0) | (flags & VM_WRITE ? PROT_WRITE : 0) |
	       (flags & VM_EXEC ? PROT_EXEC : 0);
}

/* What mprotect(2) may make of it. */
static u32 fuse_bpf_max_prot(vm_flags_t flags)
{
	return (flags & VM_MAYREAD ? PROT_READ : 0) | (flags & VM_MAYWRITE ? PROT_WRITE : 0) |
	       (flags & VM_MAYEXEC ? PROT_EXEC : 0);
}

/* Take over the max_prot that a program may have narrowed. */
static int fuse_bpf_take_max_prot(struct fuse_bpf_call *call, struct vm_area_struct *vma)
{
	u32 max = fuse_bpf_max_prot(vma->vm_flags), edited = call->in.mmap.max_prot;
	vm_flags_t less = 0;

	if (likely(edited == max))
		return 0;
	if ((edited & ~max) || (fuse_bpf_prot(vma->vm_flags) & ~edited))
		return fuse_bpf_refuse(call, "max_prot", edited);
	/* remap_file_pages(2) would give reading back to a mapping that may be written. */
	if (!(edited & PROT_READ) && (edited & PROT_WRITE) && (vma->vm_flags & VM_SHARED))
		return fuse_bpf_refuse(call, "max_prot of a shared mapping", edited);
	if (!(edited & PROT_READ))
		less |= VM_MAYREAD;
	/* As of a file open for reading: remap_file_pages(2) gives VM_MAYWRITE back. */
	if (!(edited & PROT_WRITE))
		less |= VM_MAYWRITE | VM_SHARED;
	if (!(edited & PROT_EXEC))
		less |= VM_MAYEXEC;
	compat_vm_flags_clear(vma, less);
	return 0;
}

static int fuse_bpf_mmap_pre(struct fuse_bpf_call *call, struct vm_area_struct *vma)
{
	int err;

	call->in.mmap.offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
	call->in.mmap.length = vma->vm_end - vma->vm_start;
	call->in.mmap.prot = fuse_bpf_prot(vma->vm_flags);
	call->in.mmap.max_prot = fuse_bpf_max_prot(vma->vm_flags);
	call->in.mmap.shared = !!(vma->vm_flags & VM_MAYSHARE);
	err = fuse_bpf_pre(call);
	return err ?: fuse_bpf_take_max_prot(call, vma);
}

/* mmap_lock is held: the program does not sleep. */
static int fuse_bpf_mmap(struct file *file, struct vm_area_struct *vma)
{
	bool mapped = false;
	FUSE_BPF_CALL(call);
	int err;

	if (fuse_bpf_begin(&call, file_inode(file), FUSE_BPF_OP_MMAP, compat_file_dentry(file)))
		err = fuse_bpf_mmap_pre(&call, vma);
	else
		err = fuse_bpf_pre(&call);
	if (!err) {
		err = fuse_bpf_backing_mmap(file, vma);
		mapped = !err;
	}
	err = fuse_bpf_post(&call, err);
	/* Refused after the fact: the VFS closes only what it has taken. */
	if (err && mapped && vma->vm_ops && vma->vm_ops->close)
		vma->vm_ops->close(vma);
	return err;
}

int fuse_bpf_fsync(struct file *file, loff_t start, loff_t end, int datasync)
{
	FUSE_BPF_CALL(call);
	int err;

	if (fuse_bpf_begin(&call, file_inode(file), FUSE_BPF_OP_FSYNC, compat_file_dentry(file)))
		call.in.fsync.fsync_flags = datasync ? FUSE_FSYNC_FDATASYNC : 0;
	err = fuse_bpf_pre(&call);
	if (!err)
		err = fuse_bpf_backing_fsync(file, start, end, datasync);
	return fuse_bpf_post(&call, err);
}

static long fuse_bpf_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	FUSE_BPF_CALL(call);
	int err;

	if (fuse_bpf_begin(&call, file_inode(file), FUSE_BPF_OP_FALLOCATE,
			   compat_file_dentry(file))) {
		call.in.fallocate.offset = offset;
		call.in.fallocate.length = len;
		call.in.fallocate.mode = mode;
	}
	err = fuse_bpf_pre(&call);
	if (!err)
		err = fuse_bpf_backing_fallocate(file, mode, offset, len);
	return fuse_bpf_post(&call, err);
}

/* --- position and ranges ------------------------------------------------------------------ */

/* Where data or a hole begins is the backing file's to say. */
static loff_t fuse_bpf_seek_extent(struct file *file, loff_t offset, int whence)
{
	FUSE_BPF_CALL(call);
	loff_t ret;

	if (fuse_bpf_begin(&call, file_inode(file), FUSE_BPF_OP_LSEEK, compat_file_dentry(file))) {
		call.in.lseek.offset = offset;
		call.in.lseek.whence = whence;
	}
	ret = fuse_bpf_pre(&call);
	if (!ret)
		ret = fuse_bpf_backing_llseek(file, offset, whence);
	if (call.version)
		call.out.lseek.offset = ret < 0 ? 0 : ret;
	ret = fuse_bpf_post(&call, ret);
	if (ret < 0)
		return ret;
	return vfs_setpos(file, ret, file_inode(file)->i_sb->s_maxbytes);
}

static loff_t fuse_bpf_llseek(struct file *file, loff_t offset, int whence)
{
	struct inode *inode = file_inode(file);
	int err;

	if (whence == SEEK_DATA || whence == SEEK_HOLE)
		return fuse_bpf_seek_extent(file, offset, whence);
	err = fuse_bpf_detached(inode);
	if (err)
		return err;
	/* Others may have written, and we do not know: the backing filesystem asks. */
	if (whence == SEEK_END && fuse_bpf_is_remote(fuse_bpf_backing_file(file)->f_path.dentry))
		fuse_bpf_backing_llseek(file, 0, SEEK_END);
	fuse_bpf_copy_size(inode);
	return generic_file_llseek_size(file, offset, whence, inode->i_sb->s_maxbytes,
					i_size_read(inode));
}

/* --- from file to file ---------------------------------------------------------------------- */

/* One copy, clone or dedupe. */
struct fuse_bpf_copy {
	struct file *in;
	loff_t pos_in;
	struct file *out;
	loff_t pos_out;
	loff_t len;
	unsigned int flags;
	enum fuse_bpf_copy_how how;
	/*
	 * The one that all steps see whose inode has the slot of @out.  Counted, up to the
	 * last program; NULL: @out has no slot, or all programs were called.
	 */
	struct fuse_bpf_version *version;
};

/*
 * The programs that see it, from the outermost: the destination's as a whole, then
 * reading of the source, then what becomes of the destination.
 */
enum fuse_bpf_copy_step {
	FUSE_BPF_COPY_WHOLE,
	FUSE_BPF_COPY_SOURCE,
	FUSE_BPF_COPY_DESTINATION,
	FUSE_BPF_COPY_STEPS,
};

static enum fuse_bpf_op fuse_bpf_copy_op(const struct fuse_bpf_copy *copy,
					 enum fuse_bpf_copy_step step)
{
	switch (step) {
	case FUSE_BPF_COPY_WHOLE:
		return FUSE_BPF_OP_COPY_FILE_RANGE;
	case FUSE_BPF_COPY_DESTINATION:
		/* A dedupe compares, and changes nothing. */
		if (copy->how != FUSE_BPF_DEDUPE)
			return FUSE_BPF_OP_WRITE;
		fallthrough;
	default:
		return FUSE_BPF_OP_READ;
	}
}

/* A clone of no length goes up to the end. */
static u64 fuse_bpf_copy_length(const struct fuse_bpf_copy *copy)
{
	if (copy->len || copy->how != FUSE_BPF_CLONE)
		return copy->len;
	return max(i_size_read(fuse_bpf_backing_inode(file_inode(copy->in))) - copy->pos_in, 0LL);
}

/* Both files can be one, so it is the step that counts. */
static struct file *fuse_bpf_copy_file(const struct fuse_bpf_copy *copy,
				       enum fuse_bpf_copy_step step)
{
	return step == FUSE_BPF_COPY_SOURCE ? copy->in : copy->out;
}

static void fuse_bpf_copy_fill(struct fuse_bpf_call *call, const struct fuse_bpf_copy *copy,
			       enum fuse_bpf_copy_step step)
{
	loff_t pos = step == FUSE_BPF_COPY_SOURCE ? copy->pos_in : copy->pos_out;
	const struct inode *src = fuse_bpf_backing_inode(file_inode(copy->in));
	const struct inode *dst = fuse_bpf_backing_inode(file_inode(copy->out));
	u32 flags = READ_ONCE(fuse_bpf_copy_file(copy, step)->f_flags);
	u64 len = fuse_bpf_copy_length(copy);

	switch (call->op) {
	case FUSE_BPF_OP_READ:
		call->in.read.offset = pos;
		call->in.read.size = min_t(u64, len, U32_MAX);
		call->in.read.flags = flags;
		return;
	case FUSE_BPF_OP_WRITE:
		call->in.write.offset = pos;
		call->in.write.size = min_t(u64, len, U32_MAX);
		call->in.write.flags = flags;
		return;
	default:
		call->in.copy_file_range.src_ino = src->i_ino;
		call->in.copy_file_range.src_offset = copy->pos_in;
		call->in.copy_file_range.src_mount_id =
			fuse_bpf_sb(file_inode(copy->in)->i_sb)->mount_id;
		call->in.copy_file_range.src_dev = new_encode_dev(src->i_sb->s_dev);
		call->in.copy_file_range.dst_ino = dst->i_ino;
		call->in.copy_file_range.dst_offset = copy->pos_out;
		call->in.copy_file_range.length = len;
		call->in.copy_file_range.how = copy->how;
	}
}

/* Whether @inode is seen by the programs of the version that is held. */
static bool fuse_bpf_copy_holds(const struct fuse_bpf_copy *copy, const struct inode *inode)
{
	return copy->version &&
	       fuse_bpf_inode(inode)->slot == fuse_bpf_inode(file_inode(copy->out))->slot;
}

static void fuse_bpf_copy_let_go(struct fuse_bpf_copy *copy)
{
	if (copy->version)
		percpu_ref_put(&copy->version->ref);
	copy->version = NULL;
}

static bool fuse_bpf_copy_begin(struct fuse_bpf_call *call, const struct fuse_bpf_copy *copy,
				enum fuse_bpf_copy_step step)
{
	struct file *file = fuse_bpf_copy_file(copy, step);
	enum fuse_bpf_op op = fuse_bpf_copy_op(copy, step);
	struct dentry *dentry = compat_file_dentry(file);
	struct inode *inode = file_inode(file);

	if (fuse_bpf_copy_holds(copy, inode))
		return fuse_bpf_begin_version(call, inode, op, dentry, copy->version);
	return fuse_bpf_begin(call, inode, op, dentry);
}

static loff_t fuse_bpf_copy_from(struct fuse_bpf_copy *copy, enum fuse_bpf_copy_step step);

/* One program, around those of the steps after it.  A call is 700 bytes of stack. */
static noinline loff_t fuse_bpf_copy_shown(struct fuse_bpf_copy *copy,
					   enum fuse_bpf_copy_step step)
{
	FUSE_BPF_CALL(call);
	loff_t ret;

	if (fuse_bpf_copy_begin(&call, copy, step))
		fuse_bpf_copy_fill(&call, copy, step);
	ret = fuse_bpf_pre(&call);
	if (!ret)
		ret = fuse_bpf_copy_from(copy, step + 1);
	/* What was moved cannot be taken back. */
	return fuse_bpf_post_splice(&call, ret);
}

/* Takes as long as a user likes, so without the version. */
static loff_t fuse_bpf_copy_below(struct fuse_bpf_copy *copy)
{
	fuse_bpf_copy_let_go(copy);
	if (copy->how == FUSE_BPF_COPY)
		return fuse_bpf_backing_copy(copy->in, copy->pos_in, copy->out, copy->pos_out,
					     copy->len, copy->flags);
	return fuse_bpf_backing_remap(copy->in, copy->pos_in, copy->out, copy->pos_out,
				      copy->len, copy->flags);
}

/* Runs what is left from @step on: at most three programs deep. */
static loff_t fuse_bpf_copy_from(struct fuse_bpf_copy *copy, enum fuse_bpf_copy_step step)
{
	for (; step < FUSE_BPF_COPY_STEPS; step++) {
		const struct inode *inode = file_inode(fuse_bpf_copy_file(copy, step));

		if (step == FUSE_BPF_COPY_SOURCE)
			fuse_bpf_point("copy:source");
		if (fuse_bpf_copy_holds(copy, inode) ||
		    fuse_bpf_wanted(inode, fuse_bpf_copy_op(copy, step)))
			return fuse_bpf_copy_shown(copy, step);
	}
	return fuse_bpf_copy_below(copy);
}

static loff_t fuse_bpf_copy(struct fuse_bpf_copy *copy)
{
	loff_t ret;

	copy->version = fuse_bpf_hold_version(file_inode(copy->out));
	ret = fuse_bpf_copy_from(copy, FUSE_BPF_COPY_WHOLE);
	fuse_bpf_copy_let_go(copy);
	return ret;
}

static ssize_t fuse_bpf_copy_file_range(struct file *in, loff_t pos_in, struct file *out,
					loff_t pos_out, size_t len, unsigned int flags)
{
	struct fuse_bpf_copy copy = {
		.in = in, .pos_in = pos_in, .out = out, .pos_out = pos_out, .len = len,
		.flags = flags, .how = FUSE_BPF_COPY,
	};

	if (!fuse_bpf_is_our_file(in))
		return -EXDEV;
	return fuse_bpf_copy(&copy);
}

static loff_t fuse_bpf_remap_file_range(struct file *in, loff_t pos_in, struct file *out,
					loff_t pos_out, loff_t len, unsigned int flags)
{
	struct fuse_bpf_copy copy = {
		.in = in, .pos_in = pos_in, .out = out, .pos_out = pos_out, .len = len,
		.flags = flags,
		.how = flags & REMAP_FILE_DEDUP ? FUSE_BPF_DEDUPE : FUSE_BPF_CLONE,
	};

	if (flags & ~(REMAP_FILE_DEDUP | REMAP_FILE_ADVISORY))
		return -EINVAL;
	if (!fuse_bpf_is_our_file(in))
		return -EXDEV;
	return fuse_bpf_copy(&copy);
}

/* --- locks ----------------------------------------------------------------------------------- */

static void fuse_bpf_fill_lk(struct fuse_bpf_call *call, const struct file_lock *fl,
			     bool flock)
{
	call->in.lock.lk.start = fl->fl_start;
	call->in.lock.lk.end = fl->fl_end;
	call->in.lock.lk.type = compat_fl_type(fl);
	call->in.lock.lk.pid = compat_fl_pid(fl);
	call->in.lock.lk_flags = flock ? FUSE_LK_FLOCK : 0;
	call->out.lock.lk = call->in.lock.lk;
}

int fuse_bpf_lock(struct file *file, int cmd, struct file_lock *fl)
{
	FUSE_BPF_CALL(call);
	int err;

	if (fuse_bpf_begin(&call, file_inode(file), FUSE_BPF_OP_LOCK, compat_file_dentry(file)))
		fuse_bpf_fill_lk(&call, fl, false);
	err = fuse_bpf_pre(&call);
	if (!err)
		err = fuse_bpf_backing_lock(file, cmd, fl);
	/* A waiter is queued: not the end, and nothing to be made of it. */
	if (err == FILE_LOCK_DEFERRED) {
		fuse_bpf_post(&call, 0);
		return err;
	}
	return fuse_bpf_post(&call, err);
}

int fuse_bpf_flock(struct file *file, int cmd, struct file_lock *fl)
{
	FUSE_BPF_CALL(call);
	int err;

	if (fuse_bpf_begin(&call, file_inode(file), FUSE_BPF_OP_LOCK, compat_file_dentry(file)))
		fuse_bpf_fill_lk(&call, fl, true);
	err = fuse_bpf_pre(&call);
	if (!err)
		err = fuse_bpf_backing_flock(file, cmd, fl);
	return fuse_bpf_post(&call, err);
}

#define FUSE_BPF_FILE_OPERATIONS(more...) {				\
	.owner			= THIS_MODULE,				\
	.open			= fuse_bpf_open,			\
	.release		= fuse_bpf_release,			\
	.flush			= fuse_bpf_flush,			\
	.llseek			= fuse_bpf_llseek,			\
	.read_iter		= fuse_bpf_read_iter,			\
	.write_iter		= fuse_bpf_write_iter,			\
	.splice_read		= fuse_bpf_splice_read,			\
	.splice_write		= fuse_bpf_splice_write,		\
	.mmap			= fuse_bpf_mmap,			\
	.fsync			= fuse_bpf_fsync,			\
	.fallocate		= fuse_bpf_fallocate,			\
	.fadvise		= fuse_bpf_backing_fadvise,		\
	.copy_file_range	= fuse_bpf_copy_file_range,		\
	.lock			= fuse_bpf_lock,			\
	.flock			= fuse_bpf_flock,			\
	.setlease		= generic_setlease,			\
	more								\
}

const struct file_operations fuse_bpf_file_operations =
	FUSE_BPF_FILE_OPERATIONS(.remap_file_range = fuse_bpf_remap_file_range);

/* Where nothing can be shared below: the VFS says so by what is not there. */
const struct file_operations fuse_bpf_unshared_file_operations =
	FUSE_BPF_FILE_OPERATIONS();
