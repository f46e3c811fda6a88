// SPDX-License-Identifier: GPL-2.0-only
/*
 * Derived credentials: what the backing filesystem sees of a caller.
 *
 * They are the mounter's, with the caller's fsuid, fsgid and groups, so that
 * what is made belongs to the caller and setgid bits stay or go as they would
 * without us.  The other user ids and the keyrings are the caller's as well: some
 * filesystems check who a process is, or look up its keys.  Of the mounter's
 * there is left what the LSMs have, the user namespace, and of the capabilities
 *
 *   FUSE_BPF_RIGHTS_MOUNTER: the mounter's, but CAP_SYS_RESOURCE and CAP_FSETID
 *	only if the caller has them: reserved blocks, quota and setuid bits go by
 *	the caller.  For path walks, attributes and listings, and for changes that
 *	the mount grants and the backing filesystem would not.
 *   FUSE_BPF_RIGHTS_CALLER: the caller's, as far as the mounter has them.  For
 *	all other changes: the backing filesystem checks the caller under its own
 *	lock (change.c).  And for opening a file and for its data: no mode is
 *	checked below there, and what some filesystems check later by the
 *	credentials that a file was opened with is then checked for the caller.
 *
 * On an idmapped mount of ours the ids are mapped: below there is only what the
 * mount shows without it.  Capabilities in a user namespace other than the
 * initial one are not handed down.  Where CAP_FSETID in such a namespace keeps a
 * setgid bit, the derived credentials have that inode's group instead.  One set
 * is made per distinct caller and kept.
 */
#include <linux/hash.h>
#include <linux/key.h>
#include <linux/keyctl.h>
#include <linux/sched/user.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <linux/workqueue.h>
#include "fuse_bpf_i.h"

#define FUSE_BPF_CREDS_BITS	4
/* Enough for the users of a machine at work; then the cache starts anew. */
#define FUSE_BPF_CREDS_MAX	64
/* A set must not keep for long the keys of a session whose last process has ended. */
#define FUSE_BPF_CREDS_AGE	(10 * HZ)

struct fuse_bpf_cred {
	struct hlist_node node;
	const struct cred *cred;	/* counted */
	/* What it was made for, by which it is found. */
	kuid_t fsuid;
	kgid_t fsgid;
	kgid_t keeper;			/* fuse_bpf_keeper_group() */
	struct group_info *groups;	/* counted: the address is the key */
	struct user_struct *user;	/* counted: of the real uid */
	struct key *session;		/* counted: fuse_bpf_cred_session() */
	struct mnt_idmap *idmap;	/* counted */
	kernel_cap_t caps;		/* fuse_bpf_derived_caps() */
	struct rcu_head rcu;
};

/* On whose behalf, and for what, derived credentials are. */
struct fuse_bpf_caller {
	const struct cred *cred;	/* current's own */
	struct mnt_idmap *idmap;	/* of the mount of ours that it came through */
	kgid_t keeper;			/* a group below that it counts as a member of */
	kernel_cap_t caps;		/* fuse_bpf_derived_caps() */
};

struct fuse_bpf_creds {
	spinlock_t lock;		/* writers of buckets, and count */
	unsigned int count;
	struct hlist_head buckets[1 << FUSE_BPF_CREDS_BITS];	/* read under RCU */
	struct delayed_work expiry;	/* pending if count is not 0 */
};

/* Not before: whoever still compares with the keys must not meet another's. */
static void fuse_bpf_cred_free(struct rcu_head *rcu)
{
	struct fuse_bpf_cred *c = container_of(rcu, struct fuse_bpf_cred, rcu);

	mnt_idmap_put(c->idmap);
	key_put(c->session);
	free_uid(c->user);
	put_group_info(c->groups);
	put_cred(c->cred);
	kfree(c);
}

/* The lock is held, or no task uses them any more. */
static void fuse_bpf_creds_flush(struct fuse_bpf_creds *creds)
{
	struct hlist_node *next;
	struct fuse_bpf_cred *c;
	int i;

	for (i = 0; i < ARRAY_SIZE(creds->buckets); i++)
		hlist_for_each_entry_safe(c, next, &creds->buckets[i], node) {
			hlist_del_rcu(&c->node);
			call_rcu(&c->rcu, fuse_bpf_cred_free);
		}
	creds->count = 0;
}

static void fuse_bpf_creds_expire(struct work_struct *work)
{
	struct fuse_bpf_creds *creds = container_of(to_delayed_work(work), struct fuse_bpf_creds,
						    expiry);

	spin_lock(&creds->lock);
	fuse_bpf_creds_flush(creds);
	spin_unlock(&creds->lock);
}

struct fuse_bpf_creds *fuse_bpf_creds_alloc(void)
{
	struct fuse_bpf_creds *creds = kzalloc(sizeof(*creds), GFP_KERNEL);

	if (!creds)
		return NULL;
	spin_lock_init(&creds->lock);
	INIT_DELAYED_WORK(&creds->expiry, fuse_bpf_creds_expire);
	return creds;
}

/* Nobody uses the superblock any more. */
void fuse_bpf_creds_free(struct fuse_bpf_creds *creds)
{
	if (!creds)
		return;
	cancel_delayed_work_sync(&creds->expiry);
	fuse_bpf_creds_flush(creds);
	kfree(creds);
}

/* Those of the caller's capabilities that count below. */
static __always_inline kernel_cap_t fuse_bpf_caller_caps(const struct cred *caller)
{
	return likely(caller->user_ns == &init_user_ns) ? caller->cap_effective : CAP_EMPTY_SET;
}

/* The capabilities of credentials derived for @caller. */
static __always_inline kernel_cap_t fuse_bpf_derived_caps(const struct super_block *sb,
							  const struct cred *caller,
							  enum fuse_bpf_rights rights)
{
	const kernel_cap_t mounter = fuse_bpf_sb(sb)->mounter->cap_effective;
	const kernel_cap_t own = fuse_bpf_caller_caps(caller);
	kernel_cap_t passed = CAP_EMPTY_SET;

	/* These pass from the caller rather than from the mounter. */
	cap_raise(passed, CAP_SYS_RESOURCE);
	cap_raise(passed, CAP_FSETID);
	return cap_combine(rights == FUSE_BPF_RIGHTS_CALLER ? cap_intersect(mounter, own) :
							      cap_drop(mounter, passed),
			   cap_intersect(own, passed));
}

static __always_inline bool fuse_bpf_same_caps(const kernel_cap_t a, const kernel_cap_t b)
{
	return !memcmp(&a, &b, sizeof(a));
}

/*
 * The group that @inode has below, and shows, if a capability in another user namespace than
 * the first lets the caller keep a setgid bit there as its members may; else none.
 * Not CAP_FSETID itself, which below would keep setuid bits as well.  @mode: what
 * the inode is to get; for a directory what is made in it follows the directory's.
 */
static kgid_t fuse_bpf_keeper_group(struct inode *inode, struct mnt_idmap *idmap, umode_t mode)
{
	const struct vfsmount *mnt = fuse_bpf_sb(inode->i_sb)->mnt;
	const struct inode *backing = fuse_bpf_backing_inode(inode);
	kgid_t gid;

	if (likely(current_user_ns() == &init_user_ns) ||
	    !((mode | READ_ONCE(backing->i_mode)) & S_ISGID) ||
	    READ_ONCE(fuse_bpf_inode(inode)->shaped))
		return INVALID_GID;
	gid = vfsgid_into_kgid(make_vfsgid(mnt_idmap(mnt), mnt->mnt_sb->s_user_ns,
					   READ_ONCE(backing->i_gid)));
	/* The capability is about the group that our inode shows: it must be this one. */
	if (!capable_wrt_inode_uidgid(idmap, inode, CAP_FSETID) ||
	    !gid_eq(READ_ONCE(inode->i_gid), gid))
		return INVALID_GID;
	return gid;
}

/* The session keyring of @cred, or NULL. */
static __always_inline struct key *fuse_bpf_cred_session(const struct cred *cred)
{
#ifdef CONFIG_KEYS
	return cred->session_keyring;
#else
	return NULL;
#endif
}

static __always_inline bool fuse_bpf_cred_fits(const struct fuse_bpf_cred *c,
					       struct fuse_bpf_caller caller)
{
	return uid_eq(c->fsuid, caller.cred->fsuid) && gid_eq(c->fsgid, caller.cred->fsgid) &&
	       c->groups == caller.cred->group_info && c->user == caller.cred->user &&
	       c->session == fuse_bpf_cred_session(caller.cred) && c->idmap == caller.idmap &&
	       gid_eq(c->keeper, caller.keeper) && fuse_bpf_same_caps(c->caps, caller.caps);
}

static struct hlist_head *fuse_bpf_creds_bucket(struct fuse_bpf_creds *creds,
						const struct cred *caller)
{
	u32 key = __kuid_val(caller->fsuid) ^ (__kgid_val(caller->fsgid) << 8);

	return &creds->buckets[hash_32(key, FUSE_BPF_CREDS_BITS)];
}

/* Referenced, or NULL. */
static __always_inline const struct cred *fuse_bpf_creds_find(struct fuse_bpf_creds *creds,
							      struct fuse_bpf_caller caller)
{
	const struct cred *found = NULL;
	struct fuse_bpf_cred *c;

	rcu_read_lock();
	hlist_for_each_entry_rcu(c, fuse_bpf_creds_bucket(creds, caller.cred), node)
		if (fuse_bpf_cred_fits(c, caller)) {
			/* It writes a zero over a zero: other callers do the same. */
			found = data_race(get_cred_rcu(c->cred));
			if (found)
				break;
		}
	rcu_read_unlock();
	return found;
}

/* The caller's groups as they are below, without those that are not mapped. */
static struct group_info *fuse_bpf_cred_groups(const struct fuse_bpf_caller *caller,
					       struct user_namespace *fs_ns)
{
	const struct group_info *from = caller->cred->group_info;
	struct group_info *to = groups_alloc(from->ngroups + 1);
	int i;

	if (!to)
		return NULL;
	to->ngroups = 0;
	for (i = 0; i < from->ngroups; i++) {
		kgid_t gid = from_vfsgid(caller->idmap, fs_ns, VFSGIDT_INIT(from->gid[i]));

		if (gid_valid(gid))
			to->gid[to->ngroups++] = gid;
	}
	if (gid_valid(caller->keeper))
		to->gid[to->ngroups++] = caller->keeper;
	groups_sort(to);
	return to;
}

static int fuse_bpf_cred_set_groups(struct cred *new, const struct fuse_bpf_caller *caller,
				    struct user_namespace *fs_ns)
{
	struct group_info *groups;

	if (likely(caller->idmap == &nop_mnt_idmap && !gid_valid(caller->keeper))) {
		/* Processes of one login share it, so its address will do as a key. */
		set_groups(new, caller->cred->group_info);
		return 0;
	}
	groups = fuse_bpf_cred_groups(caller, fs_ns);
	if (!groups)
		return -ENOMEM;
	set_groups(new, groups);
	put_group_info(groups);
	return 0;
}

#ifdef CONFIG_KEYS
/* A process's and a thread's own keyrings are not passed on: a set is for all that fit it. */
static void fuse_bpf_cred_set_keyrings(struct cred *new, const struct cred *caller)
{
	key_put(new->session_keyring);
	key_put(new->process_keyring);
	key_put(new->thread_keyring);
	key_put(new->request_key_auth);
	new->session_keyring = key_get(caller->session_keyring);
	new->process_keyring = NULL;
	new->thread_keyring = NULL;
	new->request_key_auth = NULL;
	new->jit_keyring = KEY_REQKEY_DEFL_DEFAULT;
}
#else
static void fuse_bpf_cred_set_keyrings(struct cred *new, const struct cred *caller)
{
}
#endif

/*
 * Whose process it is.  Not mapped: no file has these ids.  Its effective ids are taken
 * to be those that it works with, which are in the key.
 */
static void fuse_bpf_cred_set_user(struct cred *new, const struct cred *caller)
{
	free_uid(new->user);
	new->user = get_uid(caller->user);
	new->uid = new->user->uid;
	new->euid = caller->fsuid;
	new->suid = caller->fsuid;
	new->gid = caller->fsgid;
	new->egid = caller->fsgid;
	new->sgid = caller->fsgid;
}

static struct cred *fuse_bpf_cred_derive(struct super_block *sb,
					 const struct fuse_bpf_caller *caller)
{
	const struct cred *old = fuse_bpf_swap_creds(fuse_bpf_sb(sb)->mounter);
	struct user_namespace *fs_ns = sb->s_user_ns;
	struct cred *new = prepare_creds();

	fuse_bpf_swap_creds(old);
	if (!new)
		return NULL;
	if (fuse_bpf_cred_set_groups(new, caller, fs_ns)) {
		abort_creds(new);
		return NULL;
	}
	fuse_bpf_cred_set_keyrings(new, caller->cred);
	fuse_bpf_cred_set_user(new, caller->cred);
	new->fsuid = from_vfsuid(caller->idmap, fs_ns, VFSUIDT_INIT(caller->cred->fsuid));
	new->fsgid = from_vfsgid(caller->idmap, fs_ns, VFSGIDT_INIT(caller->cred->fsgid));
	new->cap_effective = caller->caps;
	return new;
}

/* Make the missing one and keep it.  Two callers may race; both are right. */
static noinline const struct cred *fuse_bpf_creds_add(struct super_block *sb,
						      struct fuse_bpf_caller caller)
{
	struct fuse_bpf_creds *creds = fuse_bpf_sb(sb)->creds;
	struct fuse_bpf_cred *c = kmalloc(sizeof(*c), GFP_KERNEL);
	const struct cred *cred;

	if (!c)
		return NULL;
	cred = fuse_bpf_cred_derive(sb, &caller);
	if (!cred) {
		kfree(c);
		return NULL;
	}
	*c = (struct fuse_bpf_cred) {
		.cred	= get_cred(cred),
		.fsuid	= caller.cred->fsuid,
		.fsgid	= caller.cred->fsgid,
		.keeper	= caller.keeper,
		.groups	= get_group_info(caller.cred->group_info),
		.user	= get_uid(caller.cred->user),
		.session = key_get(fuse_bpf_cred_session(caller.cred)),
		.idmap	= mnt_idmap_get(caller.idmap),
		.caps	= caller.caps,
	};
	spin_lock(&creds->lock);
	if (creds->count >= FUSE_BPF_CREDS_MAX)
		fuse_bpf_creds_flush(creds);
	hlist_add_head_rcu(&c->node, fuse_bpf_creds_bucket(creds, caller.cred));
	if (!creds->count++)
		schedule_delayed_work(&creds->expiry, FUSE_BPF_CREDS_AGE);
	spin_unlock(&creds->lock);
	return cred;
}

/* Inlined, and the caller by value: most of it is known where it is called from. */
static __always_inline const struct cred *fuse_bpf_creds_enter_as(struct super_block *sb,
								  struct fuse_bpf_caller caller)
{
	const struct cred *cred = fuse_bpf_creds_find(fuse_bpf_sb(sb)->creds, caller);

	if (unlikely(!cred))
		cred = fuse_bpf_creds_add(sb, caller);
	if (unlikely(!cred))
		return ERR_PTR(-ENOMEM);
	/* The reference is current's as long as it is overridden. */
	return fuse_bpf_swap_creds(cred);
}

/*
 * Work below as the caller derived, who came through a mount with @idmap.  Returns
 * what fuse_bpf_creds_leave() takes, or ERR_PTR(-ENOMEM).  May sleep.
 */
const struct cred *fuse_bpf_creds_enter_mapped(struct super_block *sb, struct mnt_idmap *idmap)
{
	const struct cred *cred = current_cred();
	struct fuse_bpf_caller caller = {
		.cred	= cred,
		.idmap	= idmap,
		.keeper	= INVALID_GID,
		.caps	= fuse_bpf_derived_caps(sb, cred, FUSE_BPF_RIGHTS_MOUNTER),
	};

	return fuse_bpf_creds_enter_as(sb, caller);
}

/* The same with the caller's own capabilities: the backing filesystem checks these. */
const struct cred *fuse_bpf_creds_enter_caller(struct super_block *sb, struct mnt_idmap *idmap)
{
	const struct cred *cred = current_cred();
	struct fuse_bpf_caller caller = {
		.cred	= cred,
		.idmap	= idmap,
		.keeper	= INVALID_GID,
		.caps	= fuse_bpf_derived_caps(sb, cred, FUSE_BPF_RIGHTS_CALLER),
	};

	return fuse_bpf_creds_enter_as(sb, caller);
}

static __always_inline const struct cred *
fuse_bpf_creds_enter_inode(struct inode *inode, struct mnt_idmap *idmap, umode_t mode,
			   enum fuse_bpf_rights rights)
{
	const struct cred *cred = current_cred();
	struct fuse_bpf_caller caller = {
		.cred	= cred,
		.idmap	= idmap,
		.keeper	= fuse_bpf_keeper_group(inode, idmap, mode),
		.caps	= fuse_bpf_derived_caps(inode->i_sb, cred, rights),
	};

	return fuse_bpf_creds_enter_as(inode->i_sb, caller);
}

/*
 * The same for a change of @inode, or in that directory, by a caller who came
 * through a mount with @idmap; @mode is what it is to get, if that changes.
 */
const struct cred *fuse_bpf_creds_enter_change(struct inode *inode, struct mnt_idmap *idmap,
					       umode_t mode)
{
	return fuse_bpf_creds_enter_inode(inode, idmap, mode, FUSE_BPF_RIGHTS_MOUNTER);
}

/* For an operation on the open file @file, or to open it. */
const struct cred *fuse_bpf_creds_enter_file(const struct file *file)
{
	return fuse_bpf_creds_enter_inode(file_inode(file), file_mnt_idmap(file), 0,
					  FUSE_BPF_RIGHTS_CALLER);
}

/* @old from an enter function: be @owner from here on, without the right to act as any owner. */
static const struct cred *fuse_bpf_creds_become(const struct cred *old, kuid_t owner)
{
	struct cred *new;

	if (IS_ERR(old))
		return old;
	new = prepare_creds();
	if (!new) {
		fuse_bpf_creds_leave(old);
		return ERR_PTR(-ENOMEM);
	}
	new->fsuid = owner;
	if (!cap_raised(fuse_bpf_caller_caps(old), CAP_FOWNER))
		cap_lower(new->cap_effective, CAP_FOWNER);
	fuse_bpf_creds_leave(new);
	return old;
}

/*
 * As fuse_bpf_creds_enter_change(), but as the user @owner of the backing filesystem,
 * who is its owner by what the caller's right was checked with, and without the
 * mounter's right to act as the owner: the backing filesystem checks under its lock
 * that @owner is the owner.
 */
const struct cred *fuse_bpf_creds_enter_change_as(struct inode *inode, struct mnt_idmap *idmap,
						  kuid_t owner)
{
	return fuse_bpf_creds_become(fuse_bpf_creds_enter_change(inode, idmap, 0), owner);
}

/* As fuse_bpf_creds_enter_file(), but as that user. */
const struct cred *fuse_bpf_creds_enter_file_as(const struct file *file, kuid_t owner)
{
	return fuse_bpf_creds_become(fuse_bpf_creds_enter_file(file), owner);
}

/* The same, but for @owner with all that the caller's own credentials are. */
const struct cred *fuse_bpf_creds_enter_own_as(kuid_t owner)
{
	struct cred *new;

	if (uid_eq(current_fsuid(), owner))
		/* As in fuse_bpf_creds_find(). */
		return fuse_bpf_swap_creds(data_race(get_current_cred()));
	new = prepare_creds();
	if (!new)
		return ERR_PTR(-ENOMEM);
	new->fsuid = owner;
	return fuse_bpf_swap_creds(new);
}

void fuse_bpf_creds_leave(const struct cred *old)
{
	put_cred(fuse_bpf_swap_creds(old));
}
