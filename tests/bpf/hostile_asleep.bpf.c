// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs that answer at random and sleep, where they may: they read the caller's
 * memory, where a page may be missing.
 */
#define HOSTILE_PROG	FUSE_BPF_PROG_SLEEPABLE
#define HOSTILE_SLEEP(r)	read_caller(MORE(r, 10))

#include <fuse_bpf/fuse_bpf.bpf.h>
#include "hostile.h"

extern struct hostile hostile;
extern int bpf_copy_from_user_str(void *dst, __u32 dst__sz, const void *unsafe_ptr__ign,
				  __u64 flags) __ksym __weak;

/* Linux 6.12 has the one and not the other, a patched 6.1 the other. */
static __always_inline void read_caller(__u64 r)
{
	__u64 address = r & 3 ? hostile.address + (r >> 8 & 0xffff) : r;
	char text[8] = {};

	if (bpf_ksym_exists(bpf_copy_from_user_str))
		bpf_copy_from_user_str(text, sizeof(text), (void *)address, 0);
	else
		bpf_copy_from_user(text, sizeof(text), (void *)address);
}

#include "hostile_ops.h"
