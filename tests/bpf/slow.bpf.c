// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holds open what is short in an operation of a mount: a name is found and can be
 * seen, but is not known to hold yet; the backing filesystem has made, moved or
 * removed an entry, and the mount has not followed.
 */
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define LONGEST_NS	300000
#define MOST_LOOKS	(1 << 20)

static long look_at_clock(__u32 i, __u64 *end)
{
	return bpf_ktime_get_ns() >= *end;
}

static __always_inline int wait_a_little(void)
{
	__u64 end = bpf_ktime_get_ns() + bpf_get_prandom_u32() % LONGEST_NS;

	bpf_loop(MOST_LOOKS, look_at_clock, &end, 0);
	return 0;
}

#define WAIT(when, function)			\
	SEC(#when "/" #function)		\
	int at_##function(__u64 *ctx)		\
	{					\
		return wait_a_little();		\
	}

WAIT(fexit, d_splice_alias)
WAIT(fexit, vfs_create)
WAIT(fexit, vfs_mkdir)
WAIT(fexit, vfs_symlink)
WAIT(fexit, vfs_link)
WAIT(fexit, vfs_unlink)
WAIT(fexit, vfs_rmdir)
WAIT(fexit, vfs_rename)
WAIT(fentry, d_move)
WAIT(fentry, d_exchange)

char LICENSE[] SEC("license") = "GPL";
