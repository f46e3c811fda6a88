// SPDX-License-Identifier: GPL-2.0-only
/*
 * Directory operations: what makes, removes and moves names.  The VFS holds
 * the directories' i_rwsem exclusively for all of them, but for an open that
 * makes nothing.
 */
#include <linux/fs_struct.h>
#include <linux/fsnotify.h>
#include "fuse_bpf_i.h"

/* From here until fuse_bpf_unbusy() walkers take @dentry as it is. */
static void fuse_bpf_busy(struct dentry *dentry)
{
	WRITE_ONCE(fuse_bpf_dentry(dentry)->busy, true);
	/* Before the backing count moves: pairs with fuse_bpf_seq_holds(). */
	smp_wmb();
}

/* @dentry's sequence count is up to date, or FUSE_BPF_SEQ_NONE, or it is dropped. */
static void fuse_bpf_unbusy(struct dentry *dentry)
{
	/* After the new count was stored: pairs with fuse_bpf_seq_holds(). */
	smp_store_release(&fuse_bpf_dentry(dentry)->busy, false);
}

/* --- making an entry ------------------------------------------------------------------ */

/* True: the program is asked and the caller fills call->in. */
static bool fuse_bpf_make_begin(struct fuse_bpf_call *call, struct inode *dir,
				struct dentry *dentry, enum fuse_bpf_op op)
{
	bool asked = fuse_bpf_begin(call, dir, op, dentry);

	fuse_bpf_busy(dentry);
	if (asked)
		call->name = &dentry->d_name;
	else
		call->child = (struct fuse_bpf_child_rule) { .mask = ~0ULL };
	return asked;
}

/* A hidden name must not be made: it would vanish at once, or is there already. */
static int fuse_bpf_make_pre(struct fuse_bpf_call *call, const struct dentry *dentry)
{
	if (fuse_bpf_dentry(dentry)->hidden)
		return -EACCES;
	return fuse_bpf_pre(call);
}

/* What lookup said of the name, and what the program of this operation added. */
static struct fuse_bpf_child_rule fuse_bpf_made_rule(const struct fuse_bpf_call *call,
						     const struct dentry *dentry)
{
	const struct fuse_bpf_child_rule *kept = &fuse_bpf_dentry(dentry)->child;
	/* A walk may call the program again and store the same rule meanwhile. */
	struct fuse_bpf_child_rule child = {
		.none = READ_ONCE(kept->none), .mask = READ_ONCE(kept->mask),
	};

	child.none |= call->child.none;
	child.mask &= call->child.mask;
	return child;
}

/*
 * A new directory may have been looked up already, through another inode of ours
 * of the directory that it is in.  Then its dentry comes back, and @dentry stays
 * negative and unhashed, or both do if there is no time for more.
 */
static struct dentry *fuse_bpf_instantiate_dir(struct inode *dir, struct dentry *dentry,
					       struct inode *inode, bool keep,
					       const struct fuse_bpf_child_rule *child)
{
	struct dentry *alias;

	d_drop(dentry);
	fuse_bpf_verdict_carry(dir, dentry, keep, child);
	alias = fuse_bpf_splice(dir, dentry, inode, child);
	if (alias == ERR_PTR(-ESTALE) || alias == ERR_PTR(-ELOOP))
		return NULL;
	return alias;
}

/*
 * @made is the new backing dentry, whose reference becomes ours.  @inode is
 * given for a new link to it, else found.  NULL, a directory's dentry as above, or
 * an error.
 */
static struct dentry *fuse_bpf_instantiate(struct inode *dir, struct dentry *dentry,
					   struct dentry *made, struct inode *inode,
					   const struct fuse_bpf_child_rule *child)
{
	bool keep = fuse_bpf_verdict_outlives(dentry);

	fuse_bpf_dentry_set(dentry, made);
	if (d_really_is_negative(made))
		return ERR_PTR(-EIO);
	/* A name that was looked up again may lead elsewhere by then. */
	if (inode && d_inode(made) != fuse_bpf_backing_inode(inode))
		return ERR_PTR(-ESTALE);
	if (inode)
		ihold(inode);
	else
		inode = fuse_bpf_iget(dir->i_sb, d_inode(made),
				      fuse_bpf_child_slot(dir, child),
				      fuse_bpf_child_mask(dir, child));
	if (IS_ERR(inode))
		return ERR_CAST(inode);
	if (S_ISDIR(fuse_bpf_mode(inode)))
		return fuse_bpf_instantiate_dir(dir, dentry, inode, keep, child);
	fuse_bpf_verdict_carry(dir, dentry, keep, child);
	d_instantiate(dentry, inode);
	/* It was found absent and not to be remembered so, or changed below since. */
	if (fuse_bpf_d_unhashed(dentry))
		d_rehash(dentry);
	fuse_bpf_dentry_confirm(dentry);
	return NULL;
}

/* @made: the new backing dentry, or why there is none.  As fuse_bpf_instantiate(). */
static struct dentry *fuse_bpf_make_end(struct fuse_bpf_call *call, struct inode *dir,
					struct dentry *dentry, struct dentry *made,
					struct inode *inode)
{
	struct fuse_bpf_child_rule child = fuse_bpf_made_rule(call, dentry);
	struct dentry *alias = NULL;
	int err = PTR_ERR_OR_ZERO(made);

	fuse_bpf_point("make:done");
	if (!err) {
		alias = fuse_bpf_instantiate(dir, dentry, made, inode, &child);
		err = PTR_ERR_OR_ZERO(alias);
	}
	err = fuse_bpf_post(call, err);
	fuse_bpf_unbusy(dentry);
	if (!err)
		return alias;
	/* What we know of the name is not right: the next walk looks it up. */
	d_drop(dentry);
	if (!IS_ERR(alias))
		dput(alias);
	return ERR_PTR(err);
}

/* Of anything but a directory. */
static int fuse_bpf_make_end_file(struct fuse_bpf_call *call, struct inode *dir,
				  struct dentry *dentry, struct dentry *made,
				  struct inode *inode)
{
	struct dentry *alias = fuse_bpf_make_end(call, dir, dentry, made, inode);

	if (IS_ERR(alias))
		return PTR_ERR(alias);
	/* Looked up again below, it may be a directory by then. */
	dput(alias);
	return 0;
}

/* @mode comes back as programs want it; the file is made with the bits of @more too. */
static int fuse_bpf_make_file(struct mnt_idmap *idmap, struct inode *dir,
			      struct dentry *dentry, umode_t *mode, umode_t more)
{
	struct dentry *made;
	FUSE_BPF_CALL(call);
	bool asked;
	int err;

	asked = fuse_bpf_make_begin(&call, dir, dentry, FUSE_BPF_OP_CREATE);
	if (asked) {
		call.in.create.flags = O_CREAT;
		call.in.create.mode = *mode;
		call.in.create.umask = READ_ONCE(current->fs->umask);
	}
	err = fuse_bpf_make_pre(&call, dentry);
	if (!err && asked)
		err = fuse_bpf_take_mode(&call, mode, call.in.create.mode);
	made = err ? ERR_PTR(err) : fuse_bpf_backing_create(idmap, dentry, *mode | more);
	return fuse_bpf_make_end_file(&call, dir, dentry, made, NULL);
}

static int fuse_bpf_create(struct mnt_idmap *idmap, struct inode *dir,
			   struct dentry *dentry, umode_t mode)
{
	return fuse_bpf_make_file(idmap, dir, dentry, &mode, 0);
}

/* --- opening a name ------------------------------------------------------------------- */

/* How often a name may come up underneath and go again while one open makes it. */
#define FUSE_BPF_OPEN_TRIES	16

/*
 * Whoever makes a file may open it, whatever mode it gets.  A server that makes
 * and opens in one step knows that; here it is two, so the file is made with what
 * @file needs, and loses it once it is open.
 */
static umode_t fuse_bpf_mode_to_open(const struct inode *dir, const struct file *file)
{
	const struct inode *below = fuse_bpf_backing_inode(dir);
	umode_t mode = 0;

	while (below->i_sb->s_type == &fuse_bpf_fs_type)
		below = fuse_bpf_backing_inode(below);
	if (!below->i_op->atomic_open)
		return 0;
	if (file->f_mode & FMODE_READ)
		mode |= 0400;
	if (file->f_mode & FMODE_WRITE)
		mode |= 0200;
	return mode;
}

/*
 * Opens what was just made.  The VFS does it, once it has unlocked the directory, which a
 * fanotify listener that permits the open may need.  Only where the bits of @more have to
 * go from the mode, or for knfsd, which opens nothing after this, is it done here.
 */
static int fuse_bpf_open_made(struct inode *dir, struct dentry *dentry, struct file *file,
			      umode_t more)
{
	int err, err2 = 0;

	file->f_mode |= FMODE_CREATED;
	if (!more && !(current->flags & PF_KTHREAD))
		return finish_no_open(file, NULL);
	err = finish_open(file, dentry, fuse_bpf_open);
	if (more)
		err2 = fuse_bpf_backing_drop_mode(file_mnt_idmap(file), dentry, more);
	err = err ?: err2;
	/* Made it is all the same, which the VFS does not tell with an error. */
	if (err)
		fsnotify_create(dir, dentry);
	return err;
}

/*
 * Opening a name that is not known to be there.  What comes up underneath between
 * our look and our attempt to make it is what O_CREAT opens then, and what O_EXCL
 * refuses: both are the VFS's to do, with a caller whose rights it checks.
 * ->create could say only that it made something.
 */
static int fuse_bpf_atomic_open(struct inode *dir, struct dentry *dentry, struct file *file,
				unsigned int flags, umode_t mode)
{
	umode_t more = fuse_bpf_mode_to_open(dir, file);
	/* The flag is this task's; others beside it are not. */
	bool known = !data_race(d_in_lookup(dentry));
	struct dentry *found = NULL;
	int tries, err;

	for (tries = 0; tries < FUSE_BPF_OPEN_TRIES; tries++) {
		umode_t made = mode;

		if (!known)
			found = fuse_bpf_lookup(dir, dentry, 0);
		if (IS_ERR(found))
			return PTR_ERR(found);
		if (found || d_really_is_positive(dentry) || !(flags & O_CREAT))
			return finish_no_open(file, found);
		/* An absence that is not to be remembered leaves it in lookup. */
		d_lookup_done(dentry);
		fuse_bpf_point("open:absent");
		err = fuse_bpf_make_file(file_mnt_idmap(file), dir, dentry, &made, more);
		if (!err)
			return fuse_bpf_open_made(dir, dentry, file, more & ~made);
		/* knfsd takes what is not refused for made and open: nothing is found for it. */
		if (err != -ESTALE || (current->flags & PF_KTHREAD))
			return err;
		/* It is unhashed, and nobody else's: as in a lookup. */
		known = false;
		fuse_bpf_point("open:stale");
	}
	return -ESTALE;
}

static struct dentry *fuse_bpf_mkdir(struct mnt_idmap *idmap, struct inode *dir,
				     struct dentry *dentry, umode_t mode)
{
	struct dentry *made;
	FUSE_BPF_CALL(call);
	bool asked;
	int err;

	/* The VFS passes permission bits alone; a program is shown the type too. */
	mode |= S_IFDIR;
	asked = fuse_bpf_make_begin(&call, dir, dentry, FUSE_BPF_OP_MKDIR);
	if (asked) {
		call.in.mkdir.mode = mode;
		call.in.mkdir.umask = READ_ONCE(current->fs->umask);
	}
	err = fuse_bpf_make_pre(&call, dentry);
	if (!err && asked)
		err = fuse_bpf_take_mode(&call, &mode, call.in.mkdir.mode);
	made = err ? ERR_PTR(err) : fuse_bpf_backing_mkdir(idmap, dentry,
								mode & S_IALLUGO);
	return fuse_bpf_make_end(&call, dir, dentry, made, NULL);
}

static int fuse_bpf_mknod(struct mnt_idmap *idmap, struct inode *dir,
			  struct dentry *dentry, umode_t mode, dev_t rdev)
{
	struct dentry *made;
	FUSE_BPF_CALL(call);
	bool asked;
	int err;

	asked = fuse_bpf_make_begin(&call, dir, dentry, FUSE_BPF_OP_MKNOD);
	if (asked) {
		call.in.mknod.mode = mode;
		call.in.mknod.rdev = new_encode_dev(rdev);
		call.in.mknod.umask = READ_ONCE(current->fs->umask);
	}
	err = fuse_bpf_make_pre(&call, dentry);
	if (!err && asked)
		err = fuse_bpf_take_mode(&call, &mode, call.in.mknod.mode);
	made = err ? ERR_PTR(err) : fuse_bpf_backing_mknod(idmap, dentry, mode, rdev);
	return fuse_bpf_make_end_file(&call, dir, dentry, made, NULL);
}

static int fuse_bpf_symlink(struct mnt_idmap *idmap, struct inode *dir,
			    struct dentry *dentry, const char *target)
{
	struct dentry *made;
	FUSE_BPF_CALL(call);
	int err;

	if (fuse_bpf_make_begin(&call, dir, dentry, FUSE_BPF_OP_SYMLINK))
		call.link = target;
	err = fuse_bpf_make_pre(&call, dentry);
	made = err ? ERR_PTR(err) : fuse_bpf_backing_symlink(idmap, dentry, target);
	return fuse_bpf_make_end_file(&call, dir, dentry, made, NULL);
}

static int fuse_bpf_link(struct dentry *old_dentry, struct inode *dir,
			 struct dentry *dentry)
{
	struct inode *inode = d_inode(old_dentry);
	struct dentry *made;
	FUSE_BPF_CALL(call);
	int err;

	/*
	 * By its mode and owner the VFS has decided whether this caller may link to it.  An
	 * NFS server has not: its callers link to anything, and it does not walk again.
	 */
	if (!fuse_bpf_attr_fresh(inode)) {
		err = fuse_bpf_refresh(inode, FUSE_BPF_REFRESH_LOCKED);
		if (err || !(current->flags & PF_KTHREAD))
			return err ?: -ESTALE;
	}
	if (fuse_bpf_make_begin(&call, dir, dentry, FUSE_BPF_OP_LINK))
		call.in.link.oldnodeid = fuse_bpf_backing_inode(inode)->i_ino;
	/* One file must not be under two policies through one inode. */
	err = fuse_bpf_same_key(inode, dir, &fuse_bpf_dentry(dentry)->child) ? 0 : -EXDEV;
	err = fuse_bpf_make_pre(&call, dentry) ?: err;
	made = err ? ERR_PTR(err) : fuse_bpf_backing_link(old_dentry, dentry);
	err = fuse_bpf_make_end_file(&call, dir, dentry, made, inode);
	fuse_bpf_copy_nlink(inode);
	return err;
}

/* --- removing one ----------------------------------------------------------------------- */

static void fuse_bpf_remove_begin(struct fuse_bpf_call *call, struct inode *dir,
				  struct dentry *dentry, enum fuse_bpf_op op)
{
	if (fuse_bpf_begin(call, dir, op, dentry))
		call->name = &dentry->d_name;
	fuse_bpf_busy(dentry);
}

static int fuse_bpf_remove_end(struct fuse_bpf_call *call, struct dentry *dentry, int err)
{
	fuse_bpf_point("remove:done");
	if (err) {
		/* If it was moved underneath, walkers may know. */
		fuse_bpf_dentry_confirm(dentry);
	} else {
		fuse_bpf_copy_nlink(d_inode(dentry));
		WRITE_ONCE(fuse_bpf_dentry(dentry)->gone, true);
		d_drop(dentry);
	}
	fuse_bpf_unbusy(dentry);
	return fuse_bpf_post(call, err);
}

static int fuse_bpf_unlink(struct inode *dir, struct dentry *dentry)
{
	FUSE_BPF_CALL(call);
	int err;

	fuse_bpf_remove_begin(&call, dir, dentry, FUSE_BPF_OP_UNLINK);
	err = fuse_bpf_pre(&call);
	if (!err)
		err = fuse_bpf_backing_unlink(dentry);
	return fuse_bpf_remove_end(&call, dentry, err);
}

static int fuse_bpf_rmdir(struct inode *dir, struct dentry *dentry)
{
	FUSE_BPF_CALL(call);
	int err;

	fuse_bpf_remove_begin(&call, dir, dentry, FUSE_BPF_OP_RMDIR);
	err = fuse_bpf_pre(&call);
	if (!err)
		err = fuse_bpf_backing_rmdir(dentry);
	return fuse_bpf_remove_end(&call, dentry, err);
}

/* --- moving one --------------------------------------------------------------------------- */

/*
 * Two of our inodes for one directory below, as where it was moved underneath and
 * could not be moved here: the entry would be renamed to itself, which is nothing
 * below and the end of the one that it replaces here.
 */
static bool fuse_bpf_rename_to_itself(const struct dentry *old_dentry,
				      const struct dentry *new_dentry)
{
	return d_really_is_positive(new_dentry) &&
	       fuse_bpf_backing_inode(d_inode(old_dentry)) ==
	       fuse_bpf_backing_inode(d_inode(new_dentry));
}

/* May the entries change names without a change of the programs they are under? */
static int fuse_bpf_rename_allowed(struct inode *old_dir, struct dentry *old_dentry,
				   struct inode *new_dir, struct dentry *new_dentry,
				   unsigned int flags)
{
	if (fuse_bpf_dentry(new_dentry)->hidden)
		return -EACCES;
	if (fuse_bpf_inode(old_dir)->slot != fuse_bpf_inode(new_dir)->slot ||
	    !fuse_bpf_same_key(d_inode(old_dentry), new_dir,
			       &fuse_bpf_dentry(new_dentry)->child))
		return -EXDEV;
	if ((flags & RENAME_EXCHANGE) &&
	    !fuse_bpf_same_key(d_inode(new_dentry), old_dir,
			       &fuse_bpf_dentry(old_dentry)->child))
		return -EXDEV;
	if (fuse_bpf_rename_to_itself(old_dentry, new_dentry))
		return -ESTALE;
	return 0;
}

/*
 * The entry has moved below, and the VFS will move ours: until then it holds
 * under the old name, from then on under the new one, by the same count.  What
 * programs say of the old name ends with the count of ours.
 */
static void fuse_bpf_renamed(struct dentry *dentry, unsigned int seq)
{
	struct fuse_bpf_dentry *fd = fuse_bpf_dentry(dentry);

	WRITE_ONCE(fd->own_seq, raw_read_seqcount(&dentry->d_seq));
	WRITE_ONCE(fd->seq, seq);
	WRITE_ONCE(fd->spliced, false);
}

static void fuse_bpf_rename_end(const struct fuse_bpf_backing_rename *rename, bool moved,
				int err)
{
	struct dentry *old_dentry = rename->old_dentry, *new_dentry = rename->new_dentry;
	bool known = moved && !err;

	if (moved && d_really_is_positive(new_dentry)) {
		fuse_bpf_copy_nlink(d_inode(new_dentry));
		/* Once the VFS has unhashed it. */
		if (known && !(rename->flags & RENAME_EXCHANGE))
			WRITE_ONCE(fuse_bpf_dentry(new_dentry)->gone, true);
	}
	if (moved) {
		/* Reported as failed by a program, ours stay where they are: wrong. */
		fuse_bpf_renamed(old_dentry, known ? rename->old_seq : FUSE_BPF_SEQ_NONE);
		fuse_bpf_renamed(new_dentry, known ? rename->new_seq : FUSE_BPF_SEQ_NONE);
	} else {
		fuse_bpf_dentry_confirm(old_dentry);
		if (d_really_is_positive(new_dentry))
			fuse_bpf_dentry_confirm(new_dentry);
		else if (err == -ESTALE)
			d_drop(new_dentry);
	}
	fuse_bpf_unbusy(new_dentry);
	fuse_bpf_unbusy(old_dentry);
}

static int fuse_bpf_rename(struct mnt_idmap *idmap, struct inode *old_dir,
			   struct dentry *old_dentry, struct inode *new_dir,
			   struct dentry *new_dentry, unsigned int flags)
{
	struct fuse_bpf_backing_rename rename = {
		.idmap = idmap, .old_dentry = old_dentry, .new_dentry = new_dentry, .flags = flags,
	};
	FUSE_BPF_CALL(call);
	bool asked, moved = false;
	int err;

	err = fuse_bpf_rename_allowed(old_dir, old_dentry, new_dir, new_dentry, flags);
	if (err)
		return err;
	/* One call for both: they have the same ops, but either may be masked. */
	asked = fuse_bpf_begin(&call, old_dir, FUSE_BPF_OP_RENAME, old_dentry) ||
		(!call.refusal &&
		 fuse_bpf_begin(&call, new_dir, FUSE_BPF_OP_RENAME, old_dentry));
	if (asked) {
		call.name = &old_dentry->d_name;
		call.newname = &new_dentry->d_name;
		call.newdentry = new_dentry;
		call.in.rename.newdir = fuse_bpf_backing_inode(new_dir)->i_ino;
		call.in.rename.flags = flags;
	}
	fuse_bpf_busy(old_dentry);
	fuse_bpf_busy(new_dentry);
	err = fuse_bpf_pre(&call);
	if (!err) {
		err = fuse_bpf_backing_rename(&rename);
		moved = !err;
	}
	fuse_bpf_point("rename:done");
	err = fuse_bpf_post(&call, err);
	fuse_bpf_rename_end(&rename, moved, err);
	fuse_bpf_point("rename:known");
	return err;
}

/* --- files without a name ------------------------------------------------------------------- */

static int fuse_bpf_tmpfile_opened(struct inode *inode, struct file *file)
{
	fuse_bpf_adopt_file(file, fuse_bpf_backing_file(file));
	return 0;
}

/* Give @file's nameless dentry the inode of @backing, and open it. */
static int fuse_bpf_tmpfile_finish(struct inode *dir, struct file *file,
				   struct file *backing, const struct fuse_bpf_child_rule *child)
{
	struct dentry *dentry = file->f_path.dentry;
	struct inode *inode;

	inode = fuse_bpf_iget(dir->i_sb, file_inode(backing), fuse_bpf_child_slot(dir, child),
			      fuse_bpf_child_mask(dir, child));
	if (IS_ERR(inode))
		return PTR_ERR(inode);
	fuse_bpf_dentry_set(dentry, dget(backing->f_path.dentry));
	compat_d_mark_tmpfile(file, inode);
	d_instantiate(dentry, inode);
	file->private_data = backing;
	return finish_open(file, dentry, fuse_bpf_tmpfile_opened);
}

static int fuse_bpf_tmpfile(struct mnt_idmap *idmap, struct inode *dir,
			    struct file *file, umode_t mode)
{
	struct fuse_bpf_child_rule child = { .mask = ~0ULL };
	struct file *backing;
	FUSE_BPF_CALL(call);
	bool asked;
	int err;

	asked = fuse_bpf_begin(&call, dir, FUSE_BPF_OP_TMPFILE, NULL);
	if (asked) {
		call.in.tmpfile.flags = file->f_flags;
		call.in.tmpfile.mode = mode;
		call.in.tmpfile.umask = READ_ONCE(current->fs->umask);
		call.ctx.target_is_dir = 0;
	}
	err = fuse_bpf_pre(&call);
	if (!err && asked) {
		err = fuse_bpf_take_mode(&call, &mode, call.in.tmpfile.mode);
		child = call.child;
	}
	if (err)
		return fuse_bpf_post(&call, err);

	backing = fuse_bpf_backing_tmpfile(idmap, file, file->f_path.dentry->d_parent, mode);
	if (IS_ERR(backing))
		return fuse_bpf_post(&call, PTR_ERR(backing));
	err = fuse_bpf_tmpfile_finish(dir, file, backing, &child);
	/* Without FMODE_OPENED nobody calls ->release(). */
	if (err)
		fuse_bpf_backing_close(file, backing);
	return fuse_bpf_post(&call, err);
}

COMPAT_WRAP_CREATE(fuse_bpf_create)
COMPAT_WRAP_MKDIR(fuse_bpf_mkdir)

const struct inode_operations fuse_bpf_dir_inode_operations = {
	.lookup		= fuse_bpf_lookup,
	.create		= COMPAT_CREATE(fuse_bpf_create),
	.atomic_open	= fuse_bpf_atomic_open,
	.mkdir		= COMPAT_MKDIR(fuse_bpf_mkdir),
	.mknod		= fuse_bpf_mknod,
	.symlink	= fuse_bpf_symlink,
	.link		= fuse_bpf_link,
	.unlink		= fuse_bpf_unlink,
	.rmdir		= fuse_bpf_rmdir,
	.rename		= fuse_bpf_rename,
	.tmpfile	= fuse_bpf_tmpfile,
	.permission	= fuse_bpf_permission,
	.getattr	= fuse_bpf_getattr,
	.setattr	= fuse_bpf_setattr,
	.listxattr	= fuse_bpf_listxattr,
	COMPAT_ACL_OPS(fuse_bpf_get_inode_acl, fuse_bpf_get_acl, fuse_bpf_set_acl)
	.fiemap		= fuse_bpf_fiemap,
	.fileattr_get	= fuse_bpf_fileattr_get,
	.fileattr_set	= fuse_bpf_fileattr_set,
};
