/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private to the module: its objects, who owns what, and what the files call
 * of each other.  How one operation goes: VFS entry point (dir.c, file.c, ...)
 * -> fuse_bpf_pre() -> fuse_bpf_backing_*() -> fuse_bpf_post() -> back.
 */
#ifndef _FUSE_BPF_I_H
#define _FUSE_BPF_I_H

#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/mnt_idmapping.h>
#include <linux/mount.h>
#include <linux/percpu-refcount.h>
#include <linux/posix_acl.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include "compat/compat.h"
#include "ops.h"
#include "points.h"

struct bpf_link;
struct bpf_prog;
struct btf;
struct fuse_bpf_checks;
struct seq_file;

#define FUSE_BPF_SUPER_MAGIC	0x46425046

/* What a mount does once its ops were detached. */
enum fuse_bpf_detach {
	FUSE_BPF_DETACH_KEEP,
	FUSE_BPF_DETACH_FAIL,
	FUSE_BPF_DETACH_PASS,
};

/* --- slots and versions: slot.c ------------------------------------------ */

/*
 * One loaded set of programs.  Whoever runs one of its programs holds @ref;
 * it is killed when the slot moves on, and the map goes after the last user.
 */
struct fuse_bpf_version {
	struct percpu_ref ref;
	const struct fuse_bpf_ops *ops;	/* inside the map; one map reference held */
	u64 wanted;			/* operations that have something to run */
	u64 members;			/* those with a member of their own */
	u64 post_only;
	u32 flags;
	struct work_struct free_work;
	struct rcu_head rcu;
};

/* In fuse_bpf_slot.wanted: the ops were detached, look at the mount's choice. */
#define FUSE_BPF_SLOT_DEAD	BIT_ULL(63)
static_assert(FUSE_BPF_OP_COUNT <= 63);

/*
 * What mounts and inodes hold: one registered name, whose version may change
 * under them.  Freed by RCU, since a lockless walk looks at it without @ref.
 */
struct fuse_bpf_slot {
	refcount_t ref;			/* registry (until unreg), mounts, inodes */
	u32 generation;			/* changes with every version and on detach */
	u64 wanted;			/* version->wanted, or with FUSE_BPF_SLOT_DEAD */
	struct fuse_bpf_version __rcu *version;	/* written under fuse_bpf_slots_lock */
	const struct fuse_bpf_ops *kdata; /* registry's key beside link; lock */
	struct bpf_link *link;		/* borrowed: valid until unreg; lock */
	struct user_namespace *user_ns;	/* counted; where @name is known */
	struct list_head node;		/* of the live or of the dead ones; lock */
	atomic_long_t mounts;
	atomic_long_t inodes;
	atomic_long_t errors;		/* verdicts and answers refused with EIO */
	char name[FUSE_BPF_NAME_MAX];
	struct rcu_head rcu;
};

/*
 * Read before asking a program, so that an answer of the old programs never
 * passes for one of the new: pairs with fuse_bpf_slot_publish().
 */
static inline u32 fuse_bpf_slot_generation(const struct fuse_bpf_slot *slot)
{
	return slot ? smp_load_acquire(&slot->generation) : 0;
}

struct fuse_bpf_version *fuse_bpf_version_get_killed(struct fuse_bpf_slot *slot);

/*
 * The slot's present version, referenced.  NULL only for a lockless walker that
 * came across the inode of a slot that is on its way out.  Under RCU.
 */
static inline struct fuse_bpf_version *fuse_bpf_version_get(struct fuse_bpf_slot *slot)
{
	struct fuse_bpf_version *v = rcu_dereference(slot->version);

	if (likely(percpu_ref_tryget_live_rcu(&v->ref)))
		return v;
	return fuse_bpf_version_get_killed(slot);
}

struct fuse_bpf_slot *fuse_bpf_slot_by_name(const char *name, struct user_namespace *ns);
struct fuse_bpf_slot *fuse_bpf_slot_by_fd(int fd, struct fs_context *fc);
struct fuse_bpf_slot *fuse_bpf_slot_get(struct fuse_bpf_slot *slot);
void fuse_bpf_slot_put(struct fuse_bpf_slot *slot);
u32 fuse_bpf_slot_flags(struct fuse_bpf_slot *slot);
int fuse_bpf_slot_register(const struct fuse_bpf_ops *ops, struct bpf_link *link);
void fuse_bpf_slot_unregister(const struct fuse_bpf_ops *ops, struct bpf_link *link);
int fuse_bpf_slot_may_replace(const struct bpf_link *link);
int fuse_bpf_slot_replace(const struct fuse_bpf_ops *ops, struct bpf_link *link);
void fuse_bpf_slots_show(struct seq_file *m);
int fuse_bpf_slots_init(void);
void fuse_bpf_slots_exit(void);

/* --- the struct_ops type: struct_ops.c, verifier.c, kfuncs.c --------------- */

extern const struct bpf_verifier_ops fuse_bpf_verifier_ops;

int fuse_bpf_struct_ops_register(void);
const struct btf *fuse_bpf_module_btf(void);
const struct fuse_bpf_op_desc *fuse_bpf_op_of_member(u32 byte_offset);
const char *fuse_bpf_prog_refusal(const struct bpf_prog *prog);
void fuse_bpf_verifier_learn(const struct btf *btf, const struct btf_type *ops_type);
int fuse_bpf_kfuncs_register(void);

/* --- objects of a mount ---------------------------------------------------- */

/* How many tasks that were checked for the right to change a directory it remembers. */
#define FUSE_BPF_CHECKS		8

/* A superblock's own part; sb->s_fs_info. */
struct fuse_bpf_sb {
	struct vfsmount *mnt;		/* private clone of the source's mount */
	struct dentry *root;		/* backing root; counted */
	struct fuse_bpf_slot *slot;	/* counted; NULL: plain passthrough */
	const struct cred *mounter;	/* counted */
	struct fuse_bpf_creds *creds;	/* derived credentials: creds.c */
	u64 mount_id;			/* never reused while loaded */
	enum fuse_bpf_detach detach;
	bool nosuid;			/* the backing mount is */
	bool relatime;			/* it was; @mnt is not */
	bool check_backing;		/* the mounter may be refused search below */
	struct xarray devs;		/* our device number by the backing one; its own lock */
	atomic_t dev_count;		/* of @devs, and of those about to be in it */
	u64 renames_wait;		/* jiffies64: when one may wait again; s_vfs_rename_mutex */
	spinlock_t lock;
	errseq_t wb_err;		/* of the backing superblock, as last reported; lock */
	bool idmapped;			/* an idmapped mount has come up; never cleared */
};

static inline struct fuse_bpf_sb *fuse_bpf_sb(const struct super_block *sb)
{
	return sb->s_fs_info;
}

/*
 * What the attributes that an inode shows were made from.  A mode of 0, which no
 * inode has, where they have to be made again all the same.
 */
struct fuse_bpf_seen {
	umode_t mode;			/* of the backing inode, as the ids are */
	kuid_t uid;
	kgid_t gid;
	u32 generation;			/* of the slot */
};

/*
 * An inode stands for a backing inode under one policy: (backing, slot, mask)
 * is its key, so that a second name in another directory does not carry a file
 * under that directory's policy.
 */
struct fuse_bpf_inode {
	struct inode vfs_inode;
	struct inode *backing;		/* counted; constant */
	struct fuse_bpf_slot *slot;	/* counted; constant; NULL: no programs */
	u64 mask;			/* operations its ops may see; constant */
	/* Written under i_lock, after the attributes that it stands for: fuse_bpf_attr_fresh(). */
	struct fuse_bpf_seen seen;
	bool shaped;			/* i_lock; a program changed mode or owner: no ACL */
	/*
	 * An access program has granted something, or a getattr program has changed mode or
	 * owner.  Never cleared: what is opened or changed by that may come after the program.
	 */
	bool granted;
	/* Of a directory: who was checked last, by which idmap; i_lock, but set once. */
	struct fuse_bpf_checks *checks;
};

static inline struct fuse_bpf_inode *fuse_bpf_inode(const struct inode *inode)
{
	return container_of(inode, struct fuse_bpf_inode, vfs_inode);
}

static inline struct inode *fuse_bpf_backing_inode(const struct inode *inode)
{
	return fuse_bpf_inode(inode)->backing;
}

/*
 * Of ours or of a backing inode, without the lock under which it is changed.  The
 * type in it never changes.
 */
static inline umode_t fuse_bpf_mode(const struct inode *inode)
{
	return READ_ONCE(inode->i_mode);
}

/* The same for a superblock that is being remounted: either answer will do. */
static inline bool fuse_bpf_rdonly(const struct super_block *sb)
{
	return READ_ONCE(sb->s_flags) & SB_RDONLY;
}

/* A program's decision about the child that a name leads to. */
struct fuse_bpf_child_rule {
	bool none;			/* no ops from here on */
	u64 mask;			/* operations that the child's ops may see */
};

/*
 * A dentry's own part; d_fsdata from d_init to d_release.  All of it is read
 * without a lock, most of it under RCU.  "Held" is the directory's i_rwsem held
 * exclusively, or the dentry still in lookup, so that nobody else has it.
 */
struct fuse_bpf_dentry {
	/*
	 * Counted.  Held and under d_lock; constant while positive.  NULL if a
	 * program hid the name unseen, and for a moment in one made for a file
	 * handle, which gets it by cmpxchg().
	 */
	struct dentry *backing;
	/*
	 * Of backing->d_seq when last verified, and of our d_seq then.  Under
	 * d_lock by a task that has compared the two; by a rename, with both
	 * directories held and the dentry busy.
	 */
	unsigned int seq;
	unsigned int own_seq;
	bool busy;			/* held; an operation of ours is changing it */
	bool spliced;			/* a lookup made its last move; set by any, no lock */
	bool hidden;			/* in lookup; absent because a program said so */
	bool gone;			/* held; we removed it, or put another in its place */
	/* The verdict.  Under d_lock; fuse_bpf_verdict_set() has the order. */
	bool late;			/* given in the post phase, about what is there */
	u32 generation;			/* of the directory's slot then */
	u32 verdict_seq;		/* the d_seq of ours that it holds for */
	u64 expires;			/* jiffies64; when it grows old */
	struct fuse_bpf_child_rule child;
	struct rcu_head rcu;
};

/* Never a stable value of a d_seq: these are even. */
#define FUSE_BPF_SEQ_NONE	1

static inline struct fuse_bpf_dentry *fuse_bpf_dentry(const struct dentry *dentry)
{
	return dentry->d_fsdata;
}

/*
 * The backing dentry of a dentry that is positive, or whose directory is held
 * exclusively.  Valid as long as the dentry is held.
 */
static inline struct dentry *fuse_bpf_backing_dentry(const struct dentry *dentry)
{
	/* One made for a file handle gets it when others have it already. */
	return READ_ONCE(fuse_bpf_dentry(dentry)->backing);
}

static inline struct path fuse_bpf_backing_path(const struct dentry *dentry)
{
	return (struct path) {
		.mnt = fuse_bpf_sb(dentry->d_sb)->mnt,
		.dentry = fuse_bpf_backing_dentry(dentry),
	};
}

/*
 * Does it change without our kernel's doing?  Then it is the backing filesystem's
 * to say whether @backing still holds.
 */
static inline bool fuse_bpf_is_remote(const struct dentry *backing)
{
	return READ_ONCE(backing->d_flags) & DCACHE_OP_REVALIDATE;
}

/*
 * Of ours or of a backing dentry.  The type in d_flags is that of the inode, which
 * the caller's lock or reference keeps; other flags change beside it.
 */
static inline bool fuse_bpf_d_is_dir(const struct dentry *dentry)
{
	return data_race(d_is_dir(dentry));
}

/* A task that hashes or drops it meanwhile could as well do so a moment later. */
static inline bool fuse_bpf_d_unhashed(const struct dentry *dentry)
{
	return data_race(d_unhashed(dentry));
}

/* The backing file; one reference from open to release. */
static inline struct file *fuse_bpf_backing_file(const struct file *file)
{
	return file->private_data;
}

/* --- calling programs: call.c ---------------------------------------------- */

/* One operation's way through its programs; lives on the caller's stack. */
struct fuse_bpf_call {
	struct fuse_bpf_version *version; /* counted; NULL: no program to run, or none any more */
	struct fuse_bpf_slot *slot;	/* borrowed from the inode */
	enum fuse_bpf_op op;
	enum fuse_bpf_phase phase;	/* ctx.phase is the program's copy */
	bool post;			/* run the program once more */
	int refusal;			/* an errno that needs no program to say */
	/* What kfuncs read; NULL where the operation has no such thing. */
	const struct qstr *name;
	const struct qstr *newname;
	const char *xattr;
	const char *link;
	struct dentry *dentry;
	struct dentry *newdentry;
	struct fuse_bpf_child_rule child;
	/*
	 * Never read back but for result, which is checked: on 6.12 a program
	 * writes to any field by passing its address to a global function.  What
	 * the module itself needs to know is in the members above.
	 */
	struct fuse_bpf_ctx ctx;
	union fuse_bpf_in in;
	union fuse_bpf_out out;
};

/* fuse_bpf_begin() fills it, so the compiler need not clear 500 bytes first. */
#define FUSE_BPF_CALL(name)	struct fuse_bpf_call name __uninitialized

/* fuse_bpf_pre(): the program has answered; do not ask the backing filesystem. */
#define FUSE_BPF_ANSWERED	1

bool __fuse_bpf_begin(struct fuse_bpf_call *call, struct inode *inode,
		      enum fuse_bpf_op op, struct dentry *dentry);
bool fuse_bpf_begin_version(struct fuse_bpf_call *call, struct inode *inode, enum fuse_bpf_op op,
			    struct dentry *dentry, struct fuse_bpf_version *v);
struct fuse_bpf_version *fuse_bpf_hold_version(const struct inode *inode);
int __fuse_bpf_pre(struct fuse_bpf_call *call);
long __fuse_bpf_post(struct fuse_bpf_call *call, long result);
long fuse_bpf_refuse(struct fuse_bpf_call *call, const char *what, s64 value);
int fuse_bpf_detached(const struct inode *inode);
int fuse_bpf_take_mode(struct fuse_bpf_call *call, umode_t *mode, u32 edited);

/*
 * Does anybody want to see @op on @inode?  Two loads where a mount has ops, one
 * where it has none.  Any context.
 */
static inline bool fuse_bpf_wanted(const struct inode *inode, enum fuse_bpf_op op)
{
	const struct fuse_bpf_inode *fi = fuse_bpf_inode(inode);

	if (likely(!fi->slot))
		return false;
	return READ_ONCE(fi->slot->wanted) &
	       ((fi->mask & BIT_ULL(op)) | FUSE_BPF_SLOT_DEAD);
}

/*
 * Start an operation.  True: programs want it; the caller fills call->in and
 * the names.  Either way fuse_bpf_pre() and fuse_bpf_post() follow, and the
 * whole operation sees one version of the ops.  May be called under RCU.
 */
static inline bool fuse_bpf_begin(struct fuse_bpf_call *call, struct inode *inode,
				  enum fuse_bpf_op op, struct dentry *dentry)
{
	call->version = NULL;
	call->refusal = 0;
	if (likely(!fuse_bpf_wanted(inode, op)))
		return false;
	return __fuse_bpf_begin(call, inode, op, dentry);
}

/*
 * 0: go on; FUSE_BPF_ANSWERED; or an errno.  fuse_bpf_post() follows always.  Where
 * there is no post call, the version is let go here: the operation may wait for as long
 * as a user likes.
 */
static inline int fuse_bpf_pre(struct fuse_bpf_call *call)
{
	if (likely(!call->version))
		return call->refusal;
	return __fuse_bpf_pre(call);
}

/* End an operation that came to @result; returns what it comes to in the end. */
static inline long fuse_bpf_post(struct fuse_bpf_call *call, long result)
{
	if (likely(!call->version))
		return result;
	return __fuse_bpf_post(call, result);
}

/* --- credentials: creds.c --------------------------------------------------- */

/* Whose capabilities derived credentials have. */
enum fuse_bpf_rights {
	FUSE_BPF_RIGHTS_MOUNTER,
	FUSE_BPF_RIGHTS_CALLER,		/* ... as far as the mounter has them */
};

struct fuse_bpf_creds *fuse_bpf_creds_alloc(void);
void fuse_bpf_creds_free(struct fuse_bpf_creds *creds);
const struct cred *fuse_bpf_creds_enter_mapped(struct super_block *sb, struct mnt_idmap *idmap);
const struct cred *fuse_bpf_creds_enter_caller(struct super_block *sb, struct mnt_idmap *idmap);
const struct cred *fuse_bpf_creds_enter_change(struct inode *inode, struct mnt_idmap *idmap,
					       umode_t mode);
const struct cred *fuse_bpf_creds_enter_change_as(struct inode *inode, struct mnt_idmap *idmap,
						  kuid_t owner);
const struct cred *fuse_bpf_creds_enter_file(const struct file *file);
const struct cred *fuse_bpf_creds_enter_file_as(const struct file *file, kuid_t owner);
const struct cred *fuse_bpf_creds_enter_own_as(kuid_t owner);
void fuse_bpf_creds_leave(const struct cred *old);

/*
 * Work as @new; returns what was replaced.  The bare pointer: neither takes nor
 * drops a reference on any kernel, so the caller's must outlive it.
 */
static inline const struct cred *fuse_bpf_swap_creds(const struct cred *new)
{
	return rcu_replace_pointer(current->cred, new, true);
}

/* Where none of the caller's ids has a part. */
static inline const struct cred *fuse_bpf_creds_enter(struct super_block *sb)
{
	return fuse_bpf_creds_enter_mapped(sb, &nop_mnt_idmap);
}

/* --- changes: change.c -------------------------------------------------------- */

/* Between fuse_bpf_change_begin() and _end(): with whose rights something is changed. */
struct fuse_bpf_change {
	struct vfsmount *mnt;		/* the backing mount; write access is held */
	struct mnt_idmap *idmap;	/* of the mount of ours that the caller came through */
	const struct cred *caller;	/* what current's own credentials are */
	bool granted;			/* the backing filesystem does not check the caller */
};

typedef int fuse_bpf_change_fn(struct mnt_idmap *idmap, void *arg);

/* May programs grant the caller something about @inode that is refused below? */
static inline bool fuse_bpf_is_granted_by_program(const struct inode *inode)
{
	return READ_ONCE(fuse_bpf_inode(inode)->granted);
}

/* May they, or the mount by itself? */
static inline bool fuse_bpf_change_is_granted(const struct inode *inode)
{
	return unlikely(current_user_ns() != &init_user_ns) ||
	       fuse_bpf_is_granted_by_program(inode);
}

int fuse_bpf_change_begin(struct fuse_bpf_change *change, struct inode *inode, bool granted,
			  struct mnt_idmap *idmap, umode_t mode);
void fuse_bpf_change_end(struct fuse_bpf_change *change);
int fuse_bpf_change_without_idmap(struct inode *dir, fuse_bpf_change_fn *change, void *arg);
int __fuse_bpf_recheck_dir(const struct fuse_bpf_change *change, struct inode *dir);
int __fuse_bpf_recheck_victim(const struct fuse_bpf_change *change, struct inode *dir,
			      struct inode *victim);
int fuse_bpf_recheck_write(const struct fuse_bpf_change *change, struct inode *inode);
int fuse_bpf_recheck_user_xattr(const struct fuse_bpf_change *change, struct inode *inode);
int __fuse_bpf_recheck_setattr(const struct fuse_bpf_change *change, struct dentry *dentry,
			       struct iattr *attr);
const struct cred *fuse_bpf_creds_enter_acl(struct inode *inode, struct mnt_idmap *idmap);
int fuse_bpf_drop_privs_for_acl(struct inode *inode, struct mnt_idmap *idmap,
				const struct path *path, const struct cred *caller);
const struct cred *fuse_bpf_creds_enter_fileattr(struct inode *inode, struct mnt_idmap *idmap);
int fuse_bpf_idmap_used(struct inode *dir, struct mnt_idmap *idmap);
void fuse_bpf_checks_free(struct fuse_bpf_inode *fi);

/* Whether the caller may make or remove names in @dir, whose backing directory is locked. */
static inline int fuse_bpf_recheck_dir(const struct fuse_bpf_change *change, struct inode *dir)
{
	return likely(!change->granted) ? 0 : __fuse_bpf_recheck_dir(change, dir);
}

/* ... and remove @victim from it, which the directory's sticky bit may forbid. */
static inline int fuse_bpf_recheck_victim(const struct fuse_bpf_change *change,
					  struct inode *dir, struct inode *victim)
{
	return likely(!change->granted) ? 0 : __fuse_bpf_recheck_victim(change, dir, victim);
}

/*
 * Whether the caller may change these attributes.  @attr comes back without what the
 * caller's change leaves as it is shown, and the mode without a setgid bit that the
 * caller may not set.
 */
static inline int fuse_bpf_recheck_setattr(const struct fuse_bpf_change *change,
					   struct dentry *dentry, struct iattr *attr)
{
	return likely(!change->granted) ? 0 : __fuse_bpf_recheck_setattr(change, dentry, attr);
}

/* --- the backing filesystem: freeze.c, backing.c, backing_dir.c --------------- */

int fuse_bpf_want_write(struct vfsmount *mnt);
int fuse_bpf_break_deleg_again(struct inode *inode, int err);

/*
 * Before a function of the VFS that sets an attribute of @inode as a whole: that would
 * wait for a delegation as long as its holder may keep it, with our inode locked.  It is
 * given up here, or the change fails with EWOULDBLOCK.  One that is taken right after
 * this is waited for, by a caller who can be killed.
 */
static inline int fuse_bpf_break_deleg(struct inode *inode)
{
	int err = compat_try_break_deleg(fuse_bpf_backing_inode(inode));

	return likely(!err) ? 0 : fuse_bpf_break_deleg_again(inode, err);
}

struct fuse_bpf_backing_rename {
	struct mnt_idmap *idmap;	/* of the mount of ours that the caller came through */
	struct dentry *old_dentry;	/* ours */
	struct dentry *new_dentry;	/* ours */
	unsigned int flags;
	unsigned int old_seq;		/* of the backing dentries, after it */
	unsigned int new_seq;
};

struct dentry *fuse_bpf_backing_lookup(struct dentry *parent, const struct qstr *name);
/* @idmap: of the mount of ours that the caller came through */
struct dentry *fuse_bpf_backing_create(struct mnt_idmap *idmap, struct dentry *dentry,
				       umode_t mode);
struct dentry *fuse_bpf_backing_mkdir(struct mnt_idmap *idmap, struct dentry *dentry,
				      umode_t mode);
struct dentry *fuse_bpf_backing_mknod(struct mnt_idmap *idmap, struct dentry *dentry,
				      umode_t mode, dev_t rdev);
struct dentry *fuse_bpf_backing_symlink(struct mnt_idmap *idmap, struct dentry *dentry,
					const char *target);
struct dentry *fuse_bpf_backing_link(struct dentry *old_dentry, struct dentry *dentry);
int fuse_bpf_backing_unlink(struct dentry *dentry);
int fuse_bpf_backing_rmdir(struct dentry *dentry);
int fuse_bpf_backing_rename(struct fuse_bpf_backing_rename *rename);

bool fuse_bpf_backing_again(int err, struct inode *const held[], unsigned int *tries);
u64 fuse_bpf_backing_waited(unsigned int tries);
int fuse_bpf_backing_getattr(struct dentry *dentry, struct kstat *stat,
			     u32 request_mask, unsigned int flags);
int fuse_bpf_backing_setattr(struct mnt_idmap *idmap, struct dentry *dentry,
			     struct iattr *attr);
int fuse_bpf_backing_drop_mode(struct mnt_idmap *idmap, struct dentry *dentry, umode_t less);
int fuse_bpf_backing_permission(struct mnt_idmap *idmap, struct inode *inode, int mask);
bool fuse_bpf_backing_atime_old(const struct inode *backing);
bool fuse_bpf_backing_atime_due(const struct inode *inode);
const char *fuse_bpf_backing_get_link(struct dentry *dentry, struct delayed_call *done);
int fuse_bpf_backing_statfs(struct dentry *dentry, struct kstatfs *buf);
struct file *fuse_bpf_backing_open(struct file *file);
void fuse_bpf_backing_close(struct file *file, struct file *backing);
struct file *fuse_bpf_backing_tmpfile(struct mnt_idmap *idmap, struct file *file,
				      struct dentry *parent, umode_t mode);
ssize_t fuse_bpf_backing_getxattr(struct dentry *dentry, const char *name,
				  void *value, size_t size);
int fuse_bpf_backing_setxattr(struct mnt_idmap *idmap, struct dentry *dentry,
			      const char *name, const void *value, size_t size, int flags);
ssize_t fuse_bpf_backing_listxattr(struct dentry *dentry, char *list, size_t size);
struct posix_acl *fuse_bpf_backing_get_acl(struct dentry *dentry, int type);
int fuse_bpf_backing_set_acl(struct mnt_idmap *idmap, struct dentry *dentry,
			     struct posix_acl *acl, int type);

/* backing_aio.c */
ssize_t fuse_bpf_aio_read(struct file *backing, struct kiocb *iocb, struct iov_iter *iter);
ssize_t fuse_bpf_aio_write(struct file *backing, struct kiocb *iocb, struct iov_iter *iter);

/* backing_io.c */
struct file *fuse_bpf_backing_file_now(struct file *file);
ssize_t fuse_bpf_backing_read(struct kiocb *iocb, struct iov_iter *iter);
ssize_t fuse_bpf_backing_write(struct kiocb *iocb, struct iov_iter *iter);
ssize_t fuse_bpf_backing_splice_read(struct file *file, loff_t *ppos,
				     struct pipe_inode_info *pipe, size_t len,
				     unsigned int flags);
ssize_t fuse_bpf_backing_splice_write(struct pipe_inode_info *pipe, struct file *file,
				      loff_t *ppos, size_t len, unsigned int flags);
int fuse_bpf_backing_mmap(struct file *file, struct vm_area_struct *vma);
int fuse_bpf_backing_fsync(struct file *file, loff_t start, loff_t end, int datasync);
int fuse_bpf_backing_flush(struct file *file, fl_owner_t owner);
int fuse_bpf_backing_fallocate(struct file *file, int mode, loff_t offset, loff_t len);
int fuse_bpf_backing_fadvise(struct file *file, loff_t offset, loff_t len, int advice);
loff_t fuse_bpf_backing_llseek(struct file *file, loff_t offset, int whence);
ssize_t fuse_bpf_backing_copy(struct file *in, loff_t pos_in, struct file *out,
			      loff_t pos_out, size_t len, unsigned int flags);
loff_t fuse_bpf_backing_remap(struct file *in, loff_t pos_in, struct file *out,
			      loff_t pos_out, loff_t len, unsigned int flags);
int fuse_bpf_backing_lock(struct file *file, int cmd, struct file_lock *fl);
void fuse_bpf_backing_remove_posix(struct file *file, fl_owner_t owner);
void fuse_bpf_backing_remove_left(struct file *file);
int fuse_bpf_backing_flock(struct file *file, int cmd, struct file_lock *fl);

/* --- VFS families ------------------------------------------------------------- */

/* inode.c */
struct inode *fuse_bpf_iget(struct super_block *sb, struct inode *backing,
			    struct fuse_bpf_slot *slot, u64 mask);
int fuse_bpf_permission(struct mnt_idmap *idmap, struct inode *inode, int mask);
int fuse_bpf_setattr(struct mnt_idmap *idmap, struct dentry *dentry, struct iattr *attr);
struct inode *fuse_bpf_inode_alloc(struct super_block *sb);
void fuse_bpf_inode_free(struct inode *inode);
void fuse_bpf_inode_evict(struct inode *inode);
int fuse_bpf_inodes_init(void);
void fuse_bpf_inodes_exit(void);

/* attr.c */
void fuse_bpf_attr_init(struct inode *inode);
void fuse_bpf_copy_size(struct inode *inode);
void fuse_bpf_copy_nlink(struct inode *inode);
int fuse_bpf_getattr(struct mnt_idmap *idmap, const struct path *path,
		     struct kstat *stat, u32 request_mask, unsigned int flags);

/* What a refresh may do, and what its caller holds. */
enum fuse_bpf_refresh_how {
	FUSE_BPF_REFRESH,		/* may sleep */
	FUSE_BPF_REFRESH_RCU,		/* in a lockless walk */
	FUSE_BPF_REFRESH_LOCKED,	/* may sleep; our inode's i_rwsem is held exclusively */
	FUSE_BPF_REFRESH_NEW,		/* of an inode that no other task has yet */
};

int fuse_bpf_refresh(struct inode *inode, enum fuse_bpf_refresh_how how);
int fuse_bpf_refresh_changed(struct inode *inode);
struct fuse_bpf_seen fuse_bpf_look(const struct inode *inode);
bool fuse_bpf_still_seen(const struct inode *inode, const struct fuse_bpf_seen *seen);
struct fuse_bpf_seen fuse_bpf_attr_seen(struct inode *inode);
bool fuse_bpf_attr_seen_is(struct inode *inode, const struct fuse_bpf_seen *seen);
bool fuse_bpf_attr_settled(struct inode *inode);
bool fuse_bpf_owner_settled(struct inode *inode);
int fuse_bpf_check_setid(struct mnt_idmap *idmap, struct inode *inode);
kuid_t fuse_bpf_attr_owner(const struct inode *inode, const struct fuse_bpf_seen *seen);

/* Flags of an inode that the VFS acts upon. */
#define FUSE_BPF_INODE_FLAGS	(S_SYNC | S_DIRSYNC | S_APPEND | S_IMMUTABLE)

/*
 * Does our inode still show what it was made from?  Any context.  If so, the
 * attributes that are read afterwards are those, or newer ones.
 */
static inline bool fuse_bpf_attr_fresh(const struct inode *inode)
{
	const struct fuse_bpf_inode *fi = fuse_bpf_inode(inode);
	const struct inode *backing = fi->backing;

	if (READ_ONCE(fi->seen.mode) != READ_ONCE(backing->i_mode) ||
	    !uid_eq(READ_ONCE(fi->seen.uid), READ_ONCE(backing->i_uid)) ||
	    !gid_eq(READ_ONCE(fi->seen.gid), READ_ONCE(backing->i_gid)) ||
	    ((READ_ONCE(inode->i_flags) ^ READ_ONCE(backing->i_flags)) & FUSE_BPF_INODE_FLAGS) ||
	    (fi->slot && READ_ONCE(fi->seen.generation) != READ_ONCE(fi->slot->generation)))
		return false;
	/* Pairs with fuse_bpf_attr_store(). */
	smp_rmb();
	return true;
}

/* lookup.c */
extern const struct dentry_operations fuse_bpf_dentry_operations;
struct dentry *fuse_bpf_lookup(struct inode *dir, struct dentry *dentry,
			       unsigned int flags);
int fuse_bpf_revalidate(struct inode *dir, const struct qstr *name,
			struct dentry *dentry, unsigned int flags);
void fuse_bpf_dentry_set(struct dentry *dentry, struct dentry *backing);
void fuse_bpf_dentry_confirm(struct dentry *dentry);
bool fuse_bpf_verdict_outlives(const struct dentry *dentry);
void fuse_bpf_verdict_carry(const struct inode *dir, struct dentry *dentry, bool keep,
			    const struct fuse_bpf_child_rule *child);
struct dentry *fuse_bpf_splice(struct inode *dir, struct dentry *dentry, struct inode *inode,
			       const struct fuse_bpf_child_rule *child);
bool fuse_bpf_dentry_adopt(struct dentry *dentry, struct dentry *backing);
bool fuse_bpf_dentry_weird(const struct dentry *backing);
struct fuse_bpf_slot *fuse_bpf_child_slot(const struct inode *dir,
					  const struct fuse_bpf_child_rule *child);
u64 fuse_bpf_child_mask(const struct inode *dir, const struct fuse_bpf_child_rule *child);
bool fuse_bpf_same_key(const struct inode *inode, const struct inode *dir,
		       const struct fuse_bpf_child_rule *child);
int fuse_bpf_dentries_init(void);
void fuse_bpf_dentries_exit(void);

/* dir.c, file.c, readdir.c, xattr.c: tables that inode.c installs */
extern const struct inode_operations fuse_bpf_dir_inode_operations;
extern const struct file_operations fuse_bpf_file_operations;
extern const struct file_operations fuse_bpf_unshared_file_operations;
extern const struct file_operations fuse_bpf_dir_operations;
extern const struct xattr_handler * const fuse_bpf_xattr_handlers[];

bool fuse_bpf_is_our_file(const struct file *file);
struct file *fuse_bpf_lowest_file(struct file *file);
int fuse_bpf_open(struct inode *inode, struct file *file);
void fuse_bpf_adopt_file(struct file *file, struct file *backing);
int fuse_bpf_fiemap(struct inode *inode, struct fiemap_extent_info *info, u64 start,
		    u64 len);
int fuse_bpf_fileattr_get(struct dentry *dentry, struct file_kattr *fa);
int fuse_bpf_fileattr_set(struct mnt_idmap *idmap, struct dentry *dentry,
			  struct file_kattr *fa);
int fuse_bpf_release(struct inode *inode, struct file *file);
int fuse_bpf_fsync(struct file *file, loff_t start, loff_t end, int datasync);
int fuse_bpf_lock(struct file *file, int cmd, struct file_lock *fl);
int fuse_bpf_flock(struct file *file, int cmd, struct file_lock *fl);
ssize_t fuse_bpf_listxattr(struct dentry *dentry, char *list, size_t size);
struct posix_acl *fuse_bpf_get_inode_acl(struct inode *inode, int type, bool rcu);
struct posix_acl *fuse_bpf_get_acl(struct mnt_idmap *idmap, struct dentry *dentry,
				   int type);
int fuse_bpf_set_acl(struct mnt_idmap *idmap, struct dentry *dentry,
		     struct posix_acl *acl, int type);

/* Is the backing filesystem another mount of ours? */
static inline bool fuse_bpf_is_over_ours(const struct super_block *sb)
{
	return fuse_bpf_sb(sb)->mnt->mnt_sb->s_magic == FUSE_BPF_SUPER_MAGIC;
}

/* super.c, export.c, mount.c, proc.c */
int fuse_bpf_fill_super(struct super_block *sb, struct fs_context *fc);
dev_t fuse_bpf_other_dev(struct super_block *sb, dev_t backing);
void fuse_bpf_export(struct super_block *sb);
void fuse_bpf_sb_free(struct fuse_bpf_sb *fsb);
extern struct file_system_type fuse_bpf_fs_type;
int fuse_bpf_proc_init(void);
void fuse_bpf_proc_exit(void);

/* What st_dev says for a file on device @backing below.  May sleep. */
static inline dev_t fuse_bpf_dev(struct super_block *sb, dev_t backing)
{
	if (likely(backing == fuse_bpf_sb(sb)->mnt->mnt_sb->s_dev))
		return sb->s_dev;
	return fuse_bpf_other_dev(sb, backing);
}

#endif /* _FUSE_BPF_I_H */
