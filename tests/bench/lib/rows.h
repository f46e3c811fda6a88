/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is measured: rows, each a function that does count operations between
 * start() and stop(), in the working directory, which it finds and leaves empty.
 * Its set-up does not count.
 */
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

struct row {
	const char *name;
	void (*run)(unsigned int count);
	unsigned long best;	/* of the rounds; ns an operation */
};

#define ROW(n)	{ .name = #n, .run = bench_##n }

extern struct row meta_rows[], data_rows[];	/* each ends with a row without a name */

void start(void);
void stop(unsigned long operations);

/* A system call works, or all of this ends with a message. */
#define must(call) ({							\
	long must_ret = (long)(call);					\
	if (must_ret < 0)						\
		broken(#call);						\
	must_ret;							\
})
/* It fails with this errno. */
#define must_fail(call, err) do {					\
	if ((call) != -1 || errno != (err))				\
		broken(#call);						\
} while (0)
void broken(const char *call) __attribute__((noreturn, cold));

#define MANY	1000

/* Of the file with this number, below MANY. */
const char *name_of(unsigned int i);

/* The first count of them, with size bytes each, and away with them. */
void make_files(unsigned int count, size_t size);
void remove_files(unsigned int count);

/* All is on disk, and nothing is cached that need not be. */
void go_cold(void);

#endif /* BENCH_ROWS_H */
