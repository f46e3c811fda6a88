/* SPDX-License-Identifier: GPL-2.0-only */
/* A filesystem of each kind to lay a mount over, made when it is first asked for. */
#ifndef TEST_BACKINGS_H
#define TEST_BACKINGS_H

/* ext4, xfs and btrfs are on the scratch disk, one at a time; the rest on $TEST_TMP. */
enum backing { ON_TMPFS, ON_EXT4, ON_OVERLAY, ON_XFS, ON_BTRFS, ON_NFS, ON_OURS, BACKING_KINDS };

const char *backing_name(enum backing kind);

/* On the scratch disk; the others are tmpfs in the end. */
static inline bool backing_on_disk(enum backing kind)
{
	return kind == ON_EXT4 || kind == ON_XFS || kind == ON_BTRFS;
}

/* Whether this machine has it, which makes it; else why not is printed. */
bool backing_possible(enum backing kind);

/* A new directory there, mode 0755. */
const char *backing_dir(enum backing kind, const char *name);
void backings_done(void);

/* Run the tests once per kind of backing; *state of the setup points to it. */
int run_on_backings(const char *group, const struct CMUnitTest *tests, size_t n,
		    int (*teardown)(void **state));

#endif /* TEST_BACKINGS_H */
