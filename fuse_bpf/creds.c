// SPDX-License-Identifier: GPL-2.0-only
/*
 * Derived credentials: what the backing filesystem sees of a caller.
 *
 * They are the mounter's, with the caller's fsuid, fsgid and groups, so that
 * what is made belongs to the caller and setgid bits stay or go as they would
 * without us, and with CAP_SYS_RESOURCE and CAP_FSETID only if the caller has
 * them, so that nobody gets at reserved blocks, quota or setuid bits through
 * the mount.  One set is made per distinct caller and kept; the
 * caller's own rights were checked before against what the mount shows.
 */
#include <linux/hash.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include "fuse_bpf_i.h"

#define FUSE_BPF_CREDS_BITS	4
/* Enough for the users of a machine at work; then the cache starts anew. */
#define FUSE_BPF_CREDS_MAX	64

struct fuse_bpf_cred {
	struct hlist_node node;
	const struct cred *cred;	/* counted */
	struct rcu_head rcu;
};

struct fuse_bpf_creds {
	spinlock_t lock;		/* writers of buckets, and count */
	unsigned int count;
	struct hlist_head buckets[1 << FUSE_BPF_CREDS_BITS];	/* read under RCU */
};

/* Capabilities that pass from the caller rather than from the mounter. */
static const int fuse_bpf_caller_caps[] = { CAP_SYS_RESOURCE, CAP_FSETID };

/*
 * Work as @new; returns what was replaced.  The bare pointer: neither takes nor
 * drops a reference on any kernel, so the caller's must outlive it.
 */
static const struct cred *fuse_bpf_swap_creds(const struct cred *new)
{
	return rcu_replace_pointer(current->cred, new, true);
}

struct fuse_bpf_creds *fuse_bpf_creds_alloc(void)
{
	struct fuse_bpf_creds *creds = kzalloc(sizeof(*creds), GFP_KERNEL);

	if (creds)
		spin_lock_init(&creds->lock);
	return creds;
}

static void fuse_bpf_cred_free(struct fuse_bpf_cred *c)
{
	put_cred(c->cred);
	kfree_rcu(c, rcu);
}

static void fuse_bpf_creds_flush(struct fuse_bpf_creds *creds)
{
	struct hlist_node *next;
	struct fuse_bpf_cred *c;
	int i;

	for (i = 0; i < ARRAY_SIZE(creds->buckets); i++)
		hlist_for_each_entry_safe(c, next, &creds->buckets[i], node) {
			hlist_del_rcu(&c->node);
			fuse_bpf_cred_free(c);
		}
	creds->count = 0;
}

/* Nobody uses the superblock any more. */
void fuse_bpf_creds_free(struct fuse_bpf_creds *creds)
{
	if (!creds)
		return;
	fuse_bpf_creds_flush(creds);
	kfree(creds);
}

static bool fuse_bpf_caller_has(const struct cred *caller, int cap)
{
	return caller->user_ns == &init_user_ns && cap_raised(caller->cap_effective, cap);
}

static bool fuse_bpf_cred_fits(const struct cred *derived, const struct cred *caller)
{
	int i;

	if (!uid_eq(derived->fsuid, caller->fsuid) ||
	    !gid_eq(derived->fsgid, caller->fsgid) ||
	    derived->group_info != caller->group_info)
		return false;
	for (i = 0; i < ARRAY_SIZE(fuse_bpf_caller_caps); i++) {
		int cap = fuse_bpf_caller_caps[i];

		if (cap_raised(derived->cap_effective, cap) != fuse_bpf_caller_has(caller, cap))
			return false;
	}
	return true;
}

static struct hlist_head *fuse_bpf_creds_bucket(struct fuse_bpf_creds *creds,
						const struct cred *caller)
{
	u32 key = __kuid_val(caller->fsuid) ^ (__kgid_val(caller->fsgid) << 8);

	return &creds->buckets[hash_32(key, FUSE_BPF_CREDS_BITS)];
}

/* Referenced, or NULL. */
static const struct cred *fuse_bpf_creds_find(struct fuse_bpf_creds *creds,
					      const struct cred *caller)
{
	const struct cred *found = NULL;
	struct fuse_bpf_cred *c;

	rcu_read_lock();
	hlist_for_each_entry_rcu(c, fuse_bpf_creds_bucket(creds, caller), node)
		if (fuse_bpf_cred_fits(c->cred, caller)) {
			found = get_cred_rcu(c->cred);
			if (found)
				break;
		}
	rcu_read_unlock();
	return found;
}

static struct cred *fuse_bpf_cred_derive(const struct cred *mounter,
					 const struct cred *caller)
{
	const struct cred *old = fuse_bpf_swap_creds(mounter);
	struct cred *new = prepare_creds();
	int i;

	fuse_bpf_swap_creds(old);
	if (!new)
		return NULL;
	new->fsuid = caller->fsuid;
	new->fsgid = caller->fsgid;
	/* Processes of one login share it, so its address will do as a key. */
	set_groups(new, caller->group_info);
	for (i = 0; i < ARRAY_SIZE(fuse_bpf_caller_caps); i++) {
		int cap = fuse_bpf_caller_caps[i];

		if (fuse_bpf_caller_has(caller, cap))
			cap_raise(new->cap_effective, cap);
		else
			cap_lower(new->cap_effective, cap);
	}
	return new;
}

/* Make the missing one and keep it.  Two callers may race; both are right. */
static const struct cred *fuse_bpf_creds_add(struct fuse_bpf_sb *fsb,
					     const struct cred *caller)
{
	struct fuse_bpf_creds *creds = fsb->creds;
	struct fuse_bpf_cred *c = kmalloc(sizeof(*c), GFP_KERNEL);
	const struct cred *cred;

	if (!c)
		return NULL;
	cred = fuse_bpf_cred_derive(fsb->mounter, caller);
	if (!cred) {
		kfree(c);
		return NULL;
	}
	c->cred = get_cred(cred);
	spin_lock(&creds->lock);
	if (creds->count >= FUSE_BPF_CREDS_MAX)
		fuse_bpf_creds_flush(creds);
	hlist_add_head_rcu(&c->node, fuse_bpf_creds_bucket(creds, caller));
	creds->count++;
	spin_unlock(&creds->lock);
	return cred;
}

/*
 * Work below as the caller derived.  Returns what fuse_bpf_creds_leave() takes,
 * or ERR_PTR(-ENOMEM).  May sleep.
 */
const struct cred *fuse_bpf_creds_enter(struct super_block *sb)
{
	struct fuse_bpf_sb *fsb = fuse_bpf_sb(sb);
	const struct cred *caller = current_cred();
	const struct cred *cred = fuse_bpf_creds_find(fsb->creds, caller);

	if (unlikely(!cred))
		cred = fuse_bpf_creds_add(fsb, caller);
	if (unlikely(!cred))
		return ERR_PTR(-ENOMEM);
	/* The reference is current's as long as it is overridden. */
	return fuse_bpf_swap_creds(cred);
}

void fuse_bpf_creds_leave(const struct cred *old)
{
	put_cred(fuse_bpf_swap_creds(old));
}
