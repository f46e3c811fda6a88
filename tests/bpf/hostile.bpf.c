// SPDX-License-Identifier: GPL-2.0-only
/* Programs that answer at random; and a set that has default_op alone. */
#define HOSTILE_PROG	FUSE_BPF_PROG
#define HOSTILE_SLEEP(r)

#include "hostile_ops.h"

HOSTILE(default_op, DEFAULT)

FUSE_BPF_OPS(only_default) = {
	.name = HOSTILE_NAME,
	.abi = 1,
	MEMBER(default_op),
};
