// SPDX-License-Identifier: GPL-2.0-only
/*
 * One operation's calls of its programs: context, pre, post, and what becomes
 * of what a program returns.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bpf.h>
#include <linux/cgroup.h>
#include <linux/jiffies.h>
#include <linux/kdev_t.h>
#include <linux/mman.h>
#include <linux/uidgid.h>
#include "fuse_bpf_i.h"

#define FUSE_BPF_DESC(m, op, opc, diropc, flg)			\
	[op] = {							\
		.name = #m,						\
		.member = offsetof(struct fuse_bpf_ops, m),		\
		.opcode = opc,						\
		.dir_opcode = diropc,					\
		.flags = flg,						\
	},
#define FUSE_BPF_DESC_ONE(m, op, type, opc, diropc, flg)		\
	FUSE_BPF_DESC(m, op, opc, diropc, flg)
#define FUSE_BPF_DESC_BOTH(m, op, in, out, opc, diropc, flg)		\
	FUSE_BPF_DESC(m, op, opc, diropc, flg)

const struct fuse_bpf_op_desc fuse_bpf_op_descs[FUSE_BPF_OP_COUNT] = {
	FUSE_BPF_OP_TABLE(FUSE_BPF_DESC, FUSE_BPF_DESC_ONE, FUSE_BPF_DESC_ONE,
			  FUSE_BPF_DESC_BOTH)
	FUSE_BPF_DESC(default_op, FUSE_BPF_OP_DEFAULT, 0, 0, 0)
};

const struct fuse_bpf_op_desc *fuse_bpf_op_of_member(u32 byte_offset)
{
	int op;

	for (op = 0; op < FUSE_BPF_OP_COUNT; op++)
		if (fuse_bpf_op_descs[op].name &&
		    fuse_bpf_op_descs[op].member == byte_offset)
			return &fuse_bpf_op_descs[op];
	return NULL;
}

#define FUSE_BPF_RUN_NONE(m, op, ...) \
	case op: return ops->m(&call->ctx);
#define FUSE_BPF_RUN_IN(m, op, ...) \
	case op: return ops->m(&call->ctx, &call->in.m);
#define FUSE_BPF_RUN_OUT(m, op, ...) \
	case op: return ops->m(&call->ctx, &call->out.m);
#define FUSE_BPF_RUN_BOTH(m, op, ...) \
	case op: return ops->m(&call->ctx, &call->in.m, &call->out.m);

/* A mapping would move bytes past the @op program of a set without one for mmap. */
static int fuse_bpf_refuse_mmap(const struct fuse_bpf_call *call, enum fuse_bpf_op op)
{
	pr_warn_ratelimited("%s: a mapping of inode %llu is refused with ENODEV: the set has a program for %s and none for mmap; add an mmap member\n",
			    call->slot->name,
			    (u64)fuse_bpf_backing_inode(d_inode(call->dentry))->i_ino,
			    fuse_bpf_op_descs[op].name);
	return -ENODEV;
}

/*
 * Stands in for the mmap program of a set with read or write.  Without a program for
 * write a mapping may change the file, without one for read it may show it.  Apart
 * from its only caller, which every call of a program goes through.
 */
static noinline int fuse_bpf_run_mmap(struct fuse_bpf_call *call)
{
	u64 seen = call->version->members & fuse_bpf_inode(d_inode(call->dentry))->mask;
	struct fuse_bpf_mmap_in *in = &call->in.mmap;

	if (seen & BIT_ULL(FUSE_BPF_OP_READ))
		return fuse_bpf_refuse_mmap(call, FUSE_BPF_OP_READ);
	if (in->shared && (seen & BIT_ULL(FUSE_BPF_OP_WRITE))) {
		if (in->prot & PROT_WRITE)
			return fuse_bpf_refuse_mmap(call, FUSE_BPF_OP_WRITE);
		in->max_prot &= ~PROT_WRITE;
	}
	return FUSE_BPF_BACKING;
}

static int fuse_bpf_run(struct fuse_bpf_call *call)
{
	const struct fuse_bpf_ops *ops = call->version->ops;

	/* Called most, for each directory of a path; the switch is ten comparisons. */
	if (call->op == FUSE_BPF_OP_ACCESS && ops->access)
		return ops->access(&call->ctx, &call->in.access);
	if (!(call->version->members & BIT_ULL(call->op)))
		return ops->default_op ? ops->default_op(&call->ctx) : fuse_bpf_run_mmap(call);
	switch (call->op) {
	FUSE_BPF_OP_TABLE(FUSE_BPF_RUN_NONE, FUSE_BPF_RUN_IN, FUSE_BPF_RUN_OUT,
			  FUSE_BPF_RUN_BOTH)
	default:
		return -EIO;
	}
}

/* --- begin ---------------------------------------------------------------------- */

/* Under RCU. */
static u64 fuse_bpf_cgroup_id(void)
{
#ifdef CONFIG_CGROUPS
	return cgroup_id(task_dfl_cgroup(current));
#else
	return 0;
#endif
}

#define FUSE_BPF_CLEAR_NONE(m, op, ...) \
	case op: return;
#define FUSE_BPF_CLEAR_IN(m, op, ...) \
	case op: memset(&call->in.m, 0, sizeof(call->in.m)); return;
#define FUSE_BPF_CLEAR_OUT(m, op, ...) \
	case op: memset(&call->out.m, 0, sizeof(call->out.m)); return;
#define FUSE_BPF_CLEAR_BOTH(m, op, ...) \
	case op: memset(&call->in.m, 0, sizeof(call->in.m)); \
		 memset(&call->out.m, 0, sizeof(call->out.m)); return;

/* What the program of this operation gets, and no more: the rest is ten times that. */
static void fuse_bpf_clear_args(struct fuse_bpf_call *call)
{
	/* As in fuse_bpf_run(). */
	if (call->op == FUSE_BPF_OP_ACCESS) {
		memset(&call->in.access, 0, sizeof(call->in.access));
		return;
	}
	switch (call->op) {
	FUSE_BPF_OP_TABLE(FUSE_BPF_CLEAR_NONE, FUSE_BPF_CLEAR_IN, FUSE_BPF_CLEAR_OUT,
			  FUSE_BPF_CLEAR_BOTH)
	default:
		return;
	}
}

/*
 * Ids are the global ones: translated ones would cost more than the program.  All
 * members are here, so that none is written twice.  Under RCU.
 */
static void fuse_bpf_fill_ctx(struct fuse_bpf_ctx *ctx, const struct inode *inode,
			      const struct fuse_bpf_op_desc *desc, bool target_is_dir)
{
	const struct inode *backing = fuse_bpf_backing_inode(inode);

	*ctx = (struct fuse_bpf_ctx) {
		.opcode		= S_ISDIR(fuse_bpf_mode(inode)) ? desc->dir_opcode : desc->opcode,
		.phase		= FUSE_BPF_PHASE_PRE,
		.result		= 0,
		.mount_id	= fuse_bpf_sb(inode->i_sb)->mount_id,
		.cgroup_id	= fuse_bpf_cgroup_id(),
		.uid		= __kuid_val(current_fsuid()),
		.gid		= __kgid_val(current_fsgid()),
		.pid		= current->pid,
		.tgid		= current->tgid,
		.ino		= backing->i_ino,
		.size		= i_size_read(backing),
		.dev		= new_encode_dev(backing->i_sb->s_dev),
		.mode		= fuse_bpf_mode(backing),
		.owner_uid	= __kuid_val(READ_ONCE(backing->i_uid)),
		.owner_gid	= __kgid_val(READ_ONCE(backing->i_gid)),
		.target_is_dir	= target_is_dir,
		.reserved	= 0,
		.opaque		= NULL,
	};
}

/* Of the entry that the operation names, or of the inode where it names none. */
static bool fuse_bpf_target_is_dir(const struct inode *inode, enum fuse_bpf_op op,
				   const struct dentry *dentry)
{
	const struct inode *target = dentry ? d_inode_rcu(dentry) : inode;

	return target ? S_ISDIR(fuse_bpf_mode(target)) : op == FUSE_BPF_OP_MKDIR;
}

/* What detach=fail answers to an operation that is shown to no program. */
int fuse_bpf_detached(const struct inode *inode)
{
	const struct fuse_bpf_slot *slot = fuse_bpf_inode(inode)->slot;

	if (likely(!slot || !(READ_ONCE(slot->wanted) & FUSE_BPF_SLOT_DEAD)))
		return 0;
	return fuse_bpf_sb(inode->i_sb)->detach == FUSE_BPF_DETACH_FAIL ? -ENOTCONN : 0;
}

/* Whether programs see the operation although their set may be detached; else call->refusal. */
static bool fuse_bpf_is_shown(struct fuse_bpf_call *call, const struct inode *inode)
{
	enum fuse_bpf_detach detach;

	if (likely(!(READ_ONCE(fuse_bpf_inode(inode)->slot->wanted) & FUSE_BPF_SLOT_DEAD)))
		return true;
	detach = fuse_bpf_sb(inode->i_sb)->detach;
	call->refusal = detach == FUSE_BPF_DETACH_FAIL ? -ENOTCONN : 0;
	return detach == FUSE_BPF_DETACH_KEEP;
}

/* Takes over the reference to @v, which is a version of the slot of @inode.  Under RCU. */
static __always_inline bool fuse_bpf_begin_with(struct fuse_bpf_call *call, struct inode *inode,
						enum fuse_bpf_op op, struct dentry *dentry,
						struct fuse_bpf_version *v)
{
	struct fuse_bpf_inode *fi = fuse_bpf_inode(inode);

	if (!(v->wanted & fi->mask & BIT_ULL(op))) {
		percpu_ref_put(&v->ref);
		return false;
	}
	fuse_bpf_fill_ctx(&call->ctx, inode, &fuse_bpf_op_descs[op],
			  fuse_bpf_target_is_dir(inode, op, dentry));
	call->version = v;
	call->slot = fi->slot;
	call->op = op;
	call->phase = FUSE_BPF_PHASE_PRE;
	call->post = false;
	call->name = NULL;
	call->newname = NULL;
	call->xattr = NULL;
	call->link = NULL;
	call->dentry = dentry;
	call->newdentry = NULL;
	call->child = (struct fuse_bpf_child_rule) { .mask = ~0ULL };
	fuse_bpf_clear_args(call);
	return true;
}

/* The present version of the programs that see @inode, referenced; NULL if there are none. */
struct fuse_bpf_version *fuse_bpf_hold_version(const struct inode *inode)
{
	struct fuse_bpf_slot *slot = fuse_bpf_inode(inode)->slot;
	struct fuse_bpf_version *v;

	if (!slot)
		return NULL;
	rcu_read_lock();
	v = fuse_bpf_version_get(slot);
	rcu_read_unlock();
	return v;
}

/*
 * The slow half of fuse_bpf_begin().  @dentry is what the operation is about,
 * or NULL where the VFS gives an inode alone.
 */
bool __fuse_bpf_begin(struct fuse_bpf_call *call, struct inode *inode,
		      enum fuse_bpf_op op, struct dentry *dentry)
{
	struct fuse_bpf_version *v;
	bool begun = false;

	if (!fuse_bpf_is_shown(call, inode))
		return false;
	rcu_read_lock();
	v = fuse_bpf_version_get(fuse_bpf_inode(inode)->slot);
	if (likely(v))
		begun = fuse_bpf_begin_with(call, inode, op, dentry, v);
	else
		call->refusal = -ENOTCONN;
	rcu_read_unlock();
	return begun;
}

/*
 * As fuse_bpf_begin(), for one of several programs that an operation is shown to: all are
 * those of @v, to which the caller has a reference and which is the slot's of @inode.
 */
bool fuse_bpf_begin_version(struct fuse_bpf_call *call, struct inode *inode, enum fuse_bpf_op op,
			    struct dentry *dentry, struct fuse_bpf_version *v)
{
	bool begun;

	call->version = NULL;
	call->refusal = 0;
	if (!fuse_bpf_is_shown(call, inode))
		return false;
	percpu_ref_get(&v->ref);
	rcu_read_lock();
	begun = fuse_bpf_begin_with(call, inode, op, dentry, v);
	rcu_read_unlock();
	return begun;
}

/* --- verdicts --------------------------------------------------------------------- */

#define FUSE_BPF_ACTION(verdict)	((verdict) & 0xff)
#define FUSE_BPF_DAEMON_FLAGS		(FUSE_BPF_DAEMON_PRE | FUSE_BPF_DAEMON_POST)
#define FUSE_BPF_VERDICT_FLAGS		(FUSE_BPF_POST | FUSE_BPF_DAEMON_FLAGS)

/* What a program answered makes no sense: count it, say so, answer EIO. */
long fuse_bpf_refuse(struct fuse_bpf_call *call, const char *what, s64 value)
{
	atomic_long_inc(&call->slot->errors);
	pr_warn_ratelimited("%s: program for %s gave %s %lld; answered EIO (see enum fuse_bpf_verdict)\n",
			    call->slot->name, fuse_bpf_op_descs[call->op].name, what, value);
	return -EIO;
}

/*
 * An errno that a program may give: one that user space knows, and none that
 * makes the VFS retry, leave the lockless walk, or wait for a completion.
 */
static bool fuse_bpf_errno_ok(long err)
{
	switch (-err) {
	case ECHILD:
	case ESTALE:
	case ERESTART:
		return false;
	}
	/* 512 and more are the kernel's own. */
	return err < 0 && err > -512;
}

/* Take over a mode that a program may have edited. */
int fuse_bpf_take_mode(struct fuse_bpf_call *call, umode_t *mode, u32 edited)
{
	if ((edited ^ *mode) & ~S_IALLUGO)
		return fuse_bpf_refuse(call, "mode", edited);
	*mode = edited;
	return 0;
}

static int fuse_bpf_pre_verdict(struct fuse_bpf_call *call, int verdict)
{
	u32 opf = fuse_bpf_op_descs[call->op].flags;
	int flags = verdict & ~0xff;

	if (verdict == FUSE_BPF_BACKING)
		return 0;
	if (verdict < 0)
		return fuse_bpf_errno_ok(verdict) ? verdict :
		       fuse_bpf_refuse(call, "errno", verdict);
	if (flags & ~FUSE_BPF_VERDICT_FLAGS)
		return fuse_bpf_refuse(call, "verdict", verdict);

	switch (FUSE_BPF_ACTION(verdict)) {
	case FUSE_BPF_BACKING:
		if (flags & FUSE_BPF_DAEMON_FLAGS)
			return -ENOTCONN;
		if (!(opf & FUSE_BPF_OPF_POST))
			break;
		call->post = true;
		return 0;
	case FUSE_BPF_DAEMON:
		if (flags)
			break;
		return -ENOTCONN;
	case FUSE_BPF_REPLY:
		if (flags || !(opf & FUSE_BPF_OPF_REPLY))
			break;
		return FUSE_BPF_ANSWERED;
	}
	return fuse_bpf_refuse(call, "verdict", verdict);
}

static void fuse_bpf_let_version_go(struct fuse_bpf_call *call)
{
	percpu_ref_put(&call->version->ref);
	call->version = NULL;
}

int __fuse_bpf_pre(struct fuse_bpf_call *call)
{
	int err;

	if (call->version->post_only & BIT_ULL(call->op)) {
		call->post = true;
		return 0;
	}
	err = fuse_bpf_pre_verdict(call, fuse_bpf_run(call));
	/* A listing has a pre call for each entry. */
	if (!call->post && call->op != FUSE_BPF_OP_READDIR)
		fuse_bpf_let_version_go(call);
	return err;
}

/*
 * ctx->result after the post call; it may have been written.  This is the one
 * field of the context that is read back.
 */
static long fuse_bpf_post_result(struct fuse_bpf_call *call, long was)
{
	u32 opf = fuse_bpf_op_descs[call->op].flags;
	s64 now = call->ctx.result;

	if (now == was)
		return was;
	if (now < 0)
		return fuse_bpf_errno_ok(now) ? now : fuse_bpf_refuse(call, "result", now);
	if (was < 0 && !(now == 0 && (opf & FUSE_BPF_OPF_FORGIVE)))
		return fuse_bpf_refuse(call, "result", now);
	if (was >= 0 && !((opf & FUSE_BPF_OPF_COUNT) && now < was))
		return fuse_bpf_refuse(call, "result", now);
	return now;
}

long __fuse_bpf_post(struct fuse_bpf_call *call, long result)
{
	int verdict;

	/* The VFS comes again outside RCU; this was no end of the operation. */
	if (call->post && result != -ECHILD) {
		call->phase = FUSE_BPF_PHASE_POST;
		call->ctx.phase = FUSE_BPF_PHASE_POST;
		call->ctx.result = result;
		verdict = fuse_bpf_run(call);
		if (verdict == FUSE_BPF_BACKING || verdict == FUSE_BPF_REPLY)
			result = fuse_bpf_post_result(call, result);
		else if (verdict < 0 && fuse_bpf_errno_ok(verdict))
			result = verdict;
		else
			result = fuse_bpf_refuse(call, "post verdict", verdict);
	}
	fuse_bpf_let_version_go(call);
	return result;
}
