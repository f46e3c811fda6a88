/* SPDX-License-Identifier: GPL-2.0-only */
/* A user namespace with many ids, and mounts that are mapped to them. */
#ifndef TEST_IDMAP_H
#define TEST_IDMAP_H

/* Ids 0 to 9999 below, or in the namespace, are 10000 to 19999 above, or outside. */
#define SHIFT	10000
#define SHIFTED	10000

/* A user namespace with that mapping, held by its descriptor. */
int shifted_userns(void);

/* A clone of the mount that @from is on, with @from as its root, mapped and mounted on @to. */
void clone_shifted(const char *from, const char *to);

#endif /* TEST_IDMAP_H */
