// SPDX-License-Identifier: GPL-2.0-only
/* Asks the kfuncs for every name of an operation. */
#include <fuse_bpf/fuse_bpf.bpf.h>
#include "names.h"

struct names names;

static __always_inline int ask(struct fuse_bpf_ctx *ctx)
{
	if (names.tgid != ctx->tgid)
		return FUSE_BPF_BACKING;
	for (__u32 which = 0; which < NAMES_WHICH; which++) {
		__builtin_memset(names.text[which], 0xff, sizeof(names.text[which]));
		__builtin_memset(names.path[which], 0xff, sizeof(names.path[which]));
		names.len[which] = bpf_fuse_read_name(ctx, which, names.text[which],
						      sizeof(names.text[which]));
		names.hash[which] = bpf_fuse_hash_name(ctx, which, names.seed);
		names.match[which] = bpf_fuse_match_name(ctx, which, names.pattern,
							 sizeof(names.pattern));
		names.path_len[which] = bpf_fuse_read_path(ctx, which, names.path[which],
							   sizeof(names.path[which]));
	}
	__builtin_memset(names.short_text, 0xff, sizeof(names.short_text));
	names.short_len = bpf_fuse_read_name(ctx, FUSE_BPF_NAME, names.short_text,
					     sizeof(names.short_text));
	names.child = bpf_fuse_set_child(ctx, FUSE_BPF_CHILD_OPS, FUSE_BPF_CHILD_INHERIT);
	names.calls++;
	return FUSE_BPF_BACKING;
}

#define ASK(member) FUSE_BPF_PROG(member, struct fuse_bpf_ctx *ctx) { return ask(ctx); }
ASK(ask_lookup)
ASK(ask_getattr)
ASK(ask_symlink)
ASK(ask_link)
ASK(ask_unlink)
ASK(ask_rename)
ASK(ask_getxattr)
ASK(ask_access)

/* One set has what names an entry; what is called on the way to it has a set each. */
FUSE_BPF_OPS(ask_at_names) = {
	.name = "ask",
	.abi = 1,
	.symlink = (void *)ask_symlink,
	.link = (void *)ask_link,
	.unlink = (void *)ask_unlink,
	.rename = (void *)ask_rename,
	.getxattr = (void *)ask_getxattr,
};

FUSE_BPF_OPS(ask_at_getattr) = {
	.name = "ask_getattr",
	.abi = 1,
	.getattr = (void *)ask_getattr,
};

FUSE_BPF_OPS(ask_at_lookup) = {
	.name = "ask_lookup",
	.abi = 1,
	.flags = FUSE_BPF_F_REVALIDATE,
	.lookup = (void *)ask_lookup,
};

FUSE_BPF_OPS(ask_at_access) = {
	.name = "ask_access",
	.abi = 1,
	.access = (void *)ask_access,
};

char LICENSE[] SEC("license") = "GPL";
