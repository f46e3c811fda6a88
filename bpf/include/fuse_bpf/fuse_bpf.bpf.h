/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The author's kit: all that a BPF program for fuse_bpf includes.
 *
 *	#include <fuse_bpf/fuse_bpf.bpf.h>
 *
 * The types come from linux/fuse.h, or from a vmlinux.h of a kernel with FUSE
 * built in if that is included first.  docs/writing-programs.md has the rest.
 */
#ifndef _FUSE_BPF_BPF_H
#define _FUSE_BPF_BPF_H

/*
 * Every field access is relocated at load, so that one object runs on all
 * kernels and modules.  vmlinux.h asks for that itself.
 */
#ifdef __VMLINUX_H__
#include <linux/errno.h>
#else
#ifdef _LINUX_FUSE_H
#error "include <fuse_bpf/fuse_bpf.bpf.h> before <linux/fuse.h>: field accesses would not be relocated"
#endif
#include <stdbool.h>
#include <stdint.h>
#include <linux/bpf.h>
#include <linux/errno.h>
#include <linux/types.h>
#endif

#include <bpf/bpf_helpers.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
#ifndef __VMLINUX_H__
#include <linux/fuse.h>
#endif
#include "uapi/fuse_bpf.h"
#pragma clang attribute pop

/* kfuncs; "which" is enum fuse_bpf_name. */

/*
 * Copies a name into buf, which may then be a map key, since the rest of it is
 * zeroed.  Returns the length; -ENAMETOOLONG if it does not fit (buf is all
 * zeros then), -ENODATA if the operation has no such name.
 */
extern int bpf_fuse_read_name(struct fuse_bpf_ctx *ctx, __u32 which,
			      void *buf, __u32 buf__sz) __ksym;

/*
 * Whether a name matches a glob: *, ?, [a-z], [!a-z], backslash quotes outside
 * of [], a [ without ] is itself.  The pattern ends at its NUL or at pat__sz, and must not be const (the verifier
 * refuses .rodata): a plain global, a map value or the stack.
 */
extern _Bool bpf_fuse_match_name(struct fuse_bpf_ctx *ctx, __u32 which,
				 const char *pat, __u32 pat__sz) __ksym;

/* The xxh64 of a name, 0 if the operation has no such name. */
extern __u64 bpf_fuse_hash_name(struct fuse_bpf_ctx *ctx, __u32 which,
				__u64 seed) __ksym;

/*
 * Copies the path inside the mount, from "/".  Returns its length without the
 * NUL; -ENODATA where only an inode is known.  which: FUSE_BPF_PATH or
 * FUSE_BPF_NEWPATH.
 */
extern int bpf_fuse_read_path(struct fuse_bpf_ctx *ctx, __u32 which,
			      char *buf, __u32 buf__sz) __ksym;

/*
 * Sets what the entry gets: what is enum fuse_bpf_child.  In lookup and, in the
 * pre phase, in whatever makes an inode; -EINVAL elsewhere.
 */
extern int bpf_fuse_set_child(struct fuse_bpf_ctx *ctx, __u32 what,
			      __u64 arg) __ksym;

/* A bit of fuse_bpf_ops.post_only or of a child's mask: FUSE_BPF_BIT(GETATTR) */
#define FUSE_BPF_BIT(op)	(1ULL << FUSE_BPF_OP_##op)

/*
 * FUSE_BPF_PROG(name, args) { body } is a program for one member, its
 * arguments declared as in struct fuse_bpf_ops; trailing ones may be left out.
 * The _SLEEPABLE form may call helpers that sleep.
 */
#define FUSE_BPF_PROG(name, args...)					\
	__fuse_bpf_prog("struct_ops/" #name, name, ##args)
#define FUSE_BPF_PROG_SLEEPABLE(name, args...)				\
	__fuse_bpf_prog("struct_ops.s/" #name, name, ##args)

/* FUSE_BPF_OPS(var) = { .name = ..., .abi = 1, ... }; one per object. */
#define FUSE_BPF_OPS(var)	SEC(".struct_ops.link") struct fuse_bpf_ops var

/*
 * A struct_ops program is entered with an array of its arguments.  libbpf's
 * BPF_PROG() unpacks it as well, but takes the parameter name "ctx" for it.
 */
#define __fuse_bpf_prog(sec, name, args...)				\
	int name(__u64 *raw);						\
	static __always_inline int __fuse_bpf_##name(args);		\
	SEC(sec) int name(__u64 *raw)					\
	{								\
		return __fuse_bpf_##name(__fuse_bpf_args(args));	\
	}								\
	static __always_inline int __fuse_bpf_##name(args)
#define __fuse_bpf_args1(a)		(void *)raw[0]
#define __fuse_bpf_args2(a, b)		(void *)raw[0], (void *)raw[1]
#define __fuse_bpf_args3(a, b, c)	(void *)raw[0], (void *)raw[1], (void *)raw[2]
#define __fuse_bpf_4th(a, b, c, d, ...)	d
#define __fuse_bpf_args(args...)					\
	__fuse_bpf_4th(args, __fuse_bpf_args3, __fuse_bpf_args2,	\
		       __fuse_bpf_args1)(args)

#endif /* _FUSE_BPF_BPF_H */
