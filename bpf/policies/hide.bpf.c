// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hides names: what matches a pattern is in no listing, can't be looked up, and
 * can't be made (EACCES).  The patterns are globs; to choose others:
 *
 *	make -C bpf BPF_CFLAGS="-g -O2 -D'PATTERNS=\"*.key\", \"id_*\"'"
 */
#include <fuse_bpf/fuse_bpf.bpf.h>

#ifndef PATTERNS
#define PATTERNS "*.secret", ".vault"
#endif

/* Not const: a kfunc can't be given what lies in .rodata. */
char patterns[][64] = { PATTERNS };

static bool hidden(struct fuse_bpf_ctx *ctx)
{
	for (__u32 i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		if (bpf_fuse_match_name(ctx, FUSE_BPF_NAME, patterns[i], sizeof(patterns[i])))
			return true;
	return false;
}

FUSE_BPF_PROG(hide_lookup, struct fuse_bpf_ctx *ctx)
{
	return hidden(ctx) ? -ENOENT : FUSE_BPF_BACKING;
}

FUSE_BPF_PROG(hide_readdir, struct fuse_bpf_ctx *ctx)
{
	return hidden(ctx) ? -ENOENT : FUSE_BPF_BACKING;
}

FUSE_BPF_OPS(hide) = {
	.name = "hide",
	.abi = 1,
	.lookup = (void *)hide_lookup,
	.readdir = (void *)hide_readdir,
};

char LICENSE[] SEC("license") = "GPL";
