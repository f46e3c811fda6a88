// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mounting: options, the source directory, and why a mount is refused.  Every
 * refusal says so in the fs_context log, which mount(8) prints.
 */
#include <linux/fs_parser.h>
#include <linux/module.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include "fuse_bpf_i.h"

/* Between fsopen and the superblock; fc->fs_private. */
struct fuse_bpf_mount {
	struct fuse_bpf_slot *slot;	/* counted; by ops= or ops_fd= */
	enum fuse_bpf_detach detach;
};

enum { FUSE_BPF_OPT_SOURCE, FUSE_BPF_OPT_OPS, FUSE_BPF_OPT_OPS_FD, FUSE_BPF_OPT_DETACH };

static const struct constant_table fuse_bpf_detach_choices[] = {
	{ "keep",	FUSE_BPF_DETACH_KEEP },
	{ "fail",	FUSE_BPF_DETACH_FAIL },
	{ "pass",	FUSE_BPF_DETACH_PASS },
	{}
};

static const struct fs_parameter_spec fuse_bpf_parameters[] = {
	fsparam_string("source",	FUSE_BPF_OPT_SOURCE),
	fsparam_string("ops",		FUSE_BPF_OPT_OPS),
	fsparam_fd("ops_fd",		FUSE_BPF_OPT_OPS_FD),
	fsparam_string("detach",	FUSE_BPF_OPT_DETACH),
	{}
};

/* --- options ------------------------------------------------------------------------- */

static int fuse_bpf_take_slot(struct fs_context *fc, struct fuse_bpf_slot *slot)
{
	struct fuse_bpf_mount *m = fc->fs_private;

	if (IS_ERR(slot))
		return PTR_ERR(slot);
	m->slot = slot;
	return 0;
}

static int fuse_bpf_parse_ops(struct fs_context *fc, const char *name)
{
	struct fuse_bpf_slot *slot = fuse_bpf_slot_by_name(name, fc->user_ns);

	if (!slot) {
		errorfc(fc, "ops=%s: no live set of programs has this name in your user namespace; attach one, or see /proc/fs/fuse_bpf/ops", name);
		return -ENOENT;
	}
	return fuse_bpf_take_slot(fc, slot);
}

static int fuse_bpf_parse_detach(struct fs_context *fc, const char *choice)
{
	struct fuse_bpf_mount *m = fc->fs_private;
	int detach = lookup_constant(fuse_bpf_detach_choices, choice, -1);

	if (detach < 0)
		return invalfc(fc, "detach=%s: choose keep, fail or pass", choice);
	m->detach = detach;
	return 0;
}

/* mount(8) repeats the options of a mount when it changes another one. */
static int fuse_bpf_same_option(struct fs_context *fc, const struct fs_parameter *param,
				int opt)
{
	const struct fuse_bpf_sb *fsb = fuse_bpf_sb(fc->root->d_sb);

	if (opt == FUSE_BPF_OPT_SOURCE)
		return 0;
	if (opt == FUSE_BPF_OPT_OPS && fsb->slot && !strcmp(param->string, fsb->slot->name))
		return 0;
	if (opt == FUSE_BPF_OPT_DETACH &&
	    lookup_constant(fuse_bpf_detach_choices, param->string, -1) == fsb->detach)
		return 0;
	return invalfc(fc, "%s: cannot be changed on a live mount; unmount it and mount it anew", param->key);
}

static int fuse_bpf_parse_param(struct fs_context *fc, struct fs_parameter *param)
{
	struct fuse_bpf_mount *m = fc->fs_private;
	struct fs_parse_result result;
	int opt;

	opt = fs_parse(fc, fuse_bpf_parameters, param, &result);
	if (opt == -ENOPARAM)
		return invalfc(fc, "%s: no such option; there are ops=, ops_fd= and detach=", param->key);
	if (opt < 0)
		return opt;
	if (fc->purpose == FS_CONTEXT_FOR_RECONFIGURE)
		return fuse_bpf_same_option(fc, param, opt);
	if ((opt == FUSE_BPF_OPT_OPS || opt == FUSE_BPF_OPT_OPS_FD) && m->slot)
		return invalfc(fc, "%s: the programs were named already; give one of ops= and ops_fd=, once", param->key);

	if (opt == FUSE_BPF_OPT_SOURCE && fc->source)
		return invalfc(fc, "source: %s was named already; a mount has one, give it once", fc->source);

	switch (opt) {
	case FUSE_BPF_OPT_SOURCE:
		return vfs_parse_fs_param_source(fc, param);
	case FUSE_BPF_OPT_OPS:
		return fuse_bpf_parse_ops(fc, param->string);
	case FUSE_BPF_OPT_OPS_FD:
		return fuse_bpf_take_slot(fc, fuse_bpf_slot_by_fd(compat_param_fd(param, &result), fc));
	default:
		return fuse_bpf_parse_detach(fc, param->string);
	}
}

/* --- the source --------------------------------------------------------------------------- */

static int fuse_bpf_check_source(struct fs_context *fc, const struct path *path)
{
	const struct super_block *below = path->dentry->d_sb;

	if (below->s_stack_depth >= FILESYSTEM_MAX_STACK_DEPTH) {
		errorfc(fc, "source %s: lies on %d stacked filesystems already, the kernel's limit; mount over what is below them",
			fc->source, below->s_stack_depth);
		return -EINVAL;
	}
	if (fuse_bpf_dentry_weird(path->dentry)) {
		errorfc(fc, "source %s: %s folds case or mounts by itself, which cannot be stacked on; choose another directory",
			fc->source, below->s_type->name);
		return -EINVAL;
	}
	return 0;
}

static int fuse_bpf_find_source(struct fs_context *fc, struct path *path)
{
	int err;

	if (!fc->source)
		return invalfc(fc, "source: missing; name the directory to mount over");
	err = kern_path(fc->source, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, path);
	if (err) {
		errorfc(fc, "source %s: %s", fc->source,
			err == -ENOENT ? "no such directory" :
			err == -ENOTDIR ? "not a directory" :
			err == -EACCES ? "you may not get there" : "cannot be looked up");
		return err;
	}
	err = fuse_bpf_check_source(fc, path);
	if (err)
		path_put(path);
	return err;
}

/* --- making the superblock ------------------------------------------------------------------ */

static struct fuse_bpf_sb *fuse_bpf_sb_new(struct fs_context *fc, const struct path *source)
{
	static atomic64_t last_mount_id;
	struct fuse_bpf_mount *m = fc->fs_private;
	struct fuse_bpf_sb *fsb = kzalloc(sizeof(*fsb), GFP_KERNEL);
	struct vfsmount *mnt;

	if (!fsb)
		return ERR_PTR(-ENOMEM);
	spin_lock_init(&fsb->lock);
	/* A user who makes subvolumes pays for what that takes. */
	xa_init_flags(&fsb->devs, XA_FLAGS_ACCOUNT);
	fsb->detach = m->detach;
	fsb->mount_id = atomic64_inc_return(&last_mount_id);
	fsb->slot = fuse_bpf_slot_get(m->slot);
	if (fsb->slot)
		atomic_long_inc(&fsb->slot->mounts);
	/* As in fuse_bpf_creds_find(): others have the same credentials. */
	fsb->mounter = data_race(get_cred(fc->cred));
	fsb->root = dget(source->dentry);
	fsb->creds = fuse_bpf_creds_alloc();
	if (!fsb->creds) {
		fuse_bpf_sb_free(fsb);
		return ERR_PTR(-ENOMEM);
	}
	mnt = clone_private_mount(source);
	if (IS_ERR(mnt)) {
		errorfc(fc, "source %s: its mount cannot be cloned (%ld); it is unbindable, covers another, or belongs to another namespace",
			fc->source, PTR_ERR(mnt));
		fuse_bpf_sb_free(fsb);
		return ERR_CAST(mnt);
	}
	fsb->mnt = mnt;
	return fsb;
}

static int fuse_bpf_make_mount(struct fs_context *fc)
{
	struct fuse_bpf_mount *m = fc->fs_private;
	struct fuse_bpf_sb *fsb;
	struct path source;
	int err;

	if (m->slot && (READ_ONCE(m->slot->wanted) & FUSE_BPF_SLOT_DEAD)) {
		errorfc(fc, "ops=%s: this set of programs was detached meanwhile; attach it again", m->slot->name);
		return -ENOENT;
	}
	err = fuse_bpf_find_source(fc, &source);
	if (err)
		return err;
	fsb = fuse_bpf_sb_new(fc, &source);
	path_put(&source);
	if (IS_ERR(fsb))
		return PTR_ERR(fsb);
	fc->s_fs_info = fsb;
	/* The superblock takes s_fs_info over; else fuse_bpf_free_fc() has it. */
	return get_tree_nodev(fc, fuse_bpf_fill_super);
}

/*
 * The mounter is the task that called fsopen(2), whose credentials @fc holds.  Another
 * may have the descriptor and call fsconfig(2): it gives none of its own rights.
 */
static int fuse_bpf_get_tree(struct fs_context *fc)
{
	const struct cred *caller = fuse_bpf_swap_creds(fc->cred);
	int err = fuse_bpf_make_mount(fc);

	fuse_bpf_swap_creds(caller);
	return err;
}

static int fuse_bpf_reconfigure(struct fs_context *fc)
{
	/* Writable again above what became read-only below would only be a lie. */
	if (!(fc->sb_flags & SB_RDONLY) && __mnt_is_readonly(fuse_bpf_sb(fc->root->d_sb)->mnt)) {
		errorfc(fc, "rw: the backing mount is read-only; make that writable first");
		return -EROFS;
	}
	return 0;
}

static void fuse_bpf_free_fc(struct fs_context *fc)
{
	struct fuse_bpf_mount *m = fc->fs_private;

	if (m)
		fuse_bpf_slot_put(m->slot);
	kfree(m);
	if (fc->s_fs_info)
		fuse_bpf_sb_free(fc->s_fs_info);
}

static const struct fs_context_operations fuse_bpf_context_operations = {
	.parse_param	= fuse_bpf_parse_param,
	.get_tree	= fuse_bpf_get_tree,
	.reconfigure	= fuse_bpf_reconfigure,
	.free		= fuse_bpf_free_fc,
};

static int fuse_bpf_init_fs_context(struct fs_context *fc)
{
	fc->fs_private = kzalloc(sizeof(struct fuse_bpf_mount), GFP_KERNEL);
	if (!fc->fs_private)
		return -ENOMEM;
	fc->ops = &fuse_bpf_context_operations;
	return 0;
}

static void fuse_bpf_kill_sb(struct super_block *sb)
{
	struct fuse_bpf_sb *fsb = fuse_bpf_sb(sb);

	kill_anon_super(sb);
	if (fsb)
		fuse_bpf_sb_free(fsb);
}

struct file_system_type fuse_bpf_fs_type = {
	.owner			= THIS_MODULE,
	.name			= "fuse_bpf",
	.init_fs_context	= fuse_bpf_init_fs_context,
	.parameters		= fuse_bpf_parameters,
	.fs_flags		= FS_ALLOW_IDMAP,
	.kill_sb		= fuse_bpf_kill_sb,
};
MODULE_ALIAS_FS("fuse_bpf");
