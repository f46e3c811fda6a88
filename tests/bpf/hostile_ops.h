/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A program on every operation that answers at random: any verdict and result,
 * anything written into the arguments, kfuncs with any arguments.  What is drawn
 * comes from the seed and the number of the call, or from the caller.
 * HOSTILE_PROG is what a program that may sleep is declared with, HOSTILE_SLEEP()
 * what it does beside the rest.
 */
#ifndef HOSTILE_OPS_H
#define HOSTILE_OPS_H

#include <fuse_bpf/fuse_bpf.bpf.h>
#include "hostile.h"

struct hostile hostile;

_Static_assert(HOSTILE_OP_DEFAULT == FUSE_BPF_OP_POLL + 1, "hostile.h has the wrong HOSTILE_OP_DEFAULT");
#define FUSE_BPF_OP_DEFAULT	HOSTILE_OP_DEFAULT

/* --- drawing ------------------------------------------------------------------------ */

/* splitmix64 */
static __always_inline __u64 mix(__u64 z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static __always_inline __u64 draw(struct fuse_bpf_ctx *ctx)
{
	__u64 n = __sync_fetch_and_add(&hostile.calls, 1);

	if (hostile.per_caller)
		n = (n >> 10) ^ mix(ctx->uid + 1) ^ mix(ctx->ino << 20 ^ ctx->opcode << 2 ^ ctx->phase) ^
		    bpf_fuse_hash_name(ctx, FUSE_BPF_NAME, 0);
	return mix(hostile.seed + n * 0x9e3779b97f4a7c15);
}

/* Another number of the same draw. */
#define MORE(r, n)	mix((r) + (n) * 0x632be59bd9b4e019ULL)

static __always_inline bool is_odd(__u32 bit, __u64 r)
{
	if (!(hostile.mask >> bit & 1) || r % 1000 >= hostile.chance)
		return false;
	__sync_fetch_and_add(&hostile.odd[bit], 1);
	return true;
}

/* --- answers -------------------------------------------------------------------------- */

/* ECHILD, ESTALE, ERESTART, and the kernel's own. */
static __always_inline int forbidden_errno(__u32 n)
{
	static const __u16 others[] = { 10, 116, 85, 512 };

	return n & 4 ? 512 + (n >> 4 & 31) : others[n & 3];
}

static __always_inline int any_errno(__u64 r)
{
	return r & 7 ? 1 + (r >> 8) % 133 : forbidden_errno(r >> 8);
}

static __always_inline int odd_verdict(__u64 r)
{
	__u32 n = r >> 32;

	switch (r & 15) {
	case 0:
		return FUSE_BPF_DAEMON;
	case 1:
	case 2:
		return FUSE_BPF_REPLY;
	case 3:
	case 4:
		return FUSE_BPF_BACKING | FUSE_BPF_POST;
	case 5:
		return FUSE_BPF_REPLY | FUSE_BPF_POST;
	case 6:
		return n & 0x7ff;
	case 7:
		return n;
	case 8:
		return -(int)(n & 0xfff);
	case 9:
		return n & 1 ? (int)0x80000000 : 0x7fffffff;
	default:
		return -any_errno(MORE(r, 1));
	}
}

static __always_inline void odd_result(struct fuse_bpf_ctx *ctx, __u64 r)
{
	switch (r & 7) {
	case 0:
		ctx->result = 0;
		break;
	case 1:
		ctx->result = ctx->result - 1;
		break;
	case 2:
		ctx->result = ctx->result + 1;
		break;
	case 3:
		ctx->result = ctx->result >> 1;
		break;
	case 4:
		ctx->result = MORE(r, 1);
		break;
	case 5:
	case 6:
		ctx->result = -any_errno(MORE(r, 2));
		break;
	}
}

static __always_inline int usual_verdict(struct fuse_bpf_ctx *ctx, __u32 bit, __u64 r)
{
	if (ctx->phase == FUSE_BPF_PHASE_POST || bit == FUSE_BPF_OP_READDIR)
		return FUSE_BPF_BACKING;
	return r >> 40 & 1 ? FUSE_BPF_BACKING : FUSE_BPF_BACKING | FUSE_BPF_POST;
}

/* What was written into the arguments counts only if the verdict lets it: half of the time. */
static __always_inline int answer(struct fuse_bpf_ctx *ctx, __u32 bit, __u64 r, bool odd)
{
	if (!odd)
		return usual_verdict(ctx, bit, r);
	if (ctx->phase == FUSE_BPF_PHASE_POST)
		odd_result(ctx, MORE(r, 3));
	return r >> 41 & 1 ? odd_verdict(MORE(r, 4)) : usual_verdict(ctx, bit, r);
}

/* --- kfuncs ---------------------------------------------------------------------------- */

static __always_inline void call_kfuncs(struct fuse_bpf_ctx *ctx, __u64 r)
{
	__u32 which = r >> 8 & 15 ? r >> 12 & 7 : r >> 16, size = r >> 52 & 63;
	char buf[64] = {};

	switch (r & 7) {
	case 0:
		bpf_fuse_read_name(ctx, which, buf, size);
		break;
	case 1:
		bpf_fuse_match_name(ctx, which, hostile.pattern, sizeof(hostile.pattern));
		break;
	case 2:
		bpf_fuse_hash_name(ctx, which, r);
		break;
	case 3:
		bpf_fuse_read_path(ctx, which, buf, size);
		break;
	case 4:
	case 5:
		bpf_fuse_set_child(ctx, FUSE_BPF_CHILD_OPS, r >> 20 & 31 ? r >> 25 & 1 : r);
		break;
	case 6:
		bpf_fuse_set_child(ctx, FUSE_BPF_CHILD_MASK,
				   r >> 20 & 1 ? MORE(r, 5) : ~(1ULL << (r >> 21 & 63)));
		break;
	case 7:
		bpf_fuse_set_child(ctx, which, MORE(r, 6));
		break;
	}
}

/* --- arguments --------------------------------------------------------------------------- */

static __always_inline __u64 odd_number(__u64 r)
{
	switch (r & 7) {
	case 0:
		return 0;
	case 1:
		return ~0ULL;
	case 2:
		return r;
	case 3:
		return 1ULL << (r >> 8 & 63);
	default:
		return r >> 8 & 0xffff;
	}
}

static __always_inline __u32 odd_id(__u64 r)
{
	switch (r & 7) {
	case 0:
		return ~0U;
	case 1:
		return r >> 8;
	case 2:
	case 3:
		return 0;
	default:
		return 1000 + (r >> 8 & 3);
	}
}

/* Permission bits, now and then others. */
static __always_inline __u32 odd_mode(__u32 mode, __u64 r)
{
	return mode ^ (r & 7 ? r >> 8 & 07777 : r >> 8);
}

/* Some of the words of *p; by constant offsets, which is all that the verifier takes. */
#define SCRIBBLE(p, r) do {								\
	volatile __u64 *word = (void *)(p);						\
											\
	_Pragma("unroll")								\
	for (__u32 i = 0; i < sizeof(*(p)) / sizeof(*word); i++)			\
		if (MORE(r, i + 7) >> 60 == 0)						\
			word[i] = odd_number(MORE(r, i + 70));				\
} while (0)

static __always_inline void edit_lookup(struct fuse_entry_out *out, __u64 r)
{
	out->entry_valid = odd_number(MORE(r, 200)) & (r >> 20 & 1 ? 1 : ~0ULL);
	out->entry_valid_nsec = odd_number(MORE(r, 201));
}

static __always_inline void edit_getattr(struct fuse_attr_out *out, __u64 r)
{
	if (r >> 20 & 1)
		out->attr.mode = odd_mode(out->attr.mode, MORE(r, 202));
	if (r >> 21 & 1)
		out->attr.uid = odd_id(MORE(r, 203));
	if (r >> 22 & 1)
		out->attr.gid = odd_id(MORE(r, 204));
	if (r >> 23 & 1)
		out->attr.size = odd_number(MORE(r, 205));
	if (r >> 24 & 1)
		out->attr.nlink = odd_number(MORE(r, 206));
	if (r >> 25 & 1)
		out->attr.blksize = odd_number(MORE(r, 207));
	if (r >> 26 & 1)
		out->attr.mtime = odd_number(MORE(r, 208));
	if (r >> 27 & 1)
		out->attr.blocks = odd_number(MORE(r, 209));
}

static __always_inline void edit_statfs(struct fuse_statfs_out *out, __u64 r)
{
	if (r >> 20 & 1)
		out->st.bsize = odd_number(MORE(r, 210));
	if (r >> 21 & 1)
		out->st.blocks = odd_number(MORE(r, 211));
	if (r >> 22 & 1)
		out->st.namelen = odd_number(MORE(r, 212));
	if (r >> 23 & 1)
		out->st.bavail = odd_number(MORE(r, 213));
}

/* --- programs ------------------------------------------------------------------------------ */

#define ANSWER(BIT, edits)	ANSWER_ATOMIC(BIT, HOSTILE_SLEEP(r); edits)

#define ANSWER_ATOMIC(BIT, edits)					\
	__u64 r = draw(ctx);						\
	bool odd = is_odd(FUSE_BPF_OP_##BIT, r);			\
									\
	if (odd) {							\
		call_kfuncs(ctx, MORE(r, 8));				\
		edits;							\
	}								\
	return answer(ctx, FUSE_BPF_OP_##BIT, r, odd)

#define HOSTILE(member, BIT)						\
HOSTILE_PROG(hostile_##member, struct fuse_bpf_ctx *ctx)			\
{									\
	ANSWER(BIT, );							\
}

#define HOSTILE_IN(member, BIT, type)					\
HOSTILE_PROG(hostile_##member, struct fuse_bpf_ctx *ctx, struct type *in)	\
{									\
	ANSWER(BIT, SCRIBBLE(in, r));					\
}

/* It may not sleep. */
#define HOSTILE_ATOMIC(member, BIT, type)				\
FUSE_BPF_PROG(hostile_##member, struct fuse_bpf_ctx *ctx, struct type *in) \
{									\
	ANSWER_ATOMIC(BIT, SCRIBBLE(in, r));				\
}

#define HOSTILE_BOTH(member, BIT, type, out_type)			\
HOSTILE_PROG(hostile_##member, struct fuse_bpf_ctx *ctx, struct type *in, struct out_type *out) \
{									\
	ANSWER(BIT, SCRIBBLE(in, r); SCRIBBLE(out, MORE(r, 9)));	\
}

#define HOSTILE_MAKE(member, BIT, type)					\
HOSTILE_PROG(hostile_##member, struct fuse_bpf_ctx *ctx, struct type *in)	\
{									\
	ANSWER(BIT, SCRIBBLE(in, r); if (r >> 42 & 1) in->mode = odd_mode(in->mode, MORE(r, 9))); \
}

HOSTILE_PROG(hostile_lookup, struct fuse_bpf_ctx *ctx, struct fuse_entry_out *out)
{
	ANSWER(LOOKUP, SCRIBBLE(out, r); edit_lookup(out, MORE(r, 9)));
}

HOSTILE_PROG(hostile_getattr, struct fuse_bpf_ctx *ctx, struct fuse_getattr_in *in,
	     struct fuse_attr_out *out)
{
	ANSWER(GETATTR, if (r >> 42 & 1) edit_getattr(out, MORE(r, 9)); else SCRIBBLE(out, r));
}

HOSTILE_PROG(hostile_statfs, struct fuse_bpf_ctx *ctx, struct fuse_statfs_out *out)
{
	ANSWER(STATFS, if (r >> 42 & 1) edit_statfs(out, MORE(r, 9)); else SCRIBBLE(out, r));
}

HOSTILE_IN(setattr, SETATTR, fuse_setattr_in)
HOSTILE(readlink, READLINK)
HOSTILE_MAKE(mknod, MKNOD, fuse_mknod_in)
HOSTILE_MAKE(mkdir, MKDIR, fuse_mkdir_in)
HOSTILE(symlink, SYMLINK)
HOSTILE_IN(link, LINK, fuse_link_in)
HOSTILE(unlink, UNLINK)
HOSTILE(rmdir, RMDIR)
HOSTILE_IN(rename, RENAME, fuse_rename2_in)
HOSTILE_MAKE(create, CREATE, fuse_create_in)
HOSTILE_MAKE(tmpfile, TMPFILE, fuse_create_in)
HOSTILE_IN(open, OPEN, fuse_open_in)
HOSTILE_IN(read, READ, fuse_read_in)
HOSTILE_IN(write, WRITE, fuse_write_in)
HOSTILE_ATOMIC(mmap, MMAP, fuse_bpf_mmap_in)
HOSTILE_IN(flush, FLUSH, fuse_flush_in)
HOSTILE_IN(release, RELEASE, fuse_release_in)
HOSTILE_IN(fsync, FSYNC, fuse_fsync_in)
HOSTILE_IN(fallocate, FALLOCATE, fuse_fallocate_in)
HOSTILE_BOTH(lseek, LSEEK, fuse_lseek_in, fuse_lseek_out)
HOSTILE_IN(copy_file_range, COPY_FILE_RANGE, fuse_bpf_copy_in)
HOSTILE_IN(getxattr, GETXATTR, fuse_getxattr_in)
HOSTILE_IN(setxattr, SETXATTR, fuse_setxattr_in)
HOSTILE_IN(listxattr, LISTXATTR, fuse_getxattr_in)
HOSTILE(removexattr, REMOVEXATTR)
HOSTILE_ATOMIC(access, ACCESS, fuse_access_in)
HOSTILE_IN(readdir, READDIR, fuse_bpf_readdir_in)
HOSTILE_IN(ioctl, IOCTL, fuse_ioctl_in)
HOSTILE_BOTH(lock, LOCK, fuse_lk_in, fuse_lk_out)

#define MEMBER(member)	.member = (void *)hostile_##member

FUSE_BPF_OPS(every) = {
	.name = HOSTILE_NAME,
	.abi = 1,
	MEMBER(lookup), MEMBER(getattr), MEMBER(setattr), MEMBER(readlink), MEMBER(mknod),
	MEMBER(mkdir), MEMBER(symlink), MEMBER(link), MEMBER(unlink), MEMBER(rmdir),
	MEMBER(rename), MEMBER(create), MEMBER(tmpfile), MEMBER(open), MEMBER(read),
	MEMBER(write), MEMBER(mmap), MEMBER(flush), MEMBER(release), MEMBER(fsync),
	MEMBER(fallocate), MEMBER(lseek), MEMBER(copy_file_range), MEMBER(getxattr),
	MEMBER(setxattr), MEMBER(listxattr), MEMBER(removexattr), MEMBER(statfs),
	MEMBER(access), MEMBER(readdir), MEMBER(ioctl), MEMBER(lock),
};

char LICENSE[] SEC("license") = "GPL";

#endif /* HOSTILE_OPS_H */
