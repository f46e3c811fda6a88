// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sleeps in both phases of a getattr: it reads a string of the caller's memory,
 * where a page is missing until the test brings it (userfaultfd). What it read
 * becomes the size that stat(2) shows.
 */
#include <fuse_bpf/fuse_bpf.bpf.h>
#include "sleeper.h"

extern int bpf_copy_from_user_str(void *dst, __u32 dst__sz, const void *unsafe_ptr__ign,
				  __u64 flags) __ksym __weak;

struct sleeper at;

/* Linux 6.12 has the one and not the other, a patched 6.1 the other. */
static __always_inline __u32 digit_at(__u64 address)
{
	char text[2] = {};
	long n;

	if (bpf_ksym_exists(bpf_copy_from_user_str))
		n = bpf_copy_from_user_str(text, sizeof(text), (void *)address, 0);
	else
		n = bpf_copy_from_user(text, 1, (void *)address);
	return n < 0 ? 100 : text[0] - '0';
}

FUSE_BPF_PROG_SLEEPABLE(sleeper_getattr, struct fuse_bpf_ctx *ctx, struct fuse_getattr_in *in,
			struct fuse_attr_out *out)
{
	if (ctx->tgid != at.tgid)
		return FUSE_BPF_BACKING;
	if (ctx->phase == FUSE_BPF_PHASE_PRE) {
		at.digit[0] = digit_at(at.address[0]);
		return FUSE_BPF_BACKING | FUSE_BPF_POST;
	}
	at.digit[1] = digit_at(at.address[1]);
	out->attr.size = at.digit[0] * 10 + at.digit[1];
	return FUSE_BPF_BACKING;
}

FUSE_BPF_OPS(sleeper) = {
	.name = "sleeper",
	.abi = 1,
	.getattr = (void *)sleeper_getattr,
};

char LICENSE[] SEC("license") = "GPL";
