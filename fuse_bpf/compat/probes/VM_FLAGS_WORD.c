// SPDX-License-Identifier: GPL-2.0-only
/* The flags of a mapping are a number that anyone may write. */
#include <linux/mm.h>

static_assert(__same_type(&((struct vm_area_struct *)NULL)->vm_flags, unsigned long *));
