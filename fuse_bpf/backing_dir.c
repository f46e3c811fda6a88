// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lower layer, names: one function per change that the backing filesystem
 * makes to a directory.
 *
 * All of them work by name, under the backing directory's lock, and compare
 * what they find with what our dentry stands for: an entry that was moved
 * underneath gives ESTALE, which makes the VFS look it up again.  The caller
 * holds our directory's i_rwsem exclusively.  Lock order: our sb_writers and
 * i_rwsem, the backing sb_writers, the backing i_rwsem.
 */
#include <linux/namei.h>
#include "fuse_bpf_i.h"

/* Between fuse_bpf_dirop_start() and _end(). */
struct fuse_bpf_dirop {
	struct vfsmount *mnt;
	struct mnt_idmap *idmap;	/* of mnt */
	const struct cred *old;		/* the caller's */
	struct inode *dir;		/* backing directory, locked */
	struct dentry *child;		/* counted; may be an ERR_PTR after a failure */
};

typedef struct dentry *fuse_bpf_start_fn(struct mnt_idmap *idmap, struct dentry *parent,
					 struct qstr *name);

/* Credentials, write access, the lock, and the entry that @dentry names. */
static int fuse_bpf_dirop_start(struct fuse_bpf_dirop *dop, struct dentry *dentry,
				fuse_bpf_start_fn *start)
{
	struct dentry *parent = fuse_bpf_backing_dentry(dentry->d_parent);
	struct qstr name = QSTR_INIT(dentry->d_name.name, dentry->d_name.len);
	int err;

	dop->mnt = fuse_bpf_sb(dentry->d_sb)->mnt;
	dop->idmap = mnt_idmap(dop->mnt);
	dop->dir = d_inode(parent);
	dop->old = fuse_bpf_creds_enter(dentry->d_sb);
	if (IS_ERR(dop->old))
		return PTR_ERR(dop->old);
	err = mnt_want_write(dop->mnt);
	if (err)
		goto leave;
	dop->child = start(dop->idmap, parent, &name);
	err = PTR_ERR_OR_ZERO(dop->child);
	if (err)
		goto drop_write;
	return 0;

drop_write:
	mnt_drop_write(dop->mnt);
leave:
	fuse_bpf_creds_leave(dop->old);
	return err;
}

static void fuse_bpf_dirop_end(struct fuse_bpf_dirop *dop)
{
	compat_end_dirop(dop->child);
	mnt_drop_write(dop->mnt);
	fuse_bpf_creds_leave(dop->old);
}

/* End what made an entry: the new backing dentry, referenced, or an error. */
static struct dentry *fuse_bpf_dirop_made(struct fuse_bpf_dirop *dop, int err)
{
	struct dentry *made;

	if (err)
		made = ERR_PTR(err);
	else if (IS_ERR(dop->child))
		made = dop->child;
	else
		made = dget(dop->child);
	fuse_bpf_dirop_end(dop);
	return made;
}

struct dentry *fuse_bpf_backing_lookup(struct dentry *parent, const struct qstr *name)
{
	struct fuse_bpf_sb *fsb = fuse_bpf_sb(parent->d_sb);
	struct qstr copy = QSTR_INIT(name->name, name->len);
	const struct cred *old = fuse_bpf_creds_enter(parent->d_sb);
	struct dentry *found;

	if (IS_ERR(old))
		return ERR_CAST(old);
	found = compat_lookup_one_unlocked(mnt_idmap(fsb->mnt), &copy,
					   fuse_bpf_backing_dentry(parent));
	fuse_bpf_creds_leave(old);
	return found;
}

struct dentry *fuse_bpf_backing_create(struct dentry *dentry, umode_t mode)
{
	struct fuse_bpf_dirop dop;
	int err = fuse_bpf_dirop_start(&dop, dentry, compat_start_creating);

	if (err)
		return ERR_PTR(err);
	err = compat_vfs_create(dop.idmap, dop.child, mode);
	/* It came up underneath after our lookup: without O_EXCL that is no error. */
	return fuse_bpf_dirop_made(&dop, err == -EEXIST ? -ESTALE : err);
}

struct dentry *fuse_bpf_backing_mkdir(struct dentry *dentry, umode_t mode)
{
	struct fuse_bpf_dirop dop;
	int err = fuse_bpf_dirop_start(&dop, dentry, compat_start_creating);

	if (err)
		return ERR_PTR(err);
	/* Takes the reference; another dentry or an error may come back. */
	dop.child = compat_vfs_mkdir(dop.idmap, dop.dir, dop.child, mode);
	return fuse_bpf_dirop_made(&dop, 0);
}

struct dentry *fuse_bpf_backing_mknod(struct dentry *dentry, umode_t mode, dev_t rdev)
{
	struct fuse_bpf_dirop dop;
	int err = fuse_bpf_dirop_start(&dop, dentry, compat_start_creating);

	if (err)
		return ERR_PTR(err);
	err = compat_vfs_mknod(dop.idmap, dop.dir, dop.child, mode, rdev);
	return fuse_bpf_dirop_made(&dop, err);
}

struct dentry *fuse_bpf_backing_symlink(struct dentry *dentry, const char *target)
{
	struct fuse_bpf_dirop dop;
	int err = fuse_bpf_dirop_start(&dop, dentry, compat_start_creating);

	if (err)
		return ERR_PTR(err);
	err = compat_vfs_symlink(dop.idmap, dop.dir, dop.child, target);
	return fuse_bpf_dirop_made(&dop, err);
}

struct dentry *fuse_bpf_backing_link(struct dentry *old_dentry, struct dentry *dentry)
{
	struct fuse_bpf_dirop dop;
	int err = fuse_bpf_dirop_start(&dop, dentry, compat_start_creating);

	if (err)
		return ERR_PTR(err);
	err = vfs_link(fuse_bpf_backing_dentry(old_dentry), dop.idmap, dop.dir,
		       dop.child, NULL);
	return fuse_bpf_dirop_made(&dop, err);
}

/* Is what was found under the lock what @dentry stands for? */
static bool fuse_bpf_same_inode(const struct dentry *dentry, const struct dentry *found)
{
	return d_inode(found) == fuse_bpf_backing_inode(d_inode(dentry));
}

int fuse_bpf_backing_unlink(struct dentry *dentry)
{
	struct fuse_bpf_dirop dop;
	int err = fuse_bpf_dirop_start(&dop, dentry, compat_start_removing);

	if (err)
		return err == -ENOENT ? -ESTALE : err;
	err = -ESTALE;
	if (fuse_bpf_same_inode(dentry, dop.child))
		err = vfs_unlink(dop.idmap, dop.dir, dop.child, NULL);
	fuse_bpf_dirop_end(&dop);
	return err;
}

int fuse_bpf_backing_rmdir(struct dentry *dentry)
{
	struct fuse_bpf_dirop dop;
	int err = fuse_bpf_dirop_start(&dop, dentry, compat_start_removing);

	if (err)
		return err == -ENOENT ? -ESTALE : err;
	err = -ESTALE;
	if (fuse_bpf_same_inode(dentry, dop.child))
		err = compat_vfs_rmdir(dop.idmap, dop.dir, dop.child);
	fuse_bpf_dirop_end(&dop);
	return err;
}

/* Are both entries still what our dentries stand for? */
static bool fuse_bpf_rename_fits(const struct fuse_bpf_backing_rename *rename,
				 const struct compat_renaming *r)
{
	if (r->old_dentry != fuse_bpf_backing_dentry(rename->old_dentry) ||
	    !fuse_bpf_same_inode(rename->old_dentry, r->old_dentry))
		return false;
	if (d_is_negative(rename->new_dentry))
		return d_is_negative(r->new_dentry);
	return fuse_bpf_same_inode(rename->new_dentry, r->new_dentry);
}

static unsigned int fuse_bpf_seq_of(const struct dentry *ours, const struct dentry *backing)
{
	if (fuse_bpf_backing_dentry(ours) != backing)
		return FUSE_BPF_SEQ_NONE;
	return raw_read_seqcount(&backing->d_seq);
}

static int fuse_bpf_rename_locked(struct fuse_bpf_backing_rename *rename,
				  struct compat_renaming *r)
{
	int err;

	if (!fuse_bpf_rename_fits(rename, r))
		return -ESTALE;
	err = compat_vfs_rename(r);
	if (err)
		return err;
	/* With the directories locked nothing else can have moved them since. */
	rename->old_seq = fuse_bpf_seq_of(rename->old_dentry, r->old_dentry);
	rename->new_seq = fuse_bpf_seq_of(rename->new_dentry, r->new_dentry);
	return 0;
}

int fuse_bpf_backing_rename(struct fuse_bpf_backing_rename *rename)
{
	struct dentry *old_dentry = rename->old_dentry, *new_dentry = rename->new_dentry;
	struct vfsmount *mnt = fuse_bpf_sb(old_dentry->d_sb)->mnt;
	struct compat_renaming r = {
		.idmap		= mnt_idmap(mnt),
		.old_parent	= fuse_bpf_backing_dentry(old_dentry->d_parent),
		.new_parent	= fuse_bpf_backing_dentry(new_dentry->d_parent),
		.flags		= rename->flags,
	};
	struct qstr old_name = QSTR_INIT(old_dentry->d_name.name, old_dentry->d_name.len);
	struct qstr new_name = QSTR_INIT(new_dentry->d_name.name, new_dentry->d_name.len);
	const struct cred *old = fuse_bpf_creds_enter(old_dentry->d_sb);
	int err;

	if (IS_ERR(old))
		return PTR_ERR(old);
	err = mnt_want_write(mnt);
	if (err)
		goto leave;
	err = compat_start_renaming(&r, &old_name, &new_name);
	if (err)
		goto drop_write;
	err = fuse_bpf_rename_locked(rename, &r);
	compat_end_renaming(&r);
drop_write:
	mnt_drop_write(mnt);
leave:
	fuse_bpf_creds_leave(old);
	return err;
}
