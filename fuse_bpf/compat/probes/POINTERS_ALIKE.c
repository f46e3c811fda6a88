// SPDX-License-Identifier: GPL-2.0-only
/* To the verifier pointers to one type are alike, wherever they came from. */
#include <linux/bpf.h>

static_assert(PTR_UNTRUSTED != 0);
