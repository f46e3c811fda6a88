// SPDX-License-Identifier: GPL-2.0-only
/*
 * The superblock: what a mount takes over from its backing filesystem, and
 * what is asked of the whole of it.
 */
#include <linux/backing-dev.h>
#include <linux/capability.h>
#include <linux/fs_stack.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/statfs.h>
#include <linux/xarray.h>
#include <linux/xattr.h>
#include "fuse_bpf_i.h"

/* --- device numbers ------------------------------------------------------------------ */

/*
 * How many a superblock may have: the kernel has a million for all, and a user can make
 * as many subvolumes as there is space for.
 */
#define FUSE_BPF_DEVS_MAX	1024

/*
 * A backing filesystem can show several devices (btrfs subvolumes), each with
 * its own inode numbers.  Each gets a device number of ours, until unmount.
 */
static dev_t fuse_bpf_dev_add(struct fuse_bpf_sb *fsb, dev_t backing)
{
	void *other;
	dev_t ours;

	if (!atomic_add_unless(&fsb->dev_count, 1, FUSE_BPF_DEVS_MAX))
		return 0;
	if (get_anon_bdev(&ours)) {
		atomic_dec(&fsb->dev_count);
		return 0;
	}
	other = xa_cmpxchg(&fsb->devs, backing, NULL, xa_mk_value(ours), GFP_KERNEL);
	if (!other)
		return ours;
	/* Another task was faster, or there is no memory. */
	free_anon_bdev(ours);
	atomic_dec(&fsb->dev_count);
	return xa_is_value(other) ? xa_to_value(other) : 0;
}

/* As fuse_bpf_dev(), where the device is not that of the backing filesystem. */
dev_t fuse_bpf_other_dev(struct super_block *sb, dev_t backing)
{
	struct fuse_bpf_sb *fsb = fuse_bpf_sb(sb);
	void *known = xa_load(&fsb->devs, backing);
	dev_t ours = known ? xa_to_value(known) : fuse_bpf_dev_add(fsb, backing);

	/* Without one: inode numbers that repeat are better than no answer. */
	return ours ?: sb->s_dev;
}

static void fuse_bpf_devs_free(struct fuse_bpf_sb *fsb)
{
	unsigned long backing;
	void *ours;

	xa_for_each(&fsb->devs, backing, ours)
		free_anon_bdev(xa_to_value(ours));
	xa_destroy(&fsb->devs);
}

/* --- operations -------------------------------------------------------------------------- */

static void fuse_bpf_statfs_fill(struct fuse_kstatfs *st, const struct kstatfs *buf)
{
	*st = (struct fuse_kstatfs) {
		.blocks = buf->f_blocks, .bfree = buf->f_bfree, .bavail = buf->f_bavail,
		.files = buf->f_files, .ffree = buf->f_ffree, .bsize = buf->f_bsize,
		.namelen = buf->f_namelen, .frsize = buf->f_frsize,
	};
}

/* df must not divide by what a program made up. */
static bool fuse_bpf_statfs_ok(const struct fuse_kstatfs *st)
{
	return st->bsize && st->bsize <= INT_MAX && st->frsize <= INT_MAX &&
	       st->bfree <= st->blocks && st->bavail <= st->blocks &&
	       st->ffree <= st->files && st->namelen && st->namelen <= NAME_MAX;
}

static int fuse_bpf_statfs_take(struct fuse_bpf_call *call, struct kstatfs *buf)
{
	const struct fuse_kstatfs *st = &call->out.statfs.st;

	if (!fuse_bpf_statfs_ok(st))
		return fuse_bpf_refuse(call, "statfs with block size", st->bsize);
	buf->f_blocks = st->blocks;
	buf->f_bfree = st->bfree;
	buf->f_bavail = st->bavail;
	buf->f_files = st->files;
	buf->f_ffree = st->ffree;
	buf->f_bsize = st->bsize;
	buf->f_namelen = st->namelen;
	buf->f_frsize = st->frsize;
	return 0;
}

static int fuse_bpf_statfs(struct dentry *dentry, struct kstatfs *buf)
{
	struct fuse_kstatfs before = {};
	bool answered, posts = false;
	FUSE_BPF_CALL(call);
	int err;

	fuse_bpf_begin(&call, d_inode(dentry), FUSE_BPF_OP_STATFS, dentry);
	err = fuse_bpf_pre(&call);
	answered = err == FUSE_BPF_ANSWERED;
	if (!err) {
		err = fuse_bpf_backing_statfs(dentry, buf);
		posts = call.version && call.post;
		if (!err && posts) {
			fuse_bpf_statfs_fill(&before, buf);
			call.out.statfs.st = before;
		}
	}
	err = fuse_bpf_post(&call, answered ? 0 : err);
	/* What a program left alone is not ours to judge. */
	if (!err && (answered || (posts && memcmp(&before, &call.out.statfs.st,
						  sizeof(before)))))
		err = fuse_bpf_statfs_take(&call, buf);
	buf->f_type = FUSE_BPF_SUPER_MAGIC;
	return err;
}

static int fuse_bpf_sync_fs(struct super_block *sb, int wait)
{
	struct fuse_bpf_sb *fsb = fuse_bpf_sb(sb);
	struct super_block *below = fsb->mnt->mnt_sb;
	int err, lost;

	/* sync(2) comes to the backing filesystem by itself. */
	if (!wait)
		return 0;
	/* Ours is held, and that below may be another of ours. */
	down_read_nested(&below->s_umount, SINGLE_DEPTH_NESTING);
	err = sync_filesystem(below);
	up_read(&below->s_umount);
	/* What writing back could not do is known below, and asked for here: syncfs(2). */
	spin_lock(&fsb->lock);
	lost = errseq_check_and_advance(&below->s_wb_err, &fsb->wb_err);
	if (lost)
		errseq_set(&sb->s_wb_err, lost);
	spin_unlock(&fsb->lock);
	return err;
}

/* Freezing ours stops writers through us; what is below has other users. */
static int fuse_bpf_freeze_fs(struct super_block *sb)
{
	return 0;
}

static int fuse_bpf_show_options(struct seq_file *m, struct dentry *root)
{
	static const char * const detach[] = {
		[FUSE_BPF_DETACH_FAIL] = "fail",
		[FUSE_BPF_DETACH_PASS] = "pass",
	};
	const struct fuse_bpf_sb *fsb = fuse_bpf_sb(root->d_sb);

	if (fsb->slot)
		seq_show_option(m, "ops", fsb->slot->name);
	if (fsb->detach != FUSE_BPF_DETACH_KEEP)
		seq_show_option(m, "detach", detach[fsb->detach]);
	return 0;
}

static const struct super_operations fuse_bpf_super_operations = {
	.alloc_inode	= fuse_bpf_inode_alloc,
	.free_inode	= fuse_bpf_inode_free,
	.evict_inode	= fuse_bpf_inode_evict,
	/* Nothing of ours is worth keeping without a dentry, and it pins a file. */
	.drop_inode	= compat_inode_just_drop,
	.statfs		= fuse_bpf_statfs,
	.sync_fs	= fuse_bpf_sync_fs,
	.freeze_fs	= fuse_bpf_freeze_fs,
	.show_options	= fuse_bpf_show_options,
};

/* --- filling it ------------------------------------------------------------------------------ */

/*
 * What IMA and EVM go by.  A file changes underneath without their seeing it at our inode:
 * what they have found is not to be kept.  Our inode has not the generation that is in an
 * HMAC.  And who is not trusted below is not trusted here.
 */
static void fuse_bpf_set_integrity_flags(struct super_block *sb, const struct super_block *below)
{
	sb->s_iflags |= SB_I_IMA_UNVERIFIABLE_SIGNATURE | COMPAT_SB_I_EVM_HMAC_UNSUPPORTED;
	if ((below->s_iflags & SB_I_UNTRUSTED_MOUNTER) || below->s_user_ns != &init_user_ns)
		sb->s_iflags |= SB_I_UNTRUSTED_MOUNTER;
}

/* nosuid, nodev, noexec and read-only below must not be laundered by us. */
static void fuse_bpf_inherit_mount_flags(struct super_block *sb, struct fuse_bpf_sb *fsb)
{
	const struct super_block *below = fsb->mnt->mnt_sb;

	if ((fsb->mnt->mnt_flags & MNT_NODEV) || (below->s_iflags & SB_I_NODEV))
		sb->s_iflags |= SB_I_NODEV;
	if ((fsb->mnt->mnt_flags & MNT_NOEXEC) || (below->s_iflags & SB_I_NOEXEC))
		sb->s_iflags |= SB_I_NOEXEC;
	if (__mnt_is_readonly(fsb->mnt))
		sb->s_flags |= SB_RDONLY;
	/* Whoever set the bits of a user namespace's mount is trusted only there. */
	fsb->nosuid = (fsb->mnt->mnt_flags & MNT_NOSUID) || below->s_user_ns != &init_user_ns;
	/* Where reading sets the atime only at times, the option of ours says so. */
	fsb->relatime = fsb->mnt->mnt_flags & MNT_RELATIME;
	fsb->mnt->mnt_flags &= ~MNT_RELATIME;
	/*
	 * What may be executed is decided on the user's file.  remap_file_pages(2) alone
	 * looks at the mapped one, and is not to undo what was decided.
	 */
	fsb->mnt->mnt_flags |= MNT_NOEXEC;
}

static void fuse_bpf_inherit(struct super_block *sb, struct fuse_bpf_sb *fsb)
{
	struct super_block *below = fsb->mnt->mnt_sb;

	sb->s_blocksize = below->s_blocksize;
	sb->s_blocksize_bits = below->s_blocksize_bits;
	sb->s_maxbytes = below->s_maxbytes;
	sb->s_time_gran = below->s_time_gran;
	sb->s_time_min = below->s_time_min;
	sb->s_time_max = below->s_time_max;
	sb->s_stack_depth = below->s_stack_depth + 1;
	/* The VFS leaves the umask to us then, and we to the filesystem below. */
	sb->s_flags |= below->s_flags & SB_POSIXACL;
	sb->s_iflags |= below->s_iflags & COMPAT_SB_I_NOUMASK;
	fsb->wb_err = errseq_sample(&below->s_wb_err);
	fuse_bpf_set_integrity_flags(sb, below);
	fuse_bpf_inherit_mount_flags(sb, fsb);
}

/* Can a search below fail that ours grants, for want of the mounter's rights? */
static bool fuse_bpf_mounter_is_limited(const struct fuse_bpf_sb *fsb)
{
	struct user_namespace *ns = fsb->mnt->mnt_sb->s_user_ns;

	return !ns_capable_noaudit(ns, CAP_DAC_OVERRIDE) ||
	       !ns_capable_noaudit(ns, CAP_DAC_READ_SEARCH);
}

static int fuse_bpf_make_root(struct super_block *sb, struct fuse_bpf_sb *fsb)
{
	struct inode *inode;

	inode = fuse_bpf_iget(sb, d_inode(fsb->root), fsb->slot, ~0ULL);
	if (IS_ERR(inode))
		return PTR_ERR(inode);
	sb->s_root = d_make_root(inode);
	if (!sb->s_root)
		return -ENOMEM;
	fuse_bpf_dentry_set(sb->s_root, dget(fsb->root));
	return 0;
}

/* As fuse_bpf_inode_lock_class(): one mount of ours over another is in order. */
static void fuse_bpf_sb_lock_class(struct super_block *sb)
{
#ifdef CONFIG_LOCKDEP
	static struct lock_class_key writer_keys[FILESYSTEM_MAX_STACK_DEPTH][SB_FREEZE_LEVELS];
	static struct lock_class_key rename_keys[FILESYSTEM_MAX_STACK_DEPTH];
	int depth = sb->s_stack_depth - 1;
	int level;

	for (level = 0; level < SB_FREEZE_LEVELS; level++)
		lockdep_set_class(&sb->s_writers.rw_sem[level], &writer_keys[depth][level]);
	lockdep_set_class(&sb->s_vfs_rename_mutex, &rename_keys[depth]);
#endif
}

/* Called with the mounter's credentials; s_fs_info is complete. */
int fuse_bpf_fill_super(struct super_block *sb, struct fs_context *fc)
{
	struct fuse_bpf_sb *fsb = fuse_bpf_sb(sb);

	sb->s_magic = FUSE_BPF_SUPER_MAGIC;
	sb->s_op = &fuse_bpf_super_operations;
	compat_set_xattr_handlers(sb, fuse_bpf_xattr_handlers);
	compat_set_default_d_op(sb, &fuse_bpf_dentry_operations);
	/* The backing filesystem writes back; there is nothing of ours. */
	sb->s_iflags |= SB_I_SKIP_SYNC;
	fuse_bpf_inherit(sb, fsb);
	fuse_bpf_export(sb);
	fuse_bpf_sb_lock_class(sb);
	fsb->check_backing = fuse_bpf_mounter_is_limited(fsb);
	return fuse_bpf_make_root(sb, fsb);
}

/* The last thing of a mount, or of an attempt at one.  Parts may be missing. */
void fuse_bpf_sb_free(struct fuse_bpf_sb *fsb)
{
	fuse_bpf_devs_free(fsb);
	dput(fsb->root);
	/* Waits for RCU, so no lockless walker is left that looks at fsb. */
	if (fsb->mnt)
		kern_unmount(fsb->mnt);
	if (fsb->slot) {
		atomic_long_dec(&fsb->slot->mounts);
		fuse_bpf_slot_put(fsb->slot);
	}
	fuse_bpf_creds_free(fsb->creds);
	if (fsb->mounter)
		put_cred(fsb->mounter);
	kfree(fsb);
}
