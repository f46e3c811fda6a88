// SPDX-License-Identifier: GPL-2.0-only
/*
 * Listing a directory: the backing file's entries, each shown to the readdir
 * program if there is one.  Positions are the backing filesystem's.
 */
#include <linux/module.h>
#include "fuse_bpf_i.h"

/* A listing between the backing directory and the caller. */
struct fuse_bpf_listing {
	struct dir_context ctx;		/* what the backing directory fills */
	struct dir_context *caller;
	const struct cred *cred;	/* the caller's: programs, and what is copied to it */
	struct fuse_bpf_call *call;	/* NULL without a program */
	int err;			/* ends the listing */
};

static bool fuse_bpf_is_dot(const char *name, int len)
{
	return name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.'));
}

/* What the program says about an entry.  True: it is listed; else see listing->err. */
static bool fuse_bpf_list_wanted(struct fuse_bpf_listing *listing, const struct qstr *name,
				 loff_t offset, u64 ino, unsigned int type)
{
	struct fuse_bpf_call *call = listing->call;

	/* Some filesystems pass on a flag of the caller's beside it. */
	type &= S_DT_MASK;
	call->name = name;
	call->in.readdir = (struct fuse_bpf_readdir_in) {
		.ino = ino, .off = offset, .type = type, .namelen = name->len,
	};
	call->ctx.target_is_dir = type == DT_DIR;
	listing->err = fuse_bpf_pre(call);
	call->name = NULL;
	return !listing->err;
}

/* One entry.  True: go on.  The backing directory is read with derived credentials. */
static bool fuse_bpf_list_entry(struct dir_context *ctx, const char *name, int len,
				loff_t offset, u64 ino, unsigned int type)
{
	struct fuse_bpf_listing *listing = container_of(ctx, struct fuse_bpf_listing, ctx);
	const struct cred *derived = fuse_bpf_swap_creds(listing->cred);
	struct dir_context *caller = listing->caller;
	struct qstr q = QSTR_INIT(name, len);
	bool more;

	if (listing->call && !fuse_bpf_is_dot(name, len) &&
	    !fuse_bpf_list_wanted(listing, &q, offset, ino, type)) {
		more = listing->err == -ENOENT;
		if (more)
			listing->err = 0;
	} else {
		caller->pos = ctx->pos;
		more = caller->actor(caller, name, len, offset, ino, type);
	}
	fuse_bpf_swap_creds(derived);
	return more;
}

static int fuse_bpf_list(struct file *backing, struct dir_context *caller,
			 const struct cred *cred, struct fuse_bpf_call *call)
{
	struct fuse_bpf_listing listing = {
		.ctx = *caller,
		.caller = caller,
		.cred = cred,
		.call = call,
	};
	int err;

	listing.ctx.actor = fuse_bpf_list_entry;
	/* The position is the caller's; its f_pos_lock guards the backing file's. */
	backing->f_pos = caller->pos;
	err = iterate_dir(backing, &listing.ctx);
	caller->pos = listing.ctx.pos;
	return err ?: listing.err;
}

static int fuse_bpf_iterate(struct file *file, struct dir_context *ctx)
{
	struct inode *inode = file_inode(file);
	struct file *backing = fuse_bpf_backing_file_now(file);
	const struct cred *old;
	FUSE_BPF_CALL(call);
	bool asked;
	int err;

	/* One version of the programs for all entries of this call. */
	asked = fuse_bpf_begin(&call, inode, FUSE_BPF_OP_READDIR, compat_file_dentry(file));
	if (call.refusal)
		return call.refusal;
	old = fuse_bpf_creds_enter(inode->i_sb);
	if (IS_ERR(old))
		return fuse_bpf_post(&call, PTR_ERR(old));
	err = fuse_bpf_list(backing, ctx, old, asked ? &call : NULL);
	fuse_bpf_creds_leave(old);
	return fuse_bpf_post(&call, err);
}

/*
 * Under f_pos_lock, which the VFS takes for every directory, and without a lock of the
 * inode: NFS waits here for that of the backing directory.
 */
static loff_t fuse_bpf_dir_llseek(struct file *file, loff_t offset, int whence)
{
	struct file *backing = fuse_bpf_backing_file(file);
	loff_t ret;

	ret = fuse_bpf_detached(file_inode(file));
	if (ret)
		return ret;
	backing->f_pos = file->f_pos;
	ret = fuse_bpf_backing_llseek(file, offset, whence);
	file->f_pos = backing->f_pos;
	return ret;
}

/* No operation to a program or to the backing filesystem; but locks go. */
static int fuse_bpf_dir_flush(struct file *file, fl_owner_t owner)
{
	fuse_bpf_backing_remove_posix(file, owner);
	return 0;
}

const struct file_operations fuse_bpf_dir_operations = {
	.owner		= THIS_MODULE,
	.open		= fuse_bpf_open,
	.release	= fuse_bpf_release,
	.llseek		= fuse_bpf_dir_llseek,
	.read		= generic_read_dir,
	.iterate_shared	= fuse_bpf_iterate,
	.flush		= fuse_bpf_dir_flush,
	.fsync		= fuse_bpf_fsync,
	.fadvise	= fuse_bpf_backing_fadvise,
	.lock		= fuse_bpf_lock,
	.flock		= fuse_bpf_flock,
};
