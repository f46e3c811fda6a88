// SPDX-License-Identifier: GPL-2.0-only
/* A symbol namespace is imported as a string. */
#include <linux/module.h>

MODULE_IMPORT_NS("BPF_INTERNAL");
