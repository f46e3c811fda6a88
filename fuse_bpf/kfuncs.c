// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kfuncs: what a program learns about an operation's names, and what it
 * decides about a child.  Only struct_ops programs of our own type get them.
 *
 * The context is the head of what they need to know: it is a member of the
 * struct fuse_bpf_call of the operation, and the verifier passes no pointer
 * but the one that the program was called with: it would take any memory of the
 * size for a struct of numbers, but this one has a pointer in it.
 *
 * What the context says is for the program.  Nothing here goes by it: on some
 * kernels a program can write to any field (see struct fuse_bpf_call).
 *
 * Buffers may be NULL where the verifier does not tell a pointer that was
 * compared with NULL from one that was not.
 */
#include <linux/bpf.h>
#include <linux/bpf_verifier.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xxhash.h>
#include "fuse_bpf_i.h"

/* Patterns are copied before they are parsed: a map value changes under us. */
#define FUSE_BPF_PATTERN_MAX	256

struct fuse_bpf_text {
	const char *s;
	u32 len;
};

static struct fuse_bpf_call *fuse_bpf_call_of(struct fuse_bpf_ctx *ctx)
{
	return container_of(ctx, struct fuse_bpf_call, ctx);
}

/* The name that @which means, or -ENODATA where the operation has none. */
static int fuse_bpf_find_text(const struct fuse_bpf_call *call, u32 which,
			      struct fuse_bpf_text *text)
{
	const struct qstr *q = NULL;
	const char *s = NULL;

	switch (which) {
	case FUSE_BPF_NAME:
		q = call->name;
		break;
	case FUSE_BPF_NEWNAME:
		q = call->newname;
		break;
	case FUSE_BPF_XATTR:
		s = call->xattr;
		break;
	case FUSE_BPF_LINK:
		s = call->link;
		break;
	default:
		return -EINVAL;
	}
	if (!q && !s)
		return -ENODATA;
	text->s = q ? (const char *)q->name : s;
	text->len = q ? q->len : strlen(s);
	return 0;
}

/* --- matching -------------------------------------------------------------------- */

struct fuse_bpf_pattern {
	const char *end;
	const char *last_close;		/* the last ']' in it, or NULL */
};

static const char *fuse_bpf_last_close(const char *p, u32 len)
{
	while (len--)
		if (p[len] == ']')
			return p + len;
	return NULL;
}

/* What a [..] class begins with: the first member, a ']' there being one too. */
static const char *fuse_bpf_class_start(const char *p, const struct fuse_bpf_pattern *pat)
{
	p++;
	return p + (p < pat->end && (*p == '!' || *p == '^'));
}

/*
 * Does the '[' at @p begin a class?  It needs a ']' behind the first member, any
 * one: where the class then ends is for fuse_bpf_match_class() to find.  Without
 * one '[' stands for itself, which must not take a walk to the end to find out.
 */
static bool fuse_bpf_is_class(const char *p, const struct fuse_bpf_pattern *pat)
{
	return pat->last_close && pat->last_close > fuse_bpf_class_start(p, pat);
}

/* The class at @p, known to be one.  Sets @match; the position after its ']'. */
static const char *fuse_bpf_match_class(const char *p, const struct fuse_bpf_pattern *pat,
					u8 c, bool *match)
{
	const char *first = fuse_bpf_class_start(p, pat);
	bool negate = first > p + 1, hit = false;

	for (p = first; p == first || *p != ']';) {
		u8 low = *p++;
		u8 high = low;

		/* There is a ']' ahead, so neither byte is past the end. */
		if (p[0] == '-' && p[1] != ']') {
			high = p[1];
			p += 2;
		}
		hit |= low <= c && c <= high;
	}
	*match = hit != negate;
	return p + 1;
}

/* One pattern element that is no '*' against one byte; next position or NULL. */
static const char *fuse_bpf_match_one(const char *p, const struct fuse_bpf_pattern *pat, u8 c)
{
	const char *next;
	bool match;

	switch (*p) {
	case '?':
		return p + 1;
	case '[':
		if (!fuse_bpf_is_class(p, pat))
			break;
		next = fuse_bpf_match_class(p, pat, c, &match);
		return match ? next : NULL;
	case '\\':
		if (p + 1 < pat->end)
			p++;
		break;
	}
	return (u8)*p == c ? p + 1 : NULL;
}

/*
 * Only the last '*' is ever gone back to, and between two goings back an element
 * is looked at once, all of its bytes at most.  So the work is at most the
 * product of the two lengths, and needs no stack.
 */
static bool fuse_bpf_match(const char *p, u32 len, const struct fuse_bpf_text *text)
{
	const struct fuse_bpf_pattern pat = {
		.end = p + len,
		.last_close = fuse_bpf_last_close(p, len),
	};
	const char *end = pat.end, *star = NULL, *next;
	u32 i = 0, star_i = 0;

	while (i < text->len) {
		if (p < end && *p == '*') {
			star = ++p;
			star_i = i;
			continue;
		}
		next = p < end ? fuse_bpf_match_one(p, &pat, text->s[i]) : NULL;
		if (next) {
			p = next;
			i++;
		} else if (star) {
			p = star;
			i = ++star_i;
		} else {
			return false;
		}
	}
	while (p < end && *p == '*')
		p++;
	return p == end;
}

/* --- the kfuncs -------------------------------------------------------------------- */

__bpf_kfunc_start_defs();

/**
 * bpf_fuse_read_name - copy a name into the program's own memory
 * @ctx: the program's context
 * @which: FUSE_BPF_NAME, _NEWNAME, _XATTR or _LINK
 * @buf: where to; what the name does not fill is zeroed, so that it can be a
 *	map key at once
 * @buf__sz: bytes of @buf
 *
 * Context: any, does not sleep.
 * Return: the name's length in bytes; -ENAMETOOLONG if it does not fit (@buf is
 * then all zero), -ENODATA if the operation has no such name, -EINVAL.
 */
__bpf_kfunc int bpf_fuse_read_name(struct fuse_bpf_ctx *ctx, u32 which, void *buf,
				   u32 buf__sz)
{
	struct fuse_bpf_text text;
	int err;

	if (!buf)
		return -EINVAL;
	memset(buf, 0, buf__sz);
	err = fuse_bpf_find_text(fuse_bpf_call_of(ctx), which, &text);
	if (err)
		return err;
	if (text.len > buf__sz)
		return -ENAMETOOLONG;
	memcpy(buf, text.s, text.len);
	return text.len;
}

/**
 * bpf_fuse_match_name - match a name against a glob
 * @ctx: the program's context
 * @which: as for bpf_fuse_read_name()
 * @pat: the pattern: * ? [a-z] [!a-z], and a backslash quotes, but not within
 *	[]; a [ without ] is itself; up to its NUL
 * @pat__sz: bytes of @pat, at most 256 of which count
 *
 * Context: any, does not sleep.
 * Return: whether it matches as a whole; false if there is no such name.
 */
__bpf_kfunc bool bpf_fuse_match_name(struct fuse_bpf_ctx *ctx, u32 which,
				     const char *pat, u32 pat__sz)
{
	char copy[FUSE_BPF_PATTERN_MAX];
	struct fuse_bpf_text text;
	size_t len = min_t(size_t, pat__sz, sizeof(copy));

	if (!pat || fuse_bpf_find_text(fuse_bpf_call_of(ctx), which, &text))
		return false;
	memcpy(copy, pat, len);
	return fuse_bpf_match(copy, strnlen(copy, len), &text);
}

/**
 * bpf_fuse_hash_name - hash a name
 * @ctx: the program's context
 * @which: as for bpf_fuse_read_name()
 * @seed: seed of the hash
 *
 * Context: any, does not sleep.
 * Return: XXH64 of the name, so that user space can fill the map; 0 if there
 * is no such name.
 */
__bpf_kfunc u64 bpf_fuse_hash_name(struct fuse_bpf_ctx *ctx, u32 which, u64 seed)
{
	struct fuse_bpf_text text;

	if (fuse_bpf_find_text(fuse_bpf_call_of(ctx), which, &text))
		return 0;
	return xxh64(text.s, text.len, seed);
}

/**
 * bpf_fuse_read_path - copy the path that the operation is about
 * @ctx: the program's context
 * @which: FUSE_BPF_PATH or FUSE_BPF_NEWPATH
 * @buf: where to: the path inside the mount, from "/", NUL-terminated
 * @buf__sz: bytes of @buf
 *
 * A rename makes it stale at once, and a hard link has several: good for an
 * audit, not for a decision.
 *
 * Context: any, does not sleep.
 * Return: its length without the NUL; -ENAMETOOLONG, -ENODATA where the VFS
 * names an inode alone (access, getattr of an ACL), -EINVAL.
 */
__bpf_kfunc int bpf_fuse_read_path(struct fuse_bpf_ctx *ctx, u32 which, char *buf,
				   u32 buf__sz)
{
	struct fuse_bpf_call *call = fuse_bpf_call_of(ctx);
	u32 size = min_t(u32, buf__sz, PATH_MAX);
	struct dentry *dentry;
	char *path;
	int len;

	if (!buf || (which != FUSE_BPF_PATH && which != FUSE_BPF_NEWPATH))
		return -EINVAL;
	dentry = which == FUSE_BPF_PATH ? call->dentry : call->newdentry;
	if (!dentry)
		return -ENODATA;
	path = dentry_path_raw(dentry, buf, size);
	if (IS_ERR(path)) {
		memset(buf, 0, buf__sz);
		return PTR_ERR(path);
	}
	/* It ends before the last of @size bytes.  @buf may be a map value, which others write to. */
	len = buf + size - 1 - path;
	memmove(buf, path, len);
	memset(buf + len, 0, buf__sz - len);
	return len;
}

/**
 * bpf_fuse_set_child - decide about the child that the operation leads to
 * @ctx: the program's context, of lookup or, in the pre phase, of what makes an
 *	inode
 * @what: enum fuse_bpf_child
 * @arg: for FUSE_BPF_CHILD_OPS enum fuse_bpf_child_ops; for
 *	FUSE_BPF_CHILD_MASK the operations that the ops shall see of the child and
 *	all below it, as enum fuse_bpf_child says
 *
 * Context: any, does not sleep.
 * Return: 0, or -EINVAL for another operation or phase, @what or @arg, and for
 * what makes an inode under a set with FUSE_BPF_F_PER_CALLER.
 */
__bpf_kfunc int bpf_fuse_set_child(struct fuse_bpf_ctx *ctx, u32 what, u64 arg)
{
	struct fuse_bpf_call *call = fuse_bpf_call_of(ctx);

	if (!(fuse_bpf_op_descs[call->op].flags & FUSE_BPF_OPF_CHILD))
		return -EINVAL;
	/* A later walk goes by what lookup says to its caller. */
	if (call->op != FUSE_BPF_OP_LOOKUP && (call->version->flags & FUSE_BPF_F_PER_CALLER))
		return -EINVAL;
	/* What was made has its ops by then. */
	if (call->phase == FUSE_BPF_PHASE_POST && call->op != FUSE_BPF_OP_LOOKUP)
		return -EINVAL;
	switch (what) {
	case FUSE_BPF_CHILD_OPS:
		if (arg != FUSE_BPF_CHILD_INHERIT && arg != FUSE_BPF_CHILD_NONE)
			return -EINVAL;
		call->child.none = arg == FUSE_BPF_CHILD_NONE;
		return 0;
	case FUSE_BPF_CHILD_MASK:
		/* Bits without a meaning here do not tell one inode from another. */
		call->child.mask = arg | ~FUSE_BPF_OP_ALL;
		return 0;
	}
	return -EINVAL;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(fuse_bpf_kfunc_ids)
BTF_ID_FLAGS(func, bpf_fuse_read_name, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_fuse_match_name, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_fuse_hash_name, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_fuse_read_path, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_fuse_set_child, KF_TRUSTED_ARGS)
BTF_KFUNCS_END(fuse_bpf_kfunc_ids)

/*
 * Asked only about kfuncs of this module's BTF.  The in-tree idiom (is the id
 * in my set?) lets everything pass here: the set's ids in a module whose BTF
 * was relocated are not the ones the kernel asks about.  Kernels that do not ask
 * let programs of other types call, which have no context to pass.
 */
static int __maybe_unused fuse_bpf_kfunc_filter(const struct bpf_prog *prog, u32 kfunc_id)
{
	if (prog->type == BPF_PROG_TYPE_STRUCT_OPS &&
	    prog->aux->attach_btf == fuse_bpf_module_btf())
		return 0;
	return -EACCES;
}

static const struct btf_kfunc_id_set fuse_bpf_kfunc_set = {
	.owner	= THIS_MODULE,
	.set	= &fuse_bpf_kfunc_ids,
	COMPAT_KFUNC_FILTER(fuse_bpf_kfunc_filter)
};

/* Undone with the module's BTF. */
int fuse_bpf_kfuncs_register(void)
{
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_STRUCT_OPS, &fuse_bpf_kfunc_set);
}
