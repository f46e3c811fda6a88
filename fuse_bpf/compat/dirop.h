/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes to a backing directory: start_*() locks it and finds the entry,
 * end_*() drops both, as the newest kernel has it.
 */
#ifndef _FUSE_BPF_COMPAT_DIROP_H
#define _FUSE_BPF_COMPAT_DIROP_H

#include <linux/fs.h>
#include <linux/namei.h>

#ifdef HAVE_LOOKUP_ONE_QSTR
#define compat_lookup_one_unlocked	lookup_one_unlocked
#define compat_lookup_one		lookup_one
#else
static inline struct dentry *compat_lookup_one(struct mnt_idmap *idmap, struct qstr *name,
					       struct dentry *parent)
{
	return lookup_one(idmap, name->name, parent, name->len);
}

static inline struct dentry *compat_lookup_one_unlocked(struct mnt_idmap *idmap,
							struct qstr *name,
							struct dentry *parent)
{
	return lookup_one_unlocked(idmap, name->name, parent, name->len);
}
#endif

/* --- start and end ---------------------------------------------------------- */

#ifdef HAVE_START_CREATING_DIRENT
#define compat_start_creating	start_creating
#define compat_start_removing	start_removing
#define compat_end_dirop	end_dirop
#else
static inline struct dentry *compat_start_creating(struct mnt_idmap *idmap,
						   struct dentry *parent,
						   struct qstr *name)
{
	struct inode *dir = d_inode(parent);
	struct dentry *child;

	inode_lock_nested(dir, I_MUTEX_PARENT);
	child = lookup_one(idmap, name->name, parent, name->len);
	if (IS_ERR(child))
		inode_unlock(dir);
	return child;
}

/* Of an entry whose parent is locked. */
static inline void compat_end_dirop(struct dentry *child)
{
	if (IS_ERR(child))
		return;
	inode_unlock(d_inode(child->d_parent));
	dput(child);
}

static inline struct dentry *compat_start_removing(struct mnt_idmap *idmap,
						   struct dentry *parent,
						   struct qstr *name)
{
	struct dentry *child = compat_start_creating(idmap, parent, name);

	if (!IS_ERR(child) && d_is_negative(child)) {
		compat_end_dirop(child);
		child = ERR_PTR(-ENOENT);
	}
	return child;
}
#endif

/* --- the changes -------------------------------------------------------------- */

static inline int compat_vfs_create(struct mnt_idmap *idmap, struct dentry *child,
				    umode_t mode)
{
#ifdef HAVE_VFS_CREATE_WITHOUT_DIR
	return vfs_create(idmap, child, mode, NULL);
#else
	return vfs_create(idmap, d_inode(child->d_parent), child, mode, true);
#endif
}

/*
 * Takes over @child's reference: returns it, or the dentry that the filesystem
 * used instead; on an error the lock and the reference are gone.
 */
static inline struct dentry *compat_vfs_mkdir(struct mnt_idmap *idmap, struct inode *dir,
					      struct dentry *child, umode_t mode)
{
#ifdef HAVE_MKDIR_RETURNS_DENTRY
	return vfs_mkdir(idmap, dir, child, mode, NULL);
#else
	int err = vfs_mkdir(idmap, dir, child, mode);

	if (!err)
		return child;
	compat_end_dirop(child);
	return ERR_PTR(err);
#endif
}

#ifdef HAVE_DELEGATED_INODE
#define COMPAT_NO_DELEGATION	, NULL
#else
#define COMPAT_NO_DELEGATION
#endif

static inline int compat_vfs_mknod(struct mnt_idmap *idmap, struct inode *dir,
				   struct dentry *child, umode_t mode, dev_t rdev)
{
	return vfs_mknod(idmap, dir, child, mode, rdev COMPAT_NO_DELEGATION);
}

static inline int compat_vfs_symlink(struct mnt_idmap *idmap, struct inode *dir,
				     struct dentry *child, const char *target)
{
	return vfs_symlink(idmap, dir, child, target COMPAT_NO_DELEGATION);
}

static inline int compat_vfs_rmdir(struct mnt_idmap *idmap, struct inode *dir,
				   struct dentry *child)
{
	return vfs_rmdir(idmap, dir, child COMPAT_NO_DELEGATION);
}

/* --- rename ----------------------------------------------------------------------- */

struct compat_renaming {
	struct mnt_idmap *idmap;
	struct dentry *old_parent;	/* given */
	struct dentry *new_parent;	/* given */
	struct dentry *old_dentry;	/* found by compat_start_renaming() */
	struct dentry *new_dentry;	/* found */
	unsigned int flags;
	struct renamedata rd;
};

#ifdef HAVE_RENAMEDATA_WITH_PARENT_DENTRIES
static inline int compat_start_renaming(struct compat_renaming *r, struct qstr *old_name,
					struct qstr *new_name)
{
	int err;

	r->rd.mnt_idmap = r->idmap;
	r->rd.old_parent = r->old_parent;
	r->rd.new_parent = r->new_parent;
	r->rd.flags = r->flags;
	err = start_renaming(&r->rd, 0, old_name, new_name);
	if (err)
		return err;
	r->old_dentry = r->rd.old_dentry;
	r->new_dentry = r->rd.new_dentry;
	return 0;
}

static inline void compat_end_renaming(struct compat_renaming *r)
{
	end_renaming(&r->rd);
}
#else
/* Neither may be an ancestor of the other's directory: @trap is such a one. */
static inline int compat_renaming_trapped(const struct compat_renaming *r,
					  const struct dentry *trap)
{
	if (d_is_negative(r->old_dentry))
		return -ENOENT;
	if ((r->flags & RENAME_NOREPLACE) && d_is_positive(r->new_dentry))
		return -EEXIST;
	if ((r->flags & RENAME_EXCHANGE) && d_is_negative(r->new_dentry))
		return -ENOENT;
	if (r->old_dentry == trap)
		return -EINVAL;
	if (r->new_dentry == trap)
		return r->flags & RENAME_EXCHANGE ? -EINVAL : -ENOTEMPTY;
	return 0;
}

static inline void compat_end_renaming(struct compat_renaming *r)
{
	dput(r->new_dentry);
	dput(r->old_dentry);
	unlock_rename(r->old_parent, r->new_parent);
}

static inline int compat_start_renaming(struct compat_renaming *r, struct qstr *old_name,
					struct qstr *new_name)
{
	struct dentry *trap = lock_rename(r->old_parent, r->new_parent);
	int err;

	if (IS_ERR(trap))
		return PTR_ERR(trap);
	r->old_dentry = lookup_one(r->idmap, old_name->name, r->old_parent, old_name->len);
	if (IS_ERR(r->old_dentry)) {
		err = PTR_ERR(r->old_dentry);
		goto unlock;
	}
	r->new_dentry = lookup_one(r->idmap, new_name->name, r->new_parent, new_name->len);
	if (IS_ERR(r->new_dentry)) {
		err = PTR_ERR(r->new_dentry);
		goto put_old;
	}
	err = compat_renaming_trapped(r, trap);
	if (err)
		compat_end_renaming(r);
	return err;

put_old:
	dput(r->old_dentry);
unlock:
	unlock_rename(r->old_parent, r->new_parent);
	return err;
}
#endif

static inline int compat_vfs_rename(struct compat_renaming *r)
{
#ifndef HAVE_RENAMEDATA_WITH_PARENT_DENTRIES
	r->rd = (struct renamedata) {
		.old_mnt_idmap	= r->idmap,
		.old_dir	= d_inode(r->old_parent),
		.old_dentry	= r->old_dentry,
		.new_mnt_idmap	= r->idmap,
		.new_dir	= d_inode(r->new_parent),
		.new_dentry	= r->new_dentry,
		.flags		= r->flags,
	};
#endif
	return vfs_rename(&r->rd);
}

/* --- our own operations as the kernel wants them --------------------------------------- */

#ifdef HAVE_CREATE_WITHOUT_EXCL
#define COMPAT_CREATE(fn)	fn
#define COMPAT_WRAP_CREATE(fn)
#else
#define COMPAT_CREATE(fn)	compat_##fn
#define COMPAT_WRAP_CREATE(fn)							\
static int compat_##fn(struct mnt_idmap *idmap, struct inode *dir,		\
		       struct dentry *dentry, umode_t mode, bool excl)		\
{										\
	return fn(idmap, dir, dentry, mode);					\
}
#endif

/* Where no other dentry can be returned, @dentry stays negative and unhashed. */
#ifdef HAVE_MKDIR_RETURNS_DENTRY
#define COMPAT_MKDIR(fn)	fn
#define COMPAT_WRAP_MKDIR(fn)
#else
#define COMPAT_MKDIR(fn)	compat_##fn
#define COMPAT_WRAP_MKDIR(fn)							\
static int compat_##fn(struct mnt_idmap *idmap, struct inode *dir,		\
		       struct dentry *dentry, umode_t mode)			\
{										\
	struct dentry *alias = fn(idmap, dir, dentry, mode);			\
										\
	if (IS_ERR(alias))							\
		return PTR_ERR(alias);						\
	dput(alias);								\
	return 0;								\
}
#endif

/* Gives the dentry of @file, which has no name, what stands in place of one. */
#ifdef HAVE_D_MARK_TMPFILE
#define compat_d_mark_tmpfile	d_mark_tmpfile
#else
static inline void compat_d_mark_tmpfile(struct file *file, struct inode *inode)
{
	struct dentry *dentry = file->f_path.dentry;

	spin_lock(&dentry->d_parent->d_lock);
	spin_lock_nested(&dentry->d_lock, DENTRY_D_LOCK_NESTED);
	/* A new dentry with a short name: that is stored in itself. */
	dentry->d_name.len = snprintf(dentry->d_iname, DNAME_INLINE_LEN, "#%llu",
				      (unsigned long long)inode->i_ino);
	spin_unlock(&dentry->d_lock);
	spin_unlock(&dentry->d_parent->d_lock);
}
#endif

/* --- revalidation ------------------------------------------------------------------------ */

#ifdef HAVE_D_REVALIDATE_WITH_NAME
#define COMPAT_WRAP_D_REVALIDATE(fn)
#define COMPAT_D_REVALIDATE(fn)	fn

static inline int compat_revalidate_backing(struct dentry *backing, unsigned int flags)
{
	struct dentry *parent = dget_parent(backing);
	struct name_snapshot name;
	int ret;

	take_dentry_name_snapshot(&name, backing);
	ret = backing->d_op->d_revalidate(d_inode(parent), &name.name, backing, flags);
	release_dentry_name_snapshot(&name);
	dput(parent);
	return ret;
}
#else
/* Finds the directory and the name that newer kernels pass. */
#define COMPAT_D_REVALIDATE(fn)	compat_##fn
#define COMPAT_WRAP_D_REVALIDATE(fn)						\
static noinline int compat_ref_##fn(struct dentry *dentry, unsigned int flags)	\
{										\
	struct dentry *parent = dget_parent(dentry);				\
	struct name_snapshot name;						\
	int ret;								\
										\
	take_dentry_name_snapshot(&name, dentry);				\
	ret = fn(d_inode(parent), &name.name, dentry, flags);			\
	release_dentry_name_snapshot(&name);					\
	dput(parent);								\
	return ret;								\
}										\
										\
static int compat_##fn(struct dentry *dentry, unsigned int flags)		\
{										\
	struct inode *dir;							\
										\
	if (!(flags & LOOKUP_RCU))						\
		return compat_ref_##fn(dentry, flags);				\
	dir = d_inode_rcu(READ_ONCE(dentry->d_parent));				\
	/* Without a name: only ref-walk asks programs about one. */		\
	return dir ? fn(dir, NULL, dentry, flags) : -ECHILD;			\
}

static inline int compat_revalidate_backing(struct dentry *backing, unsigned int flags)
{
	return backing->d_op->d_revalidate(backing, flags);
}
#endif

#endif /* _FUSE_BPF_COMPAT_DIROP_H */
