// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program on every operation, called before and after it, that changes
 * nothing: a mount with these behaves as one without.
 */
#define NOP_NAME	"nop"
#define NOP_BEFORE	FUSE_BPF_POST

#include "nop.h"
