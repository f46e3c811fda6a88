// SPDX-License-Identifier: GPL-2.0-only
/* The flags of a mapping are changed by calls. */
#include <linux/mm.h>

static_assert(__same_type(&vm_flags_clear, void (*)(struct vm_area_struct *, vm_flags_t)));
