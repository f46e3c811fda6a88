// SPDX-License-Identifier: GPL-2.0-only
/*
 * Answers stat from a BPF map: the backing filesystem is asked once per file,
 * and the answer is repeated for a second without asking it again.
 */
#include <fuse_bpf/fuse_bpf.bpf.h>

#define LIFETIME_NS	1000000000ULL

struct entry {
	__u64 expires;
	struct fuse_attr attr;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);		/* inode number: one backing device is assumed */
	__type(value, struct entry);
} cache SEC(".maps");

/* The verifier allows stores to single fields of out, not a copy over it. */
static void answer(struct fuse_attr *out, const struct fuse_attr *attr)
{
	out->ino = attr->ino;
	out->size = attr->size;
	out->blocks = attr->blocks;
	out->atime = attr->atime;
	out->mtime = attr->mtime;
	out->ctime = attr->ctime;
	out->atimensec = attr->atimensec;
	out->mtimensec = attr->mtimensec;
	out->ctimensec = attr->ctimensec;
	out->mode = attr->mode;
	out->nlink = attr->nlink;
	out->uid = attr->uid;
	out->gid = attr->gid;
	out->rdev = attr->rdev;
	out->blksize = attr->blksize;
}

FUSE_BPF_PROG(statcache_getattr, struct fuse_bpf_ctx *ctx, struct fuse_getattr_in *in,
	      struct fuse_attr_out *out)
{
	__u64 ino = ctx->ino, now = bpf_ktime_get_ns();
	struct entry fresh = { .expires = now + LIFETIME_NS };
	struct entry *found;

	if (ctx->phase == FUSE_BPF_PHASE_POST) {
		if (ctx->result == 0 &&
		    !bpf_probe_read_kernel(&fresh.attr, sizeof(fresh.attr), &out->attr))
			bpf_map_update_elem(&cache, &ino, &fresh, BPF_ANY);
		return FUSE_BPF_BACKING;
	}
	found = bpf_map_lookup_elem(&cache, &ino);
	if (!found || found->expires < now)
		return FUSE_BPF_BACKING | FUSE_BPF_POST;
	answer(&out->attr, &found->attr);
	return FUSE_BPF_REPLY;
}

FUSE_BPF_OPS(statcache) = {
	.name = "statcache",
	.abi = 1,
	.getattr = (void *)statcache_getattr,
};

char LICENSE[] SEC("license") = "GPL";
