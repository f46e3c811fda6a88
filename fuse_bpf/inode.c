// SPDX-License-Identifier: GPL-2.0-only
/*
 * Inodes: identity, life, permission, and the operations that any kind of file
 * has.  Attributes are attr.c's, names dir.c's and lookup.c's.
 */
#include <linux/fs_stack.h>
#include <linux/hash.h>
#include <linux/slab.h>
#include "fuse_bpf_i.h"

static struct kmem_cache *fuse_bpf_inode_cache;

/* --- life -------------------------------------------------------------------------- */

struct inode *fuse_bpf_inode_alloc(struct super_block *sb)
{
	struct fuse_bpf_inode *fi;

	fi = alloc_inode_sb(sb, fuse_bpf_inode_cache, GFP_KERNEL);
	if (!fi)
		return NULL;
	fi->backing = NULL;
	fi->slot = NULL;
	fi->mask = 0;
	fi->shaped = false;
	fi->granted = false;
	fi->checks = NULL;
	return &fi->vfs_inode;
}

void fuse_bpf_inode_free(struct inode *inode)
{
	kmem_cache_free(fuse_bpf_inode_cache, fuse_bpf_inode(inode));
}

/*
 * A lockless walker may still look at us, and through us at the backing inode
 * and the slot: all three are freed by RCU, so the pointers stay.
 */
void fuse_bpf_inode_evict(struct inode *inode)
{
	struct fuse_bpf_inode *fi = fuse_bpf_inode(inode);

	truncate_inode_pages_final(&inode->i_data);
	clear_inode(inode);
	if (fi->slot) {
		atomic_long_dec(&fi->slot->inodes);
		fuse_bpf_slot_put(fi->slot);
	}
	iput(fi->backing);
	fuse_bpf_checks_free(fi);
}

static void fuse_bpf_inode_init_once(void *obj)
{
	struct fuse_bpf_inode *fi = obj;

	inode_init_once(&fi->vfs_inode);
}

int fuse_bpf_inodes_init(void)
{
	fuse_bpf_inode_cache = kmem_cache_create("fuse_bpf_inode",
						 sizeof(struct fuse_bpf_inode), 0,
						 SLAB_RECLAIM_ACCOUNT | SLAB_ACCOUNT,
						 fuse_bpf_inode_init_once);
	return fuse_bpf_inode_cache ? 0 : -ENOMEM;
}

void fuse_bpf_inodes_exit(void)
{
	/* free_inode runs from RCU callbacks. */
	rcu_barrier();
	kmem_cache_destroy(fuse_bpf_inode_cache);
}

/* --- what each kind of file can do --------------------------------------------------- */

static const char *fuse_bpf_get_link(struct dentry *dentry, struct inode *inode,
				     struct delayed_call *done)
{
	const char *link;
	FUSE_BPF_CALL(call);
	int err;

	if (!dentry) {
		/* Lockless: only what the backing inode has in memory. */
		link = READ_ONCE(fuse_bpf_backing_inode(inode)->i_link);
		if (!link || fuse_bpf_wanted(inode, FUSE_BPF_OP_READLINK) ||
		    fuse_bpf_backing_atime_due(inode))
			return ERR_PTR(-ECHILD);
		return link;
	}
	fuse_bpf_begin(&call, inode, FUSE_BPF_OP_READLINK, dentry);
	link = NULL;
	err = fuse_bpf_pre(&call);
	if (!err) {
		link = fuse_bpf_backing_get_link(dentry, done);
		err = PTR_ERR_OR_ZERO(link);
	}
	err = fuse_bpf_post(&call, err);
	if (!err)
		return link;
	/* Refused after the fact: nobody else gives back what holds it. */
	do_delayed_call(done);
	clear_delayed_call(done);
	return ERR_PTR(err);
}

static const struct inode_operations fuse_bpf_file_inode_operations = {
	.permission	= fuse_bpf_permission,
	.getattr	= fuse_bpf_getattr,
	.setattr	= fuse_bpf_setattr,
	.listxattr	= fuse_bpf_listxattr,
	COMPAT_ACL_OPS(fuse_bpf_get_inode_acl, fuse_bpf_get_acl, fuse_bpf_set_acl)
	.fiemap		= fuse_bpf_fiemap,
	.fileattr_get	= fuse_bpf_fileattr_get,
	.fileattr_set	= fuse_bpf_fileattr_set,
};

static const struct inode_operations fuse_bpf_symlink_inode_operations = {
	.permission	= fuse_bpf_permission,
	.getattr	= fuse_bpf_getattr,
	.setattr	= fuse_bpf_setattr,
	.listxattr	= fuse_bpf_listxattr,
	.get_link	= fuse_bpf_get_link,
	.fileattr_get	= fuse_bpf_fileattr_get,
	.fileattr_set	= fuse_bpf_fileattr_set,
};

static const struct inode_operations fuse_bpf_special_inode_operations = {
	.permission	= fuse_bpf_permission,
	.getattr	= fuse_bpf_getattr,
	.setattr	= fuse_bpf_setattr,
	.listxattr	= fuse_bpf_listxattr,
	COMPAT_ACL_OPS(fuse_bpf_get_inode_acl, fuse_bpf_get_acl, fuse_bpf_set_acl)
	.fileattr_get	= fuse_bpf_fileattr_get,
	.fileattr_set	= fuse_bpf_fileattr_set,
};

static void fuse_bpf_inode_equip(struct inode *inode, const struct inode *backing)
{
	switch (fuse_bpf_mode(backing) & S_IFMT) {
	case S_IFREG:
		inode->i_op = &fuse_bpf_file_inode_operations;
		inode->i_fop = backing->i_fop->remap_file_range ?
			       &fuse_bpf_file_operations : &fuse_bpf_unshared_file_operations;
		break;
	case S_IFDIR:
		inode->i_op = &fuse_bpf_dir_inode_operations;
		inode->i_fop = &fuse_bpf_dir_operations;
		break;
	case S_IFLNK:
		inode->i_op = &fuse_bpf_symlink_inode_operations;
		break;
	default:
		inode->i_op = &fuse_bpf_special_inode_operations;
		init_special_inode(inode, inode->i_mode, backing->i_rdev);
	}
}

/* --- identity -------------------------------------------------------------------------- */

struct fuse_bpf_key {
	struct inode *backing;
	struct fuse_bpf_slot *slot;
	u64 mask;
};

static int fuse_bpf_iget_test(struct inode *inode, void *data)
{
	const struct fuse_bpf_inode *fi = fuse_bpf_inode(inode);
	const struct fuse_bpf_key *key = data;

	return fi->backing == key->backing && fi->slot == key->slot && fi->mask == key->mask;
}

static int fuse_bpf_iget_set(struct inode *inode, void *data)
{
	struct fuse_bpf_inode *fi = fuse_bpf_inode(inode);
	const struct fuse_bpf_key *key = data;

	ihold(key->backing);
	fi->backing = key->backing;
	fi->slot = fuse_bpf_slot_get(key->slot);
	if (fi->slot)
		atomic_long_inc(&fi->slot->inodes);
	fi->mask = key->mask;
	return 0;
}

/*
 * A mount of ours can lie over another: same lock class, nested.  Told apart by
 * depth, as lockdep would otherwise report what is in order.
 */
static void fuse_bpf_inode_lock_class(struct inode *inode)
{
#ifdef CONFIG_LOCKDEP
	static struct lock_class_key file_keys[FILESYSTEM_MAX_STACK_DEPTH];
	static struct lock_class_key dir_keys[FILESYSTEM_MAX_STACK_DEPTH];
	int depth = inode->i_sb->s_stack_depth - 1;

	if (S_ISDIR(inode->i_mode))
		lockdep_set_class(&inode->i_rwsem, &dir_keys[depth]);
	else
		lockdep_set_class(&inode->i_rwsem, &file_keys[depth]);
#endif
}

/*
 * Our inode for @backing under @slot and @mask.  The caller holds @backing.
 * Equal backing inode pointers are the same file: ours pins it while it can be
 * found; one that is being evicted is waited for.
 */
struct inode *fuse_bpf_iget(struct super_block *sb, struct inode *backing,
			    struct fuse_bpf_slot *slot, u64 mask)
{
	struct fuse_bpf_key key = { backing, slot, slot ? mask : 0 };
	struct inode *inode;

	inode = iget5_locked(sb, hash_ptr(backing, 32), fuse_bpf_iget_test,
			     fuse_bpf_iget_set, &key);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	if (!compat_inode_is_new(inode))
		return inode;

	inode->i_ino = backing->i_ino;
	inode->i_flags |= S_NOATIME | S_NOCMTIME;
	/* Another name in the backing filesystem may change its ACLs any time. */
	inode->i_acl = inode->i_default_acl = ACL_DONT_CACHE;
	fuse_bpf_attr_init(inode);
	fuse_bpf_inode_equip(inode, backing);
	fuse_bpf_inode_lock_class(inode);
	unlock_new_inode(inode);
	return inode;
}

/* --- permission -------------------------------------------------------------------------- */

/* With a program: it may refuse, grant, or leave it to mode and ACL. */
static noinline int fuse_bpf_permission_asked(struct mnt_idmap *idmap,
					      struct inode *inode, int mask)
{
	FUSE_BPF_CALL(call);
	int err;

	if (fuse_bpf_begin(&call, inode, FUSE_BPF_OP_ACCESS, NULL))
		call.in.access.mask = mask & (MAY_READ | MAY_WRITE | MAY_EXEC);
	err = fuse_bpf_pre(&call);
	if (err == FUSE_BPF_ANSWERED) {
		/* From now on changes below are not left to the backing filesystem's check. */
		WRITE_ONCE(fuse_bpf_inode(inode)->granted, true);
		err = 0;
	} else if (!err) {
		err = generic_permission(idmap, inode, mask);
	}
	return fuse_bpf_post(&call, err);
}

/* What cannot be written to on a read-only filesystem: a device or a pipe is elsewhere. */
static bool fuse_bpf_is_stored(umode_t mode)
{
	return S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode);
}

/*
 * Is it the check before a change of names in a directory, whose idmap is to be
 * remembered?  The VFS makes that with exactly this mask, and never in a lockless walk;
 * access(2) and open(2) add flags of their own.
 */
static bool fuse_bpf_is_change_check(const struct mnt_idmap *idmap, const struct inode *inode,
				     int mask)
{
	return mask == (MAY_WRITE | MAY_EXEC) && S_ISDIR(fuse_bpf_mode(inode)) &&
	       unlikely(idmap != &nop_mnt_idmap ||
			READ_ONCE(fuse_bpf_sb(inode->i_sb)->idmapped)) &&
	       compat_inode_may_be_locked_by_us(inode);
}

/* What a write needs beside mode and ACL.  Apart from the path of a walk, which only searches. */
static noinline int fuse_bpf_permission_to_write(struct mnt_idmap *idmap, struct inode *inode,
						 int mask)
{
	/* The VFS may have looked at this before our inode showed it. */
	if (READ_ONCE(inode->i_flags) & S_IMMUTABLE)
		return -EPERM;
	/* It may have become read-only since; for ours the VFS checks that. */
	if (unlikely(fuse_bpf_rdonly(fuse_bpf_backing_inode(inode)->i_sb)) &&
	    fuse_bpf_is_stored(fuse_bpf_mode(inode)))
		return -EROFS;
	return fuse_bpf_is_change_check(idmap, inode, mask) ? fuse_bpf_idmap_used(inode, idmap) : 0;
}

/* By what our inode shows, and by the programs.  Inlined: for each directory of a path. */
static __always_inline int fuse_bpf_permission_shown(struct mnt_idmap *idmap,
						     struct inode *inode, int mask)
{
	int err;

	if (unlikely(fuse_bpf_wanted(inode, FUSE_BPF_OP_ACCESS)))
		err = fuse_bpf_permission_asked(idmap, inode, mask);
	else
		err = generic_permission(idmap, inode, mask);
	if (err || likely(!(mask & MAY_WRITE)))
		return err;
	return fuse_bpf_permission_to_write(idmap, inode, mask);
}

/* How often the attributes may turn out to be others while the caller is checked by them. */
#define FUSE_BPF_PERMISSION_TRIES	16

/*
 * A backing filesystem with a check of its own may refuse what we grant.  It may learn
 * new attributes in doing so, from a server or from a mount of ours below: the caller
 * is checked by these, too.
 */
static noinline int fuse_bpf_permission_by_backing(struct mnt_idmap *idmap, struct inode *inode,
						   int mask, int below)
{
	int tries, err;

	if (mask & MAY_NOT_BLOCK)
		return -ECHILD;
	for (tries = 0; tries < FUSE_BPF_PERMISSION_TRIES; tries++) {
		struct fuse_bpf_seen before = fuse_bpf_look(inode);

		err = fuse_bpf_backing_permission(idmap, inode, below);
		/* Attributes that wait for a lock to be shown whole are not fresh. */
		if (err || fuse_bpf_attr_fresh(inode) || fuse_bpf_still_seen(inode, &before))
			return err;
		err = fuse_bpf_refresh(inode, FUSE_BPF_REFRESH) ?:
		      fuse_bpf_permission_shown(idmap, inode, mask);
		if (err)
			return err;
	}
	return -ESTALE;
}

/* The backing filesystem's part of the check; @below is @mask, as it is to see it. */
static int fuse_bpf_permission_below(struct mnt_idmap *idmap, struct inode *inode, int mask,
				     int below)
{
	struct inode *backing = fuse_bpf_backing_inode(inode);

	if (likely(!backing->i_op->permission && !fuse_bpf_sb(inode->i_sb)->check_backing))
		return 0;
	return fuse_bpf_permission_by_backing(idmap, inode, mask, below);
}

/*
 * Is it exec, which has found setid bits in @inode?  An open for exec and access(2)
 * say so in @mask, and an NFS server, which checks it as well, is no task that executes.
 */
static bool fuse_bpf_is_setid_check(const struct inode *inode, int mask)
{
	return mask == MAY_EXEC && current->in_execve && S_ISREG(fuse_bpf_mode(inode));
}

/*
 * The caller against what the mount shows.  In a lockless walk (MAY_NOT_BLOCK)
 * only what does not sleep; -ECHILD makes the VFS come again.
 */
int fuse_bpf_permission(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	bool setid;
	int err;

	if (unlikely(!fuse_bpf_attr_fresh(inode))) {
		err = fuse_bpf_refresh(inode, mask & MAY_NOT_BLOCK ? FUSE_BPF_REFRESH_RCU :
								     FUSE_BPF_REFRESH);
		if (err)
			return err;
	}
	err = fuse_bpf_permission_shown(idmap, inode, mask);
	if (err)
		return err;
	setid = fuse_bpf_is_setid_check(inode, mask);
	/* The bits need not be those of a mount of ours below: not its check of them. */
	err = fuse_bpf_permission_below(idmap, inode, mask, setid ? mask | MAY_OPEN : mask);
	return unlikely(setid && !err) ? fuse_bpf_check_setid(idmap, inode) : err;
}

/* --- setattr --------------------------------------------------------------------------------- */

/* In one expression: most bits have the same value in both, which the compiler finds. */
static u32 fuse_bpf_fattr_valid(u32 valid)
{
	return (valid & ATTR_MODE ? FATTR_MODE : 0) | (valid & ATTR_UID ? FATTR_UID : 0) |
	       (valid & ATTR_GID ? FATTR_GID : 0) | (valid & ATTR_SIZE ? FATTR_SIZE : 0) |
	       (valid & ATTR_ATIME ? FATTR_ATIME : 0) | (valid & ATTR_MTIME ? FATTR_MTIME : 0) |
	       (valid & ATTR_CTIME ? FATTR_CTIME : 0);
}

static void fuse_bpf_fill_setattr(struct fuse_setattr_in *in, struct mnt_idmap *idmap,
				  const struct iattr *attr)
{
	u32 valid = attr->ia_valid;

	in->valid = fuse_bpf_fattr_valid(valid);
	/* Without _SET the time is "now". */
	if ((valid & ATTR_ATIME) && !(valid & ATTR_ATIME_SET))
		in->valid |= FATTR_ATIME_NOW;
	if ((valid & ATTR_MTIME) && !(valid & ATTR_MTIME_SET))
		in->valid |= FATTR_MTIME_NOW;
	if (valid & ATTR_MODE)
		in->mode = attr->ia_mode;
	if (valid & ATTR_UID)
		in->uid = __kuid_val(from_vfsuid(idmap, &init_user_ns, attr->ia_vfsuid));
	if (valid & ATTR_GID)
		in->gid = __kgid_val(from_vfsgid(idmap, &init_user_ns, attr->ia_vfsgid));
	if (valid & ATTR_SIZE)
		in->size = attr->ia_size;
	in->atime = attr->ia_atime.tv_sec;
	in->atimensec = attr->ia_atime.tv_nsec;
	in->mtime = attr->ia_mtime.tv_sec;
	in->mtimensec = attr->ia_mtime.tv_nsec;
	in->ctime = attr->ia_ctime.tv_sec;
	in->ctimensec = attr->ia_ctime.tv_nsec;
}

/* How often the attributes may change underneath while one change of them is made. */
#define FUSE_BPF_SETATTR_TRIES	16

/*
 * As setattr_prepare(); but a file's capabilities go below, when it is changed, and not
 * where a program or the backing filesystem may still refuse that.
 */
static int fuse_bpf_setattr_prepare(struct mnt_idmap *idmap, struct dentry *dentry,
				    struct iattr *attr)
{
	const unsigned int kill = attr->ia_valid & ATTR_KILL_PRIV;
	int err;

	attr->ia_valid &= ~ATTR_KILL_PRIV;
	err = setattr_prepare(idmap, dentry, attr);
	attr->ia_valid |= kill;
	return err;
}

/*
 * Change them below.  Where the right to it went by attributes that have changed
 * there meanwhile, it is checked again by those that there are now.
 */
static int fuse_bpf_setattr_below(struct mnt_idmap *idmap, struct dentry *dentry,
				  struct iattr *attr)
{
	struct inode *inode = d_inode(dentry);
	int tries, err;

	for (tries = 0; tries < FUSE_BPF_SETATTR_TRIES; tries++) {
		err = fuse_bpf_backing_setattr(idmap, dentry, attr);
		if (err != -ESTALE ||
		    (fuse_bpf_attr_fresh(inode) && !fuse_bpf_change_is_granted(inode)))
			break;
		err = fuse_bpf_refresh(inode, FUSE_BPF_REFRESH_LOCKED) ?:
		      fuse_bpf_setattr_prepare(idmap, dentry, attr);
		if (err)
			break;
	}
	return err;
}

int fuse_bpf_setattr(struct mnt_idmap *idmap, struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = d_inode(dentry);
	FUSE_BPF_CALL(call);
	int err, err2;

	/* Of an open file nobody has looked: who is the owner now? */
	if (!fuse_bpf_attr_fresh(inode)) {
		err = fuse_bpf_refresh(inode, FUSE_BPF_REFRESH_LOCKED);
		if (err)
			return err;
	}
	fuse_bpf_copy_size(inode);
	err = fuse_bpf_setattr_prepare(idmap, dentry, attr);
	if (err)
		return err;
	if (fuse_bpf_begin(&call, inode, FUSE_BPF_OP_SETATTR, dentry))
		fuse_bpf_fill_setattr(&call.in.setattr, idmap, attr);
	err = fuse_bpf_pre(&call);
	if (!err)
		err = fuse_bpf_setattr_below(idmap, dentry, attr);
	err = fuse_bpf_post(&call, err);
	/* After a failure too: the VFS has cleared S_NOSEC before it called us. */
	err2 = fuse_bpf_refresh_changed(inode);
	return err ?: err2;
}
