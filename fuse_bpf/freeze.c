// SPDX-License-Identifier: GPL-2.0-only
/*
 * Write access to the backing mount, for changes that are made with locks of ours held:
 * a task that waits for a frozen filesystem can be killed, and others get the locks.  And
 * the holder of a delegation does not keep others from them for long.
 */
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/sched/signal.h>
#include "fuse_bpf_i.h"

/* How many ms apart a frozen filesystem is looked at. */
#define FUSE_BPF_FREEZE_PAUSE	10

/*
 * As mnt_want_write(), and mnt_drop_write() undoes it; but -EINTR for a task that is
 * killed while it waits.  That of newer kernels lets the system suspend meanwhile, and
 * so does this one; a task that is frozen so keeps its locks, as those do.
 */
int fuse_bpf_want_write(struct vfsmount *mnt)
{
	while (!sb_start_write_trylock(mnt->mnt_sb)) {
		if (fatal_signal_pending(current))
			return -EINTR;
		set_current_state(TASK_KILLABLE | TASK_FREEZABLE_UNSAFE);
		schedule_timeout(msecs_to_jiffies(FUSE_BPF_FREEZE_PAUSE));
	}
	return compat_mnt_get_write_access(mnt);
}

/* The slow half of fuse_bpf_break_deleg(), whose first try came to @err. */
int fuse_bpf_break_deleg_again(struct inode *inode, int err)
{
	struct inode *const held[] = { inode, NULL };
	unsigned int tries = 0;

	while (fuse_bpf_backing_again(err, held, &tries))
		err = compat_try_break_deleg(fuse_bpf_backing_inode(inode));
	return err;
}
