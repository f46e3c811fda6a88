// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes: what our inode shows of the backing one.
 *
 * Permission checks use our inode's mode and owner.  They follow the backing
 * inode's, or what the getattr programs make of them; a cheap comparison with
 * the backing inode tells when they have to be made anew, also for a working
 * directory, which is never looked up again.
 */
#include <linux/fs_stack.h>
#include "fuse_bpf_i.h"

/* --- between struct kstat and the FUSE attributes ------------------------------- */

static void fuse_bpf_attr_from_stat(struct fuse_attr *attr, const struct kstat *stat)
{
	*attr = (struct fuse_attr) {
		.ino		= stat->ino,
		.size		= stat->size,
		.blocks		= stat->blocks,
		.atime		= stat->atime.tv_sec,
		.mtime		= stat->mtime.tv_sec,
		.ctime		= stat->ctime.tv_sec,
		.atimensec	= stat->atime.tv_nsec,
		.mtimensec	= stat->mtime.tv_nsec,
		.ctimensec	= stat->ctime.tv_nsec,
		.mode		= stat->mode,
		.nlink		= stat->nlink,
		.uid		= __kuid_val(stat->uid),
		.gid		= __kgid_val(stat->gid),
		.rdev		= new_encode_dev(stat->rdev),
		.blksize	= stat->blksize,
	};
}

/* Whatever a program wrote, user space and the VFS get something possible. */
static bool fuse_bpf_attr_ok(const struct fuse_attr *attr, const struct kstat *was)
{
	return attr->ino == was->ino && !((attr->mode ^ was->mode) & ~S_IALLUGO) &&
	       attr->rdev == new_encode_dev(was->rdev) &&
	       (s64)attr->size >= 0 && (s64)attr->blocks >= 0 &&
	       attr->atimensec < NSEC_PER_SEC && attr->mtimensec < NSEC_PER_SEC &&
	       attr->ctimensec < NSEC_PER_SEC &&
	       uid_valid(KUIDT_INIT(attr->uid)) && gid_valid(KGIDT_INIT(attr->gid));
}

static void fuse_bpf_stat_from_attr(struct kstat *stat, const struct fuse_attr *attr)
{
	stat->size = attr->size;
	stat->blocks = attr->blocks;
	stat->atime = (struct timespec64) { attr->atime, attr->atimensec };
	stat->mtime = (struct timespec64) { attr->mtime, attr->mtimensec };
	stat->ctime = (struct timespec64) { attr->ctime, attr->ctimensec };
	stat->mode = attr->mode;
	stat->nlink = attr->nlink;
	stat->uid = KUIDT_INIT(attr->uid);
	stat->gid = KGIDT_INIT(attr->gid);
	if (attr->blksize && is_power_of_2(attr->blksize))
		stat->blksize = attr->blksize;
}

/* --- what our inode shows --------------------------------------------------------- */

/* The backing inode's attributes as its mount maps them; no filesystem is asked. */
static void fuse_bpf_stat_of_backing(const struct inode *inode, struct kstat *stat)
{
	struct vfsmount *mnt = fuse_bpf_sb(inode->i_sb)->mnt;

	compat_generic_fillattr(mnt_idmap(mnt), STATX_BASIC_STATS,
				fuse_bpf_backing_inode(inode), stat);
}

/*
 * The VFS looks at it when a file is linked, and when its last name goes.  Not in a
 * lockless walk, which may have come to an inode that is being freed.
 */
void fuse_bpf_copy_nlink(struct inode *inode)
{
	struct inode *backing = fuse_bpf_backing_inode(inode);
	unsigned int nlink = READ_ONCE(backing->i_nlink);

	if (READ_ONCE(inode->i_nlink) == nlink)
		return;
	spin_lock(&inode->i_lock);
	set_nlink(inode, nlink);
	spin_unlock(&inode->i_lock);
}

/* What permission checks go by. */
struct fuse_bpf_access {
	umode_t mode;
	kuid_t uid;
	kgid_t gid;
};

static bool fuse_bpf_same_access(const struct fuse_bpf_access *a, const struct fuse_bpf_access *b)
{
	return a->mode == b->mode && uid_eq(a->uid, b->uid) && gid_eq(a->gid, b->gid);
}

/*
 * Taken down before the programs and the backing filesystem are asked: what
 * changes meanwhile is found to differ afterwards.
 */
struct fuse_bpf_seen fuse_bpf_look(const struct inode *inode)
{
	const struct fuse_bpf_inode *fi = fuse_bpf_inode(inode);

	return (struct fuse_bpf_seen) {
		.generation	= fuse_bpf_slot_generation(fi->slot),
		.mode		= READ_ONCE(fi->backing->i_mode),
		.uid		= READ_ONCE(fi->backing->i_uid),
		.gid		= READ_ONCE(fi->backing->i_gid),
	};
}

/* What our inode's attributes were made from last. */
struct fuse_bpf_seen fuse_bpf_attr_seen(struct inode *inode)
{
	struct fuse_bpf_seen seen;

	spin_lock(&inode->i_lock);
	seen = fuse_bpf_inode(inode)->seen;
	spin_unlock(&inode->i_lock);
	return seen;
}

static bool fuse_bpf_same_seen(const struct fuse_bpf_seen *a, const struct fuse_bpf_seen *b)
{
	return a->mode == b->mode && uid_eq(a->uid, b->uid) && gid_eq(a->gid, b->gid) &&
	       a->generation == b->generation;
}

bool fuse_bpf_attr_seen_is(struct inode *inode, const struct fuse_bpf_seen *seen)
{
	struct fuse_bpf_seen now = fuse_bpf_attr_seen(inode);

	return fuse_bpf_same_seen(&now, seen);
}

/* Apart from its only caller, whose mounts are rarely idmapped. */
static noinline struct fuse_bpf_access fuse_bpf_mapped_access(const struct vfsmount *mnt,
							      const struct fuse_bpf_seen *seen)
{
	struct user_namespace *fs_ns = mnt->mnt_sb->s_user_ns;

	return (struct fuse_bpf_access) {
		.mode	= seen->mode,
		.uid	= vfsuid_into_kuid(make_vfsuid(mnt_idmap(mnt), fs_ns, seen->uid)),
		.gid	= vfsgid_into_kgid(make_vfsgid(mnt_idmap(mnt), fs_ns, seen->gid)),
	};
}

/* What the backing mount makes of it. */
static struct fuse_bpf_access fuse_bpf_access_of_seen(const struct inode *inode,
						      const struct fuse_bpf_seen *seen)
{
	const struct vfsmount *mnt = fuse_bpf_sb(inode->i_sb)->mnt;

	if (likely(!is_idmapped_mnt(mnt)))
		return (struct fuse_bpf_access) { seen->mode, seen->uid, seen->gid };
	return fuse_bpf_mapped_access(mnt, seen);
}

kuid_t fuse_bpf_attr_owner(const struct inode *inode, const struct fuse_bpf_seen *seen)
{
	return fuse_bpf_access_of_seen(inode, seen).uid;
}

/* What an inode is to show: @shown, made from @seen by a program if @shaped. */
struct fuse_bpf_attrs {
	struct fuse_bpf_seen seen;
	struct fuse_bpf_access shown;
	bool shaped;
	bool again;			/* to be made again by who needs them next */
	bool last;			/* stored, whatever has changed since @seen */
};

/*
 * Setid bits that do not work, though stat(2) shows them: those below a nosuid mount, above
 * which nothing says nosuid, and those that the owner below has set on what a program shows
 * as another's.
 */
static umode_t fuse_bpf_idle_setid(const struct inode *inode, const struct fuse_bpf_attrs *attrs)
{
	struct fuse_bpf_access below;
	umode_t idle = 0;

	if (S_ISDIR(attrs->shown.mode) || likely(!(attrs->shown.mode & (S_ISUID | S_ISGID))))
		return 0;
	if (fuse_bpf_sb(inode->i_sb)->nosuid)
		return S_ISUID | S_ISGID;
	below = fuse_bpf_access_of_seen(inode, &attrs->seen);
	if (!uid_eq(below.uid, attrs->shown.uid))
		idle |= below.mode & S_ISUID;
	if (!gid_eq(below.gid, attrs->shown.gid))
		idle |= below.mode & S_ISGID;
	return idle;
}

/* Do the backing inode and the programs still say what is in @seen?  Any context. */
bool fuse_bpf_still_seen(const struct inode *inode, const struct fuse_bpf_seen *seen)
{
	struct fuse_bpf_seen now = fuse_bpf_look(inode);

	return fuse_bpf_same_seen(&now, seen);
}

/*
 * The attributes first, then what they were made from: pairs with
 * fuse_bpf_attr_fresh().  False, and nothing is stored, if what they were made from
 * has changed: another task may have stored newer ones, and a third have found
 * those fresh, and be about to read them.
 */
static bool fuse_bpf_attr_store(struct inode *inode, const struct fuse_bpf_attrs *result)
{
	struct fuse_bpf_inode *fi = fuse_bpf_inode(inode);
	const struct inode *backing = fi->backing;

	spin_lock(&inode->i_lock);
	if (!result->last && !fuse_bpf_still_seen(inode, &result->seen)) {
		spin_unlock(&inode->i_lock);
		return false;
	}
	WRITE_ONCE(fi->shaped, result->shaped);
	if (result->shaped)
		WRITE_ONCE(fi->granted, true);
	WRITE_ONCE(inode->i_uid, result->shown.uid);
	WRITE_ONCE(inode->i_gid, result->shown.gid);
	/*
	 * In this order for permission checks, which read the mode first.  They have no
	 * barrier to pair with: where loads change places it may be the other way round.
	 */
	smp_wmb();
	WRITE_ONCE(inode->i_mode, result->shown.mode & ~fuse_bpf_idle_setid(inode, result));
	/* S_NOSEC: the backing filesystem kills setuid bits; nothing is left to do here. */
	inode_set_flags(inode, (READ_ONCE(backing->i_flags) & FUSE_BPF_INODE_FLAGS) | S_NOSEC,
			FUSE_BPF_INODE_FLAGS | S_NOSEC);
	smp_wmb();
	WRITE_ONCE(fi->seen.mode, result->again ? 0 : result->seen.mode);
	WRITE_ONCE(fi->seen.uid, result->seen.uid);
	WRITE_ONCE(fi->seen.gid, result->seen.gid);
	WRITE_ONCE(fi->seen.generation, result->seen.generation);
	spin_unlock(&inode->i_lock);
	return true;
}

/*
 * As fuse_bpf_attr_fresh(), where the backing inode's lock is held: nor is another
 * task about to store what it was before.
 */
bool fuse_bpf_attr_settled(struct inode *inode)
{
	bool fresh;

	spin_lock(&inode->i_lock);
	fresh = fuse_bpf_attr_fresh(inode);
	spin_unlock(&inode->i_lock);
	return fresh;
}

/*
 * The same for what a sticky directory goes by: our inode shows the owner that there is,
 * also where setid bits are not shown.
 */
bool fuse_bpf_owner_settled(struct inode *inode)
{
	const struct fuse_bpf_inode *fi = fuse_bpf_inode(inode);
	struct fuse_bpf_seen seen = fuse_bpf_attr_seen(inode), now = fuse_bpf_look(inode);

	return uid_eq(seen.uid, now.uid) && gid_eq(seen.gid, now.gid) &&
	       (!fi->slot || seen.generation == now.generation);
}

/* --- setuid and setgid bits ------------------------------------------------------ */

/*
 * exec reads mode, owner and group of our inode one after the other, under our
 * i_rwsem, and acts on them if it finds setid bits.  So these appear in our inode
 * only while that lock is held, together with ids that the backing inode had under
 * its own lock at the same time.  Where one of the locks is taken, the inode shows
 * no setid bits until the next refresh: exec then runs the file as the caller.  Who
 * has our lock for a change waits for the other, as the change itself does.
 */
#define FUSE_BPF_SETID	(S_ISUID | S_ISGID)

static bool fuse_bpf_may_be_setid(const struct inode *inode, umode_t shown)
{
	return S_ISREG(fuse_bpf_mode(inode)) &&
	       ((shown | READ_ONCE(inode->i_mode) |
		 READ_ONCE(fuse_bpf_backing_inode(inode)->i_mode)) & FUSE_BPF_SETID);
}

static bool fuse_bpf_store_without_setid(struct inode *inode,
					 const struct fuse_bpf_attrs *result)
{
	struct fuse_bpf_attrs plain = *result;

	if (S_ISREG(fuse_bpf_mode(inode)))
		plain.shown.mode &= ~FUSE_BPF_SETID;
	plain.again = true;
	return fuse_bpf_attr_store(inode, &plain);
}

/* Our inode's lock is held. */
static bool fuse_bpf_store_setid_locked(struct inode *inode, const struct fuse_bpf_attrs *result,
					bool wait)
{
	struct inode *backing = fuse_bpf_backing_inode(inode);
	struct fuse_bpf_attrs exact = *result;
	bool stored;

	exact.last = false;
	if (wait ? down_read_killable(&backing->i_rwsem) : !inode_trylock_shared(backing))
		return false;
	stored = fuse_bpf_attr_store(inode, &exact);
	inode_unlock_shared(backing);
	return stored;
}

/* Apart from its only caller, whose inodes are rarely such. */
static noinline bool fuse_bpf_store_setid(struct inode *inode, const struct fuse_bpf_attrs *result,
					  enum fuse_bpf_refresh_how how)
{
	bool locked = how == FUSE_BPF_REFRESH_LOCKED || how == FUSE_BPF_REFRESH_NEW;
	bool stored = false;

	if (locked || inode_trylock_shared(inode)) {
		stored = fuse_bpf_store_setid_locked(inode, result,
						     how == FUSE_BPF_REFRESH_LOCKED);
		if (!locked)
			inode_unlock_shared(inode);
	}
	return stored || fuse_bpf_store_without_setid(inode, result);
}

/*
 * exec has read what @inode shows, and setid bits in it, under our i_rwsem, which
 * it holds.  0: the backing inode has them so at this moment.  Else exec ignores
 * them.
 */
int fuse_bpf_check_setid(struct mnt_idmap *idmap, struct inode *inode)
{
	struct inode *backing = fuse_bpf_backing_inode(inode);
	int err;

	fuse_bpf_point("exec:setid");
	err = down_write_killable(&backing->i_rwsem);
	if (err)
		return err;
	if (!(fuse_bpf_mode(inode) & FUSE_BPF_SETID) || !fuse_bpf_attr_settled(inode))
		err = -EACCES;
	else if (backing->i_op->permission && (fuse_bpf_mode(backing) & FUSE_BPF_SETID))
		err = fuse_bpf_backing_permission(idmap, inode, MAY_EXEC);
	inode_unlock(backing);
	return err;
}

/*
 * The inode is what decides; @result is the backing's, or what a program made of it.
 * False: as fuse_bpf_attr_store().
 */
static bool fuse_bpf_show(struct inode *inode, const struct fuse_bpf_attrs *result,
			  enum fuse_bpf_refresh_how how)
{
	bool stored;

	if (unlikely(fuse_bpf_may_be_setid(inode, result->shown.mode)))
		stored = fuse_bpf_store_setid(inode, result, how);
	else
		stored = fuse_bpf_attr_store(inode, result);
	if (how != FUSE_BPF_REFRESH_RCU)
		fuse_bpf_copy_nlink(inode);
	fsstack_copy_inode_size(inode, fuse_bpf_backing_inode(inode));
	return stored;
}

/*
 * A new inode's first attributes; no other task has it yet.  No version of a slot has
 * generation 0, so with programs the first use makes them again.
 */
void fuse_bpf_attr_init(struct inode *inode)
{
	struct fuse_bpf_attrs result = { .seen = fuse_bpf_look(inode), .last = true };

	inode->i_mode = fuse_bpf_mode(fuse_bpf_backing_inode(inode)) & S_IFMT;
	result.shown = fuse_bpf_access_of_seen(inode, &result.seen);
	result.seen.generation = 0;
	fuse_bpf_show(inode, &result, FUSE_BPF_REFRESH_NEW);
}

void fuse_bpf_copy_size(struct inode *inode)
{
	struct inode *backing = fuse_bpf_backing_inode(inode);

	/* Again, if somebody copied a larger one meanwhile: the last to look is right. */
	while (i_size_read(inode) != i_size_read(backing))
		fsstack_copy_inode_size(inode, backing);
}

/* --- getattr ------------------------------------------------------------------------ */

static struct fuse_bpf_access fuse_bpf_access_of_stat(const struct kstat *stat)
{
	return (struct fuse_bpf_access) { stat->mode, stat->uid, stat->gid };
}

/* What became of mode and owner. */
struct fuse_bpf_shape {
	bool shaped;			/* a program changed them */
	struct fuse_bpf_access base;	/* what they were; only if so */
};

/* Take over what the program made of @stat; what it left alone is not judged. */
static int fuse_bpf_take_attr(struct fuse_bpf_call *call, struct kstat *stat,
			      struct fuse_bpf_shape *shape)
{
	const struct fuse_attr *attr = &call->out.getattr.attr;
	struct fuse_attr before;

	fuse_bpf_attr_from_stat(&before, stat);
	if (!memcmp(&before, attr, sizeof(before)))
		return 0;
	if (!fuse_bpf_attr_ok(attr, stat))
		return fuse_bpf_refuse(call, "attributes of inode", stat->ino);
	shape->shaped = attr->mode != before.mode || attr->uid != before.uid ||
			attr->gid != before.gid;
	shape->base = fuse_bpf_access_of_stat(stat);
	fuse_bpf_stat_from_attr(stat, attr);
	return 0;
}

/* Ask the backing filesystem, or, without a dentry, look at its inode. */
static int fuse_bpf_backing_stat(struct inode *inode, struct dentry *dentry,
				 struct kstat *stat, u32 request_mask, unsigned int flags)
{
	if (dentry)
		return fuse_bpf_backing_getattr(dentry, stat, request_mask, flags);
	fuse_bpf_stat_of_backing(inode, stat);
	return 0;
}

/*
 * Attributes with the programs' part in them.  @dentry is NULL where the VFS has an
 * inode only.  May sleep.
 */
static int fuse_bpf_ask_stat(struct inode *inode, struct dentry *dentry, struct kstat *stat,
			     u32 request_mask, unsigned int flags, struct fuse_bpf_shape *shape)
{
	FUSE_BPF_CALL(call);
	bool changed;
	int err;

	if (fuse_bpf_begin(&call, inode, FUSE_BPF_OP_GETATTR, dentry)) {
		fuse_bpf_stat_of_backing(inode, stat);
		fuse_bpf_attr_from_stat(&call.out.getattr.attr, stat);
	}
	err = fuse_bpf_pre(&call);
	changed = err == FUSE_BPF_ANSWERED;
	if (!err) {
		err = fuse_bpf_backing_stat(inode, dentry, stat, request_mask, flags);
		changed = call.version && call.post;
		if (changed)
			fuse_bpf_attr_from_stat(&call.out.getattr.attr, stat);
	}
	err = fuse_bpf_post(&call, err == FUSE_BPF_ANSWERED ? 0 : err);
	if (!err && changed)
		err = fuse_bpf_take_attr(&call, stat, shape);
	return err;
}

/*
 * Our inode is to show @stat, which was made when @seen was there: from @base.  Apart
 * from its only caller, whose inodes mostly show it already.
 */
static noinline bool fuse_bpf_show_stat(struct inode *inode, const struct kstat *stat,
					const struct fuse_bpf_seen *seen,
					const struct fuse_bpf_access *base,
					enum fuse_bpf_refresh_how how, bool last)
{
	struct fuse_bpf_attrs result = {
		.seen = *seen, .shown = fuse_bpf_access_of_stat(stat), .last = last,
	};
	struct fuse_bpf_access then = fuse_bpf_access_of_seen(inode, seen);

	result.shaped = !fuse_bpf_same_access(base, &result.shown);
	/* What the programs saw had changed since @seen: they are called once more. */
	if (!fuse_bpf_same_access(base, &then))
		return fuse_bpf_store_without_setid(inode, &result);
	return fuse_bpf_show(inode, &result, how);
}

/*
 * The same as fuse_bpf_ask_stat(); and they become our inode's.  1: they do not, since
 * something has changed meanwhile; never if this is the @last try.
 */
static int fuse_bpf_shaped_stat(struct inode *inode, struct dentry *dentry,
				struct kstat *stat, u32 request_mask, unsigned int flags,
				enum fuse_bpf_refresh_how how, bool last)
{
	struct fuse_bpf_seen seen = fuse_bpf_look(inode);
	struct fuse_bpf_inode *fi = fuse_bpf_inode(inode);
	struct fuse_bpf_shape shape = {};
	int err;

	err = fuse_bpf_ask_stat(inode, dentry, stat, request_mask, flags, &shape);
	if (err)
		return err;
	/* The backing inode's before and now, and no newer programs. */
	if (!shape.shaped && !READ_ONCE(fi->shaped) &&
	    READ_ONCE(fi->seen.generation) == seen.generation && fuse_bpf_attr_fresh(inode))
		return 0;
	if (!shape.shaped)
		shape.base = fuse_bpf_access_of_stat(stat);
	return !fuse_bpf_show_stat(inode, stat, &seen, &shape.base, how, last);
}

/* How often the attributes may change while our inode's are made from them. */
#define FUSE_BPF_REFRESH_TRIES	16

/* Apart from its only caller, which does without so large a stack. */
static noinline int fuse_bpf_reshape(struct inode *inode, enum fuse_bpf_refresh_how how)
{
	/* fuse_bpf_ask_stat() fills it before it reads it. */
	struct kstat stat __uninitialized;
	int tries = 0, err;

	do
		err = fuse_bpf_shaped_stat(inode, NULL, &stat, STATX_BASIC_STATS, 0, how,
					   ++tries == FUSE_BPF_REFRESH_TRIES);
	while (err > 0);
	return err;
}

/* With getattr programs. */
static int fuse_bpf_refresh_asked(struct inode *inode, enum fuse_bpf_refresh_how how)
{
	return how == FUSE_BPF_REFRESH_RCU ? -ECHILD : fuse_bpf_reshape(inode, how);
}

/* Without, as far as the caller knows. */
static noinline int fuse_bpf_refresh_plain(struct inode *inode, enum fuse_bpf_refresh_how how)
{
	struct fuse_bpf_attrs result = {};
	int tries = 0;

	do {
		/* Before ->wanted, which is published before the generation. */
		result.seen = fuse_bpf_look(inode);
		result.last = ++tries == FUSE_BPF_REFRESH_TRIES;
		if (fuse_bpf_wanted(inode, FUSE_BPF_OP_GETATTR))
			return fuse_bpf_refresh_asked(inode, how);
		if (how == FUSE_BPF_REFRESH_RCU && fuse_bpf_may_be_setid(inode, 0))
			return -ECHILD;
		result.shown = fuse_bpf_access_of_seen(inode, &result.seen);
	} while (!fuse_bpf_show(inode, &result, how));
	return 0;
}

/*
 * Make our inode's attributes again.  In a lockless walk only what needs neither a
 * program nor a lock can be done: -ECHILD else.
 */
int fuse_bpf_refresh(struct inode *inode, enum fuse_bpf_refresh_how how)
{
	if (fuse_bpf_wanted(inode, FUSE_BPF_OP_GETATTR))
		return fuse_bpf_refresh_asked(inode, how);
	return fuse_bpf_refresh_plain(inode, how);
}

/*
 * After an attempt to change @inode, whose i_rwsem is held exclusively.  Mostly nothing
 * has changed of what our inode's attributes are made from; but programs may go by more
 * than that, and S_NOSEC the VFS clears on its own.
 */
int fuse_bpf_refresh_changed(struct inode *inode)
{
	if (fuse_bpf_wanted(inode, FUSE_BPF_OP_GETATTR) || !fuse_bpf_attr_fresh(inode) ||
	    !(READ_ONCE(inode->i_flags) & S_NOSEC))
		return fuse_bpf_refresh(inode, FUSE_BPF_REFRESH_LOCKED);
	fuse_bpf_copy_nlink(inode);
	fuse_bpf_copy_size(inode);
	return 0;
}

int fuse_bpf_getattr(struct mnt_idmap *idmap, const struct path *path,
		     struct kstat *stat, u32 request_mask, unsigned int flags)
{
	struct inode *inode = d_inode(path->dentry);
	int err;

	if (fuse_bpf_wanted(inode, FUSE_BPF_OP_GETATTR)) {
		err = fuse_bpf_shaped_stat(inode, path->dentry, stat, request_mask, flags,
					   FUSE_BPF_REFRESH, false);
		/* The next use of our inode's attributes makes them again. */
		err = min(err, 0);
	} else {
		err = fuse_bpf_backing_getattr(path->dentry, stat, request_mask, flags);
		if (!err && !fuse_bpf_attr_fresh(inode))
			err = fuse_bpf_refresh(inode, FUSE_BPF_REFRESH);
	}
	if (err)
		return err;
	fuse_bpf_copy_size(inode);
	stat->dev = fuse_bpf_dev(inode->i_sb, stat->dev);
	if (likely(idmap == &nop_mnt_idmap))
		return 0;
	stat->uid = vfsuid_into_kuid(make_vfsuid(idmap, inode->i_sb->s_user_ns, stat->uid));
	stat->gid = vfsgid_into_kgid(make_vfsgid(idmap, inode->i_sb->s_user_ns, stat->gid));
	return 0;
}
