// SPDX-License-Identifier: GPL-2.0-only
/* Whether a program may sleep is a bit of the program. */
#include <linux/bpf.h>

static_assert(sizeof(1 + ((struct bpf_prog *)NULL)->sleepable) > 0);
