// SPDX-License-Identifier: GPL-2.0-only
/* Whether a program may sleep is a member of its aux. */
#include <linux/bpf.h>

static_assert(sizeof(1 + ((struct bpf_prog_aux *)NULL)->sleepable) > 0);
