// SPDX-License-Identifier: GPL-2.0-only
/* Builds for every kernel; where it does not, no other result means anything. */
#include <linux/bpf.h>
#include <linux/fs.h>
#include <linux/module.h>

static_assert(__same_type(((struct inode *)NULL)->i_mode, umode_t));
static_assert(__same_type(((struct bpf_prog *)NULL)->len, u32));
MODULE_LICENSE("GPL");
