// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lower layer, objects: one function per thing that the backing filesystem
 * is asked about a file that our dentry stands for.  All run with the derived
 * credentials, and what changes anything with write access to the mount.
 */
#include <linux/fs.h>
#include <linux/backing-file.h>
#include <linux/delay.h>
#include <linux/filelock.h>
#include <linux/magic.h>
#include <linux/namei.h>
#include <linux/posix_acl_xattr.h>
#include <linux/statfs.h>
#include <linux/xattr.h>
#include "fuse_bpf_i.h"

/* The VFS's: with relatime, an atime that old is set anew. */
#define FUSE_BPF_RELATIME_SECONDS	(24 * 60 * 60)

/* How often, and how many ms apart, a change is tried that a delegation is in the way of. */
#define FUSE_BPF_DELEGATION_TRIES	25
#define FUSE_BPF_DELEGATION_PAUSE	10
/*
 * A change came to @err, for the *@tries-th time.  True, a while later: somebody, a
 * server of NFS mostly, has a delegation of what it changes, and was asked to give it
 * back; try again.  Not for as long as they may take: locks of ours are held, and on
 * newer kernels any user's process can have a delegation of its own file.  Then the
 * change fails with EWOULDBLOCK, at once if others wait for one of @held meanwhile, the
 * inodes of ours that are locked: their waits would add up.  @held ends with NULL.  What
 * another mount of ours has waited for below is not waited for again.
 */
bool fuse_bpf_backing_again(int err, struct inode *const held[], unsigned int *tries)
{
	if (likely(err != -EWOULDBLOCK))
		return false;
	if (fuse_bpf_is_over_ours(held[0]->i_sb) || ++*tries >= FUSE_BPF_DELEGATION_TRIES)
		return false;
	for (; *held; held++)
		if (rwsem_is_contended(&(*held)->i_rwsem))
			return false;
	msleep(FUSE_BPF_DELEGATION_PAUSE);
	return true;
}

/* How long @tries of it have taken, in jiffies. */
u64 fuse_bpf_backing_waited(unsigned int tries)
{
	return msecs_to_jiffies(tries * FUSE_BPF_DELEGATION_PAUSE);
}

/* --- attributes -------------------------------------------------------------- */

int fuse_bpf_backing_getattr(struct dentry *dentry, struct kstat *stat,
			     u32 request_mask, unsigned int flags)
{
	struct path path = fuse_bpf_backing_path(dentry);
	const struct cred *old = fuse_bpf_creds_enter(dentry->d_sb);
	int err;

	if (IS_ERR(old))
		return PTR_ERR(old);
	/* The LSM was asked about our inode; the mount may see what is below. */
	err = vfs_getattr_nosec(&path, stat, request_mask, flags);
	fuse_bpf_creds_leave(old);
	return err;
}

/* Changes that are for the owner, or more; ATTR_FORCE would make them anybody's. */
#define FUSE_BPF_ATTR_OWNERS	(ATTR_MODE | ATTR_UID | ATTR_GID | ATTR_ATIME_SET | \
				 ATTR_MTIME_SET | ATTR_TIMES_SET)

/*
 * Leaves in @below, a copy of our change, what the backing filesystem itself has
 * to decide or recompute.  Called with the derived credentials, which tell
 * whether setuid bits may stay.
 */
static void fuse_bpf_backing_iattr(const struct path *path, struct mnt_idmap *idmap,
				   struct iattr *below)
{
	/* The owner that our mount shows is the one that the backing mount does. */
	if (below->ia_valid & ATTR_UID)
		below->ia_vfsuid = VFSUIDT_INIT(from_vfsuid(idmap, &init_user_ns, below->ia_vfsuid));
	if (below->ia_valid & ATTR_GID)
		below->ia_vfsgid = VFSGIDT_INIT(from_vfsgid(idmap, &init_user_ns, below->ia_vfsgid));
	/* An open below did not truncate anything. */
	below->ia_valid &= ~ATTR_OPEN;
	/* NFS asks for nothing that the open file was not opened for. */
	if (below->ia_valid & ATTR_FILE)
		below->ia_file = fuse_bpf_backing_file(below->ia_file);
	/* The VFS asks for this at our inode, whose S_NOSEC says there is nothing. */
	if (below->ia_valid & ATTR_SIZE) {
		int drop = setattr_should_drop_suidgid(mnt_idmap(path->mnt), d_inode(path->dentry));

		below->ia_valid |= ATTR_KILL_PRIV | drop;
		/* The right to truncate is not the owner's alone, the right to change the mode is. */
		if (drop && !(below->ia_valid & FUSE_BPF_ATTR_OWNERS))
			below->ia_valid |= ATTR_FORCE;
	}
	/* And for this, where ours may show neither setgid bit nor capability. */
	if ((below->ia_valid & (ATTR_UID | ATTR_GID)) && (below->ia_valid & ATTR_KILL_SUID))
		below->ia_valid |= ATTR_KILL_PRIV |
				   setattr_should_drop_sgid(mnt_idmap(path->mnt),
							    d_inode(path->dentry));
	/* The mode was computed from ours; let it be from the one below. */
	if (below->ia_valid & (ATTR_KILL_SUID | ATTR_KILL_SGID))
		below->ia_valid &= ~ATTR_MODE;
}

/* An attribute change under way: @attr as the caller of ->setattr() gave it. */
struct fuse_bpf_attr_change {
	struct fuse_bpf_change change;
	struct dentry *dentry;		/* ours */
	const struct iattr *attr;
};

static int fuse_bpf_notify_change(const struct fuse_bpf_attr_change *c, const struct path *path)
{
	struct inode *inode = d_inode(path->dentry);
	struct iattr below = *c->attr;
	int err;

	fuse_bpf_point("change:setattr");
	inode_lock(inode);
	err = fuse_bpf_recheck_setattr(&c->change, c->dentry, &below);
	if (!err) {
		/* Under the lock: which setid bits have to go depends on the mode. */
		fuse_bpf_backing_iattr(path, c->change.idmap, &below);
		err = notify_change(mnt_idmap(path->mnt), path->dentry, &below, NULL);
	}
	inode_unlock(inode);
	return err;
}

/* As the VFS has it before it truncates: it did so with ours. */
static int fuse_bpf_backing_truncate(const struct fuse_bpf_attr_change *c,
				     const struct path *path)
{
	struct inode *inode = d_inode(path->dentry);
	int err;

	/* The VFS looked at our inode, of an open file perhaps long ago. */
	if (READ_ONCE(inode->i_flags) & S_APPEND)
		return -EPERM;
	err = get_write_access(inode);
	if (err)
		return err;
	/*
	 * By name: for an open file its opening has done that.  The holder of a lease may
	 * take as long as that of a delegation, and our inode is locked.
	 */
	if (!(c->attr->ia_valid & ATTR_FILE))
		err = break_lease(inode, O_WRONLY | O_NONBLOCK);
	if (!err)
		err = fuse_bpf_notify_change(c, path);
	put_write_access(inode);
	return err;
}

static int fuse_bpf_change_attr(const struct fuse_bpf_attr_change *c)
{
	struct inode *const held[] = { d_inode(c->dentry), NULL };
	struct path path = fuse_bpf_backing_path(c->dentry);
	unsigned int tries = 0;
	int err;

	do
		err = c->attr->ia_valid & ATTR_SIZE ? fuse_bpf_backing_truncate(c, &path) :
						      fuse_bpf_notify_change(c, &path);
	while (fuse_bpf_backing_again(err, held, &tries));
	return err;
}

/* -ESTALE if the right to it went by attributes that our inode shows no more. */
int fuse_bpf_backing_setattr(struct mnt_idmap *idmap, struct dentry *dentry,
			     struct iattr *attr)
{
	struct fuse_bpf_attr_change c = { .dentry = dentry, .attr = attr };
	umode_t mode = attr->ia_valid & ATTR_MODE ? attr->ia_mode : 0;
	struct inode *inode = d_inode(dentry);
	int err;

	err = fuse_bpf_change_begin(&c.change, inode, fuse_bpf_change_is_granted(inode), idmap,
				    mode);
	if (err)
		return err;
	err = fuse_bpf_change_attr(&c);
	fuse_bpf_change_end(&c.change);
	return err;
}

/*
 * Takes the bits of @less from the mode of what an operation of ours has just made
 * with them, for a caller who came through a mount with @idmap.  It has the caller's
 * rights, who owns what it made: nothing goes to what another task has put in its place.
 */
int fuse_bpf_backing_drop_mode(struct mnt_idmap *idmap, struct dentry *dentry, umode_t less)
{
	struct inode *backing = fuse_bpf_backing_inode(d_inode(dentry));
	struct path path = fuse_bpf_backing_path(dentry);
	const struct cred *old = fuse_bpf_creds_enter_caller(dentry->d_sb, idmap);
	struct iattr attr = { .ia_valid = ATTR_MODE };
	int err;

	if (IS_ERR(old))
		return PTR_ERR(old);
	err = fuse_bpf_want_write(path.mnt);
	if (!err) {
		inode_lock(backing);
		attr.ia_mode = backing->i_mode & ~less;
		err = notify_change(mnt_idmap(path.mnt), path.dentry, &attr, NULL);
		inode_unlock(backing);
		mnt_drop_write(path.mnt);
	}
	fuse_bpf_creds_leave(old);
	return err;
}

int fuse_bpf_backing_permission(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	struct vfsmount *mnt = fuse_bpf_sb(inode->i_sb)->mnt;
	const struct cred *old = fuse_bpf_creds_enter_mapped(inode->i_sb, idmap);
	int err;

	if (IS_ERR(old))
		return PTR_ERR(old);
	err = inode_permission(mnt_idmap(mnt), fuse_bpf_backing_inode(inode), mask);
	fuse_bpf_creds_leave(old);
	return err;
}

/* With relatime: whether reading sets the atime.  Any context. */
bool fuse_bpf_backing_atime_old(const struct inode *backing)
{
	struct timespec64 atime, mtime, ctime;

	compat_inode_times(backing, &atime, &mtime, &ctime);
	return timespec64_compare(&mtime, &atime) >= 0 ||
	       timespec64_compare(&ctime, &atime) >= 0 ||
	       ktime_get_real_seconds() - atime.tv_sec >= FUSE_BPF_RELATIME_SECONDS;
}

/*
 * Whether following a link sets the backing inode's atime, which may sleep.  Which
 * mount of ours it is followed through nobody tells: those of the backing mount's
 * options count.  Any context.
 */
bool fuse_bpf_backing_atime_due(const struct inode *inode)
{
	const struct fuse_bpf_sb *fsb = fuse_bpf_sb(inode->i_sb);
	const struct inode *backing = fuse_bpf_backing_inode(inode);

	if ((READ_ONCE(backing->i_sb->s_flags) & (SB_RDONLY | SB_NOATIME)) ||
	    (fsb->mnt->mnt_flags & (MNT_NOATIME | MNT_READONLY)) ||
	    fuse_bpf_rdonly(inode->i_sb))
		return false;
	return !fsb->relatime || fuse_bpf_backing_atime_old(backing);
}

/*
 * It leads to an object, and not by a path: a walk would leave the mount.  proc's are of
 * no concern, which nothing can be stacked on, and AppArmor's are what is left: a link of
 * securityfs by a path has no ->readlink.
 */
static bool fuse_bpf_is_magic_link(const struct inode *inode)
{
	return inode->i_sb->s_magic == SECURITYFS_MAGIC && inode->i_op->readlink;
}

/* Ours is never asked for its atime: here it is set, for path walks and readlink(2). */
const char *fuse_bpf_backing_get_link(struct dentry *dentry, struct delayed_call *done)
{
	struct path path = fuse_bpf_backing_path(dentry);
	const char *link = READ_ONCE(d_inode(path.dentry)->i_link);
	const struct cred *old = NULL;

	if (unlikely(fuse_bpf_is_magic_link(d_inode(path.dentry))))
		return ERR_PTR(-ELOOP);
	/* In memory, as a lockless walk takes it too: nobody needs to be asked. */
	if (!link) {
		old = fuse_bpf_creds_enter(dentry->d_sb);
		if (IS_ERR(old))
			return ERR_CAST(old);
		link = vfs_get_link(path.dentry, done);
	}
	if (!IS_ERR(link) && fuse_bpf_backing_atime_due(d_inode(dentry)))
		touch_atime(&path);
	if (old)
		fuse_bpf_creds_leave(old);
	return link;
}

int fuse_bpf_backing_statfs(struct dentry *dentry, struct kstatfs *buf)
{
	struct path path = fuse_bpf_backing_path(dentry);
	const struct cred *old = fuse_bpf_creds_enter(dentry->d_sb);
	int err;

	if (IS_ERR(old))
		return PTR_ERR(old);
	err = vfs_statfs(&path, buf);
	fuse_bpf_creds_leave(old);
	return err;
}

/* --- files ---------------------------------------------------------------------- */

/* What open(2) has already done, or what is not for a second file. */
#define FUSE_BPF_OPEN_DONE	(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC)

/*
 * Filesystems that leave it to their server do nothing here, as a write would come to
 * that: then the mode is changed.  The lock of @file's inode is held.
 */
static int fuse_bpf_drop_setid(struct file *file)
{
	struct mnt_idmap *idmap = file_mnt_idmap(file);
	struct inode *inode = file_inode(file);
	struct iattr attr = { .ia_valid = ATTR_MODE | ATTR_FORCE, .ia_mode = inode->i_mode };
	int drop = setattr_should_drop_suidgid(idmap, inode);
	int err;

	if (likely(!drop))
		return 0;
	if (drop & ATTR_KILL_SUID)
		attr.ia_mode &= ~S_ISUID;
	if (drop & ATTR_KILL_SGID)
		attr.ia_mode &= ~S_ISGID;
	err = notify_change(idmap, file->f_path.dentry, &attr, NULL);
	if (err)
		return err;
	return setattr_should_drop_suidgid(idmap, inode) ? -EPERM : 0;
}

/*
 * Programs let the caller write to @backing, who is not its owner below.  What is
 * written into a mapping takes no setuid bit and no capability from it, as write(2)
 * does: so they go now.
 */
static int fuse_bpf_drop_privs(struct file *backing)
{
	/* file_remove_privs() takes nothing from an inode of ours: it is always S_NOSEC. */
	struct file *lowest = fuse_bpf_lowest_file(backing);
	struct vfsmount *mnt = lowest->f_path.mnt;
	struct inode *inode = file_inode(lowest);
	int err = fuse_bpf_want_write(mnt);

	if (err)
		return err;
	inode_lock(inode);
	err = file_remove_privs(lowest) ?: fuse_bpf_drop_setid(lowest);
	inode_unlock(inode);
	mnt_drop_write(mnt);
	return err;
}

/* Before an open with the derived credentials ends. */
static int fuse_bpf_backing_opened(const struct file *file, struct file *backing)
{
	struct inode *inode = file_inode(file);

	if ((file->f_mode & FMODE_WRITE) && S_ISREG(fuse_bpf_mode(inode)) &&
	    unlikely(fuse_bpf_is_granted_by_program(inode)))
		return fuse_bpf_drop_privs(backing);
	return file->f_flags & __FMODE_EXEC ? deny_write_access(backing) : 0;
}

/*
 * The backing file of @file, which is being opened.  Not charged to the caller.
 * While a program runs from our file, nobody may write to it below either.
 */
struct file *fuse_bpf_backing_open(struct file *file)
{
	struct path path = fuse_bpf_backing_path(compat_file_dentry(file));
	const struct cred *old = fuse_bpf_creds_enter_file(file);
	struct file *backing;
	int err;

	if (IS_ERR(old))
		return ERR_CAST(old);
	backing = compat_backing_file_open(file, file->f_flags & ~FUSE_BPF_OPEN_DONE,
					   &path, current_cred());
	err = IS_ERR(backing) ? 0 : fuse_bpf_backing_opened(file, backing);
	fuse_bpf_creds_leave(old);
	if (err) {
		fput(backing);
		return ERR_PTR(err);
	}
	return backing;
}

/* Undoes fuse_bpf_backing_open(), or _tmpfile(). */
void fuse_bpf_backing_close(struct file *file, struct file *backing)
{
	if (file->f_flags & __FMODE_EXEC)
		allow_write_access(backing);
	compat_fput_sync(backing);
}

/* @file has no inode yet. */
struct file *fuse_bpf_backing_tmpfile(struct mnt_idmap *idmap, struct file *file,
				      struct dentry *parent, umode_t mode)
{
	struct path path = fuse_bpf_backing_path(parent);
	struct inode *dir = d_inode(parent);
	struct fuse_bpf_change change;
	struct file *backing;
	int err;

	err = fuse_bpf_change_begin(&change, dir, fuse_bpf_change_is_granted(dir), idmap, 0);
	if (err)
		return ERR_PTR(err);
	fuse_bpf_point("change:dir");
	/* No name is made, so neither here nor natively a lock is held over the check. */
	err = fuse_bpf_recheck_dir(&change, dir);
	/* O_EXCL forbids linkat(2) below just as it does on ours. */
	backing = err ? ERR_PTR(err) :
		  compat_backing_tmpfile_open(file, file->f_flags & ~(O_CREAT | O_NOCTTY | O_TRUNC),
					      &path, mode, current_cred());
	fuse_bpf_change_end(&change);
	return backing;
}

/* --- extended attributes ------------------------------------------------------------ */

/* Whose an attribute is, by its name. */
enum fuse_bpf_xattr_space {
	FUSE_BPF_XATTR_OWN,		/* the backing filesystem's, which alone knows what it means */
	FUSE_BPF_XATTR_USER,		/* the VFS's: by mode, owner and ACL */
	FUSE_BPF_XATTR_PRIVILEGED,	/* the VFS's: by capabilities */
};

/* Inlined: most names end the comparison with the first byte. */
static __always_inline bool fuse_bpf_has_prefix(const char *name, const char *prefix)
{
	for (; *prefix; name++, prefix++)
		if (*name != *prefix)
			return false;
	return true;
}

/*
 * What is decided about the attributes of three namespaces is decided by the VFS, for
 * the caller and by what the mount shows.  All others are the backing filesystem's:
 * it may look at the owner, or at any capability, and is shown the caller's.
 */
static enum fuse_bpf_xattr_space fuse_bpf_xattr_space(const char *name)
{
	if (fuse_bpf_has_prefix(name, XATTR_USER_PREFIX))
		return FUSE_BPF_XATTR_USER;
	if (fuse_bpf_has_prefix(name, XATTR_TRUSTED_PREFIX) ||
	    fuse_bpf_has_prefix(name, XATTR_SECURITY_PREFIX))
		return FUSE_BPF_XATTR_PRIVILEGED;
	return FUSE_BPF_XATTR_OWN;
}

ssize_t fuse_bpf_backing_getxattr(struct dentry *dentry, const char *name,
				  void *value, size_t size)
{
	struct path path = fuse_bpf_backing_path(dentry);
	const struct cred *old;
	ssize_t ret;

	if (fuse_bpf_xattr_space(name) == FUSE_BPF_XATTR_OWN)
		old = fuse_bpf_creds_enter_caller(dentry->d_sb, &nop_mnt_idmap);
	else
		old = fuse_bpf_creds_enter(dentry->d_sb);
	if (IS_ERR(old))
		return PTR_ERR(old);
	ret = vfs_getxattr(mnt_idmap(path.mnt), path.dentry, name, value, size);
	fuse_bpf_creds_leave(old);
	return ret;
}

/* An attribute to set; @value NULL removes it. */
struct fuse_bpf_xattr_change {
	struct dentry *dentry;		/* ours */
	const char *name;
	const void *value;
	size_t size;
	int flags;
};

static int fuse_bpf_vfs_setxattr(const struct path *path, const struct fuse_bpf_xattr_change *c)
{
	int err;

	fuse_bpf_point("change:xattr");
	err = fuse_bpf_break_deleg(d_inode(c->dentry));
	if (err)
		return err;
	if (c->value)
		return vfs_setxattr(mnt_idmap(path->mnt), path->dentry, c->name, c->value,
				    c->size, c->flags);
	return vfs_removexattr(mnt_idmap(path->mnt), path->dentry, c->name);
}

/* user.* where the mount may grant more than the backing filesystem does. */
static int fuse_bpf_setxattr_rechecked(const struct fuse_bpf_change *change,
				       const struct path *path,
				       const struct fuse_bpf_xattr_change *c)
{
	struct mnt_idmap *idmap = mnt_idmap(path->mnt);
	struct inode *inode = d_inode(path->dentry);
	int err;

	fuse_bpf_point("change:xattr");
	err = fuse_bpf_break_deleg(d_inode(c->dentry));
	if (err)
		return err;
	inode_lock(inode);
	err = fuse_bpf_recheck_user_xattr(change, d_inode(c->dentry));
	if (!err && c->value)
		err = __vfs_setxattr_locked(idmap, path->dentry, c->name, c->value, c->size,
					    c->flags, NULL);
	else if (!err)
		err = __vfs_removexattr_locked(idmap, path->dentry, c->name, NULL);
	inode_unlock(inode);
	return err;
}

/*
 * The right to change user.* goes by mode, owner and ACL; the other two namespaces
 * are for capabilities, which the VFS has checked, and for the VFS itself, which takes
 * a file's capabilities away whatever the caller may do.
 */
static int fuse_bpf_change_xattr(struct mnt_idmap *idmap, const struct fuse_bpf_xattr_change *c,
				 bool user)
{
	struct path path = fuse_bpf_backing_path(c->dentry);
	struct inode *inode = d_inode(c->dentry);
	struct fuse_bpf_change change;
	int err;

	err = fuse_bpf_change_begin(&change, inode, !user || fuse_bpf_change_is_granted(inode),
				    idmap, 0);
	if (err)
		return err;
	if (unlikely(user && change.granted))
		err = fuse_bpf_setxattr_rechecked(&change, &path, c);
	else
		err = fuse_bpf_vfs_setxattr(&path, c);
	fuse_bpf_change_end(&change);
	return err;
}

/* The same for an attribute of which the backing filesystem alone knows what it means. */
static int fuse_bpf_change_own_xattr(struct mnt_idmap *idmap,
				     const struct fuse_bpf_xattr_change *c)
{
	struct path path = fuse_bpf_backing_path(c->dentry);
	const struct cred *old = fuse_bpf_creds_enter_caller(c->dentry->d_sb, idmap);
	int err;

	if (IS_ERR(old))
		return PTR_ERR(old);
	err = fuse_bpf_want_write(path.mnt);
	if (!err) {
		err = fuse_bpf_vfs_setxattr(&path, c);
		mnt_drop_write(path.mnt);
	}
	fuse_bpf_creds_leave(old);
	return err;
}

/* @value NULL removes it. */
int fuse_bpf_backing_setxattr(struct mnt_idmap *idmap, struct dentry *dentry,
			      const char *name, const void *value, size_t size, int flags)
{
	const struct fuse_bpf_xattr_change c = { dentry, name, value, size, flags };
	enum fuse_bpf_xattr_space space = fuse_bpf_xattr_space(name);

	if (space == FUSE_BPF_XATTR_OWN)
		return fuse_bpf_change_own_xattr(idmap, &c);
	return fuse_bpf_change_xattr(idmap, &c, space == FUSE_BPF_XATTR_USER);
}

/* Which names it shows the backing filesystem decides by the caller's capabilities. */
ssize_t fuse_bpf_backing_listxattr(struct dentry *dentry, char *list, size_t size)
{
	const struct cred *old = fuse_bpf_creds_enter_caller(dentry->d_sb, &nop_mnt_idmap);
	ssize_t ret;

	if (IS_ERR(old))
		return PTR_ERR(old);
	ret = vfs_listxattr(fuse_bpf_backing_dentry(dentry), list, size);
	fuse_bpf_creds_leave(old);
	return ret;
}

struct posix_acl *fuse_bpf_backing_get_acl(struct dentry *dentry, int type)
{
	struct path path = fuse_bpf_backing_path(dentry);
	const struct cred *old = fuse_bpf_creds_enter(dentry->d_sb);
	struct posix_acl *acl;

	if (IS_ERR(old))
		return ERR_CAST(old);
	acl = compat_vfs_get_acl(mnt_idmap(path.mnt), path.dentry, compat_posix_acl_xattr_name(type));
	fuse_bpf_creds_leave(old);
	return acl;
}

/* @acl NULL removes it.  Our inode's i_rwsem is held. */
int fuse_bpf_backing_set_acl(struct mnt_idmap *idmap, struct dentry *dentry,
			     struct posix_acl *acl, int type)
{
	struct path path = fuse_bpf_backing_path(dentry);
	const char *name = compat_posix_acl_xattr_name(type);
	const struct cred *old = fuse_bpf_creds_enter_acl(d_inode(dentry), idmap);
	int err;

	if (IS_ERR(old))
		return PTR_ERR(old);
	err = fuse_bpf_want_write(path.mnt);
	if (err)
		goto leave;
	fuse_bpf_point("change:acl");
	err = fuse_bpf_break_deleg(d_inode(dentry)) ?:
	      fuse_bpf_drop_privs_for_acl(d_inode(dentry), idmap, &path, old);
	if (err)
		goto drop_write;
	if (acl)
		err = compat_vfs_set_acl(mnt_idmap(path.mnt), path.dentry, name, acl);
	else
		err = compat_vfs_remove_acl(mnt_idmap(path.mnt), path.dentry, name);
drop_write:
	mnt_drop_write(path.mnt);
leave:
	fuse_bpf_creds_leave(old);
	return err;
}
