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
#include <linux/jiffies.h>
#include <linux/namei.h>
#include "fuse_bpf_i.h"

/* Between fuse_bpf_dirop_start() and _end(). */
struct fuse_bpf_dirop {
	struct fuse_bpf_change change;
	struct mnt_idmap *idmap;	/* of the backing mount */
	struct inode *dir;		/* backing directory, locked */
	struct dentry *child;		/* counted; may be an ERR_PTR after a failure */
};

typedef struct dentry *fuse_bpf_start_fn(struct mnt_idmap *idmap, struct dentry *parent,
					 struct qstr *name);

/*
 * Credentials, write access, the lock, and the entry that @dentry names.  @idmap
 * is of the mount of ours that the caller came through; @victim is the inode of ours
 * that is to lose the name, if any.
 */
static int fuse_bpf_dirop_start(struct fuse_bpf_dirop *dop, struct mnt_idmap *idmap,
				struct dentry *dentry, const struct inode *victim,
				fuse_bpf_start_fn *start)
{
	struct dentry *parent = fuse_bpf_backing_dentry(dentry->d_parent);
	struct qstr name = QSTR_INIT(dentry->d_name.name, dentry->d_name.len);
	struct inode *dir = d_inode(dentry->d_parent);
	bool granted = fuse_bpf_change_is_granted(dir) ||
		       (victim && fuse_bpf_change_is_granted(victim));
	int err;

	err = fuse_bpf_change_begin(&dop->change, dir, granted, idmap, 0);
	if (err)
		return err;
	dop->idmap = mnt_idmap(dop->change.mnt);
	dop->dir = d_inode(parent);
	fuse_bpf_point("change:dir");
	dop->child = start(dop->idmap, parent, &name);
	err = PTR_ERR_OR_ZERO(dop->child);
	if (err)
		fuse_bpf_change_end(&dop->change);
	return err;
}

static void fuse_bpf_dirop_end(struct fuse_bpf_dirop *dop)
{
	compat_end_dirop(dop->child);
	fuse_bpf_change_end(&dop->change);
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

/* --- making an entry -------------------------------------------------------------------- */

/* What to make; each kind takes what it has. */
struct fuse_bpf_making {
	umode_t mode;
	dev_t rdev;
	const char *target;
	struct dentry *old;		/* backing dentry of what is linked */
	struct inode *linked;		/* and our inode, which is locked */
};

typedef int fuse_bpf_make_fn(struct fuse_bpf_dirop *dop, const struct fuse_bpf_making *what);

/*
 * Make it known.  A filesystem may leave the dentry negative and unhashed, which
 * says to look it up again: cifs does so where it links.
 */
static int fuse_bpf_dirop_made(struct fuse_bpf_dirop *dop)
{
	struct qstr name = QSTR_INIT(dop->child->d_name.name, dop->child->d_name.len);
	struct dentry *made;

	if (likely(d_really_is_positive(dop->child) || !d_unhashed(dop->child)))
		return 0;
	made = compat_lookup_one(dop->idmap, &name, dop->child->d_parent);
	if (IS_ERR(made))
		return PTR_ERR(made);
	dput(dop->child);
	dop->child = made;
	return 0;
}

/* The new backing dentry, referenced, or an error. */
static struct dentry *fuse_bpf_dirop_make(struct mnt_idmap *idmap, struct dentry *dentry,
					  fuse_bpf_make_fn *make,
					  const struct fuse_bpf_making *what)
{
	struct inode *const held[] = { d_inode(dentry->d_parent), what->linked, NULL };
	unsigned int tries = 0;
	struct fuse_bpf_dirop dop;
	struct dentry *made;
	int err;

	do {
		err = fuse_bpf_dirop_start(&dop, idmap, dentry, NULL, compat_start_creating);
		if (err)
			return ERR_PTR(err);
		err = fuse_bpf_recheck_dir(&dop.change, d_inode(dentry->d_parent)) ?:
		      make(&dop, what) ?: fuse_bpf_dirop_made(&dop);
		made = err ? ERR_PTR(err) : dget(dop.child);
		fuse_bpf_dirop_end(&dop);
	} while (fuse_bpf_backing_again(err, held, &tries));
	return made;
}

static int fuse_bpf_vfs_make_file(struct fuse_bpf_dirop *dop, const struct fuse_bpf_making *what)
{
	int err = compat_vfs_create(dop->idmap, dop->child, what->mode);

	/*
	 * It came up underneath after our lookup, and has to be looked at.  An NFS
	 * server does not walk again, and would report its directory as stale.
	 */
	return err == -EEXIST && !(current->flags & PF_KTHREAD) ? -ESTALE : err;
}

struct dentry *fuse_bpf_backing_create(struct mnt_idmap *idmap, struct dentry *dentry,
				       umode_t mode)
{
	const struct fuse_bpf_making what = { .mode = mode };

	return fuse_bpf_dirop_make(idmap, dentry, fuse_bpf_vfs_make_file, &what);
}

static int fuse_bpf_vfs_make_dir(struct fuse_bpf_dirop *dop, const struct fuse_bpf_making *what)
{
	/* Takes the reference; another dentry or an error may come back. */
	dop->child = compat_vfs_mkdir(dop->idmap, dop->dir, dop->child, what->mode);
	return PTR_ERR_OR_ZERO(dop->child);
}

struct dentry *fuse_bpf_backing_mkdir(struct mnt_idmap *idmap, struct dentry *dentry,
				      umode_t mode)
{
	const struct fuse_bpf_making what = { .mode = mode };

	return fuse_bpf_dirop_make(idmap, dentry, fuse_bpf_vfs_make_dir, &what);
}

static int fuse_bpf_vfs_make_node(struct fuse_bpf_dirop *dop, const struct fuse_bpf_making *what)
{
	return compat_vfs_mknod(dop->idmap, dop->dir, dop->child, what->mode, what->rdev);
}

struct dentry *fuse_bpf_backing_mknod(struct mnt_idmap *idmap, struct dentry *dentry,
				      umode_t mode, dev_t rdev)
{
	const struct fuse_bpf_making what = { .mode = mode, .rdev = rdev };

	return fuse_bpf_dirop_make(idmap, dentry, fuse_bpf_vfs_make_node, &what);
}

static int fuse_bpf_vfs_make_symlink(struct fuse_bpf_dirop *dop, const struct fuse_bpf_making *what)
{
	return compat_vfs_symlink(dop->idmap, dop->dir, dop->child, what->target);
}

struct dentry *fuse_bpf_backing_symlink(struct mnt_idmap *idmap, struct dentry *dentry,
					const char *target)
{
	const struct fuse_bpf_making what = { .target = target };

	return fuse_bpf_dirop_make(idmap, dentry, fuse_bpf_vfs_make_symlink, &what);
}

static int fuse_bpf_vfs_make_link(struct fuse_bpf_dirop *dop, const struct fuse_bpf_making *what)
{
	return vfs_link(what->old, dop->idmap, dop->dir, dop->child, NULL);
}

/* What fuse_bpf_change_without_idmap() is to do, and what came of it. */
struct fuse_bpf_linking {
	struct dentry *old_dentry;	/* ours */
	struct dentry *dentry;		/* ours */
	struct dentry *made;
};

static int fuse_bpf_link_with(struct mnt_idmap *idmap, void *arg)
{
	struct fuse_bpf_linking *l = arg;
	const struct fuse_bpf_making what = {
		.old	= fuse_bpf_backing_dentry(l->old_dentry),
		.linked	= d_inode(l->old_dentry),
	};

	l->made = fuse_bpf_dirop_make(idmap, l->dentry, fuse_bpf_vfs_make_link, &what);
	return PTR_ERR_OR_ZERO(l->made);
}

struct dentry *fuse_bpf_backing_link(struct dentry *old_dentry, struct dentry *dentry)
{
	struct fuse_bpf_linking l = { .old_dentry = old_dentry, .dentry = dentry };
	int err = fuse_bpf_change_without_idmap(d_inode(dentry->d_parent), fuse_bpf_link_with, &l);

	return err ? ERR_PTR(err) : l.made;
}

/* --- removing and moving one ------------------------------------------------------------- */

/* Is what was found under the lock what @dentry stands for? */
static bool fuse_bpf_same_inode(const struct dentry *dentry, const struct dentry *found)
{
	return d_inode(found) == fuse_bpf_backing_inode(d_inode(dentry));
}

/*
 * NFS tells by the count of a dentry that a file is in use, and then gives it
 * another name where it should remove it.  Our reference is no use: where it is
 * the only one, the entry is looked up anew below, and this dentry goes with ours.
 */
static bool fuse_bpf_let_go(const struct dentry *dentry)
{
	struct dentry *backing = fuse_bpf_backing_dentry(dentry);

	if (!fuse_bpf_is_remote(backing) || d_count(backing) != 1)
		return false;
	d_drop(backing);
	return true;
}

/*
 * The same for what a rename replaces.  That has to be in the cache again: newer
 * kernels tell NFS what they look it up for, and NFS then saves itself the look.
 */
static void fuse_bpf_let_go_of_target(const struct dentry *dentry)
{
	struct dentry *found;

	if (!fuse_bpf_let_go(dentry))
		return;
	found = fuse_bpf_backing_lookup(dentry->d_parent, &dentry->d_name);
	if (!IS_ERR(found))
		dput(found);
}

typedef int fuse_bpf_remove_fn(struct fuse_bpf_dirop *dop);

/* What fuse_bpf_change_without_idmap() is to do. */
struct fuse_bpf_removing {
	struct dentry *dentry;		/* ours */
	fuse_bpf_remove_fn *remove;
};

static int fuse_bpf_remove_locked(struct fuse_bpf_dirop *dop, const struct fuse_bpf_removing *r)
{
	struct dentry *dentry = r->dentry;

	if (!fuse_bpf_same_inode(dentry, dop->child))
		return -ESTALE;
	return fuse_bpf_recheck_victim(&dop->change, d_inode(dentry->d_parent), d_inode(dentry)) ?:
	       r->remove(dop);
}

static int fuse_bpf_remove_with(struct mnt_idmap *idmap, void *arg)
{
	const struct fuse_bpf_removing *r = arg;
	struct inode *const held[] = {
		d_inode(r->dentry->d_parent), d_inode(r->dentry), NULL
	};
	unsigned int tries = 0;
	struct fuse_bpf_dirop dop;
	int err;

	do {
		err = fuse_bpf_dirop_start(&dop, idmap, r->dentry, d_inode(r->dentry),
					   compat_start_removing);
		if (err)
			return err == -ENOENT ? -ESTALE : err;
		err = fuse_bpf_remove_locked(&dop, r);
		fuse_bpf_dirop_end(&dop);
	} while (fuse_bpf_backing_again(err, held, &tries));
	return err;
}

static int fuse_bpf_dirop_remove(struct dentry *dentry, fuse_bpf_remove_fn *remove)
{
	struct fuse_bpf_removing r = { dentry, remove };

	return fuse_bpf_change_without_idmap(d_inode(dentry->d_parent), fuse_bpf_remove_with, &r);
}

static int fuse_bpf_vfs_remove_file(struct fuse_bpf_dirop *dop)
{
	return vfs_unlink(dop->idmap, dop->dir, dop->child, NULL);
}

int fuse_bpf_backing_unlink(struct dentry *dentry)
{
	fuse_bpf_let_go(dentry);
	return fuse_bpf_dirop_remove(dentry, fuse_bpf_vfs_remove_file);
}

static int fuse_bpf_vfs_remove_dir(struct fuse_bpf_dirop *dop)
{
	return compat_vfs_rmdir(dop->idmap, dop->dir, dop->child);
}

int fuse_bpf_backing_rmdir(struct dentry *dentry)
{
	return fuse_bpf_dirop_remove(dentry, fuse_bpf_vfs_remove_dir);
}

/* Are both entries still what our dentries stand for? */
static bool fuse_bpf_rename_fits(const struct fuse_bpf_backing_rename *rename,
				 const struct compat_renaming *r)
{
	if (r->old_dentry != fuse_bpf_backing_dentry(rename->old_dentry) ||
	    !fuse_bpf_same_inode(rename->old_dentry, r->old_dentry))
		return false;
	if (d_really_is_negative(rename->new_dentry))
		return d_really_is_negative(r->new_dentry);
	return fuse_bpf_same_inode(rename->new_dentry, r->new_dentry);
}

static unsigned int fuse_bpf_seq_of(const struct dentry *ours, const struct dentry *backing)
{
	if (fuse_bpf_backing_dentry(ours) != backing)
		return FUSE_BPF_SEQ_NONE;
	return raw_read_seqcount(&backing->d_seq);
}

/* May the caller take the name of @dentry away, and if it moves between directories, its ".."? */
static int fuse_bpf_recheck_moved(const struct fuse_bpf_change *change, struct dentry *dentry,
				  bool leaves)
{
	int err = fuse_bpf_recheck_victim(change, d_inode(dentry->d_parent), d_inode(dentry));

	if (!err && leaves && fuse_bpf_d_is_dir(dentry))
		err = fuse_bpf_recheck_write(change, d_inode(dentry));
	return err;
}

static int fuse_bpf_recheck_rename(const struct fuse_bpf_change *change,
				   const struct fuse_bpf_backing_rename *rename)
{
	struct dentry *old_dentry = rename->old_dentry, *new_dentry = rename->new_dentry;
	bool leaves = old_dentry->d_parent != new_dentry->d_parent;
	int err;

	err = fuse_bpf_recheck_moved(change, old_dentry, leaves);
	if (err)
		return err;
	if (d_really_is_negative(new_dentry))
		return fuse_bpf_recheck_dir(change, d_inode(new_dentry->d_parent));
	return fuse_bpf_recheck_moved(change, new_dentry,
				      leaves && (rename->flags & RENAME_EXCHANGE));
}

static bool fuse_bpf_rename_is_granted(const struct fuse_bpf_backing_rename *rename)
{
	const struct dentry *old_dentry = rename->old_dentry, *new_dentry = rename->new_dentry;

	return fuse_bpf_change_is_granted(d_inode(old_dentry->d_parent)) ||
	       fuse_bpf_change_is_granted(d_inode(new_dentry->d_parent)) ||
	       fuse_bpf_change_is_granted(d_inode(old_dentry)) ||
	       (d_really_is_positive(new_dentry) &&
		fuse_bpf_change_is_granted(d_inode(new_dentry)));
}

static int fuse_bpf_rename_locked(struct fuse_bpf_backing_rename *rename,
				  const struct fuse_bpf_change *change, struct compat_renaming *r)
{
	int err;

	if (!fuse_bpf_rename_fits(rename, r))
		return -ESTALE;
	err = fuse_bpf_recheck_rename(change, rename) ?: compat_vfs_rename(r);
	if (err)
		return err;
	/* With the directories locked nothing else can have moved them since. */
	rename->old_seq = fuse_bpf_seq_of(rename->old_dentry, r->old_dentry);
	rename->new_seq = fuse_bpf_seq_of(rename->new_dentry, r->new_dentry);
	return 0;
}

/*
 * A rename between directories that waits for a delegation makes all such renames in the
 * mount wait.  After one, none waits for some times as long: who keeps delegations does
 * not stop the others.
 */
#define FUSE_BPF_RENAME_PAUSE	4

static bool fuse_bpf_rename_is_across(const struct fuse_bpf_backing_rename *rename)
{
	return rename->old_dentry->d_parent != rename->new_dentry->d_parent;
}

static bool fuse_bpf_rename_may_wait(const struct fuse_bpf_backing_rename *rename)
{
	const struct fuse_bpf_sb *fsb = fuse_bpf_sb(rename->old_dentry->d_sb);

	return !fuse_bpf_rename_is_across(rename) ||
	       !time_before64(get_jiffies_64(), fsb->renames_wait);
}

static void fuse_bpf_rename_waited(const struct fuse_bpf_backing_rename *rename,
				   unsigned int tries)
{
	if (fuse_bpf_rename_is_across(rename))
		fuse_bpf_sb(rename->old_dentry->d_sb)->renames_wait =
			get_jiffies_64() + FUSE_BPF_RENAME_PAUSE * fuse_bpf_backing_waited(tries);
}

static int fuse_bpf_change_names(struct fuse_bpf_backing_rename *rename,
				 const struct fuse_bpf_change *change)
{
	struct dentry *old_dentry = rename->old_dentry, *new_dentry = rename->new_dentry;
	struct compat_renaming r = {
		.idmap		= mnt_idmap(change->mnt),
		.old_parent	= fuse_bpf_backing_dentry(old_dentry->d_parent),
		.new_parent	= fuse_bpf_backing_dentry(new_dentry->d_parent),
		.flags		= rename->flags,
	};
	struct qstr old_name = QSTR_INIT(old_dentry->d_name.name, old_dentry->d_name.len);
	struct qstr new_name = QSTR_INIT(new_dentry->d_name.name, new_dentry->d_name.len);
	struct inode *const held[] = {
		d_inode(old_dentry->d_parent), d_inode(new_dentry->d_parent),
		d_inode(old_dentry), d_inode(new_dentry), NULL
	};
	bool may_wait = fuse_bpf_rename_may_wait(rename);
	unsigned int tries = 0;
	int err;

	do {
		fuse_bpf_point("change:dir");
		err = compat_start_renaming(&r, &old_name, &new_name);
		if (err)
			break;
		err = fuse_bpf_rename_locked(rename, change, &r);
		compat_end_renaming(&r);
	} while (may_wait && fuse_bpf_backing_again(err, held, &tries));
	if (unlikely(tries))
		fuse_bpf_rename_waited(rename, tries);
	return err;
}

int fuse_bpf_backing_rename(struct fuse_bpf_backing_rename *rename)
{
	struct dentry *old_dentry = rename->old_dentry, *new_dentry = rename->new_dentry;
	struct fuse_bpf_change change;
	int err;

	if (d_really_is_positive(new_dentry) && !fuse_bpf_d_is_dir(new_dentry) &&
	    !(rename->flags & RENAME_EXCHANGE))
		fuse_bpf_let_go_of_target(new_dentry);
	err = fuse_bpf_change_begin(&change, d_inode(old_dentry->d_parent),
				    fuse_bpf_rename_is_granted(rename), rename->idmap, 0);
	if (err)
		return err;
	err = fuse_bpf_change_names(rename, &change);
	fuse_bpf_change_end(&change);
	return err;
}
