/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Older kernels made to look like the newest one.  Each compat_*() has the
 * newest kernel's contract; which form is built was found out by compiling
 * (probes/) or by a symbol's presence, never by a version number.
 */
#ifndef _FUSE_BPF_COMPAT_H
#define _FUSE_BPF_COMPAT_H

#include "probes.h"
#include "btf-layout.h"
#include "compat/idmap.h"
#include "compat/acl.h"
#include "compat/bpf.h"
#include "compat/dirop.h"
#include "compat/export.h"
#include "compat/file.h"
#include "compat/inode.h"
#include "compat/mount.h"

#endif /* _FUSE_BPF_COMPAT_H */
