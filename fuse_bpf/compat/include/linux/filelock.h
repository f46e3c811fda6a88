/* SPDX-License-Identifier: GPL-2.0-only */
/* Found only where the kernel has no such header: there linux/fs.h has its content. */
#include <linux/fs.h>
