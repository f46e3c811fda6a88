/* SPDX-License-Identifier: GPL-2.0-only */
/* The moment in the middle of a lookup, held open by the program of tests/bpf/slow.bpf.c. */
#ifndef TEST_SLOW_H
#define TEST_SLOW_H

/* From now until slow_end(), for all of the machine. False: this kernel cannot, and why was printed. */
bool slow_start(void);

/* Also where it was not started. */
void slow_end(void);

#endif /* TEST_SLOW_H */
