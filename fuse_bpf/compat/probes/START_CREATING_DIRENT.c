// SPDX-License-Identifier: GPL-2.0-only
/* The VFS looks up, locks and unlocks for a change of names. */
#include <linux/fs.h>
#include <linux/namei.h>

static_assert(__same_type(start_creating,
			  struct dentry *(struct mnt_idmap *, struct dentry *,
					  struct qstr *)));
static_assert(__same_type(start_removing,
			  struct dentry *(struct mnt_idmap *, struct dentry *,
					  struct qstr *)));
static_assert(__same_type(start_creating_dentry,
			  struct dentry *(struct dentry *, struct dentry *)));
static_assert(__same_type(start_removing_dentry,
			  struct dentry *(struct dentry *, struct dentry *)));
static_assert(__same_type(start_renaming,
			  int (struct renamedata *, int, struct qstr *,
			       struct qstr *)));
static_assert(__same_type(start_renaming_two_dentries,
			  int (struct renamedata *, struct dentry *,
			       struct dentry *)));
static_assert(__same_type(end_dirop, void (struct dentry *)));
static_assert(__same_type(end_renaming, void (struct renamedata *)));
