// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program on every operation, called before it alone, that lets it through:
 * the least that programs cost.
 */
#define NOP_NAME	"pass"
#define NOP_BEFORE	FUSE_BPF_BACKING

#include "nop.h"
