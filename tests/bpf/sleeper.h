/* SPDX-License-Identifier: GPL-2.0-only */
/* What the program of sleeper.bpf.c shares with the test. */
#ifndef SLEEPER_H
#define SLEEPER_H

struct sleeper {
	__u64 address[2];	/* by phase: where it reads a digit */
	__u32 digit[2];
	__u32 tgid;		/* whose getattr calls sleep */
};

#endif /* SLEEPER_H */
