// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changing what is below: with whose rights, and the check that is made again.
 *
 * The VFS has checked the caller against our inode; the change is made later, under
 * the lock of the backing inode, which may have got another owner, mode or ACL in
 * between.  Natively the check and the change are one section under that lock.
 * Here one of two things makes them so:
 *
 * - Where the mount grants nothing that the backing filesystem would refuse, the
 *   change runs with the caller's capabilities alone, and the backing filesystem
 *   itself checks the caller under its lock.
 * - Elsewhere it runs with the mounter's, and fuse_bpf_recheck_*() repeats the
 *   check under that lock, against our inode, which must then show what was made
 *   from the attributes that the backing inode has.  If it does not: ESTALE, upon
 *   which the VFS walks again, or the caller of these functions refreshes.
 *
 * The mount grants more where a getattr program changed mode or owner, where an
 * access program has granted something, and to callers whose capabilities are those
 * of another user namespace than the initial one, which cannot be handed down.
 *
 * Over another mount of ours nothing is changed with the mounter's capabilities: that
 * one looks at attributes one level further down, which its lock does not keep as they
 * are, and would take the mounter for a caller who may do it.  ACLs are the exception:
 * they are set as the owner, without CAP_FOWNER, and the lowest level checks that.
 */
#include <linux/fs.h>
#include <linux/mnt_idmapping.h>
#include <linux/slab.h>
#include "fuse_bpf_i.h"

/* --- begin and end ----------------------------------------------------------------- */

/*
 * Credentials and write access for a change of @inode, or in that directory, by a
 * caller who came through a mount of ours with @idmap.  @mode is what the inode is to
 * get, if that changes.  @granted: fuse_bpf_change_is_granted() of it, or of another
 * inode whose attributes the caller's right depends on.
 */
int fuse_bpf_change_begin(struct fuse_bpf_change *change, struct inode *inode, bool granted,
			  struct mnt_idmap *idmap, umode_t mode)
{
	struct super_block *sb = inode->i_sb;
	int err;

	change->mnt = fuse_bpf_sb(sb)->mnt;
	change->idmap = idmap;
	change->granted = granted;
	change->caller = granted && !fuse_bpf_is_over_ours(sb) ?
			 fuse_bpf_creds_enter_change(inode, idmap, mode) :
			 fuse_bpf_creds_enter_caller(sb, idmap);
	if (IS_ERR(change->caller))
		return PTR_ERR(change->caller);
	err = fuse_bpf_want_write(change->mnt);
	if (err)
		fuse_bpf_creds_leave(change->caller);
	return err;
}

void fuse_bpf_change_end(struct fuse_bpf_change *change)
{
	mnt_drop_write(change->mnt);
	fuse_bpf_creds_leave(change->caller);
}

/* --- the check again, under the backing inode's lock ------------------------------------- */

/*
 * Functions with __ are the slow halves of those without, where the change is granted
 * by the mount.
 */

/* As the caller itself: programs and capability checks see its credentials. */
static int fuse_bpf_recheck_access(const struct fuse_bpf_change *change, struct inode *inode,
				   int mask)
{
	const struct cred *derived;
	int err;

	if (!fuse_bpf_attr_settled(inode))
		return -ESTALE;
	derived = fuse_bpf_swap_creds(change->caller);
	err = fuse_bpf_permission(change->idmap, inode, mask);
	fuse_bpf_swap_creds(derived);
	return err;
}

int __fuse_bpf_recheck_dir(const struct fuse_bpf_change *change, struct inode *dir)
{
	return fuse_bpf_recheck_access(change, dir, MAY_WRITE | MAY_EXEC);
}

int __fuse_bpf_recheck_victim(const struct fuse_bpf_change *change, struct inode *dir,
			      struct inode *victim)
{
	const struct cred *derived;
	bool sticky;
	int err;

	err = fuse_bpf_recheck_access(change, dir, MAY_WRITE | MAY_EXEC);
	if (err)
		return err;
	derived = fuse_bpf_swap_creds(change->caller);
	/* Only names are locked: a program may be called, and may refuse. */
	if (!fuse_bpf_owner_settled(victim))
		err = fuse_bpf_refresh(victim, FUSE_BPF_REFRESH);
	if (!err && !fuse_bpf_owner_settled(victim))
		err = -ESTALE;
	sticky = !err && check_sticky(change->idmap, dir, victim);
	fuse_bpf_swap_creds(derived);
	return sticky ? -EPERM : err;
}

/* Whether the caller may write to @inode. */
int fuse_bpf_recheck_write(const struct fuse_bpf_change *change, struct inode *inode)
{
	if (likely(!change->granted))
		return 0;
	return fuse_bpf_recheck_access(change, inode, MAY_WRITE);
}

/* ... or set a user.* attribute of it: those of a sticky directory are its owner's. */
int fuse_bpf_recheck_user_xattr(const struct fuse_bpf_change *change, struct inode *inode)
{
	const struct cred *derived;
	bool owner;
	int err = fuse_bpf_recheck_write(change, inode);

	if (err || !change->granted || !S_ISDIR(fuse_bpf_mode(inode)) ||
	    !(fuse_bpf_mode(inode) & S_ISVTX))
		return err;
	derived = fuse_bpf_swap_creds(change->caller);
	owner = inode_owner_or_capable(change->idmap, inode);
	fuse_bpf_swap_creds(derived);
	return owner ? 0 : -EPERM;
}

static bool fuse_bpf_has_init_cap(const struct cred *cred, int cap)
{
	return cred->user_ns == &init_user_ns && cap_raised(cred->cap_effective, cap);
}

/*
 * Is @inode a file that a program shows as @caller's, who could not change its mode below?
 * It may be made the caller's to write, there too, by a mode or an ACL; then nothing that
 * it contains may run with the rights of its owner, or with a file's capabilities.
 */
static bool fuse_bpf_is_only_shown_as_own(struct inode *inode, struct mnt_idmap *idmap,
					  const struct cred *caller)
{
	struct fuse_bpf_seen seen;
	vfsuid_t owner;

	if (!S_ISREG(fuse_bpf_mode(inode)) || !READ_ONCE(fuse_bpf_inode(inode)->shaped) ||
	    fuse_bpf_has_init_cap(caller, CAP_FOWNER))
		return false;
	seen = fuse_bpf_attr_seen(inode);
	owner = make_vfsuid(idmap, inode->i_sb->s_user_ns, fuse_bpf_attr_owner(inode, &seen));
	return !vfsuid_eq_kuid(owner, caller->fsuid);
}

/* Called with the derived credentials. */
static int fuse_bpf_recheck_chmod(const struct fuse_bpf_change *change, struct inode *inode,
				  struct iattr *attr)
{
	if (!(attr->ia_valid & ATTR_MODE) ||
	    !fuse_bpf_is_only_shown_as_own(inode, change->idmap, change->caller))
		return 0;
	attr->ia_valid |= ATTR_KILL_PRIV;
	return attr->ia_mode & S_ISUID ? -EPERM : 0;
}

/*
 * Nor does it become the caller's: giving it the owner that it is shown with changes
 * nothing, and another is for its owner below to give.  Called with the derived
 * credentials.
 */
static int fuse_bpf_recheck_chown(const struct fuse_bpf_change *change, struct inode *inode,
				  struct iattr *attr)
{
	struct fuse_bpf_seen seen;

	if (!READ_ONCE(fuse_bpf_inode(inode)->shaped) ||
	    fuse_bpf_has_init_cap(change->caller, CAP_CHOWN))
		return 0;
	if ((attr->ia_valid & ATTR_UID) &&
	    vfsuid_eq(attr->ia_vfsuid, i_uid_into_vfsuid(change->idmap, inode)))
		attr->ia_valid &= ~ATTR_UID;
	if ((attr->ia_valid & ATTR_GID) &&
	    vfsgid_eq(attr->ia_vfsgid, i_gid_into_vfsgid(change->idmap, inode)))
		attr->ia_valid &= ~ATTR_GID;
	if (!(attr->ia_valid & ATTR_UID))
		return 0;
	seen = fuse_bpf_attr_seen(inode);
	return uid_eq(fuse_bpf_attr_owner(inode, &seen), current_fsuid()) ? 0 : -EPERM;
}

int __fuse_bpf_recheck_setattr(const struct fuse_bpf_change *change, struct dentry *dentry,
			       struct iattr *attr)
{
	struct inode *inode = d_inode(dentry);
	const struct cred *derived;
	struct iattr copy;
	int err;

	if (!fuse_bpf_attr_settled(inode))
		return -ESTALE;
	err = fuse_bpf_recheck_chmod(change, inode, attr) ?:
	      fuse_bpf_recheck_chown(change, inode, attr);
	if (err)
		return err;
	copy = *attr;
	/* The backing filesystem does that; here it would take the lock that is held. */
	copy.ia_valid &= ~ATTR_KILL_PRIV;
	derived = fuse_bpf_swap_creds(change->caller);
	err = may_setattr(change->idmap, inode, copy.ia_valid) ?:
	      setattr_prepare(change->idmap, dentry, &copy);
	fuse_bpf_swap_creds(derived);
	attr->ia_mode = copy.ia_mode;
	return err;
}

/*
 * ACLs and file attributes are changed by functions of the VFS that take the lock
 * themselves and then check that the owner does it.  Where the mount may grant
 * something, they are called as the owner by whose id the caller's right was checked.
 */
static int fuse_bpf_checked_owner(struct inode *inode, struct mnt_idmap *idmap, kuid_t *owner)
{
	struct fuse_bpf_seen seen;
	int err;

	do {
		if (fatal_signal_pending(current))
			return -EINTR;
		if (!fuse_bpf_attr_fresh(inode)) {
			err = fuse_bpf_refresh(inode, FUSE_BPF_REFRESH_LOCKED);
			if (err)
				return err;
		}
		seen = fuse_bpf_attr_seen(inode);
		if (!inode_owner_or_capable(idmap, inode))
			return -EPERM;
		/* A path walk refreshes our inode without its lock. */
	} while (!fuse_bpf_attr_seen_is(inode, &seen));
	*owner = fuse_bpf_attr_owner(inode, &seen);
	return 0;
}

/*
 * Of an open file our inode may show the owner of long ago, or of other programs, for
 * whom the VFS has taken the caller.
 */
static int fuse_bpf_recheck_owner(struct inode *inode, struct mnt_idmap *idmap)
{
	int err;

	if (likely(fuse_bpf_attr_fresh(inode)))
		return 0;
	err = fuse_bpf_refresh(inode, FUSE_BPF_REFRESH_LOCKED);
	if (err)
		return err;
	return inode_owner_or_capable(idmap, inode) ? 0 : -EPERM;
}

/*
 * What runs with the owner's rights, or with capabilities, is not given an ACL by a caller
 * who is no owner below before it has lost them.  Called with the derived credentials;
 * @caller's are those of fuse_bpf_creds_enter_acl().
 */
int fuse_bpf_drop_privs_for_acl(struct inode *inode, struct mnt_idmap *idmap,
				const struct path *path, const struct cred *caller)
{
	struct iattr attr = {
		.ia_valid = ATTR_FORCE | ATTR_KILL_SUID | ATTR_KILL_SGID | ATTR_KILL_PRIV,
	};
	struct inode *backing = d_inode(path->dentry);
	int err;

	if (likely(!fuse_bpf_is_only_shown_as_own(inode, idmap, caller)))
		return 0;
	/* That one may not show them: a chmod is refused there, too. */
	if (fuse_bpf_is_over_ours(inode->i_sb))
		return -EPERM;
	inode_lock(backing);
	err = notify_change(mnt_idmap(path->mnt), path->dentry, &attr, NULL);
	inode_unlock(backing);
	return err;
}

/* Credentials for setting an ACL of @inode, whose i_rwsem is held. */
const struct cred *fuse_bpf_creds_enter_acl(struct inode *inode, struct mnt_idmap *idmap)
{
	kuid_t owner;
	int err = fuse_bpf_recheck_owner(inode, idmap);

	if (err)
		return ERR_PTR(err);
	if (!fuse_bpf_change_is_granted(inode))
		return fuse_bpf_creds_enter_caller(inode->i_sb, idmap);
	err = fuse_bpf_checked_owner(inode, idmap, &owner);
	return err ? ERR_PTR(err) : fuse_bpf_creds_enter_change_as(inode, idmap, owner);
}

/*
 * The same for file attributes, for which the backing filesystem checks capabilities
 * and the user namespace: these are the caller's in any case.
 */
const struct cred *fuse_bpf_creds_enter_fileattr(struct inode *inode, struct mnt_idmap *idmap)
{
	kuid_t owner;
	int err = fuse_bpf_recheck_owner(inode, idmap);

	if (err)
		return ERR_PTR(err);
	if (!fuse_bpf_change_is_granted(inode))
		return fuse_bpf_creds_enter_caller(inode->i_sb, idmap);
	err = fuse_bpf_checked_owner(inode, idmap, &owner);
	return err ? ERR_PTR(err) : fuse_bpf_creds_enter_own_as(owner);
}

/* --- operations that are not passed the idmap of their mount --------------------------------- */

/*
 * ->unlink(), ->rmdir() and ->link() are given no idmap.  But the VFS has called
 * ->permission() for the directory with it just before, in the same task.  So, once an
 * idmapped mount has come up, each such check leaves task and idmap in the directory's
 * inode.  The VFS holds the directory's lock exclusively from the check to the change.
 * Checks without it, for O_TMPFILE and by knfsd beforehand, leave nothing; a realtime
 * kernel does not tell them apart, and for its sake there is more than one record.  A
 * task whose record is gone all the same gets ESTALE, upon which the VFS walks and checks
 * again: with another idmap than that of the check, the caller's ids would be those of
 * another user.
 */
struct fuse_bpf_check {
	const struct task_struct *task;	/* compared only: a later task leaves its own */
	struct mnt_idmap *idmap;	/* counted; NULL: a place that is free */
};

struct fuse_bpf_checks {
	struct fuse_bpf_check last[FUSE_BPF_CHECKS];	/* the latest first */
};

/*
 * Put @check, with its reference, in front, and the others behind it.  Returns the
 * idmap that went: the task's former one, or the oldest, or NULL.
 */
static struct mnt_idmap *fuse_bpf_checks_push(struct fuse_bpf_checks *checks,
					      struct fuse_bpf_check check)
{
	struct mnt_idmap *gone;
	int i;

	for (i = 0; i < FUSE_BPF_CHECKS - 1; i++)
		if (!checks->last[i].idmap || checks->last[i].task == check.task)
			break;
	gone = checks->last[i].idmap;
	memmove(&checks->last[1], &checks->last[0], i * sizeof(check));
	checks->last[0] = check;
	return gone;
}

static int fuse_bpf_checks_alloc(struct inode *dir)
{
	struct fuse_bpf_inode *fi = fuse_bpf_inode(dir);
	struct fuse_bpf_checks *checks = kzalloc(sizeof(*checks), GFP_KERNEL_ACCOUNT);

	if (!checks)
		return -ENOMEM;
	spin_lock(&dir->i_lock);
	if (!fi->checks) {
		WRITE_ONCE(fi->checks, checks);
		checks = NULL;
	}
	spin_unlock(&dir->i_lock);
	kfree(checks);
	return 0;
}

/* current has the right to change @dir, through a mount with @idmap.  May sleep. */
int fuse_bpf_idmap_used(struct inode *dir, struct mnt_idmap *idmap)
{
	struct fuse_bpf_inode *fi = fuse_bpf_inode(dir);
	struct fuse_bpf_sb *fsb = fuse_bpf_sb(dir->i_sb);
	struct mnt_idmap *gone;
	int err;

	if (!READ_ONCE(fsb->idmapped))
		WRITE_ONCE(fsb->idmapped, true);
	if (!READ_ONCE(fi->checks)) {
		err = fuse_bpf_checks_alloc(dir);
		if (err)
			return err;
	}
	mnt_idmap_get(idmap);
	spin_lock(&dir->i_lock);
	gone = fuse_bpf_checks_push(fi->checks, (struct fuse_bpf_check) { current, idmap });
	spin_unlock(&dir->i_lock);
	if (gone)
		mnt_idmap_put(gone);
	return 0;
}

/* @fi goes. */
void fuse_bpf_checks_free(struct fuse_bpf_inode *fi)
{
	int i;

	if (!fi->checks)
		return;
	for (i = 0; i < FUSE_BPF_CHECKS && fi->checks->last[i].idmap; i++)
		mnt_idmap_put(fi->checks->last[i].idmap);
	kfree(fi->checks);
	fi->checks = NULL;
}

/* That of current's last check, if it is still there; counted, or NULL. */
static struct mnt_idmap *fuse_bpf_idmap_of_check(struct inode *dir)
{
	const struct fuse_bpf_checks *checks;
	struct mnt_idmap *idmap = NULL;
	int i;

	spin_lock(&dir->i_lock);
	checks = fuse_bpf_inode(dir)->checks;
	for (i = 0; checks && i < FUSE_BPF_CHECKS && checks->last[i].idmap; i++)
		if (checks->last[i].task == current) {
			idmap = mnt_idmap_get(checks->last[i].idmap);
			break;
		}
	spin_unlock(&dir->i_lock);
	return idmap;
}

/* Make a change in @dir with the idmap that the caller came through. */
int fuse_bpf_change_without_idmap(struct inode *dir, fuse_bpf_change_fn *change, void *arg)
{
	struct mnt_idmap *idmap;
	int err;

	fuse_bpf_point("change:idmap");
	/* What current was checked with a moment ago has set it, if there is need of it. */
	if (likely(!READ_ONCE(fuse_bpf_sb(dir->i_sb)->idmapped)))
		return change(&nop_mnt_idmap, arg);
	idmap = fuse_bpf_idmap_of_check(dir);
	if (!idmap)
		return -ESTALE;
	err = change(idmap, arg);
	mnt_idmap_put(idmap);
	return err;
}
