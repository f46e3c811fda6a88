// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuse_bpf: a filesystem over a backing directory, whose operations BPF
 * programs serve in the kernel.  The life of the module on one screen.
 */
#include <linux/module.h>
#include "fuse_bpf_i.h"

static int __init fuse_bpf_init(void)
{
	int err;

	err = fuse_bpf_inodes_init();
	if (err)
		return err;
	err = fuse_bpf_dentries_init();
	if (err)
		goto exit_inodes;
	err = fuse_bpf_slots_init();
	if (err)
		goto exit_dentries;
	err = fuse_bpf_proc_init();
	if (err)
		goto exit_slots;
	err = fuse_bpf_points_init();
	if (err)
		goto exit_proc;
	/*
	 * These two go with the module's BTF: nothing unregisters them, and no
	 * program can use them before this function has succeeded.
	 */
	err = fuse_bpf_kfuncs_register();
	if (err)
		goto exit_points;
	err = fuse_bpf_struct_ops_register();
	if (err)
		goto exit_points;
	/* Last: from here on there can be users. */
	err = register_filesystem(&fuse_bpf_fs_type);
	if (err)
		goto exit_points;
	return 0;

exit_points:
	fuse_bpf_points_exit();
exit_proc:
	fuse_bpf_proc_exit();
exit_slots:
	fuse_bpf_slots_exit();
exit_dentries:
	fuse_bpf_dentries_exit();
exit_inodes:
	fuse_bpf_inodes_exit();
	return err;
}

/* No mount and no struct_ops map is left: each holds the module. */
static void __exit fuse_bpf_exit(void)
{
	unregister_filesystem(&fuse_bpf_fs_type);
	fuse_bpf_points_exit();
	fuse_bpf_proc_exit();
	fuse_bpf_slots_exit();
	fuse_bpf_dentries_exit();
	fuse_bpf_inodes_exit();
}

module_init(fuse_bpf_init);
module_exit(fuse_bpf_exit);

MODULE_DESCRIPTION("FUSE filesystem whose operations BPF programs serve in the kernel");
MODULE_AUTHOR("The fuse_bpf maintainers");
MODULE_LICENSE("GPL");
MODULE_VERSION(FUSE_BPF_VERSION);
COMPAT_IMPORT_NS(BPF_INTERNAL);
