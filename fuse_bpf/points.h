/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Injection points: places where a test can hold a task, to change what the task
 * goes by while it is there.  Only "make POINTS=1" has them; see points.c.
 */
#ifndef _FUSE_BPF_POINTS_H
#define _FUSE_BPF_POINTS_H

#ifdef FUSE_BPF_POINTS

/* One per place, in a section of their own.  Several places may have one name. */
struct fuse_bpf_point {
	const char *name;
};

void fuse_bpf_point_reached(const struct fuse_bpf_point *point);
int fuse_bpf_points_init(void);
void fuse_bpf_points_exit(void);

/*
 * Process context that may sleep: no spinlock, no RCU read section, and so no
 * lockless walk.  Inode locks and write access may be held; a task that waits for
 * them then waits for the test.  @text is a literal without blanks, "what:where".
 */
#define fuse_bpf_point(text)							\
do {										\
	static struct fuse_bpf_point __point __used __aligned(sizeof(void *))	\
		__section("fuse_bpf_points") = { .name = text };		\
	fuse_bpf_point_reached(&__point);					\
} while (0)

#else /* FUSE_BPF_POINTS */

#define fuse_bpf_point(text)	do { } while (0)

static inline int fuse_bpf_points_init(void)
{
	return 0;
}

static inline void fuse_bpf_points_exit(void)
{
}

#endif /* FUSE_BPF_POINTS */

#endif /* _FUSE_BPF_POINTS_H */
