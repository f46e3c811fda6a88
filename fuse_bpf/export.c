// SPDX-License-Identifier: GPL-2.0-only
/*
 * File handles: the backing filesystem's, with a word of ours in front.
 *
 * A handle goes round every name, and with the names round what the lookup
 * programs say of them.  So there are handles on a mount without programs, and
 * where the set of programs says FUSE_BPF_F_HANDLES.  What a handle leads to
 * stands under the programs of the mount, not narrowed by any of the names.
 */
#include <linux/exportfs.h>
#include <linux/fs.h>
#include "fuse_bpf_i.h"

/* The type of our handles, and the first word of one. */
#define FUSE_BPF_FILEID		0x66
#define FUSE_BPF_FILEID_VERSION	1

struct fuse_bpf_fid {
	u8 version;
	u8 type;		/* the backing filesystem's for what follows */
	u8 zero[2];
	u32 fid[];
};

#define FUSE_BPF_FID_WORDS	(sizeof(struct fuse_bpf_fid) / sizeof(u32))

static bool fuse_bpf_handles_allowed(const struct fuse_bpf_sb *fsb)
{
	return !fsb->slot || (fuse_bpf_slot_flags(fsb->slot) & FUSE_BPF_F_HANDLES);
}

/* A set of programs that took the place of the mount's may allow less. */
static int fuse_bpf_encode_fh(struct inode *inode, u32 *fh, int *max_words,
			      struct inode *parent)
{
	struct fuse_bpf_fid *fid = (void *)fh;
	int words = *max_words - FUSE_BPF_FID_WORDS;
	int type;

	if (!fuse_bpf_handles_allowed(fuse_bpf_sb(inode->i_sb)))
		return FILEID_INVALID;
	words = max(words, 0);
	type = compat_encode_fh(fuse_bpf_backing_inode(inode), (void *)fid->fid, &words,
				parent ? fuse_bpf_backing_inode(parent) : NULL);
	*max_words = words + FUSE_BPF_FID_WORDS;
	if (type <= FILEID_ROOT || type >= FILEID_INVALID)
		return FILEID_INVALID;
	*fid = (struct fuse_bpf_fid) { .version = FUSE_BPF_FILEID_VERSION, .type = type };
	return FUSE_BPF_FILEID;
}

/* A handle must not lead out of the directory that the mount shows. */
static int fuse_bpf_acceptable(void *context, struct dentry *backing)
{
	const struct fuse_bpf_sb *fsb = context;

	return !fuse_bpf_d_is_dir(backing) || is_subdir(backing, fsb->root);
}

static int fuse_bpf_acceptable_connected(void *context, struct dentry *backing)
{
	const struct fuse_bpf_sb *fsb = context;

	return !(READ_ONCE(backing->d_flags) & DCACHE_DISCONNECTED) && is_subdir(backing, fsb->root);
}

/* The backing dentry of a handle, referenced, or an ERR_PTR. */
static struct dentry *fuse_bpf_decode(struct super_block *sb, struct fid *raw, int words,
				      int type, int (*acceptable)(void *, struct dentry *))
{
	struct fuse_bpf_sb *fsb = fuse_bpf_sb(sb);
	struct fuse_bpf_fid *fid = (void *)raw;
	struct dentry *backing;
	const struct cred *old;
	int err;

	if (type != FUSE_BPF_FILEID || words <= FUSE_BPF_FID_WORDS ||
	    fid->version != FUSE_BPF_FILEID_VERSION || fid->zero[0] || fid->zero[1] ||
	    !fuse_bpf_handles_allowed(fsb))
		return ERR_PTR(-ESTALE);
	err = fuse_bpf_detached(d_inode(sb->s_root));
	if (err)
		return ERR_PTR(err);
	old = fuse_bpf_creds_enter(sb);
	if (IS_ERR(old))
		return ERR_CAST(old);
	backing = compat_decode_fh(fsb->mnt, (void *)fid->fid, words - FUSE_BPF_FID_WORDS,
				   fid->type, acceptable, fsb);
	fuse_bpf_creds_leave(old);
	return backing ?: ERR_PTR(-ESTALE);
}

/*
 * A dentry of ours for @backing, whose reference is taken over.  A new one has
 * no name yet; a lookup that comes to the same directory moves it to its place.
 */
static struct dentry *fuse_bpf_obtain(struct super_block *sb, struct dentry *backing)
{
	struct fuse_bpf_sb *fsb = fuse_bpf_sb(sb);
	struct dentry *dentry;
	struct inode *inode;

	if (backing == fsb->root) {
		dentry = dget(sb->s_root);
		goto put;
	}
	dentry = ERR_PTR(-ESTALE);
	if (d_really_is_negative(backing) || fuse_bpf_dentry_weird(backing))
		goto put;
	inode = fuse_bpf_iget(sb, d_inode(backing), fsb->slot, ~0ULL);
	dentry = IS_ERR(inode) ? ERR_CAST(inode) : d_obtain_alias(inode);
	fuse_bpf_point("handle:obtained");
	if (!IS_ERR(dentry) && fuse_bpf_dentry_adopt(dentry, backing))
		return dentry;
put:
	dput(backing);
	return dentry;
}

static struct dentry *fuse_bpf_fh_to_dentry(struct super_block *sb, struct fid *fid,
					    int words, int type)
{
	struct dentry *backing = fuse_bpf_decode(sb, fid, words, type, fuse_bpf_acceptable);

	return IS_ERR(backing) ? backing : fuse_bpf_obtain(sb, backing);
}

/* The parent that the handle names is the one under which its file is found below. */
static struct dentry *fuse_bpf_fh_to_parent(struct super_block *sb, struct fid *fid,
					    int words, int type)
{
	struct dentry *backing, *parent;

	backing = fuse_bpf_decode(sb, fid, words, type, fuse_bpf_acceptable_connected);
	if (IS_ERR(backing))
		return backing;
	parent = dget_parent(backing);
	dput(backing);
	return fuse_bpf_obtain(sb, parent);
}

static struct dentry *fuse_bpf_get_parent(struct dentry *dentry)
{
	struct fuse_bpf_sb *fsb = fuse_bpf_sb(dentry->d_sb);
	struct dentry *parent = dget_parent(fuse_bpf_backing_dentry(dentry));

	if (is_subdir(parent, fsb->root))
		return fuse_bpf_obtain(dentry->d_sb, parent);
	/* It was moved out of what the mount shows. */
	dput(parent);
	return ERR_PTR(-ESTALE);
}

static const struct export_operations fuse_bpf_export_operations = {
	.encode_fh	= fuse_bpf_encode_fh,
	.fh_to_dentry	= fuse_bpf_fh_to_dentry,
	.fh_to_parent	= fuse_bpf_fh_to_parent,
	.get_parent	= fuse_bpf_get_parent,
};

/* For a superblock being filled.  Without it the VFS says EOPNOTSUPP. */
void fuse_bpf_export(struct super_block *sb)
{
	const struct fuse_bpf_sb *fsb = fuse_bpf_sb(sb);
	const struct export_operations *below = fsb->mnt->mnt_sb->s_export_op;

	if (below && below->fh_to_dentry && fuse_bpf_handles_allowed(fsb))
		sb->s_export_op = &fuse_bpf_export_operations;
}
