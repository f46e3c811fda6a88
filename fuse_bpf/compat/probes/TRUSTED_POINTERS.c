// SPDX-License-Identifier: GPL-2.0-only
/* The verifier tells the arguments of a program from what was found by walking. */
#include <linux/bpf.h>

static_assert(PTR_TRUSTED != 0);
