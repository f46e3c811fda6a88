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
 * What a program decided about a name, its verdict, is kept beside that, until the
 * set of programs changes or the time that the program gave has passed.  It is
 * about one name: it holds as long as our own count is the one that it was given
 * at, so it never moves with the dentry.
 *
 * What is looked at, from fuse_bpf_revalidate() downwards.  The caller of all of
 * them holds the dentry, or is under RCU.
 *
 *   in the lockless walk, RCU, no lock
 *     name_holds		seqs_equal and verdict_holds, and the backing
 *				filesystem needs no question: else -ECHILD
 *     is_gone			removed by us, but in use
 *   otherwise, no lock
 *     seq_holds		seqs_equal, or an operation of ours is under way
 *     entry_still_holds	entry_holds, again if that lost a race; RCU for the
 *				backing dentry of an absence
 *     verdict_holds		as above; else ask_again
 *     same_key, same_rule	does the new verdict lead to the same inode?
 *     moved_away		d_lock, by is_entry
 *   under our d_lock
 *     is_entry			place and name are those that the walk looked for
 *   under our d_lock and the backing dentry's
 *     entry_holds		compares all of the name, takes both counts down
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
	return READ_ONCE(backing->d_flags) & FUSE_BPF_DENTRY_WEIRD;
}

/*
 * Has it an inode?  One of ours, or of the backing filesystem, may get one at any time.
 * With this answer the inode is whole, and so is what was stored before it: pairs with
 * the VFS, which sets the type last.
 */
static bool fuse_bpf_is_there(const struct dentry *dentry)
{
	return !d_flags_negative(smp_load_acquire(&dentry->d_flags));
}

/* --- what is known of a name --------------------------------------------------------- */

static unsigned int fuse_bpf_d_seq(const struct dentry *dentry)
{
	unsigned int seq = raw_read_seqcount(&dentry->d_seq);

	/* No read section begins that is tried again: KCSAN is to look at what follows. */
	kcsan_atomic_next(0);
	return seq;
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
	backing = READ_ONCE(fd->backing);
	inode = d_inode(dentry);
	below = inode ? fuse_bpf_backing_inode(inode) : NULL;
	spin_lock_nested(&backing->d_lock, DENTRY_D_LOCK_NESTED);
	/* What is hidden is absent here, whatever it is below. */
	if (READ_ONCE(fd->hidden))
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
	/* With what a walker reads of it. */
	smp_store_release(&fd->backing, backing);
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
	return READ_ONCE(child->none) ? NULL : fuse_bpf_inode(dir)->slot;
}

/*
 * A mask that a program narrowed stays narrow below.  Mappings move the bytes that
 * read and write see, so a mask with these has mmap.
 */
u64 fuse_bpf_child_mask(const struct inode *dir, const struct fuse_bpf_child_rule *child)
{
	u64 mask = READ_ONCE(child->mask) & fuse_bpf_inode(dir)->mask;

	return mask & FUSE_BPF_OP_DATA ? mask | BIT_ULL(FUSE_BPF_OP_MMAP) : mask;
}

/*
 * @dentry leads to a child with this rule.  A task that reads one part of the old rule
 * and one of the new gets the same key: a rule with another key is set only before
 * @dentry has an inode.  The caller holds its d_lock, or no other task has it.
 */
static void fuse_bpf_dentry_set_rule(struct dentry *dentry,
				     const struct fuse_bpf_child_rule *child)
{
	struct fuse_bpf_dentry *fd = fuse_bpf_dentry(dentry);

	WRITE_ONCE(fd->child.none, child->none);
	WRITE_ONCE(fd->child.mask, child->mask);
}

/* Does @inode stand under the key that a child of @dir with this rule gets? */
bool fuse_bpf_same_key(const struct inode *inode, const struct inode *dir,
		       const struct fuse_bpf_child_rule *child)
{
	const struct fuse_bpf_inode *fi = fuse_bpf_inode(inode);

	return fi->slot == fuse_bpf_child_slot(dir, child) &&
	       (!fi->slot || fi->mask == fuse_bpf_child_mask(dir, child));
}

/* Of an absence, whose rule is for what may be made under the name. */
static bool fuse_bpf_same_rule(const struct dentry *dentry,
			       const struct fuse_bpf_child_rule *child)
{
	const struct fuse_bpf_child_rule *kept = &fuse_bpf_dentry(dentry)->child;

	return READ_ONCE(kept->none) == child->none && READ_ONCE(kept->mask) == child->mask;
}

/*
 * Is @dentry the entry @name of @dir?  *@seq is its sequence count then.  @name is
 * stable.
 */
static bool fuse_bpf_is_entry(const struct inode *dir, const struct qstr *name,
			      struct dentry *dentry, unsigned int *seq)
{
	bool is;

	spin_lock(&dentry->d_lock);
	*seq = fuse_bpf_d_seq(dentry);
	is = d_inode(dentry->d_parent) == dir && dentry->d_name.len == name->len &&
	     !memcmp(dentry->d_name.name, name->name, name->len);
	spin_unlock(&dentry->d_lock);
	return is;
}

/* --- verdicts ----------------------------------------------------------------------------- */

/* What a lookup has come to. */
struct fuse_bpf_found {
	struct dentry *backing;	/* counted; NULL: hidden before it was looked up */
	u32 generation;
	u64 expires;
	bool asked;		/* a program was called */
	bool hidden;
	bool late;		/* the program has seen what is there */
	bool absent;		/* that there was nothing */
	bool per_caller;
	struct fuse_bpf_child_rule child;
};

/*
 * Is the verdict still to be believed?  Under RCU or not.  Inlined: it is checked for
 * each name of a path.
 */
static __always_inline bool fuse_bpf_verdict_holds(const struct inode *dir, const struct dentry *dentry)
{
	const struct fuse_bpf_dentry *fd = fuse_bpf_dentry(dentry);
	struct fuse_bpf_slot *slot = fuse_bpf_inode(dir)->slot;
	u64 expires;

	if (likely(!slot))
		return true;
	/* Each with what was stored before it: pairs with fuse_bpf_verdict_set(). */
	if (smp_load_acquire(&fd->generation) != READ_ONCE(slot->generation) ||
	    smp_load_acquire(&fd->verdict_seq) != fuse_bpf_d_seq(dentry))
		return false;
	expires = READ_ONCE(fd->expires);
	return expires == U64_MAX || time_before64(get_jiffies_64(), expires);
}

/*
 * Keep a verdict that was given when @dentry had this count: only if it has
 * it still, and if no verdict of newer programs is there.
 */
static void fuse_bpf_verdict_set(struct dentry *dentry, unsigned int seq,
				 const struct fuse_bpf_found *found)
{
	struct fuse_bpf_dentry *fd = fuse_bpf_dentry(dentry);

	spin_lock(&dentry->d_lock);
	if (fuse_bpf_d_seq(dentry) == seq && (s32)(found->generation - fd->generation) >= 0) {
		fuse_bpf_dentry_set_rule(dentry, &found->child);
		WRITE_ONCE(fd->late, found->late);
		WRITE_ONCE(fd->expires, found->expires);
		/* Both pair with fuse_bpf_verdict_holds(). */
		smp_store_release(&fd->verdict_seq, seq);
		smp_store_release(&fd->generation, found->generation);
	}
	spin_unlock(&dentry->d_lock);
}

/* The first verdict, of a dentry that is in lookup in @dir. */
static void fuse_bpf_remember(const struct inode *dir, struct dentry *dentry,
			      const struct fuse_bpf_found *found)
{
	struct fuse_bpf_dentry *fd = fuse_bpf_dentry(dentry);

	/* Without programs a dentry stays as fuse_bpf_d_init() left it. */
	if (likely(!fuse_bpf_inode(dir)->slot))
		return;
	/* A walker may have found it before it was taken out of the cache. */
	WRITE_ONCE(fd->hidden, found->hidden);
	WRITE_ONCE(fd->generation, found->generation);
	fuse_bpf_verdict_set(dentry, fuse_bpf_d_seq(dentry), found);
}

/*
 * @dentry, an absence, is about to get an inode: does its verdict hold for that,
 * too?  Not where the program has seen that there was nothing.
 */
bool fuse_bpf_verdict_outlives(const struct dentry *dentry)
{
	const struct fuse_bpf_dentry *fd = fuse_bpf_dentry(dentry);

	return !READ_ONCE(fd->late) && READ_ONCE(fd->verdict_seq) == fuse_bpf_d_seq(dentry);
}

/*
 * ... and gets it now, in @dir, which changes the count by two: by the next count the
 * verdict holds, if @keep, and the child has this rule.  Set before, so that no
 * walker finds the dentry without.  Nothing can move it before it has its inode,
 * and if it is moved then, the count tells.
 */
void fuse_bpf_verdict_carry(const struct inode *dir, struct dentry *dentry, bool keep,
			    const struct fuse_bpf_child_rule *child)
{
	struct fuse_bpf_dentry *fd = fuse_bpf_dentry(dentry);

	if (likely(!fuse_bpf_inode(dir)->slot))
		return;
	spin_lock(&dentry->d_lock);
	fuse_bpf_dentry_set_rule(dentry, child);
	WRITE_ONCE(fd->verdict_seq,
		   keep ? fuse_bpf_d_seq(dentry) + 2 : FUSE_BPF_SEQ_NONE);
	spin_unlock(&dentry->d_lock);
}

/* --- calling the program ----------------------------------------------------------------- */

/* A name that programs are called for. */
struct fuse_bpf_query {
	struct inode *dir;
	struct dentry *parent;		/* held; its inode is @dir; unless @known: NULL */
	struct dentry *dentry;		/* held */
	const struct qstr *name;	/* stable */
	struct dentry *known;		/* borrowed: what is below; NULL: look it up */
};

static void fuse_bpf_fill_entry(struct fuse_entry_out *out, const struct inode *backing)
{
	/* Whatever the program left there in the pre phase. */
	*out = (struct fuse_entry_out) { .entry_valid = U64_MAX };
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
 * The backing entry of a name and the programs' say about it.  found->backing
 * comes back referenced, but not with an error.
 */
static int fuse_bpf_find(const struct fuse_bpf_query *query, struct fuse_bpf_call *call,
			 struct fuse_bpf_found *found)
{
	struct inode *dir = query->dir;
	struct dentry *backing;
	int err;

	*found = (struct fuse_bpf_found) {
		.generation	= fuse_bpf_slot_generation(fuse_bpf_inode(dir)->slot),
		.expires	= U64_MAX,
		.child.mask	= ~0ULL,
	};
	found->asked = fuse_bpf_begin(call, dir, FUSE_BPF_OP_LOOKUP, query->dentry);
	if (found->asked) {
		call->name = query->name;
		found->per_caller = call->version->flags & FUSE_BPF_F_PER_CALLER;
		if (call->version->flags & (FUSE_BPF_F_REVALIDATE | FUSE_BPF_F_PER_CALLER))
			found->expires = 0;
	}
	err = fuse_bpf_pre(call);
	if (err) {
		fuse_bpf_post(call, 0);
		return fuse_bpf_hide(found, err);
	}
	backing = query->known ? dget(query->known) :
		  fuse_bpf_backing_lookup(query->parent, query->name);
	if (found->asked && IS_ERR(backing))
		return fuse_bpf_post(call, PTR_ERR(backing));
	if (IS_ERR(backing))
		return PTR_ERR(backing);
	found->backing = backing;
	if (!found->asked)
		return 0;
	found->late = call->post;
	call->ctx.target_is_dir = fuse_bpf_d_is_dir(backing);
	found->absent = !fuse_bpf_is_there(backing);
	if (found->late)
		fuse_bpf_fill_entry(&call->out.lookup, found->absent ? NULL : d_inode(backing));
	err = fuse_bpf_hide(found, fuse_bpf_post(call, 0));
	found->child = call->child;
	if (found->late)
		found->expires = min(found->expires, fuse_bpf_expiry(&call->out.lookup));
	if (err)
		dput(backing);
	return err;
}

/* How often a name may come up underneath while programs are shown that there is none. */
#define FUSE_BPF_FIND_TRIES	8

/*
 * The same for a dentry in lookup; *@there: an inode was found.  A verdict about an
 * absence is none about what was made under the name since the program saw it: the
 * programs are called once more.
 */
static int fuse_bpf_find_settled(const struct fuse_bpf_query *query, struct fuse_bpf_call *call,
				 struct fuse_bpf_found *found, bool *there)
{
	int tries = 0, err;

	for (;;) {
		err = fuse_bpf_find(query, call, found);
		fuse_bpf_point("lookup:found");
		if (err || !found->backing)
			return err;
		*there = fuse_bpf_is_there(found->backing);
		if (!*there || !found->late || !found->absent)
			return 0;
		dput(found->backing);
		if (++tries == FUSE_BPF_FIND_TRIES)
			return -ESTALE;
		fuse_bpf_point("lookup:again");
	}
}

/* --- lookup --------------------------------------------------------------------------------- */

static struct inode *fuse_bpf_child_inode(struct inode *dir, struct dentry *backing,
					  const struct fuse_bpf_child_rule *child)
{
	return fuse_bpf_iget(dir->i_sb, d_inode(backing), fuse_bpf_child_slot(dir, child),
			     fuse_bpf_child_mask(dir, child));
}

/* How often another lookup may take the inode that was made for this one. */
#define FUSE_BPF_SPLICE_TRIES	4

/*
 * A directory that was moved underneath has a dentry at its old place, which
 * could not be moved here: a rename elsewhere holds the locks (ESTALE), or the
 * old place is now below this one (ELOOP).  The caller is not to see either, so
 * the directory gets another inode of ours.  Whoever holds the old one goes on
 * with it, as all that matters is below, and its dentry goes when it is next
 * revalidated.
 */
static struct dentry *fuse_bpf_splice_anew(struct inode *dir, struct dentry *dentry,
					   const struct fuse_bpf_child_rule *child)
{
	struct dentry *backing = fuse_bpf_backing_dentry(dentry), *alias;
	struct inode *inode;
	int tries = 0;

	do {
		inode = fuse_bpf_child_inode(dir, backing, child);
		if (IS_ERR(inode))
			return ERR_CAST(inode);
		remove_inode_hash(inode);
		iput(inode);
		inode = fuse_bpf_child_inode(dir, backing, child);
		alias = d_splice_alias(inode, dentry);
	} while ((alias == ERR_PTR(-ESTALE) || alias == ERR_PTR(-ELOOP)) &&
		 ++tries < FUSE_BPF_SPLICE_TRIES);
	return alias;
}

/*
 * A directory that was moved underneath keeps its dentry, which this lookup is
 * going to move: whoever has found that under its old name, and has not
 * revalidated it yet, must not take it for what is there.
 */
static void fuse_bpf_mark_spliced(struct inode *inode)
{
	struct dentry *alias;

	if (!S_ISDIR(fuse_bpf_mode(inode)))
		return;
	alias = d_find_any_alias(inode);
	if (!alias)
		return;
	WRITE_ONCE(fuse_bpf_dentry(alias)->spliced, true);
	dput(alias);
}

/*
 * Give @dentry, which is unhashed and has its backing dentry, this inode, which is
 * the one that @child leads to; its reference is taken over.  No inode of a
 * directory ever has two dentries: rename locks by dentries, and would lock the
 * inode twice.  If it has one, that is moved here and returned, referenced; else
 * NULL or an error.  The caller holds @dir.
 */
struct dentry *fuse_bpf_splice(struct inode *dir, struct dentry *dentry, struct inode *inode,
			       const struct fuse_bpf_child_rule *child)
{
	struct dentry *backing = fuse_bpf_backing_dentry(dentry), *alias;

	fuse_bpf_mark_spliced(inode);
	fuse_bpf_point("lookup:splice");
	alias = d_splice_alias(inode, dentry);
	fuse_bpf_point("lookup:spliced");
	if (alias == ERR_PTR(-ESTALE) || alias == ERR_PTR(-ELOOP))
		alias = fuse_bpf_splice_anew(dir, dentry, child);
	if (IS_ERR(alias))
		return alias;
	if (alias && !fuse_bpf_dentry_adopt(alias, dget(backing)))
		dput(backing);
	fuse_bpf_dentry_confirm(alias ?: dentry);
	return alias;
}

/* As fuse_bpf_mark_spliced() has it: found as @name in @dir, but gone from there. */
static bool fuse_bpf_moved_away(const struct inode *dir, const struct qstr *name,
				struct dentry *dentry)
{
	unsigned int seq;

	if (likely(!READ_ONCE(fuse_bpf_dentry(dentry)->spliced)))
		return false;
	return !fuse_bpf_is_entry(dir, name, dentry, &seq);
}

/* A dentry that is there: the inode, and what the programs said of this name. */
static struct dentry *fuse_bpf_lookup_found(struct inode *dir, struct dentry *dentry,
					    const struct fuse_bpf_found *found)
{
	struct dentry *alias;
	struct inode *inode;
	unsigned int seq;

	inode = fuse_bpf_child_inode(dir, found->backing, &found->child);
	if (IS_ERR(inode))
		return ERR_CAST(inode);
	/*
	 * Sticky directories, links and chmod look at the owner without a call of
	 * ->permission.  A failure shows where the attributes are needed.
	 */
	if (!fuse_bpf_attr_fresh(inode))
		fuse_bpf_refresh(inode, FUSE_BPF_REFRESH);
	fuse_bpf_verdict_carry(dir, dentry, true, &found->child);
	alias = fuse_bpf_splice(dir, dentry, inode, &found->child);
	/* Unless another lookup has moved it on. */
	if (!IS_ERR_OR_NULL(alias) && fuse_bpf_is_entry(dir, &dentry->d_name, alias, &seq))
		fuse_bpf_verdict_set(alias, seq, found);
	return alias;
}

struct dentry *fuse_bpf_lookup(struct inode *dir, struct dentry *dentry,
			       unsigned int flags)
{
	const struct fuse_bpf_query query = {
		.dir = dir, .parent = dentry->d_parent, .dentry = dentry,
		.name = &dentry->d_name,
	};
	struct fuse_bpf_found found __uninitialized;	/* fuse_bpf_find() fills it */
	FUSE_BPF_CALL(call);
	bool there;
	int err;

	err = fuse_bpf_find_settled(&query, &call, &found, &there);
	if (err)
		return ERR_PTR(err);
	fuse_bpf_remember(dir, dentry, &found);
	if (!found.backing)
		return d_splice_alias(NULL, dentry);

	fuse_bpf_dentry_set(dentry, found.backing);
	if (fuse_bpf_dentry_weird(found.backing))
		return ERR_PTR(-EREMOTE);
	if (there && !found.hidden)
		return fuse_bpf_lookup_found(dir, dentry, &found);
	/* The backing filesystem does not want this absence remembered. */
	if (fuse_bpf_d_unhashed(found.backing))
		return NULL;
	d_splice_alias(NULL, dentry);
	fuse_bpf_point("lookup:spliced");
	fuse_bpf_dentry_confirm(dentry);
	return NULL;
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

/* The backing dentry of an absence may be replaced meanwhile. */
static bool fuse_bpf_seq_still_holds(const struct dentry *dentry)
{
	bool holds;

	rcu_read_lock();
	holds = fuse_bpf_seq_holds(dentry, READ_ONCE(fuse_bpf_dentry(dentry)->backing));
	rcu_read_unlock();
	return holds;
}

/*
 * The counts differ: look closely.  An operation of ours may have begun while
 * we looked, and what it is doing is no reason to drop the dentry.  Nor is what it
 * has done: if our dentry was moved since, look again.
 */
static bool fuse_bpf_entry_still_holds(struct dentry *dentry)
{
	unsigned int seq;

	do {
		seq = fuse_bpf_d_seq(dentry);
		if (fuse_bpf_entry_holds(dentry))
			return true;
		fuse_bpf_point("revalidate:compared");
		if (fuse_bpf_seq_still_holds(dentry))
			return true;
	} while (fuse_bpf_d_seq(dentry) != seq);
	return false;
}

/* What a hidden name is for this walk: absent, or not to be made. */
static int fuse_bpf_hidden_error(unsigned int flags)
{
	bool makes = flags & (LOOKUP_CREATE | LOOKUP_RENAME_TARGET);

	/* A step on the way to what an open is to make is only looked up. */
	return makes && !(flags & LOOKUP_PARENT) ? -EACCES : -ENOENT;
}

/*
 * Under one version of a set the child rules of an entry stay what they are, unless
 * its dentry can go with nothing attached to it: there is one, and one inode, for all
 * callers, and a directory's has mounts and working directories below it.
 */
static bool fuse_bpf_is_lasting(const struct dentry *dentry, const struct fuse_bpf_found *found)
{
	return found->per_caller || fuse_bpf_d_is_dir(dentry) || d_mountpoint(dentry);
}

/*
 * A version without a lookup program leaves the rule that what made the inode has given
 * it: a rename has brought it to this name.
 */
static void fuse_bpf_keep_rule(const struct dentry *dentry, struct fuse_bpf_found *found)
{
	const struct fuse_bpf_dentry *fd = fuse_bpf_dentry(dentry);

	if (found->asked || READ_ONCE(fd->generation) != found->generation)
		return;
	found->child.none = READ_ONCE(fd->child.none);
	found->child.mask = READ_ONCE(fd->child.mask);
}

/*
 * The programs were called again for a name that leads somewhere.  Dropping its
 * dentry takes along mounts below it and the place of working directories there,
 * so that is no way to hide the name from one caller while others see it.
 */
static int fuse_bpf_judge_entry(struct inode *dir, struct dentry *dentry,
				struct fuse_bpf_call *call, const struct fuse_bpf_found *found,
				unsigned int flags)
{
	if (found->hidden)
		return fuse_bpf_hidden_error(flags);
	/*
	 * Not there under this name, but the dentry holds: a rename of ours is
	 * done below, and the VFS is about to move the dentry, or has.
	 */
	if (found->backing != fuse_bpf_backing_dentry(dentry))
		return fuse_bpf_entry_still_holds(dentry);
	if (fuse_bpf_same_key(d_inode(dentry), dir, &found->child))
		return 1;
	if (found->asked && fuse_bpf_is_lasting(dentry, found) &&
	    READ_ONCE(fuse_bpf_dentry(dentry)->generation) == found->generation)
		return fuse_bpf_refuse(call, "other child rules than before, for inode",
				       d_inode(dentry)->i_ino);
	return 0;
}

/* The same for an absence, which takes nothing along. */
static int fuse_bpf_judge_absence(struct dentry *dentry, const struct fuse_bpf_found *found)
{
	struct fuse_bpf_dentry *fd = fuse_bpf_dentry(dentry);

	return found->hidden == READ_ONCE(fd->hidden) &&
	       found->backing == READ_ONCE(fd->backing) &&
	       fuse_bpf_same_rule(dentry, &found->child);
}

/*
 * A dentry was moved after the walk had found it in @dir.  No program was called for
 * this walk: one that wants to be comes to the name again.
 */
static int fuse_bpf_moved_just_now(const struct inode *dir)
{
	return fuse_bpf_wanted(dir, FUSE_BPF_OP_LOOKUP) ? -ESTALE : 1;
}

/*
 * Call the programs again for a name that is cached and holds below.  As
 * fuse_bpf_revalidate().
 */
static int fuse_bpf_ask_again(struct inode *dir, const struct qstr *name,
			      struct dentry *dentry, unsigned int flags)
{
	struct fuse_bpf_query query = { .dir = dir, .dentry = dentry, .name = name };
	/* Before its backing dentry, which is constant then. */
	struct inode *inode = fuse_bpf_is_there(dentry) ? d_inode(dentry) : NULL;
	struct dentry *backing = fuse_bpf_backing_dentry(dentry);
	struct fuse_bpf_found found __uninitialized;	/* fuse_bpf_find() fills it */
	FUSE_BPF_CALL(call);
	unsigned int seq;
	int ret;

	fuse_bpf_point("revalidate:expired");
	if (!fuse_bpf_is_entry(dir, name, dentry, &seq))
		return fuse_bpf_moved_just_now(dir);
	/* Constant while it is positive, and ours is held. */
	if (inode && !fuse_bpf_is_remote(backing) && fuse_bpf_seqs_equal(dentry, backing))
		query.known = backing;
	else
		query.parent = dget_parent(dentry);
	if (query.parent && d_inode(query.parent) != dir) {
		ret = fuse_bpf_moved_just_now(dir);
		goto put_parent;
	}
	ret = fuse_bpf_find(&query, &call, &found);
	if (ret)
		goto put_parent;
	fuse_bpf_point("revalidate:asked");
	fuse_bpf_keep_rule(dentry, &found);
	ret = inode ? fuse_bpf_judge_entry(dir, dentry, &call, &found, flags) :
	      fuse_bpf_judge_absence(dentry, &found);
	if (ret > 0 && found.backing == READ_ONCE(fuse_bpf_dentry(dentry)->backing))
		fuse_bpf_verdict_set(dentry, seq, &found);
	dput(found.backing);
put_parent:
	dput(query.parent);
	return ret;
}

/*
 * Nothing has changed, and nobody has to be asked.  Under RCU, where a change of
 * ours that is under way sends the walk to the other mode, too.
 */
static bool fuse_bpf_name_holds(const struct inode *dir, const struct dentry *dentry)
{
	const struct fuse_bpf_dentry *fd = fuse_bpf_dentry(dentry);
	const struct dentry *backing = READ_ONCE(fd->backing);

	if (likely(backing) ? !fuse_bpf_seqs_equal(dentry, backing) || fuse_bpf_is_remote(backing) :
			      !READ_ONCE(fd->hidden))
		return false;
	return fuse_bpf_verdict_holds(dir, dentry);
}

/*
 * Nobody's name any more, but in use.  A walk does not come here; overlayfs asks about
 * whichever of a file's names it has seen first, though it was walking to another.
 */
static bool fuse_bpf_is_gone(const struct dentry *dentry)
{
	return READ_ONCE(fuse_bpf_dentry(dentry)->gone) && fuse_bpf_d_unhashed(dentry);
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

	if (!holds)
		fuse_bpf_point("revalidate:differs");
	if (!holds && (!backing || !fuse_bpf_entry_still_holds(dentry)))
		return 0;
	if (remote) {
		/* That of an absence may have been replaced, and freed. */
		if (!fuse_bpf_is_there(dentry))
			return 0;
		ret = compat_revalidate_backing(fuse_bpf_backing_dentry(dentry), flags);
		if (ret <= 0)
			return ret;
	}
	if (!fuse_bpf_verdict_holds(dir, dentry))
		return fuse_bpf_ask_again(dir, name, dentry, flags);
	return 1;
}

/* Another failure than -ECHILD shows where the attributes are needed. */
static noinline int fuse_bpf_attr_changed(struct inode *inode, bool rcu)
{
	int err = fuse_bpf_refresh(inode, rcu ? FUSE_BPF_REFRESH_RCU : FUSE_BPF_REFRESH);

	return err == -ECHILD ? -ECHILD : 1;
}

/*
 * Is @dentry a directory in the middle of a path?  The walk calls ->permission of it
 * before all else, and that follows the attributes, too.
 */
static bool fuse_bpf_is_passed(const struct dentry *dentry, unsigned int flags)
{
	return (flags & LOOKUP_PARENT) && fuse_bpf_d_is_dir(dentry);
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
	return fuse_bpf_is_passed(dentry, flags) ? 1 : fuse_bpf_follow_attr(dentry, true);
}

/* --- life of a dentry ------------------------------------------------------------------------------ */

static int fuse_bpf_d_init(struct dentry *dentry)
{
	struct fuse_bpf_dentry *fd;

	fd = kmem_cache_zalloc(fuse_bpf_dentry_cache, GFP_KERNEL);
	if (!fd)
		return -ENOMEM;
	fd->seq = FUSE_BPF_SEQ_NONE;
	fd->verdict_seq = FUSE_BPF_SEQ_NONE;
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
