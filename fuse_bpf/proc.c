// SPDX-License-Identifier: GPL-2.0-only
/* /proc/fs/fuse_bpf/ops: the sets of programs that there are, a line each. */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include "fuse_bpf_i.h"

static int fuse_bpf_proc_ops_show(struct seq_file *m, void *unused)
{
	fuse_bpf_slots_show(m);
	return 0;
}

int fuse_bpf_proc_init(void)
{
	struct proc_dir_entry *dir = proc_mkdir("fs/fuse_bpf", NULL);

	if (dir && proc_create_single("ops", 0444, dir, fuse_bpf_proc_ops_show))
		return 0;
	remove_proc_subtree("fs/fuse_bpf", NULL);
	return -ENOMEM;
}

void fuse_bpf_proc_exit(void)
{
	remove_proc_subtree("fs/fuse_bpf", NULL);
}
