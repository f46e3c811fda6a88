// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names: lookup, and whether a cached name still holds.
 *
 * A dentry keeps its backing dentry and both their sequence counts.  A count
 * changes whenever its dentry is moved, unhashed or given an inode, and since
 * we hold a reference an unlink below unhashes the backing one.  So equal
 * counts prove that name, parent and inode are what they were, without a lock,
 * also in a lockless walk.  While an operation of ours changes a name, the dentry is
 * marked busy and holds: otherwise a walker in the middle would find the counts
 * different and drop a dentry that is about to be right again, and whatever is
 * mounted below it.
 *
 * What a program decided about a name is kept beside that, until the set of
 * programs changes or the time that the program gave has passed.
 */
#include <linux/jiffies.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include "fuse_bpf_i.h"

static struct kmem_cache *fuse_bpf_dentry_cache;

/* Backing dentries that one of ours cannot stand for. */
#define FUSE_BPF_DENTRY_WEIRD	(DCACHE_NEED_AUTOMOUNT | DCACHE_MANAGE_TRANSIT | \
				 DCACHE_OP_HASH | DCACHE_OP_COMPARE)

bool fuse_bpf_dentry_weird(const struct dentry *backing)
{
	return backing->d_flags & FUSE_BPF_DENTRY_WEIRD;
}

/* --- what is known of a name --------------------------------------------------------- */

static unsigned int fuse_bpf_d_seq(const struct dentry *dentry)
{
	return raw_read_seqcount(&dentry->d_seq);
}

/*
 * Does @dentry's backing dentry still have our dentry's place, name and inode?
 * Then both sequence counts are taken down.  Changes to the place, name, hash and
 * inode of a dentry all happen under its d_lock, which makes this exact.  The
 * caller holds @dentry; the backing dentry of an absence may be replaced meanwhile.
 */
static bool fuse_bpf_entry_holds(struct dentry *dentry)
{
	struct fuse_bpf_dentry *fd = fuse_bpf_dentry(dentry);
	struct inode *inode, *below;
	struct dentry *backing;
	bool holds;

	spin_lock(&dentry->d_lock);
	backing = fd->backing;
	inode = d_inode(dentry);
	below = inode ? fuse_bpf_backing_inode(inode) : NULL;
	spin_lock_nested(&backing->d_lock, DENTRY_D_LOCK_NESTED);
	/* What is hidden is absent here, whatever it is below. */
	if (fd->hidden)
		below = d_inode(backing);
	holds = !d_unhashed(backing) && d_inode(backing) == below &&
		backing->d_parent == fuse_bpf_backing_dentry(dentry->d_parent) &&
		backing->d_name.len == dentry->d_name.len &&
		!memcmp(backing->d_name.name, dentry->d_name.name, dentry->d_name.len);
	if (holds) {
		WRITE_ONCE(fd->own_seq, fuse_bpf_d_seq(dentry));
		WRITE_ONCE(fd->seq, fuse_bpf_d_seq(backing));
	}
	spin_unlock(&backing->d_lock);
	spin_unlock(&dentry->d_lock);
	return holds;
}

/*
 * Let @dentry stand for @backing from now on; takes over the reference.  The
 * directory is held exclusively, or the dentry is in lookup and nobody's yet.
 * It is believed only once fuse_bpf_dentry_confirm() has seen it.
 */
void fuse_bpf_dentry_set(struct dentry *dentry, struct dentry *backing)
{
	struct fuse_bpf_dentry *fd = fuse_bpf_dentry(dentry);
	struct dentry *old = fd->backing;

	/* For whoever compares the two of an absence: fuse_bpf_entry_holds(). */
	spin_lock(&dentry->d_lock);
	WRITE_ONCE(fd->seq, FUSE_BPF_SEQ_NONE);
	WRITE_ONCE(fd->backing, backing);
	spin_unlock(&dentry->d_lock);
	/* A walker may still compare with the old one; that is freed by RCU. */
	dput(old);
}

/*
 * @dentry has got its inode, or is to stay without one: from here on the
 * sequence count tells.  If the entry has moved meanwhile, the next walk finds
 * that out.
 */
void fuse_bpf_dentry_confirm(struct dentry *dentry)
{
	if (!fuse_bpf_entry_holds(dentry))
		WRITE_ONCE(fuse_bpf_dentry(dentry)->seq, FUSE_BPF_SEQ_NONE);
}

/*
 * A dentry that was made for a file handle gets what it stands for only after
 * it can be found.  True: @backing's reference is taken over.
 */
bool fuse_bpf_dentry_adopt(struct dentry *dentry, struct dentry *backing)
{
	return !cmpxchg(&fuse_bpf_dentry(dentry)->backing, NULL, backing);
}

/* The ops of what @dentry leads to, below a directory with @dir's. */
struct fuse_bpf_slot *fuse_bpf_child_slot(const struct inode *dir,
					  const struct fuse_bpf_child_rule *child)
{
	return child->none ? NULL : fuse_bpf_inode(dir)->slot;
}

/* A mask that a program narrowed stays narrow below. */
u64 fuse_bpf_child_mask(const struct inode *dir, const struct fuse_bpf_child_rule *child)
{
	return child->mask & fuse_bpf_inode(dir)->mask;
}

/* Does @inode stand under the key that a child of @dir with this rule gets? */
bool fuse_bpf_same_key(const struct inode *inode, const struct inode *dir,
		       const struct fuse_bpf_child_rule *child)
{
	const struct fuse_bpf_inode *fi = fuse_bpf_inode(inode);

	return fi->slot == fuse_bpf_child_slot(dir, child) &&
	       (!fi->slot || fi->mask == fuse_bpf_child_mask(dir, child));
}

static bool fuse_bpf_same_rule(const struct fuse_bpf_child_rule *a,
			       const struct fuse_bpf_child_rule *b)
{
	return a->none == b->none && a->mask == b->mask;
}

/* --- asking the program ----------------------------------------------------------------- */

/* A lookup's answer so far. */
struct fuse_bpf_found {
	u32 generation;
	u64 expires;
	bool hidden;
	struct fuse_bpf_child_rule child;
};

static void fuse_bpf_fill_entry(struct fuse_entry_out *out, const struct inode *backing)
{
	out->entry_valid = U64_MAX;
	if (!backing)
		return;
	out->nodeid = backing->i_ino;
	out->attr.ino = backing->i_ino;
	out->attr.size = i_size_read(backing);
	out->attr.mode = fuse_bpf_mode(backing);
	out->attr.nlink = READ_ONCE(backing->i_nlink);
	out->attr.uid = __kuid_val(READ_ONCE(backing->i_uid));
	out->attr.gid = __kgid_val(READ_ONCE(backing->i_gid));
	out->attr.rdev = new_encode_dev(backing->i_rdev);
}

static u64 fuse_bpf_expiry(const struct fuse_entry_out *out)
{
	u64 now = get_jiffies_64();

	if (out->entry_valid > U32_MAX)
		return U64_MAX;
	return now + out->entry_valid * HZ +
	       nsecs_to_jiffies64(min_t(u32, out->entry_valid_nsec, NSEC_PER_SEC - 1));
}

/* Hiding is an answer; every other errno is the operation's. */
static int fuse_bpf_hide(struct fuse_bpf_found *found, int err)
{
	if (err != -ENOENT && err != FUSE_BPF_ANSWERED)
		return err;
	found->hidden = true;
	return 0;
}

/*
 * The backing entry of a name and the programs' say about it.  @backing comes
 * back referenced, NULL if the programs hid the name unseen.  @parent is held,
 * and @dir its inode.
 */
static int fuse_bpf_find(struct inode *dir, struct dentry *parent, struct dentry *dentry,
			 const struct qstr *name, struct fuse_bpf_found *found,
			 struct dentry **backing)
{
	FUSE_BPF_CALL(call);
	bool asked, posts;
	int err;

	*backing = NULL;
	*found = (struct fuse_bpf_found) {
		.generation	= fuse_bpf_slot_generation(fuse_bpf_inode(dir)->slot),
		.expires	= U64_MAX,
		.child.mask	= ~0ULL,
	};
	asked = fuse_bpf_begin(&call, dir, FUSE_BPF_OP_LOOKUP, dentry);
	if (asked) {
		call.name = name;
		if (call.version->flags & FUSE_BPF_F_REVALIDATE)
			found->expires = 0;
	}
	err = fuse_bpf_pre(&call);
	if (err) {
		fuse_bpf_post(&call, 0);
		return fuse_bpf_hide(found, err);
	}
	*backing = fuse_bpf_backing_lookup(parent, name);
	if (!asked)
		return PTR_ERR_OR_ZERO(*backing);
	if (IS_ERR(*backing))
		return fuse_bpf_post(&call, PTR_ERR(*backing));
	posts = call.post;
	call.ctx.target_is_dir = d_is_dir(*backing);
	if (posts)
		fuse_bpf_fill_entry(&call.out.lookup, d_inode(*backing));
	err = fuse_bpf_hide(found, fuse_bpf_post(&call, 0));
	found->child = call.child;
	if (posts)
		found->expires = min(found->expires, fuse_bpf_expiry(&call.out.lookup));
	if (err)
		dput(*backing);
	return err;
}

/* The verdict is as of this generation, and holds until then. */
static void fuse_bpf_verdict_set(struct fuse_bpf_dentry *fd, const struct fuse_bpf_found *found)
{
	WRITE_ONCE(fd->expires, found->expires);
	/* Last: pairs with fuse_bpf_verdict_holds(). */
	smp_store_release(&fd->generation, found->generation);
}

static void fuse_bpf_remember(struct dentry *dentry, const struct fuse_bpf_found *found)
{
	struct fuse_bpf_dentry *fd = fuse_bpf_dentry(dentry);

	fd->child = found->child;
	fd->hidden = found->hidden;
	fuse_bpf_verdict_set(fd, found);
}

/* --- lookup --------------------------------------------------------------------------------- */

static struct inode *fuse_bpf_found_inode(struct inode *dir, struct dentry *backing,
					  const struct fuse_bpf_found *found)
{
	return fuse_bpf_iget(dir->i_sb, d_inode(backing),
			     fuse_bpf_child_slot(dir, &found->child),
			     fuse_bpf_child_mask(dir, &found->child));
}

/*
 * A directory that was moved underneath has a dentry at its old place, which
 * could not be moved here: a rename elsewhere holds the locks (ESTALE), or the
 * old place is now below this one (ELOOP).  The caller is not to see either, so
 * the directory gets another inode of ours.  Whoever holds the old one goes on
 * with it, as all that matters is below, and its dentry goes when it is next
 * revalidated.
 */
static struct dentry *fuse_bpf_splice_anew(struct inode *dir, struct dentry *dentry,
					   struct dentry *backing,
					   const struct fuse_bpf_found *found, int err)
{
	struct inode *inode;

	if (err != -ESTALE && err != -ELOOP)
		return ERR_PTR(err);
	inode = fuse_bpf_found_inode(dir, backing, found);
	if (IS_ERR(inode))
		return ERR_CAST(inode);
	remove_inode_hash(inode);
	iput(inode);
	inode = fuse_bpf_found_inode(dir, backing, found);
	if (IS_ERR(inode))
		return ERR_CAST(inode);
	return d_splice_alias(inode, dentry);
}

/*
 * A directory that was moved underneath keeps its dentry, which this lookup is
 * going to move: whoever has found that under its old name, and has not
 * revalidated it yet, must not take it for what is there.
 */
static void fuse_bpf_mark_spliced(struct inode *inode)
{
	struct dentry *alias;

	if (!inode || !S_ISDIR(fuse_bpf_mode(inode)))
		return;
	alias = d_find_any_alias(inode);
	if (!alias)
		return;
	WRITE_ONCE(fuse_bpf_dentry(alias)->spliced, true);
	dput(alias);
}

/*
 * What programs say of a name does not move with the dentry.  Nor is it known
 * here: another lookup may have moved it on.  The next walk asks.
 */
void fuse_bpf_dentry_forget_verdict(struct dentry *dentry)
{
	WRITE_ONCE(fuse_bpf_dentry(dentry)->expires, 0);
}

/* As fuse_bpf_mark_spliced() has it: found as @name in @dir, but gone from there. */
static bool fuse_bpf_moved_away(const struct inode *dir, const struct qstr *name,
				struct dentry *dentry)
{
	bool away;

	if (likely(!READ_ONCE(fuse_bpf_dentry(dentry)->spliced)))
		return false;
	spin_lock(&dentry->d_lock);
	away = d_inode(dentry->d_parent) != dir || dentry->d_name.len != name->len ||
	       memcmp(dentry->d_name.name, name->name, name->len);
	spin_unlock(&dentry->d_lock);
	return away;
}

struct dentry *fuse_bpf_lookup(struct inode *dir, struct dentry *dentry,
			       unsigned int flags)
{
	struct fuse_bpf_found found;
	struct dentry *backing, *alias;
	struct inode *inode = NULL;
	int err;

	err = fuse_bpf_find(dir, dentry->d_parent, dentry, &dentry->d_name, &found, &backing);
	if (err)
		return ERR_PTR(err);
	fuse_bpf_remember(dentry, &found);
	if (!backing)
		return d_splice_alias(NULL, dentry);

	fuse_bpf_dentry_set(dentry, backing);
	if (fuse_bpf_dentry_weird(backing))
		return ERR_PTR(-EREMOTE);
	if (d_really_is_positive(backing) && !found.hidden) {
		inode = fuse_bpf_found_inode(dir, backing, &found);
		if (IS_ERR(inode))
			return ERR_CAST(inode);
	}
	/* The backing filesystem does not want this absence remembered. */
	if (!inode && d_unhashed(backing))
		return NULL;
	/*
	 * Sticky directories, links and chmod look at the owner without asking
	 * ->permission.  A failure shows where the attributes are needed.
	 */
	if (inode && !fuse_bpf_attr_fresh(inode))
		fuse_bpf_refresh(inode, FUSE_BPF_REFRESH);
	fuse_bpf_mark_spliced(inode);
	alias = d_splice_alias(inode, dentry);
	fuse_bpf_point("lookup:spliced");
	if (IS_ERR(alias))
		alias = fuse_bpf_splice_anew(dir, dentry, backing, &found, PTR_ERR(alias));
	if (IS_ERR(alias))
		return alias;
	if (alias) {
		if (!fuse_bpf_dentry_adopt(alias, dget(backing)))
			dput(backing);
		fuse_bpf_dentry_forget_verdict(alias);
	}
	fuse_bpf_dentry_confirm(alias ?: dentry);
	return alias;
}

/* --- does a cached name still hold? ------------------------------------------------------------ */

/*
 * Neither dentry has changed since the two were compared under both locks.  Ours
 * counts too: another lookup may have moved it along with the backing one, and
 * a slower one back to where the backing one no longer is.
 */
static bool fuse_bpf_seqs_equal(const struct dentry *dentry, const struct dentry *backing)
{
	const struct fuse_bpf_dentry *fd = fuse_bpf_dentry(dentry);

	return fuse_bpf_d_seq(backing) == READ_ONCE(fd->seq) &&
	       fuse_bpf_d_seq(dentry) == READ_ONCE(fd->own_seq);
}

/*
 * By sequence counts alone; under RCU, or @backing held.  Whoever sees the count
 * of a change that is ours also sees the mark that was set before it, or the
 * new count that was stored before the mark went: pairs with the barriers of
 * fuse_bpf_busy() and fuse_bpf_unbusy().
 */
static bool fuse_bpf_seq_holds(const struct dentry *dentry, const struct dentry *backing)
{
	if (likely(fuse_bpf_seqs_equal(dentry, backing)))
		return true;
	/* The count before the mark: fuse_bpf_busy() */
	smp_rmb();
	if (READ_ONCE(fuse_bpf_dentry(dentry)->busy))
		return true;
	/* The mark before the stored count: fuse_bpf_unbusy() */
	smp_rmb();
	return fuse_bpf_seqs_equal(dentry, backing);
}

/* Is what the programs said still to be believed?  Under RCU or not. */
static bool fuse_bpf_verdict_holds(const struct inode *dir, const struct fuse_bpf_dentry *fd)
{
	struct fuse_bpf_slot *slot = fuse_bpf_inode(dir)->slot;
	u64 expires;

	if (likely(!slot))
		return true;
	/* Then the time that goes with it: pairs with fuse_bpf_verdict_set(). */
	if (smp_load_acquire(&fd->generation) != READ_ONCE(slot->generation))
		return false;
	expires = READ_ONCE(fd->expires);
	return expires == U64_MAX || time_before64(get_jiffies_64(), expires);
}

/*
 * The counts differ: look closely.  An operation of ours may have begun while
 * we looked, and what it is doing is no reason to drop the dentry.  Nor is what it
 * has done: if our dentry was moved since, look again.
 */
static bool fuse_bpf_entry_still_holds(struct dentry *dentry)
{
	unsigned int seq;
	bool holds;

	rcu_read_lock();
	do {
		seq = fuse_bpf_d_seq(dentry);
		holds = fuse_bpf_entry_holds(dentry) ||
			fuse_bpf_seq_holds(dentry, READ_ONCE(fuse_bpf_dentry(dentry)->backing));
	} while (!holds && fuse_bpf_d_seq(dentry) != seq);
	rcu_read_unlock();
	return holds;
}

/*
 * Ask the programs again about a name that is cached.  The dentry stays if the
 * answer is the same: dropping it would take mounts below it along.
 */
static int fuse_bpf_ask_again(struct inode *dir, const struct qstr *name,
			      struct dentry *dentry)
{
	struct fuse_bpf_dentry *fd = fuse_bpf_dentry(dentry);
	struct inode *inode = d_inode(dentry);
	struct fuse_bpf_found found;
	struct dentry *parent = dget_parent(dentry);
	struct dentry *backing;
	bool same;
	int err;

	/* It was moved just now, after the walk had found it: as good as before. */
	if (d_inode(parent) != dir) {
		dput(parent);
		return 1;
	}
	err = fuse_bpf_find(dir, parent, dentry, name, &found, &backing);
	dput(parent);
	if (err)
		return err;
	same = found.hidden == fd->hidden && backing == fd->backing;
	if (same)
		same = inode ? fuse_bpf_same_key(inode, dir, &found.child) :
		       fuse_bpf_same_rule(&found.child, &fd->child);
	/*
	 * Not there under this name, but the dentry holds: a rename of ours is
	 * done below, and the VFS is about to move the dentry, or has.
	 */
	if (inode && !found.hidden && backing != fd->backing &&
	    fuse_bpf_entry_still_holds(dentry)) {
		dput(backing);
		return 1;
	}
	dput(backing);
	if (!same)
		return 0;
	fuse_bpf_verdict_set(fd, &found);
	return 1;
}

/*
 * Nothing has changed, and nobody has to be asked.  Under RCU, where a change of
 * ours that is under way sends the walk to the other mode, too.
 */
static bool fuse_bpf_name_holds(const struct inode *dir, const struct dentry *dentry)
{
	const struct fuse_bpf_dentry *fd = fuse_bpf_dentry(dentry);
	const struct dentry *backing = READ_ONCE(fd->backing);

	if (unlikely(!backing))
		return READ_ONCE(fd->hidden) && fuse_bpf_verdict_holds(dir, fd);
	return fuse_bpf_seqs_equal(dentry, backing) && !fuse_bpf_is_remote(backing) &&
	       fuse_bpf_verdict_holds(dir, fd);
}

/*
 * Nobody's name any more, but in use.  A walk does not come here; overlayfs asks about
 * whichever of a file's names it has seen first, though it was walking to another.
 */
static bool fuse_bpf_is_gone(const struct dentry *dentry)
{
	return READ_ONCE(fuse_bpf_dentry(dentry)->gone) && d_unhashed(dentry);
}

/* Is @dentry still what its name stands for?  As fuse_bpf_revalidate(), not under RCU. */
static int fuse_bpf_revalidate_name(struct inode *dir, const struct qstr *name,
				    struct dentry *dentry, unsigned int flags)
{
	struct fuse_bpf_dentry *fd = fuse_bpf_dentry(dentry);
	struct dentry *backing;
	bool holds, remote;
	int ret;

	/* Made for a file handle, it has no name: overlayfs asks when it has decoded one. */
	if (IS_ROOT(dentry) || fuse_bpf_is_gone(dentry))
		return 1;
	rcu_read_lock();
	backing = READ_ONCE(fd->backing);
	holds = backing ? fuse_bpf_seq_holds(dentry, backing) : READ_ONCE(fd->hidden);
	remote = backing && fuse_bpf_is_remote(backing);
	rcu_read_unlock();

	if (!holds && (!backing || !fuse_bpf_entry_still_holds(dentry)))
		return 0;
	if (remote) {
		ret = d_is_negative(dentry) ? 0 : compat_revalidate_backing(fd->backing, flags);
		if (ret <= 0)
			return ret;
	}
	if (!fuse_bpf_verdict_holds(dir, fd))
		return fuse_bpf_ask_again(dir, name, dentry);
	return 1;
}

/* Another failure than -ECHILD shows where the attributes are needed. */
static noinline int fuse_bpf_attr_changed(struct inode *inode, bool rcu)
{
	int err = fuse_bpf_refresh(inode, rcu ? FUSE_BPF_REFRESH_RCU : FUSE_BPF_REFRESH);

	return err == -ECHILD ? -ECHILD : 1;
}

/*
 * The attributes are followed on the way: not all that the VFS decides by them
 * goes through ->permission.
 */
static int fuse_bpf_follow_attr(const struct dentry *dentry, bool rcu)
{
	struct inode *inode = d_inode_rcu(dentry);

	if (likely(!inode || fuse_bpf_attr_fresh(inode)))
		return 1;
	return fuse_bpf_attr_changed(inode, rcu);
}

/* Not in one with the other, which is so short that it needs no stack. */
static noinline int fuse_bpf_revalidate_ref(struct inode *dir, const struct qstr *name,
					    struct dentry *dentry, unsigned int flags)
{
	int ret = fuse_bpf_revalidate_name(dir, name, dentry, flags);

	if (unlikely(ret <= 0))
		return ret;
	/* The walk begins anew; 0 would drop the dentry where it is right. */
	if (fuse_bpf_moved_away(dir, name, dentry))
		return -ESTALE;
	return fuse_bpf_follow_attr(dentry, false);
}

/*
 * 1: holds; 0: look it up anew; -ECHILD: come again outside RCU.  @name is
 * stable, @dir the directory's inode.
 */
int fuse_bpf_revalidate(struct inode *dir, const struct qstr *name,
			struct dentry *dentry, unsigned int flags)
{
	if (!(flags & LOOKUP_RCU))
		return fuse_bpf_revalidate_ref(dir, name, dentry, flags);
	if (unlikely(!fuse_bpf_name_holds(dir, dentry)) && !fuse_bpf_is_gone(dentry))
		return -ECHILD;
	return fuse_bpf_follow_attr(dentry, true);
}

/* --- life of a dentry ------------------------------------------------------------------------------ */

static int fuse_bpf_d_init(struct dentry *dentry)
{
	struct fuse_bpf_dentry *fd;

	fd = kmem_cache_zalloc(fuse_bpf_dentry_cache, GFP_KERNEL);
	if (!fd)
		return -ENOMEM;
	fd->seq = FUSE_BPF_SEQ_NONE;
	fd->expires = U64_MAX;
	fd->child.mask = ~0ULL;
	dentry->d_fsdata = fd;
	return 0;
}

static void fuse_bpf_dentry_free(struct rcu_head *rcu)
{
	kmem_cache_free(fuse_bpf_dentry_cache,
			container_of(rcu, struct fuse_bpf_dentry, rcu));
}

/* The backing dentry's memory outlives RCU walkers as ours does. */
static void fuse_bpf_d_release(struct dentry *dentry)
{
	struct fuse_bpf_dentry *fd = fuse_bpf_dentry(dentry);

	dput(fd->backing);
	call_rcu(&fd->rcu, fuse_bpf_dentry_free);
}

COMPAT_WRAP_D_REVALIDATE(fuse_bpf_revalidate)
COMPAT_WRAP_D_REAL(fuse_bpf_backing_dentry)

const struct dentry_operations fuse_bpf_dentry_operations = {
	.d_revalidate	= COMPAT_D_REVALIDATE(fuse_bpf_revalidate),
	.d_init		= fuse_bpf_d_init,
	.d_release	= fuse_bpf_d_release,
	COMPAT_D_REAL
};

int fuse_bpf_dentries_init(void)
{
	fuse_bpf_dentry_cache = kmem_cache_create("fuse_bpf_dentry",
						  sizeof(struct fuse_bpf_dentry), 0,
						  SLAB_RECLAIM_ACCOUNT | SLAB_ACCOUNT, NULL);
	return fuse_bpf_dentry_cache ? 0 : -ENOMEM;
}

void fuse_bpf_dentries_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(fuse_bpf_dentry_cache);
}
