/* SPDX-License-Identifier: GPL-2.0-only */
/* Options of a mount. */
#ifndef _FUSE_BPF_COMPAT_MOUNT_H
#define _FUSE_BPF_COMPAT_MOUNT_H

#include <linux/fdtable.h>
#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/sched.h>

static inline int compat_fd_if_same(const void *wanted, struct file *file, unsigned int fd)
{
	return file == wanted ? fd + 1 : 0;
}

/*
 * The descriptor that fs_parse() made of @param.  Of one that is not text older
 * kernels hand over the file alone, with the number 0, and nothing that compiles
 * tells which do: so the number is looked for.  -1 if it was closed meanwhile.
 */
static inline int compat_param_fd(const struct fs_parameter *param,
				  const struct fs_parse_result *result)
{
	if (param->type != fs_value_is_file)
		return result->uint_32;
	return iterate_fd(current->files, 0, compat_fd_if_same, param->file) - 1;
}

#endif /* _FUSE_BPF_COMPAT_MOUNT_H */
