/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Idmaps of mounts.  Before there was a struct mnt_idmap the kernel passed the
 * user namespace that stood for one in its place, everywhere: so it is the same
 * type by another name, once all headers that know it have been read.  The
 * probes are built with this too, so that one form of a fact does for both.
 */
#ifndef _FUSE_BPF_COMPAT_IDMAP_H
#define _FUSE_BPF_COMPAT_IDMAP_H

#ifdef HAVE_MNT_USER_NS

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/mnt_idmapping.h>
#include <linux/mount.h>
#include <linux/posix_acl_xattr.h>
#include <linux/user_namespace.h>
#include <linux/xattr.h>

/* "struct mnt_idmap" by the first, "mnt_idmap(mnt)" by both, one after the other. */
#define mnt_idmap		user_namespace
#define user_namespace(mnt)	mnt_user_ns(mnt)

#define old_mnt_idmap		old_mnt_userns
#define new_mnt_idmap		new_mnt_userns

#define nop_mnt_idmap		init_user_ns
#define file_mnt_idmap(file)	mnt_user_ns((file)->f_path.mnt)
#define mnt_idmap_get(idmap)	get_user_ns(idmap)
#define mnt_idmap_put(idmap)	put_user_ns(idmap)

#endif

#endif /* _FUSE_BPF_COMPAT_IDMAP_H */
