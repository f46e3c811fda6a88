// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slots and versions: which sets of programs there are, who holds them, and
 * how one set follows another without an operation seeing both.
 *
 * A version lives as long as its slot points to it or an operation runs on it;
 * it holds the map and thereby the programs and this module.  Replacement
 * swaps the pointer and kills the old version's reference: it never waits.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bpf.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include "fuse_bpf_i.h"

/*
 * Sets of one user namespace, detached ones that a mount, or a mount in the
 * making, still holds among them: those cost as much as the live ones.
 */
#define FUSE_BPF_SLOTS_PER_NS	256

static LIST_HEAD(fuse_bpf_live);
static LIST_HEAD(fuse_bpf_dead);
/*
 * The lists, and what struct fuse_bpf_slot says it guards.  Innermost; nothing is
 * allocated under it, since the last put may come from reclaim.  A mutex because
 * there may be many user namespaces: who walks a list can be preempted.
 */
static DEFINE_MUTEX(fuse_bpf_slots_lock);
static struct workqueue_struct *fuse_bpf_wq;

/* --- versions ---------------------------------------------------------------- */

static void fuse_bpf_version_free(struct work_struct *work)
{
	struct fuse_bpf_version *v = container_of(work, struct fuse_bpf_version, free_work);

	percpu_ref_exit(&v->ref);
	compat_kdata_put(v->ops);
	kfree_rcu(v, rcu);
}

/*
 * The last operation on a killed version has ended.  Runs in atomic context.
 * The switch to atomic mode took an RCU grace period, so nobody is left who
 * read the slot's old pointer and has yet to try for a reference.
 */
static void fuse_bpf_version_release(struct percpu_ref *ref)
{
	struct fuse_bpf_version *v = container_of(ref, struct fuse_bpf_version, ref);

	queue_work(fuse_bpf_wq, &v->free_work);
}

static void fuse_bpf_version_members(struct fuse_bpf_version *v)
{
	int op;

	for (op = 0; op < FUSE_BPF_OP_DEFAULT; op++) {
		const struct fuse_bpf_op_desc *desc = &fuse_bpf_op_descs[op];

		if (desc->name && *(void **)((void *)v->ops + desc->member))
			v->members |= BIT_ULL(op);
	}
	v->wanted = v->ops->default_op ? FUSE_BPF_OP_ALL : v->members;
	if ((v->wanted & FUSE_BPF_OP_DATA) && !(v->wanted & BIT_ULL(FUSE_BPF_OP_MMAP))) {
		/* fuse_bpf_run_mmap() stands in for a program. */
		v->wanted |= BIT_ULL(FUSE_BPF_OP_MMAP);
		v->post_only &= ~BIT_ULL(FUSE_BPF_OP_MMAP);
	}
}

static struct fuse_bpf_version *fuse_bpf_version_new(const struct fuse_bpf_ops *ops)
{
	struct fuse_bpf_version *v = kzalloc(sizeof(*v), GFP_KERNEL_ACCOUNT);
	int err = -ENOMEM;

	if (!v)
		return ERR_PTR(err);
	err = percpu_ref_init(&v->ref, fuse_bpf_version_release, 0, GFP_KERNEL_ACCOUNT);
	if (err)
		goto free;
	err = -EINVAL;
	if (!compat_kdata_get(ops))
		goto exit_ref;
	v->ops = ops;
	v->post_only = ops->post_only;
	v->flags = ops->flags;
	INIT_WORK(&v->free_work, fuse_bpf_version_free);
	fuse_bpf_version_members(v);
	return v;

exit_ref:
	percpu_ref_exit(&v->ref);
free:
	kfree(v);
	return ERR_PTR(err);
}

/* As fuse_bpf_version_get(), where a version was killed: another may be there by now. */
struct fuse_bpf_version *fuse_bpf_version_get_killed(struct fuse_bpf_slot *slot)
{
	struct fuse_bpf_version *v = rcu_dereference(slot->version);

	while (!percpu_ref_tryget(&v->ref)) {
		struct fuse_bpf_version *next = rcu_dereference(slot->version);

		if (next == v)
			return NULL;
		v = next;
	}
	return v;
}

/* FUSE_BPF_F_* of the slot's present version. */
u32 fuse_bpf_slot_flags(struct fuse_bpf_slot *slot)
{
	u32 flags;

	rcu_read_lock();
	flags = rcu_dereference(slot->version)->flags;
	rcu_read_unlock();
	return flags;
}

/* --- slots -------------------------------------------------------------------- */

struct fuse_bpf_slot *fuse_bpf_slot_get(struct fuse_bpf_slot *slot)
{
	if (slot)
		refcount_inc(&slot->ref);
	return slot;
}

void fuse_bpf_slot_put(struct fuse_bpf_slot *slot)
{
	struct fuse_bpf_version *v;

	if (!slot || !refcount_dec_and_mutex_lock(&slot->ref, &fuse_bpf_slots_lock))
		return;
	list_del(&slot->node);
	v = rcu_dereference_protected(slot->version,
				      lockdep_is_held(&fuse_bpf_slots_lock));
	mutex_unlock(&fuse_bpf_slots_lock);

	/* A lockless walker may still get at it; killed is all it finds. */
	percpu_ref_kill(&v->ref);
	put_user_ns(slot->user_ns);
	kfree_rcu(slot, rcu);
}

/* What @slot's users test first.  Caller holds the lock, or owns a new slot. */
static void fuse_bpf_slot_publish(struct fuse_bpf_slot *slot, u64 wanted)
{
	WRITE_ONCE(slot->wanted, wanted);
	/* Whoever sees the new generation asks the new programs. */
	smp_store_release(&slot->generation, slot->generation + 1);
}

static struct fuse_bpf_slot *fuse_bpf_slot_new(const struct fuse_bpf_ops *ops,
					       struct bpf_link *link)
{
	struct fuse_bpf_slot *slot = kzalloc(sizeof(*slot), GFP_KERNEL_ACCOUNT);
	struct fuse_bpf_version *v;

	if (!slot)
		return ERR_PTR(-ENOMEM);
	v = fuse_bpf_version_new(ops);
	if (IS_ERR(v)) {
		kfree(slot);
		return ERR_CAST(v);
	}
	refcount_set(&slot->ref, 1);
	INIT_LIST_HEAD(&slot->node);
	RCU_INIT_POINTER(slot->version, v);
	slot->kdata = ops;
	slot->link = link;
	slot->user_ns = get_user_ns(current_user_ns());
	memcpy(slot->name, ops->name, sizeof(slot->name));
	fuse_bpf_slot_publish(slot, v->wanted);
	return slot;
}

static struct fuse_bpf_slot *fuse_bpf_find_name(const char *name,
						struct user_namespace *ns)
{
	struct fuse_bpf_slot *slot;

	lockdep_assert_held(&fuse_bpf_slots_lock);
	list_for_each_entry(slot, &fuse_bpf_live, node) {
		if (slot->user_ns == ns && !strcmp(slot->name, name))
			return slot;
		cond_resched();
	}
	return NULL;
}

/* By link where there is one: one map can have several, and it can change. */
static struct fuse_bpf_slot *fuse_bpf_find_registered(const struct fuse_bpf_ops *ops,
						      const struct bpf_link *link)
{
	struct fuse_bpf_slot *slot;

	lockdep_assert_held(&fuse_bpf_slots_lock);
	list_for_each_entry(slot, &fuse_bpf_live, node) {
		if (slot->link == link && (link || slot->kdata == ops))
			return slot;
		cond_resched();
	}
	return NULL;
}

static unsigned int fuse_bpf_count_slots(const struct list_head *list,
					 const struct user_namespace *ns)
{
	struct fuse_bpf_slot *slot;
	unsigned int n = 0;

	lockdep_assert_held(&fuse_bpf_slots_lock);
	list_for_each_entry(slot, list, node) {
		n += slot->user_ns == ns;
		cond_resched();
	}
	return n;
}

/* Called with the lock held. */
static int fuse_bpf_slot_enlist(struct fuse_bpf_slot *slot)
{
	if (fuse_bpf_find_name(slot->name, slot->user_ns))
		return -EEXIST;
	if (fuse_bpf_count_slots(&fuse_bpf_live, slot->user_ns) +
	    fuse_bpf_count_slots(&fuse_bpf_dead, slot->user_ns) >= FUSE_BPF_SLOTS_PER_NS)
		return -ENOSPC;
	list_add_tail(&slot->node, &fuse_bpf_live);
	return 0;
}

int fuse_bpf_slot_register(const struct fuse_bpf_ops *ops, struct bpf_link *link)
{
	struct fuse_bpf_slot *slot = fuse_bpf_slot_new(ops, link);
	int err;

	if (IS_ERR(slot))
		return PTR_ERR(slot);

	mutex_lock(&fuse_bpf_slots_lock);
	err = fuse_bpf_slot_enlist(slot);
	mutex_unlock(&fuse_bpf_slots_lock);

	if (err == -ENOSPC)
		pr_warn_ratelimited("%s: there are %d sets of this user namespace already; detach some, and unmount what holds detached ones\n",
				    slot->name, FUSE_BPF_SLOTS_PER_NS);
	if (err)
		fuse_bpf_slot_put(slot);
	return err;
}

void fuse_bpf_slot_unregister(const struct fuse_bpf_ops *ops, struct bpf_link *link)
{
	struct fuse_bpf_slot *slot;

	mutex_lock(&fuse_bpf_slots_lock);
	slot = fuse_bpf_find_registered(ops, link);
	if (slot) {
		list_move_tail(&slot->node, &fuse_bpf_dead);
		slot->link = NULL;
		fuse_bpf_slot_publish(slot, slot->wanted | FUSE_BPF_SLOT_DEAD);
	}
	mutex_unlock(&fuse_bpf_slots_lock);
	fuse_bpf_slot_put(slot);
}

/* Referenced, or NULL. */
static struct fuse_bpf_slot *fuse_bpf_slot_by_link(const struct bpf_link *link)
{
	struct fuse_bpf_slot *slot;

	mutex_lock(&fuse_bpf_slots_lock);
	slot = fuse_bpf_slot_get(fuse_bpf_find_registered(NULL, link));
	mutex_unlock(&fuse_bpf_slots_lock);
	return slot;
}

/* The right to replace what @link registered is the one that registering it took. */
int fuse_bpf_slot_may_replace(const struct bpf_link *link)
{
	struct fuse_bpf_slot *slot = fuse_bpf_slot_by_link(link);
	int err;

	if (!slot)
		return -ENOLINK;
	err = ns_capable(slot->user_ns, CAP_SYS_ADMIN) ? 0 : -EPERM;
	fuse_bpf_slot_put(slot);
	return err;
}

int fuse_bpf_slot_replace(const struct fuse_bpf_ops *ops, struct bpf_link *link)
{
	struct fuse_bpf_version *v = fuse_bpf_version_new(ops);
	struct fuse_bpf_slot *slot;
	int err = 0;

	if (IS_ERR(v))
		return PTR_ERR(v);

	mutex_lock(&fuse_bpf_slots_lock);
	slot = fuse_bpf_find_registered(NULL, link);
	if (!slot)
		err = -ENOLINK;
	else if (strcmp(slot->name, ops->name))
		err = -EINVAL;
	else {
		u64 wanted = v->wanted;

		v = rcu_replace_pointer(slot->version, v,
					lockdep_is_held(&fuse_bpf_slots_lock));
		slot->kdata = ops;
		fuse_bpf_slot_publish(slot, wanted);
	}
	mutex_unlock(&fuse_bpf_slots_lock);

	/* The old one, or on failure the new one that nobody has seen. */
	percpu_ref_kill(&v->ref);
	return err;
}

/* --- how a mount finds one ------------------------------------------------------ */

/* Referenced, or NULL. */
struct fuse_bpf_slot *fuse_bpf_slot_by_name(const char *name, struct user_namespace *ns)
{
	struct fuse_bpf_slot *slot;

	mutex_lock(&fuse_bpf_slots_lock);
	slot = fuse_bpf_slot_get(fuse_bpf_find_name(name, ns));
	mutex_unlock(&fuse_bpf_slots_lock);
	return slot;
}

/* The one live registration of a map; NULL if there is none, or several. */
static struct fuse_bpf_slot *fuse_bpf_slot_by_map(const struct bpf_map *map)
{
	struct fuse_bpf_slot *slot, *found = NULL;
	int n = 0;

	mutex_lock(&fuse_bpf_slots_lock);
	list_for_each_entry(slot, &fuse_bpf_live, node) {
		cond_resched();
		if (compat_kdata_map_id(slot->kdata) != map->id)
			continue;
		found = slot;
		n++;
	}
	found = n == 1 ? fuse_bpf_slot_get(found) : NULL;
	mutex_unlock(&fuse_bpf_slots_lock);
	return found;
}

struct fuse_bpf_slot *fuse_bpf_slot_by_fd(int fd, struct fs_context *fc)
{
	struct fuse_bpf_slot *slot;
	struct bpf_link *link;
	struct bpf_map *map;

	link = bpf_link_get_from_fd(fd);
	if (!IS_ERR(link)) {
		slot = fuse_bpf_slot_by_link(link);
		bpf_link_put(link);
		if (!slot) {
			errorfc(fc, "ops_fd=%d: this BPF link is not a live one of struct fuse_bpf_ops; attach the programs and pass that link", fd);
			return ERR_PTR(-EINVAL);
		}
		return slot;
	}
	if (PTR_ERR(link) == -EBADF) {
		errorfc(fc, "ops_fd=%d: no such descriptor is open here", fd);
		return ERR_PTR(-EBADF);
	}

	map = bpf_map_get(fd);
	if (IS_ERR(map)) {
		errorfc(fc, "ops_fd=%d: neither a BPF link nor a BPF map; pass the link of a struct fuse_bpf_ops", fd);
		return ERR_PTR(-EINVAL);
	}
	slot = map->map_type == BPF_MAP_TYPE_STRUCT_OPS ? fuse_bpf_slot_by_map(map) : NULL;
	bpf_map_put(map);
	if (!slot) {
		errorfc(fc, "ops_fd=%d: this BPF map is not a struct fuse_bpf_ops with exactly one live registration; pass the link", fd);
		return ERR_PTR(-EINVAL);
	}
	return slot;
}

/* --- what /proc/fs/fuse_bpf/ops shows --------------------------------------------- */

static bool fuse_bpf_slot_visible(const struct fuse_bpf_slot *slot)
{
	return slot->user_ns == current_user_ns() || current_user_ns() == &init_user_ns;
}

static void fuse_bpf_slots_show_list(struct seq_file *m, const struct list_head *list,
				     const char *state)
{
	struct fuse_bpf_slot *slot;

	lockdep_assert_held(&fuse_bpf_slots_lock);
	list_for_each_entry(slot, list, node) {
		cond_resched();
		if (!fuse_bpf_slot_visible(slot))
			continue;
		seq_printf(m, "%s %s %u %u %ld %ld %ld\n", slot->name, state,
			   compat_kdata_map_id(slot->kdata),
			   slot->link ? READ_ONCE(slot->link->id) : 0,
			   atomic_long_read(&slot->mounts),
			   atomic_long_read(&slot->inodes),
			   atomic_long_read(&slot->errors));
	}
}

void fuse_bpf_slots_show(struct seq_file *m)
{
	seq_puts(m, "name state map link mounts inodes errors\n");
	mutex_lock(&fuse_bpf_slots_lock);
	fuse_bpf_slots_show_list(m, &fuse_bpf_live, "live");
	fuse_bpf_slots_show_list(m, &fuse_bpf_dead, "detached");
	mutex_unlock(&fuse_bpf_slots_lock);
}

int fuse_bpf_slots_init(void)
{
	fuse_bpf_wq = alloc_workqueue("fuse_bpf", WQ_UNBOUND, 0);
	return fuse_bpf_wq ? 0 : -ENOMEM;
}

void fuse_bpf_slots_exit(void)
{
	/* percpu_ref_kill() ends in an RCU callback, and that in our work. */
	rcu_barrier();
	destroy_workqueue(fuse_bpf_wq);
}
