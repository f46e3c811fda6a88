// SPDX-License-Identifier: GPL-2.0-only
/* A set named hide like bpf/policies/hide's, which hides *.conf instead: it replaces that one. */
#define PATTERNS "*.conf"
#include "../../bpf/policies/hide.bpf.c"
