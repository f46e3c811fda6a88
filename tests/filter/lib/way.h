/* SPDX-License-Identifier: GPL-2.0-only */
/* The ways in which the bytes of a file get out, and those in which they get in. */
#ifndef WAY_H
#define WAY_H

#include "test.h"
#include "ways.h"

#define WAY_BYTES	8192	/* of a file; blocks, so that it can be cloned */
#define WAY_MARK	"marked"	/* in what is to get out, or in */

/* What a way returns but an errno or 0. */
#define WAY_NOT_HERE	-1	/* this kernel or filesystem has it not */

struct way_try {
	const char *path;	/* of the file that is read or written */
	int fd;			/* open for that, both ways if it is written */
	int other;		/* open both ways: where to bytes go, or come from */
};

struct way {
	const char *name;
	int (*go)(const struct way_try *t);
	enum ways_op op;	/* whose program sees it */
	int refused;		/* the errno that a refusal comes to, if not its own */
	bool one_mount;		/* the kernel has it within one mount alone */
};

extern const struct way ways_out[], ways_in[];
extern const size_t ways_out_count, ways_in_count;

/* A page-aligned buffer: what got out is here, or in t->other. */
extern char way_buf[WAY_BYTES];

/* One request by io_uring or io_submit(2), at offset 0: a count or a negative errno. */
long way_uring(int op, int fd, unsigned int flags);
long way_aio(int op, int fd);

/* The errno of a call that returned this, 0 if it did what it was to do. */
int way_errno(long ret);

/* ioctl(FIDEDUPERANGE) of the whole file: an errno, or 0 if it said that both are alike. */
int way_dedupe(int from, int to);

#endif /* WAY_H */
